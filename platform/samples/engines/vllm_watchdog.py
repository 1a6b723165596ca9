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

    def samples_attention(self: Any) -> list[str]:
        """Return the names of the attention backends that this worker chose for its hardware."""
        groups = getattr(self.model_runner, "attn_groups", [])
        return sorted({group.backend.get_name() for part in groups for group in part})


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
