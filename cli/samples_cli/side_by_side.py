"""Print what is shown of one or two runs: beside each other on a wide terminal, else one below the other."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDE = 120  # columns at which two runs stand beside each other

Sections = Sequence[Text | None]  # None where there is nothing to say


def put(columns: Sequence[Sections]) -> None:
    """Print columns of equally many sections to stdout. Sections of the same place stand beside each other."""
    console = Console(highlight=False)
    if len(columns) == 1 or console.width < _WIDE:
        for number, sections in enumerate(columns):
            if number:
                console.print()
            for place, section in enumerate(filter(None, sections)):
                console.print(*([Text()] if place else []), section, sep="\n", soft_wrap=True)
        return
    grid = Table.grid(padding=(0, 2), expand=True)
    for _ in columns:
        grid.add_column(ratio=1, overflow="fold")
    for row in zip(*columns, strict=True):
        if any(row):
            grid.add_row(*row)
            grid.add_row()
    console.print(grid)
