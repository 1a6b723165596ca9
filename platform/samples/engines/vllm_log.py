"""Where vLLM's processes write their errors: one file, from which the line that matters is read.

vLLM's engine runs in child processes. When one fails, the parent learns only that it did ("see root cause above"), so
the children's error records go to a file of this process and the cause is taken from there. It also keeps the screen
clean. Who sets VLLM_LOGGING_CONFIG_PATH gets vLLM's logs there instead, and the parent's line as the cause.
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
# The one failure that a setting of ours answers, in the words of vLLM's kv_cache_utils.
_TOO_SMALL = re.compile(
    r"max seq len \((\d+)\), \(([\d.]+) GiB KV cache is needed, .*?memory \(([\d.]+) GiB\)"
    r"(?:.*estimated maximum model length is (\d+))?"
)


@functools.cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="samples-vllm-"))
    # Not atexit's: a forked child's exit would remove the parent's file.
    owner = os.getpid()

    def remove() -> None:
        if os.getpid() == owner:
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return folder


def to_file() -> None:
    """Have vLLM's processes log errors to a file; to be called before vLLM is imported."""
    level = os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
    logging.getLogger("vllm").setLevel(level)  # what is logged while vLLM is imported, before it reads its settings
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
    # A worker of the CPU build outlasts this grace whatever it is; the default is five seconds.
    os.environ.setdefault("VLLM_WORKER_SHUTDOWN_TIMEOUT_SECONDS", "1")
    # The engine's processes are spawned: they take Python's warnings (FutureWarning and the like) from here.
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    settings, log = _folder() / "logging.json", _folder() / "vllm.log"
    if os.environ.setdefault("VLLM_LOGGING_CONFIG_PATH", str(settings)) != str(settings):
        return
    log.unlink(missing_ok=True)  # errors of an engine before this one
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


def cause() -> str | None:
    """Return the first error that one of vLLM's processes logged, as one line, or None."""
    try:
        lines = (_folder() / "vllm.log").read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    raised = next((line for line in lines if _RAISED.match(line)), None)
    if raised is None:
        return None
    if small := _TOO_SMALL.search(raised):
        length, needed, there, fits = small.groups()
        return (
            f"max_model_len {length} needs {needed} GiB of KV cache and there are {there}: raise kv_cache_gib (on a "
            "CPU) or gpu_memory_utilization, or lower max_model_len" + (f" to {fits} or less" if fits else "")
        )
    return raised[:500]
