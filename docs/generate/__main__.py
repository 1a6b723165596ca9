"""Write docs/reference from the code, and what the commands of the tutorial print: `python docs/generate [FOLDER]`.

FOLDER is docs unless another one is named. Reference pages that nothing writes any more are removed.
"""

import sys
from pathlib import Path

import command_line
import python
import queries
import tables
import tutorial
import verifiers

MAKERS = (command_line, queries, tables, verifiers, python)


def main() -> None:
    """Write all pages."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent
    pages = {f"reference/{path}": text for maker in MAKERS for path, text in maker.written().items()}
    pages |= tutorial.written()
    for path, text in pages.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    for stale in set((folder / "reference").rglob("*.md")) - {folder / path for path in pages}:
        stale.unlink()


if __name__ == "__main__":
    main()
