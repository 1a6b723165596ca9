"""Notice replicas that died, and end those that do not answer.

A replica reports from a thread of its own, whatever its worker does. If it is silent for `SILENCE_SECONDS`, its process
was stopped or hangs as a whole. Then it is killed, Ray makes it again, and its units are begun again. A replica that
died is known by its successor, which reports as the same actor. What it said last is read from its errors. Ray knows
whether a replica's machine is still there.
"""

import time
from dataclasses import dataclass

from samples.pipeline.process import Errand, Process
from samples.pipeline.progress import duration

STALE = 15.0  # seconds without a report after which a replica counts as gone
SILENCE_SECONDS = 120.0  # after which it is ended
_QUIET = 5.0  # without a report, after which Ray is asked whether the machine is still there
_LOADING = 5  # times as long while it loads: imports and drivers may hold Python's lock for minutes
_STEP = 5.0  # a longer time between two looks is no silence of the replicas: this process was stopped itself
_NEWS_SECONDS = 60.0
_NODES_SECONDS = 1.0  # a list of nodes is used for so long: a pool that has shrunk asks once, and not for each replica
_WORDS_SECONDS = 10.0  # to read last words


@dataclass(frozen=True)
class Report:
    """What one replica reports about itself. Counts are totals since it started."""

    replica: str
    ready: bool  # its engine is loaded
    stopping: bool  # it knows that it must take no further unit
    busy: int  # units that it has begun and not finished
    samples: int
    tokens: int
    errors: int
    waiting: bool = False  # for the lake's store, which is away
    process: Process | None = None
    finished: int = 0  # units, without those given up
    oldest: tuple[int, float] | None = None  # the unit at work for the longest time, and its seconds
    typical: float = 0.0  # seconds of the median of its last units; 0 before the first


class Health:
    """The last reports of all replicas, and what became of those that died."""

    def __init__(self, silence: float = SILENCE_SECONDS) -> None:
        """End replicas that are silent for `silence` seconds."""
        self.reports: dict[str, tuple[float, Report]] = {}  # by replica, with the time
        self._silence = silence
        self._now, self._looked = 0.0, time.monotonic()
        self._nodes: tuple[float, set[str]] = float("-inf"), set()  # those that are there, and when Ray was asked
        self._replica_of: dict[str, str] = {}  # by actor
        self._worked: dict[str, float] = {}  # by replica: when it last reported a unit at work
        self._left: set[str] = set()  # replicas that end by themselves
        self._over: set[str] = set()  # replicas that died or were ended
        self._ending: dict[str, Errand] = {}
        self._dying: list[tuple[float, Report, Errand]] = []  # died; what they said is being read
        self._words = ""
        self._news = float("-inf"), ""

    def see(self, report: Report) -> Report | None:
        """Record a report. Return the last one of this replica's predecessor, if it died unexpectedly."""
        new = report.replica not in self.reports
        now = self._clock()
        self.reports[report.replica] = now, report
        if report.busy:
            self._worked[report.replica] = now
        if not new or report.process is None:
            return None
        before = self._replica_of.get(report.process.actor, "")
        self._replica_of[report.process.actor] = report.replica
        ended, self._over = before in self._over | self._left, self._over | {before}
        died = self.last(before)
        if died is None or died.process is None or ended:
            return None
        if self.is_gone(died.process):
            self._tell(_lost_machine(died.process))
        else:
            self._dying.append((self._now, died, Errand(died.process.node, died.process.last_words)))
        return died

    def last(self, replica: str) -> Report | None:
        """Return the last report of a replica."""
        return self.reports[replica][1] if replica in self.reports else None

    def leave(self, replica: str) -> None:
        """Take note that a replica ends by itself, and has said why."""
        self._left.add(replica)

    @property
    def every(self) -> list[Report]:
        """The last report of every replica that ever was."""
        return [report for _, report in self.reports.values()]

    @property
    def live(self) -> list[Report]:
        """The last reports of replicas that reported a moment ago and did not die."""
        now = self._clock()
        return [report for at, report in self.reports.values() if now - at < STALE and report.replica not in self._over]

    @property
    def news(self) -> str:
        """What became of the last replica that died or was ended; "" if that is long ago."""
        return self._news[1] if self._clock() - self._news[0] < _NEWS_SECONDS else ""

    @property
    def last_words(self) -> str | None:
        """What the last replica that died said last, "" if nothing; None while it is being read."""
        return None if self._dying else self._words

    def gone(self) -> list[str]:
        """Return the replicas whose machine was found to be gone since the last call.

        Their successors may never report, because no other machine has room. Replicas that had no units for a while are
        returned without news: the pool may have shrunk, and then the cluster.
        """
        now = self._clock()
        found: list[str] = []
        for at, report in list(self.reports.values()):
            if now - at < _QUIET or report.process is None or report.replica in self._over | self._left:
                continue
            if self.is_gone(report.process):
                self._over.add(report.replica)
                found.append(report.replica)
                if at - self._worked.get(report.replica, float("-inf")) < _QUIET:
                    self._tell(_lost_machine(report.process))
        return found

    def look(self) -> list[tuple[Report, str]]:
        """End silent replicas. Return what became known of those that died: the last report, and a line about it."""
        now = self._clock()
        for at, report in list(self.reports.values()):
            allowed = self._silence if report.ready else self._silence * _LOADING
            if now - at > allowed and report.process and report.replica not in self._over | self._left:
                self._end(report, report.process, now - at)
        known = [one for one in self._dying if one[2].over or now - one[0] > _WORDS_SECONDS]
        self._dying = [one for one in self._dying if one not in known]
        return [(report, self._obituary(report, errand.answer() or "")) for _, report, errand in known]

    def is_gone(self, process: Process) -> bool:
        """Return whether Ray counts the machine of a replica as gone."""
        import ray

        if (now := time.monotonic()) - self._nodes[0] > _NODES_SECONDS:
            self._nodes = now, {node["NodeID"] for node in ray.nodes() if node["Alive"]}
        return process.node not in self._nodes[1]

    def _end(self, report: Report, process: Process, seconds: float) -> None:
        errand = self._ending.get(report.replica)
        if errand is None:
            self._ending[report.replica] = Errand(process.node, process.end)
        elif errand.over:
            killed = errand.answer()
            if killed is None and not self.is_gone(process):
                del self._ending[report.replica]  # the errand itself failed: the next look tries again
                return
            self._over.add(report.replica)
            if killed:  # else it had ended long ago: the pool shrank, or its machine is gone
                said = f"a replica on {process.host} did not answer for {duration(seconds)} and was ended"
                self._tell(f"{said}; its units go to others")

    def _obituary(self, report: Report, words: str) -> str:
        self._words = words
        host = report.process.host if report.process else ""
        said = f"a replica on {host} died{'' if report.ready else ' while it loaded the model'}"
        said += f": {words}" if words else " without a word"
        self._tell(said)
        return said

    def _tell(self, news: str) -> None:
        self._news = self._now, news

    def _clock(self) -> float:
        """Return the seconds that passed, but of a long pause only a few."""
        now = time.monotonic()
        self._now += min(now - self._looked, _STEP)
        self._looked = now
        return self._now


def _lost_machine(process: Process) -> str:
    return f"machine {process.host} is gone; the units of its replica go to others"
