"""Leases: small objects beside the tables, by which programs at work on one lake tell each other what they claim.

Each program keeps one lease and renews it every few seconds. A lease that was not renewed for half a minute has
expired: its program counts as dead. Only the store's own clock is asked, so the clocks of machines may differ. A
program that died on this machine is known by its process. Readers of tables never look here, and nobody may trust a
lease: it is a courtesy between programs, the tables alone are true.
"""

import hashlib
import os
import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from samples.errors import LakeError
from samples.lake import patience
from samples.lake.storage import Location

FOLDER = "_drivers"  # no table has this name
EXPIRY_SECONDS = 30.0


class Leases:
    """The leases on a topic; one is this program's. Everything is tried once, without waiting for the store."""

    def __init__(self, place: Location, topic: str) -> None:
        self._place = place
        self._folder = f"{FOLDER}/{topic}"
        self._own = f"{self._folder}/{_machine()}-{os.getpid()}-{secrets.token_hex(8)}.json"
        self._wrote = False
        self._read: dict[str, tuple[str, bytes]] = {}  # tag and content, by path

    def renew(self, claims: bytes) -> None:
        """Write or renew the own lease.

        Raises:
            LakeError: The store refused, or is away.
        """
        self._wrote = True
        with patience.of_a_courtesy():
            self._place.put(self._own, claims)

    def others(self) -> list[bytes]:
        """Return what others claim in leases that have not expired. Delete those that have.

        Raises:
            LakeError: The store refused, or is away.
        """
        with patience.of_a_courtesy():
            written = self._place.written(self._folder)
            live = _live({path: at for path, (at, _) in written.items()}, self._own)
            for path in written.keys() - live - {self._own}:
                with suppress(LakeError):
                    self._place.delete(path)
            before, self._read = self._read, {}
            for path in live:
                tag = written[path][1]
                known = before.get(path)
                content = known[1] if known and known[0] == tag else self._place.get(path)
                if content is not None:  # None if it was removed since
                    self._read[path] = tag, content
        return [content for _, content in self._read.values()]

    def release(self) -> None:
        """Remove the own lease, if it was ever written.

        Raises:
            LakeError: The store refused, or is away.
        """
        if self._wrote:
            with patience.of_a_courtesy():
                self._place.delete(self._own)


def _live(written: dict[str, datetime], own: str) -> set[str]:
    """Return which leases of others live at the time of the newest one; the own one is seconds old."""
    now = max(written.values(), default=None)
    fresh = {path for path, at in written.items() if now and now - at < timedelta(seconds=EXPIRY_SECONDS)}
    return {path for path in fresh if path != own and not _died_here(path)}


def _died_here(path: str) -> bool:
    """Return whether the lease is of a process of this machine that has ended."""
    machine, pid, *_ = [*path.rpartition("/")[2].split("-"), "", ""]
    if machine != _machine() or not machine or not pid.isdigit():
        return False
    try:
        state = Path("/proc", pid, "stat").read_text().rpartition(") ")[2][:1]
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return state in {"Z", "X"}


@cache
def _machine() -> str:
    """Return a name for this machine's processes since it started, or those of this container; "" if unknown."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
        return hashlib.blake2b((boot + str(Path("/proc/self/ns/pid").readlink())).encode(), digest_size=8).hexdigest()
    except OSError:
        return ""
