"""Count the replicas that died with a unit, and give up a unit that kills every engine it meets.

Ray begins a unit again whenever its replica dies, for ever. A replica has many units at the same time, so its death
accuses them all. A unit that a replica died with is therefore tried next in small company, and then alone. After
`TRIES` deaths, the last one alone with it, the unit is to blame: its samples become errors. The others that died with
it are then free of blame.
"""

from array import array
from dataclasses import dataclass

TRIES = 3  # a unit that so many replicas died with becomes errors
_COMPANY = (1 << 30, 8, 1)  # at most so many units at once in a replica, by the deaths of each of them


@dataclass(frozen=True)
class Try:
    """A unit that a call begins, in a replica that does at most `company` units meanwhile; 0 if it is given up."""

    unit: int
    company: int = _COMPANY[0]

    @property
    def given_up(self) -> bool:
        """Whether nothing is left but to write its errors. That comes first: the next suspect may be the end."""
        return self.company == 0

    @property
    def waits(self) -> bool:
        """Whether it may have to wait for smaller company. What waits is not to blame if its replica dies."""
        return 0 < self.company < _COMPANY[0]


class Tries:
    """Which replica has begun which unit, and the deaths that a unit may be to blame for."""

    def __init__(self) -> None:
        self._replicas = [""]  # the first stands for none
        self._holder = array("q")  # by unit, maybe millions: the place in that list of the replica that began it last
        self._died: dict[str, set[int]] = {}  # replicas that died, and the units that were begun again since
        self._excused: set[str] = set()  # replicas whose death no further unit is accused of
        self._given_up: set[int] = set()

    def excuse(self, replica: str) -> None:
        """Accuse no unit of this replica's death: its machine is gone."""
        self._excused.add(replica)

    def begin(self, unit: int, replica: str) -> Try:
        """Record that a replica begins a unit, and return how. A repetition in the same replica is no new try."""
        before = self._replicas[self._holder[unit]] if unit < len(self._holder) else ""
        self._hold(unit, "")
        if unit in self._given_up:
            return Try(unit, 0)
        if before and before not in {replica, *self._excused}:
            self._died.setdefault(before, set()).add(unit)
        deaths = [dead for dead, units in self._died.items() if unit in units]
        if len(deaths) < TRIES:
            tried = Try(unit, _COMPANY[len(deaths)])
            if not tried.waits:
                self.works(unit, replica)
            return tried
        self._given_up.add(unit)
        for dead in deaths:
            self._excused.add(dead)
            del self._died[dead]
        return Try(unit, 0)

    def works(self, unit: int, replica: str) -> None:
        """Record that a replica works on a unit that had to wait."""
        self._hold(unit, replica)

    def finish(self, unit: int, replica: str) -> None:
        """Record that a replica finished a unit that had to wait. If its receipt is lost, the unit is begun again."""
        if self._replicas[self._holder[unit]] == replica:
            self._hold(unit, "")

    def _hold(self, unit: int, replica: str) -> None:
        if replica not in self._replicas:
            self._replicas.append(replica)
        self._holder.extend([0] * (unit + 1 - len(self._holder)))
        self._holder[unit] = self._replicas.index(replica)
