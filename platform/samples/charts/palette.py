"""One colour for each run, the same in all charts of a lake.

The colours are those of Okabe and Ito (2008), which people with any colour vision tell apart. Their yellow is left out:
on white paper it cannot be seen. After seven runs the colours come again, with another dash.
"""

from collections.abc import Iterable, Sequence

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DASHES = ([1, 0], [6, 3], [2, 2], [8, 2, 2, 2])
GREY = "#767676"


class Palette:
    """Colours by the order of a lake's runs, the oldest first. A later run changes no colour of an earlier one."""

    def __init__(self, runs: Sequence[str]) -> None:
        self._places = {run: place for place, run in enumerate(runs)}

    def order(self, names: Iterable[str]) -> list[str]:
        """Return names without repetition: the lake's runs in their order, then others as they come."""
        wanted = dict.fromkeys(names)
        return sorted(wanted, key=lambda name: self._places.get(name, len(self._places)))

    def colour(self, name: str, names: Sequence[str]) -> str:
        """Return the colour of a run, or of a pool of runs by its place in `names`."""
        return COLOURS[self._place(name, names) % len(COLOURS)]

    def dash(self, name: str, names: Sequence[str]) -> list[int]:
        """Return the dash of a run's line."""
        return DASHES[self._place(name, names) // len(COLOURS) % len(DASHES)]

    def _place(self, name: str, names: Sequence[str]) -> int:
        return self._places.get(name, list(names).index(name))
