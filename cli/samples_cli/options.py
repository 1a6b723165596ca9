"""Options that several commands share. A command takes `lake: options.Lake`, and Typer reads the rest here."""

from typing import Annotated, Literal

from typer import Argument, Option

from samples.errors import UsageError
from samples_cli import complete
from samples_cli.values import Guesses, Names, Pair, several

VERIFIERS = f"{', '.join(complete.VERIFIERS)}, or your own FILE.py:FUNCTION"
LAKE, FILTERS, OUTPUT, PROGRESS = "Lake", "Filters", "Output", "Progress"

_THE_LAKE = Option("--lake", envvar="SAMPLES_LAKE", metavar="URI", rich_help_panel=LAKE,
    help="The lake: a local folder, or s3://, gs:// or az://.")  # fmt: skip

Lake = Annotated[str, _THE_LAKE]
LakeIfAny = Annotated[str | None, _THE_LAKE]

At = Annotated[str | None, Option("--at", metavar="VERSION", rich_help_panel=LAKE,
    help="Read the lake as it was: at a time in UTC, such as 2026-05-01T12:00, or at the table versions that "
    "lake.version gives in Python.")]  # fmt: skip

NO_COMPACT = "Do not merge small files at the end. Otherwise this is done where the job left a hundred in one table."
NoCompact = Annotated[bool, Option("--no-compact", help=NO_COMPACT)]
SkipUnreadable = Annotated[bool, Option("--skip-unreadable", rich_help_panel=LAKE,
    help="Leave out the runs of which a file cannot be read, and say which.")]  # fmt: skip

IN_SANDBOX = (
    "Run your own FILE.py:FUNCTION in a sandbox: no network, no files but installed packages, and a process of its own "
    "for each completion. code and reasoning-gym always run in one. Needs bubblewrap."
)
Sandbox = Annotated[bool, Option("--sandbox", help=IN_SANDBOX)]

PACKAGES = "Let the programs of code import what is in this folder, such as pip install --target makes."
Packages = Annotated[str | None, Option("--packages", metavar="FOLDER", show_default="NumPy", help=PACKAGES)]

RunName = Annotated[str, Argument(help="Name of the run, or the beginning of its id.", autocompletion=complete.runs)]

# --- which runs and problems

Runs = Annotated[str | None, Option("--runs", metavar="RUN,…", rich_help_panel=FILTERS, autocompletion=complete.runs,
    help="Only these runs, by name or by the beginning of an id.")]  # fmt: skip

Dataset = Annotated[str | None, Option("--dataset", metavar="NAME", rich_help_panel=FILTERS,
    autocompletion=complete.datasets, help="Only this problem set.")]  # fmt: skip

Where = Annotated[list[Pair] | None, Option("--where", metavar="KEY=VALUE", parser=Pair.read, rich_help_panel=FILTERS,
    help="Only problems whose metadata has this value, as in level=5. A dot in KEY looks into objects. Repeatable: "
    "the same KEY again allows another value.")]  # fmt: skip

Problems = Annotated[Names | None, Option("--problems", metavar="ID,…|@FILE", parser=Names.read,
    rich_help_panel=FILTERS, autocompletion=complete.problems,
    help="Only these problems. A file has one id a line.")]  # fmt: skip

Labels = Annotated[list[Pair] | None, Option("--label", metavar="KEY=VALUE", parser=Pair.read, rich_help_panel=FILTERS,
    autocompletion=complete.labels,
    help="Only runs with this label. Repeatable: the same KEY again allows another value.")]  # fmt: skip

ExcludeGuessable = Annotated[Guesses | None, Option("--exclude-guessable", metavar="RUN:THRESHOLD", parser=Guesses.read,
    rich_help_panel=FILTERS,
    help="Leave out problems that can be guessed. RUN answered without reasoning; problems that it got right at a "
    "rate above 0 and up to THRESHOLD count as guessed. Add :VERIFIER when several verifiers judged RUN.")]  # fmt: skip

# --- how rows are written

Format = Annotated[Literal["table", "csv", "json", "jsonl", "parquet", "markdown", "latex"] | None,
    Option("--format", metavar="FORMAT", rich_help_panel=OUTPUT,
    help="table, csv, json (one array), jsonl (one object a line), parquet, markdown or latex. Without it, the ending "
    "of the output file decides; without a file, it is a table.")]  # fmt: skip

Output = Annotated[str | None, Option("-o", "--output", metavar="FILE", rich_help_panel=OUTPUT,
    help="Write the rows to this file.")]  # fmt: skip

Every = Annotated[bool, Option("--all", rich_help_panel=OUTPUT,
    help="Show every row of a table; without it, the first 40.")]  # fmt: skip

Limit = Annotated[int | None, Option("--limit", min=0, metavar="N", rich_help_panel=OUTPUT,
    help="Write at most N rows.")]  # fmt: skip

# --- progress

Quiet = Annotated[bool, Option("-q", "--quiet", rich_help_panel=PROGRESS,
    help="Show no progress, only errors and the closing lines.")]  # fmt: skip

Json = Annotated[bool, Option("--json", rich_help_panel=PROGRESS,
    help="Write progress and the closing summary as JSON on stderr, one object a line. Its field event is phase, "
    "progress, say, done or error.")]  # fmt: skip


def filters(
    dataset: str | None,
    where: list[Pair] | None,
    problems: Names | None,
    label: list[Pair] | None,
    exclude_guessable: Guesses | None,
    runs: str | None = None,
) -> dict[str, object]:
    """Return the filters that were given, as the library takes them."""
    given = {
        "dataset": dataset,
        "where": several(where) if where else None,
        "problems": problems,
        "labels": several(label) if label else None,
        "exclude_guessable": exclude_guessable,
        "runs": runs,
    }
    return {name: value for name, value in given.items() if value is not None}


def mode(*, quiet: bool, json: bool) -> Literal["auto", "quiet", "json"]:
    """Return how a long command tells its progress."""
    if quiet and json:
        raise UsageError("--quiet and --json contradict each other: give one of them")
    return "quiet" if quiet else "json" if json else "auto"


def given(lake: str | None) -> str:
    """Return the lake that was given, for a command that does not always need one.

    Raises:
        UsageError: There is none.
    """
    if lake is None:
        raise UsageError("--lake is missing, and SAMPLES_LAKE is not set")
    return lake
