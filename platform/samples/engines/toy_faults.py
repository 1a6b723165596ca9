"""How a toy engine waits, fails and dies, as its model's name asks."""

import os
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

from samples.engines import EngineDead
from samples.engines.toy_behaviour import Behaviour
from samples.errors import ModelError

_SLOW = 20  # times as long as for others


def load_or_die(behaviour: Behaviour) -> None:
    """Fail to load, if the name asks for it.

    Raises:
        ModelError: The name has a folder `broken` with a file in it.
    """
    if behaviour.abort:
        _abort(behaviour.abort)
    if behaviour.broken and _take_away(Path(behaviour.broken)):
        raise ModelError(f"toy engine: cannot load, as the model's name asks; {behaviour.broken} has a file less")


def wait_or_die(behaviour: Behaviour, prompt_ids: list[int]) -> None:
    """Take the time of one call, or die of it.

    Raises:
        EngineDead: The name has a file `dead`, which did not exist.
    """
    prompt = bytes(token & 0xFF for token in prompt_ids).decode("utf-8", "replace")
    if behaviour.poison and behaviour.poison in prompt:
        _abort(f"toy engine: {behaviour.poison} is poison")
    if behaviour.delay:
        time.sleep(behaviour.delay * (_SLOW if behaviour.slow and behaviour.slow in prompt else 1))
    if behaviour.dead and _create_marker(Path(behaviour.dead)):
        raise EngineDead(f"toy engine: dies once, as the model's name asks; {behaviour.dead} records it")


def _abort(words: str) -> NoReturn:
    """Kill this process, as the system does when memory is short. Neither Python nor Ray can do anything before."""
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("a killed process goes on")


def _create_marker(marker: Path) -> bool:
    """Create the file `marker`; return False if it exists already. Only one call of all processes gets True."""
    try:
        marker.open("x").close()
    except FileExistsError:
        return False
    return True


def _take_away(folder: Path) -> bool:
    """Remove one file of `folder`; return False if there is none. Each file goes to one engine of all processes."""
    for file in folder.iterdir():
        try:
            file.unlink()
        except FileNotFoundError:
            continue
        return True
    return False
