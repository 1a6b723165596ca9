"""Connect to a Ray cluster, or start Ray on this machine for the duration of a job."""

import logging
import os
import socket
import threading
import time
from collections.abc import Collection, Generator
from contextlib import contextmanager, suppress
from typing import Any

from samples.errors import MissingExtra, SamplesError

_CONNECT_SECONDS = 10.0
_END_SECONDS = 60.0  # for Ray Data's threads to end; on a loaded machine one step of theirs takes seconds
_JOIN_SECONDS = 0.5
_READERS_SECONDS = 10.0  # a caller's own dataset may be read at the same time, for longer
_READER = "iter_threaded"
_RAY_DATA = ("StreamingExecutor-", "ray-data-metadata-prefetch", _READER)  # its threads that call Ray
_STARTS = 2  # Ray gives a node 30 s to start, too little when its agents are imported for the first time
# Ray's banners, usage notes and progress bars would overwrite ours. Its agents start slowly on a loaded machine.
_QUIET = {
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_agent_register_timeout_ms": "120000",
}
# A record of each task takes 5 KiB of memory for a dashboard, which a Ray of ours does not have.
_UNSEEN = "RAY_task_events_report_interval_ms"


@contextmanager
def cluster() -> Generator[None]:
    """Connect to the Ray cluster that RAY_ADDRESS names, or start Ray on this machine until the context ends.

    Raises:
        MissingExtra: Ray is not installed.
        SamplesError: The cluster does not answer.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError as error:
        raise MissingExtra("ingest needs Ray, which is not installed: pip install 'samples[sampling]'") from error
    if ray.is_initialized():  # the caller's own cluster, which the caller ends
        yield
        return
    address = os.environ.get("RAY_ADDRESS")
    _require_listener(address or "")
    if not address:
        os.environ.setdefault(_UNSEEN, "0")
    for attempt in range(_STARTS):
        try:
            dashboard = None if address else False  # a cluster decides about its own
            # "local": left alone, Ray joins another Ray of this machine, and waits for one that hangs.
            ray.init(
                address=address or "local",
                log_to_driver=False,
                logging_level=logging.FATAL,
                include_dashboard=dashboard,
            )
            break
        except Exception as error:  # Ray raises a bare Exception if a node does not start
            ray.shutdown()
            if address or attempt == _STARTS - 1:
                where = f"RAY_ADDRESS={address}" if address else "on this machine"
                said = next(iter(str(error).splitlines()), type(error).__name__)
                raise SamplesError(f"Ray does not start {where}: {said}") from error
    logging.getLogger("ray").setLevel(logging.FATAL)
    import ray.data  # pyright: ignore[reportUnusedImport]  # it configures its own loggers

    logging.getLogger("ray.data").setLevel(logging.FATAL)
    try:
        yield
    finally:
        end_datasets()
        ray.shutdown()


def end_datasets(name: str = "", reader: threading.Thread | None = None) -> None:
    """End what Ray Data runs for datasets of this name, or for all, and wait until `reader` has ended as well.

    Ray Data's threads go on when nobody reads. A thread that calls Ray while Ray is shut down makes Ray end the process
    without a word, with exit 1, or start a second Ray.
    """
    deadline = time.monotonic() + _END_SECONDS  # a broken Ray may never let go
    while time.monotonic() < deadline:
        threads: list[Any] = [t for t in threading.enumerate() if t.name.startswith(_RAY_DATA) and name in t.name]
        threads += [reader] if reader and reader.is_alive() else []  # it may only now start what it reads
        if not threads:
            return
        for thread in threads:
            if hasattr(thread, "shutdown"):  # the one that runs the dataset; it ends the others
                with suppress(Exception):  # a broken Ray raises anything
                    thread.shutdown(force=True)
            thread.join(_JOIN_SECONDS)


def await_readers(before: Collection[threading.Thread]) -> None:
    """Wait until the threads that read a dataset have ended: those that are not among `before`.

    Their names do not tell whose they are. Once the dataset has ended and nobody iterates, they end within moments.
    """
    deadline = time.monotonic() + _READERS_SECONDS
    for thread in threading.enumerate():
        if thread not in before and thread.name.startswith(_READER):
            thread.join(max(0.0, deadline - time.monotonic()))


def _require_listener(address: str) -> None:
    """Check that something listens at HOST:PORT. Ray itself would wait for minutes."""
    host, separator, port = address.rpartition("/")[2].rpartition(":")
    if not separator or not port.isdigit():
        return  # Ray itself resolves "auto" and the like
    try:
        socket.create_connection((host.strip("[]"), int(port)), _CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise SamplesError(f"no Ray cluster answers at RAY_ADDRESS={address} ({error})") from error
