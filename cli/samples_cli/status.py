"""`samples status`: show how far a run is, from the lake alone."""

import shutil
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from samples.lines import printable
from samples_cli import options, terminal

if TYPE_CHECKING:  # it imports DuckDB
    from samples.query.status import RunStatus

EXAMPLE = "samples status base-7b --follow --lake s3://lab/lake"

_SECONDS = 5  # between two looks at the lake


def command(
    run: options.RunName,
    lake: options.Lake,
    follow: Annotated[bool, typer.Option("-f", "--follow",
        help="Look again every few seconds, until all wanted samples are there or Ctrl-C is pressed.")] = False,
) -> None:  # fmt: skip
    """Show how far a run is: samples there and wanted, speed and time left, accuracy by verifier.

    It reads the lake alone, so the machine that draws the run may be any other one.
    """
    import samples
    from samples.query.status import status

    opened = samples.open(lake)
    if follow:
        _follow(lambda: status(opened, run))
        return
    for line in lines(status(opened, run)):
        terminal.put(line)


def lines(status: "RunStatus") -> list[str]:
    """Say all that is known of a run."""
    said = [
        f"run {status.name} ({status.run_id}) of {status.dataset}, model {status.model}",
        f"{_counted(status)}, {_tokens(status)}, {status.errors:,} errors",
        f"{status.problems:,} problems{_done(status)}",
        f"last commit {_ago(status.last_commit)}{_speed(status)}",
    ]
    said += dict.fromkeys(f"drawn by {setup}" for facts in status.setups if (setup := _setup(facts)))
    for verifier, (verdicts, accuracy) in status.verifiers.items():
        of = "" if accuracy is None else f", {accuracy:.1%} correct"
        said.append(f"{verifier}: {verdicts:,} verdicts{of}")
    return said


def _setup(facts: Mapping[str, str]) -> str:
    """Say the hardware and the versions of a setup; other settings are in the view `setups`."""
    left = {"max_model_len", "head_dtype", "quantization", "kv_cache_dtype"}
    bare = {"device", "dtype"}  # their values say what they are
    return ", ".join(value if name in bare else f"{name} {value}" for name, value in facts.items() if name not in left)


def _done(status: "RunStatus") -> str:
    return "" if status.problems_done is None else f", {status.problems_done:,} of them have all their samples"


def line(status: "RunStatus") -> str:
    """Say how far a run is, in one line."""
    return f"{status.name}: {_counted(status)}{_speed(status)}, last commit {_ago(status.last_commit)}"


def _follow(look: Callable[[], "RunStatus"]) -> None:
    """Print a line again and again until no sample is missing. On a terminal each line replaces the one before."""
    drawn = sys.stdout.isatty()
    try:
        while True:
            status = look()
            shown = line(status)
            if drawn:  # the line before is erased after its successor is known
                terminal.put("", end="\r\x1b[K")
            room = shutil.get_terminal_size().columns - 1
            terminal.put(printable(shown)[:room] if drawn else shown, end="" if drawn else "\n")
            if status.wanted is None or status.samples >= status.wanted:
                break
            time.sleep(_SECONDS)
    finally:
        if drawn:
            terminal.put("")
    if status.wanted is None:
        why = "the lake does not record how many samples were wanted, so --follow ends here"
        terminal.say(f"{status.name}: {why}")


def _counted(status: "RunStatus") -> str:
    return f"{status.samples:,} samples" if status.wanted is None else f"{status.samples:,}/{status.wanted:,} samples"


def _tokens(status: "RunStatus") -> str:
    return "unknown tokens" if status.tokens is None else f"{status.tokens:,} tokens"


def _speed(status: "RunStatus") -> str:
    from samples.pipeline.progress import duration

    speed = "" if status.per_second is None else f", {status.per_second:,.1f} samples/s"
    return speed + ("" if status.seconds_left is None else f", {duration(status.seconds_left)} left")


def _ago(then: datetime | None) -> str:
    from samples.pipeline.progress import duration

    return "never" if then is None else f"{duration((datetime.now(UTC) - then).total_seconds())} ago"
