"""One colour for each run, the same in all charts of a lake.

The first seven colours are those of Okabe and Ito (2008), which people with any colour vision tell apart. Their yellow
is left out: on white paper it cannot be seen. Then come dark tones of them. Lines have another dash in each seven.
"""

from collections.abc import Iterable, Sequence

BASIC = 7
COLOURS = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000",
    "#00395A", "#7A2600", "#00573F", "#7A3B60", "#80580A", "#2F7299", "#5E35A0",
)  # fmt: skip
DASHES = ([1, 0], [6, 3], [2, 2], [8, 2, 2, 2])
GREY = "#767676"


class Palette:
    """Colours by the order of a lake's runs, the oldest first. A later run changes no colour of an earlier one."""

    def __init__(self, runs: Sequence[str]) -> None:
        self._places = {run: place for place, run in enumerate(runs)}

    def knows(self, name: str) -> bool:
        """Return whether this is a run of the lake."""
        return name in self._places

    def order(self, names: Iterable[str]) -> list[str]:
        """Return names without repetition: the lake's runs in their order, then others as they come."""
        wanted = dict.fromkeys(names)
        return sorted(wanted, key=lambda name: self._places.get(name, len(self._places)))

    def colour(self, name: str, names: Sequence[str]) -> str:
        """Return the colour of a run, or of a pool of runs by its place in `names`."""
        return nth_colour(self._place(name, names))

    def dash(self, name: str, names: Sequence[str]) -> list[int]:
        """Return the dash of a run's line."""
        return nth_dash(self._place(name, names))

    def colours(self, names: Sequence[str]) -> list[str]:
        """Return the colours of the runs of one chart.

        One that would have the colour of an earlier run takes one that is free, if there is any.
        """
        found: dict[str, str] = {}
        for name in names:
            found.setdefault(self.colour(name, names), name)
        free = iter([colour for colour in COLOURS if colour not in found])
        own = {name: colour for colour, name in found.items()}
        return [own.get(name) or next(free, self.colour(name, names)) for name in names]

    def _place(self, name: str, names: Sequence[str]) -> int:
        return self._places.get(name, list(names).index(name))


def nth_colour(place: int) -> str:
    """Return the colour at a place from 0 on."""
    return COLOURS[place % len(COLOURS)]


def nth_dash(place: int) -> list[int]:
    """Return the dash of a line at a place from 0 on."""
    return DASHES[place // BASIC % len(DASHES)]
