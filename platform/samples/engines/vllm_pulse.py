"""Notice an engine that hangs: it has requests, and takes no step for minutes.

vLLM itself notices this only with several GPUs. A card or a kernel that hangs would keep a run waiting for ever. While
requests are unfinished, the engine is asked a small question again and again, which it answers between two steps.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

SILENCE_SECONDS = 600.0  # a step takes seconds at most; long prompts on a slow CPU take minutes
ASK_SECONDS = 30.0


async def until_silent(ask: Callable[[], Awaitable[Any]], busy: Callable[[], bool]) -> None:
    """Return when a busy engine has not answered `ask` for SILENCE_SECONDS."""
    while True:
        await asyncio.sleep(ASK_SECONDS)
        if not busy():
            continue
        with suppress(Exception):  # a dead engine raises anything, and tells its requests by itself
            try:
                await asyncio.wait_for(ask(), SILENCE_SECONDS)
            except TimeoutError:
                return
