"""Leases: small objects beside the tables, by which programs at work on one lake tell each other what they claim.

Each program keeps one lease and renews it every few seconds. A lease that was not renewed for half a minute has
expired: its program counts as dead. Only the store's own clock is asked, so the clocks of machines may differ. A
program that died on this machine is known by its process. Readers of tables never look here, and nobody may trust a
lease: it is a courtesy between programs, the tables alone are true.
"""

import hashlib
import os
import secrets
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from samples.errors import LakeError
from samples.lake import patience
from samples.lake.storage import Location

FOLDER = "_drivers"  # no table has this name
MAINTENANCE = "maintenance"  # the topic of those that delete files, or name removed ones again
EXPIRY_SECONDS = 30.0


class Leases:
    """The leases on a topic; one is this program's. Everything is tried once, without waiting for the store."""

    def __init__(self, place: Location, topic: str) -> None:
        self._place = place
        self.folder = f"{FOLDER}/{topic}"
        self.path = f"{self.folder}/{_machine()}-{os.getpid()}-{secrets.token_hex(8)}.json"
        self._wrote = False
        self._read: dict[str, tuple[str, bytes]] = {}  # tag and content, by path

    def renew(self, claims: bytes) -> None:
        """Write or renew the own lease.

        Raises:
            LakeError: The store refused, or is away.
        """
        self._wrote = True
        with patience.of_a_courtesy():
            self._place.put(self.path, claims)

    def others(self) -> list[bytes]:
        """Return what others claim in leases that have not expired. Delete those that have.

        Raises:
            LakeError: The store refused, or is away.
        """
        with patience.of_a_courtesy():
            written = self._place.written(self.folder)
            live = _live({path: at for path, (at, _) in written.items()}, self.path)
            for path in written.keys() - live - {self.path}:
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
                self._place.delete(self.path)


def at_work(place: Location, own: str | None = None) -> dict[str, list[bytes]]:
    """Return what live programs claim, by topic. Nothing is written or deleted.

    `own` is the path of a lease that this process has just renewed, and that is left out. Without one, this machine's
    clock tells which leases expired.

    Raises:
        LakeError: The store refused, or is away.
    """
    written = {path: at for path, (at, _) in place.written(f"{FOLDER}/").items()}
    live = sorted(_live(written, own or "", None if own else datetime.now(UTC)))
    found: dict[str, list[bytes]] = {}
    for path in live:
        if (content := place.get(path)) is not None:
            found.setdefault(path.split("/")[1], []).append(content)
    return found


def working_on(place: Location, run_id: str, own: str) -> list[str]:
    """Return the topics on which live programs claim work on a run. `own` is that of `at_work`.

    Raises:
        LakeError: The store refused, or is away.
    """
    found = at_work(place, own).items()
    return sorted(topic for topic, claims in found if topic == run_id or any(run_id.encode() in c for c in claims))


@contextmanager
def held(place: Location, topic: str, doing: str, *, alone: bool = True) -> Generator[Leases]:
    """Hold a lease on a topic while the context lasts. If `alone`, let nobody else hold one.

    Raises:
        LakeError: `alone`, and another program holds one, or the store refused.
    """
    lease, over = Leases(place, topic), threading.Event()
    try:
        lease.renew(doing.encode())
    except LakeError:
        if alone:
            raise

    def keep() -> None:
        while not over.wait(EXPIRY_SECONDS / 3):
            with suppress(LakeError):
                lease.renew(doing.encode())

    keeper = threading.Thread(target=keep, daemon=True)
    keeper.start()
    try:
        if alone and (others := lease.others()):
            said = others[0].decode("utf-8", "replace")[:200]
            raise LakeError(f"lake {place.uri}: another program is at work on its files ({said}): wait until it ends")
        yield lease
    finally:
        over.set()
        keeper.join()
        with suppress(LakeError):
            lease.release()


def _live(written: dict[str, datetime], own: str, now: datetime | None = None) -> set[str]:
    """Return which leases of others live now: by default at the time of the newest one; the own one is seconds old."""
    now = now or max(written.values(), default=None)
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
