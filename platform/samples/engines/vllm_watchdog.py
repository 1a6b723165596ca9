"""End vLLM's processes when the process that started them ends, even if that process is killed.

If its parent disappears (kill -9, out of memory, an ended Ray actor), vLLM's engine core waits for requests forever and
keeps its memory and its GPU. vLLM imports this module in each of its workers (`worker_extension_cls`). A worker whose
owner has ended kills the engine core that started it, then ends itself.
"""

import contextlib
import multiprocessing
import os
import select
import signal
import threading
from typing import Any

OWNER_VARIABLE = "SAMPLES_VLLM_OWNER"


class WorkerExtension:
    """What vLLM's worker gets of ours. vLLM imports this module to load the class; the import starts the watchdog."""

    def samples_settled(self: Any) -> tuple[list[str], str]:
        """Return the attention backends that this worker chose for its hardware, and which model runner it has.

        vLLM has two model runners, V1 and V2. It chooses by the model and by what is installed.
        """
        groups = getattr(self.model_runner, "attn_groups", [])
        second = getattr(self, "use_v2_model_runner", None)
        runner = type(self.model_runner).__module__ if second is None else "V2" if second else "V1"
        return sorted({group.backend.get_name() for part in groups for group in part}), runner


def _exit_with_owner(owner: int) -> None:
    try:
        ended = select.poll()
        ended.register(os.pidfd_open(owner))
        ended.poll()
    except ProcessLookupError:
        pass  # the owner has ended already
    except OSError:
        return  # the kernel has no pidfd
    core = multiprocessing.parent_process()
    if core is not None and core.pid is not None and core.pid == os.getppid() != owner:
        with contextlib.suppress(ProcessLookupError):
            # If only this worker ended, the core would end too, but with a traceback.
            os.kill(core.pid, signal.SIGKILL)
    os._exit(1)


_owner = int(os.environ.get(OWNER_VARIABLE, os.getpid()))
if _owner != os.getpid():
    threading.Thread(target=_exit_with_owner, args=(_owner,), name="owner", daemon=True).start()
