"""Send the errors of vLLM's processes to one file, and read the cause of a failure from it.

vLLM's engine runs in child processes. When one fails, the parent's error says only "see root cause above". So the
children write their errors to a file of this process, and `first_error` reads the cause from there. This also keeps the
screen clean. If the user sets VLLM_LOGGING_CONFIG_PATH, vLLM logs as that file says, and the parent's error is all that
is known.
"""

import atexit
import functools
import json
import logging
import os
import re
import shutil
import tempfile
from pathlib import Path

_RAISED = re.compile(r"^[\w.]*(?:Error|Exception|Interrupt)\w*: \S.*")
# The one failure that our own settings can solve. These are the words of vLLM's kv_cache_utils.
_CACHE_TOO_SMALL = re.compile(
    r"max seq len \((\d+)\), \(([\d.]+) GiB KV cache is needed, .*?memory \(([\d.]+) GiB\)"
    r"(?:.*estimated maximum model length is (\d+))?"
)


@functools.cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="samples-vllm-"))
    # A forked child runs atexit too, but must not remove the parent's file.
    owner = os.getpid()

    def remove() -> None:
        if os.getpid() == owner:
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return folder


def redirect_to_file() -> None:
    """Make vLLM's processes log errors to a file. Call this before vLLM is imported."""
    level = os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
    logging.getLogger("vllm").setLevel(level)  # for what vLLM logs while it is imported, before it reads its settings
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
    # A worker of the CPU build uses up this grace period, however long it is. The default is five seconds.
    os.environ.setdefault("VLLM_WORKER_SHUTDOWN_TIMEOUT_SECONDS", "1")
    # The engine's processes are spawned, so only the environment can turn off their warnings (such as FutureWarning).
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    settings, log = _folder() / "logging.json", _folder() / "vllm.log"
    if os.environ.setdefault("VLLM_LOGGING_CONFIG_PATH", str(settings)) != str(settings):
        return
    log.unlink(missing_ok=True)  # it may hold errors of an earlier engine
    handler = {"class": "logging.FileHandler", "filename": str(log), "formatter": "plain", "delay": True}
    settings.write_text(
        json.dumps(
            {
                "version": 1,
                "disable_existing_loggers": False,
                "formatters": {"plain": {"format": "%(levelname)s %(message)s"}},
                "handlers": {"file": handler},
                "loggers": {"vllm": {"handlers": ["file"], "level": level, "propagate": False}},
            }
        )
    )


def first_error() -> str | None:
    """Return the first error that one of vLLM's processes logged, as one line; None if there is none."""
    try:
        lines = (_folder() / "vllm.log").read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    raised = next((line for line in lines if _RAISED.match(line)), None)
    if raised is None:
        return None
    if small := _CACHE_TOO_SMALL.search(raised):
        length, needed, available, fits = small.groups()
        return (
            f"max_model_len {length} needs {needed} GiB of KV cache, but only {available} GiB are available: raise "
            "kv_cache_gib (on a CPU) or gpu_memory_utilization (on a GPU), or lower max_model_len"
            + (f" to {fits} or less" if fits else "")
        )
    return raised[:500]
