#!/bin/sh
# Make Chromium available, in which tests open reports and pages: nothing to do where it is installed.
set -eu
command -v chromium >/dev/null && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "chromium is missing: install it as root (apt install chromium, dnf install chromium);" \
        "without it, tests of pages are skipped" >&2
    exit 1
fi
echo "installing Chromium" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq >/dev/null
apt-get install -qq --yes --no-install-recommends chromium >/dev/null
