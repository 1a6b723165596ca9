"""`samples verifiers`: list the verifiers, or print what one of them accepts."""

from typing import Annotated

import typer

from samples_cli import complete, options, output, pages, terminal

EXAMPLE = "samples verifiers math"


def command(
    name: Annotated[str | None, typer.Argument(metavar="NAME", show_default=False, autocompletion=complete.verifiers,
        help="A verifier, such as math. Without it, all are listed.")] = None,
    form: options.Format = None,
    file: options.Output = None,
) -> None:  # fmt: skip
    """List the verifiers and what each needs. With a name: what it accepts, and where its limits are.

    Your own function, FILE.py:FUNCTION, is a verifier too: see samples rescore --help.
    """
    from samples.verifiers.guide import guide, listing

    if name is None and form is None and file is None:
        rows = [(row["verifier"], _line(row["correct_when"], row["needs"])) for row in listing()]
        terminal.page("\n\n".join(pages.sections({"A completion is correct if": rows})))
        return
    if name is None:
        import pyarrow as pa

        from samples.query.rows import Rows

        output.write(Rows(pa.Table.from_pylist(listing())), form, file)
        return
    title, told = guide(name)
    terminal.put(f"{title}\n\n{pages.prose(told)}")


def _line(correct_when: str, needs: str) -> str:
    return f"{correct_when}." + ("" if needs == "nothing" else f" Needs {needs}.")
