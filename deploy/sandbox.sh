#!/bin/sh
# Make bubblewrap available, which the verifier `code` runs programs in: nothing to do where it is installed.
set -eu
command -v bwrap >/dev/null && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "bubblewrap is missing: install it as root (apt install bubblewrap, dnf install bubblewrap)," \
        "or with conda install -c conda-forge bubblewrap" >&2
    exit 1
fi
echo "installing bubblewrap" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq >/dev/null
apt-get install -qq --yes --no-install-recommends bubblewrap >/dev/null
