"""Coordinate the drivers of a run, or of a scorer: who does which units.

A driver asks for units before its replicas may begin them. It writes what it asks for in its lease, reads the leases of
the others, and leaves to them what they claim too. Whoever writes second sees the first, so two drivers begin one unit
only if a lease cannot be read or written, or came late. None of that ends a collection: a driver that cannot reach the
leases works as if it were alone.
"""

import math
import random
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from samples.errors import LakeError, StoreAway
from samples.lake import leases, patience
from samples.lake.leases import Leases
from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.units.arrivals import Arrivals
from samples.units.ownership import Ownership, read_claims
from samples.units.plan import Plan
from samples.units.segment import Target

Offer = Callable[[Sequence[int], bool], list[int] | None]  # see `Stream.offer`

_SECONDS = 3.0  # between two looks at the leases
_RENEW_SECONDS = 10.0  # after this long the own lease is renewed, changed or not
_SHARE = 20  # wait this many times as long as a look takes, as `samples.lake.pace` does for commits
_SHARE_IN_NEED = 2  # the same while replicas soon have no unit
_TRIES = 3  # times to ask, if another driver asks for the same at the same moment
_PAUSE = 0.1  # seconds at most before a further try, at random
_ALONE = 4  # so many times as many units are asked for while no other driver is there


class Coordination:
    """This driver's part in one plan."""

    def __init__(
        self,
        lake: Tables,
        target: Target,
        lease: Leases,
        plan: Plan,
        planned: DeltaTable | None,
        *,
        own: Collection[str],
        batch: int,
    ) -> None:
        """Begin with nothing asked for.

        `planned` is the snapshot of the narrow table that the plan was made from. `own` has the files of that table
        which this driver writes. `batch` is how many units the replicas begin at once.
        """
        self.units = Ownership(plan)
        self.away = False  # whether the store did not answer at the last look
        self._leases, self._uri, self._batch = lease, lake.uri, batch
        self._arrivals = Arrivals(lake, target, plan, planned, own)
        self._offer: Offer = lambda _units, _more: []
        self._more = True  # whether further units may come
        self._asked: list[int] = []  # units that are ours and, as far as we know, not begun
        self._begun = 0  # units that we know to be begun
        self._pace = 0  # units that were begun between two looks
        self._others = 0  # live drivers beside this one
        self._met: bool | None = None  # whether there ever was another one; None before the first look
        self._written = self._looked = self._agreed = float("-inf")
        self._lasted = 0.0  # seconds that the last look took
        self._outdated = False  # the lease claims units that were given up

    @property
    def has_units(self) -> bool:
        """Whether there are units that replicas may begin."""
        return bool(self._asked)

    def begin(self, offer: Offer) -> None:
        """Offer units to replicas from now on."""
        self._offer = offer
        self._keep(self._asked)

    def due(self, begun: int) -> bool:
        """Return whether it is time to look at the leases: after some seconds, or when replicas soon have no unit.

        `begun` is the number of units that they have begun.
        """
        passed = time.monotonic() - self._looked
        new = begun - self._begun
        few = self._more and 2 * (len(self._asked) - new) < self._batch
        if few and (new or not self._asked) and passed > _SHARE_IN_NEED * self._lasted:
            return True
        return passed > min(max(_SECONDS, _SHARE * self._lasted), _RENEW_SECONDS)

    def ended(self, begun: int) -> bool:
        """Return whether nothing is left to begin, once `begun` units are begun."""
        return not self._more and begun >= self._begun + len(self._asked)

    def look(self, *, asking: bool = True) -> None:
        """See what the others do, and ask for units. Without `asking`, give up those that are not begun."""
        began, before = time.monotonic(), self._begun
        self._keep(self._asked)
        self._pace = max(self._begun - before, self._pace // 2)
        contested = False
        try:
            with patience.of_a_courtesy(), explained(self._uri):
                contested = self._agree(asking=asking)
            self._agreed = time.monotonic()
            self.away = False
        except (LakeError, DeltaError) as error:
            self.away = isinstance(error, StoreAway)
            self._met = None
            contested = self._others > 0 and time.monotonic() - self._agreed < leases.EXPIRY_SECONDS
            if asking and not contested:
                self.units.see([])
                self._others = 0
                self._asked += self.units.ask(self._target() - len(self._asked))
        self._more = asking and (contested or len(self.units.free) > 0)
        self._keep(self._asked)
        self._looked = time.monotonic()
        self._lasted = self._looked - began

    def leave(self) -> None:
        """Give up everything: nothing is being done any more."""
        self._offer = lambda _units, _more: []
        self._asked = []
        self.units.give_up(range(len(self.units.plan)))
        with suppress(LakeError):
            self._renew()

    def _agree(self, *, asking: bool) -> bool:
        """Look and ask. Return whether another driver asked for the same at the same moments."""
        if time.monotonic() - self._written > leases.EXPIRY_SECONDS / 2:
            self._met = None  # others may have taken us for dead, and asked for our units
            self._keep([])
            self._renew()  # the age of leases is counted from the newest
        if self._met is not False:
            self._see()  # before the commits: what is claimed no more was committed before
            self.units.committed_by_others(*self._arrivals.look())
        lost: list[int] = []
        for _ in range(_TRIES):
            target = self._target() if asking else 0
            if len(self._asked) > 2 * target:
                self._keep(self._asked[:target])
            asked = self._ask(target)
            if asked or self._outdated or time.monotonic() - self._written > _RENEW_SECONDS:
                self._renew()
            alone = not self._others
            self._see()
            if self._met:  # another may have done and committed what we asked for, since we looked at the commits
                self.units.committed_by_others(*self._arrivals.look())
            lost = self.units.lost(asked)
            if not lost and not (alone and self._others):  # a newcomer gets its share now
                break
            self._give_up(lost)
            time.sleep(random.uniform(0, _PAUSE))  # noqa: S311 - so that the two do not meet again
        return bool(lost)

    def _target(self) -> int:
        """Return how many units to hold ready: enough until the next look, and no more while others wait for some."""
        return max(self._batch, 2 * self._pace) * (1 if self._others else _ALONE)

    def _ask(self, target: int) -> list[int]:
        """Ask for units if few are left, for no more than an even share."""
        if 2 * len(self._asked) > target:
            return []
        share = math.ceil((len(self.units.free) + len(self._asked)) / (self._others + 1))
        asked = self.units.ask(min(target, share) - len(self._asked))
        self._asked += asked
        return asked

    def _keep(self, units: Sequence[int]) -> None:
        """Offer these of the units asked for, and give up the others, except for those that were begun."""
        begun = self._offer(units, self._more)
        if begun is not None:  # else it is not known what was begun, and all stay ours
            self._begun += len(begun)
            gone = set(begun)
            kept = gone.union(units)
            self._give_up([unit for unit in self._asked if unit not in kept])
            self._asked = [unit for unit in self._asked if unit not in gone]

    def _give_up(self, units: Sequence[int]) -> None:
        if units:
            gone = set(units)
            self.units.give_up(units)
            self._asked = [unit for unit in self._asked if unit not in gone]
            self._outdated = True

    def _renew(self) -> None:
        self._leases.renew(self.units.claims())
        self._written, self._outdated = time.monotonic(), False

    def _see(self) -> None:
        claims = [read_claims(lease) for lease in self._leases.others()]
        self.units.see(claims)
        self._others = len(claims)
        self._met = bool(self._met) or self._others > 0
