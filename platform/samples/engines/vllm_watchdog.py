"""End vLLM's processes with the process that owns them, also when that one is killed.

vLLM's engine core waits for requests for ever when its parent is gone (kill -9, out of memory, a Ray actor that is
ended), and keeps its memory and its GPU. vLLM imports this module in each of its workers (`worker_extension_cls`);
a worker whose owner is gone ends the engine core that started it, and itself.
"""

import contextlib
import multiprocessing
import os
import select
import signal
import threading

OWNER = "SAMPLES_VLLM_OWNER"


class Guard:
    """Nothing is added to vLLM's worker: importing the module is what counts."""


def _end_with(owner: int) -> None:
    try:
        gone = select.poll()
        gone.register(os.pidfd_open(owner))
        gone.poll()
    except ProcessLookupError:
        pass  # gone already
    except OSError:
        return  # a kernel without pidfd
    core = multiprocessing.parent_process()
    if core is not None and core.pid is not None and core.pid == os.getppid() != owner:
        with contextlib.suppress(ProcessLookupError):
            os.kill(core.pid, signal.SIGKILL)  # at once: left alone it would end too, with a traceback
    os._exit(1)


if OWNER in os.environ and os.environ[OWNER] != str(os.getpid()):
    threading.Thread(target=_end_with, args=(int(os.environ[OWNER]),), name="owner", daemon=True).start()
