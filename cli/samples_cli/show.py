"""`samples show`: show one sample with its tokens and log-probs, or list the samples of a problem."""

import json
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated, Any

import typer

from samples.errors import UsageError
from samples.lines import json_finite, printable_json
from samples_cli import complete, options, terminal

EXAMPLE = """samples show base-7b aime-12 --against rl-7b --lake ./lake
samples show base-7b aime-12 0 --scorer rl-7b --lake ./lake"""

SAMPLE, SEVERAL = "One sample", "All samples of a problem"


def command(
    run: options.RunName,
    problem: Annotated[str, typer.Argument(help="Id of the problem.", autocompletion=complete.problems)],
    index: Annotated[int | None, typer.Argument(help="Which of its samples, counted from 0. Without it, all are "
        "listed.", min=0)] = None,
    *,
    against: Annotated[str | None, typer.Option("--against", metavar="RUN", autocompletion=complete.runs,
        help="Show another run on the same problem: beside the first one on a wide terminal, else below it.")] = None,
    tokenizer: Annotated[str | None, typer.Option("--tokenizer", metavar="MODEL", rich_help_panel=SAMPLE,
        help="Decode the tokens with this model's tokenizer: a folder, or a name on the Hugging Face Hub; run is the "
        "model that the run names. Without it no file of a model is opened.")] = None,
    scorer: Annotated[str | None, typer.Option("--scorer", metavar="SCORER", rich_help_panel=SAMPLE,
        autocompletion=complete.scorers,
        help="Shade each token by how much likelier this scorer finds it than the run did, and show its log-probs.",
        )] = None,
    against_index: Annotated[int | None, typer.Option("--against-index", metavar="N", min=0, rich_help_panel=SAMPLE,
        show_default="INDEX", help="Which sample of the other run.")] = None,
    verifier: Annotated[str | None, typer.Option("--verifier", metavar="VERIFIER", rich_help_panel=SEVERAL,
        autocompletion=complete.judged, show_default="the only one",
        help="Group the samples by the verdicts of this verifier.")] = None,
    every: Annotated[bool, typer.Option("--all", rich_help_panel=SEVERAL,
        help="List every sample. Without it, the five likeliest and the five least likely ones of each group.",
        )] = False,
    lake: options.Lake,
    at: options.At = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:  # fmt: skip
    """Show one sample: its text, its verdicts, reviews, why it ended, and each token with its log-prob.

    Without INDEX, list the samples of the problem by verdict: the likeliest and the least likely of each.
    """
    import samples
    from samples.query import show_rows
    from samples.query.samples_of import samples_of
    from samples.query.show import show
    from samples_cli import show_problem, show_sample, side_by_side

    _require_index(index, {"--tokenizer": tokenizer, "--scorer": scorer, "--against-index": against_index})
    _require_none(index, {"--verifier": verifier, "--all": every})
    if against_index is not None and against is None:
        raise UsageError("--against-index is for the run of --against: give both")
    pinned = samples.open(lake, version=at).pin(show_rows.TABLES)
    names = [run] if against is None else [run, against]
    objects: Iterator[dict[str, Any]]
    columns: Iterator[side_by_side.Sections]
    if index is None:
        listed = [samples_of(pinned, name, problem, verifier=verifier) for name in names]
        objects, columns = map(show_problem.said, listed), map(partial(show_problem.written, every=every), listed)
    else:
        numbers = [index, index if against_index is None else against_index]
        asked = zip(names, numbers, strict=False)
        shown = [show(pinned, name, problem, number, tokenizer=tokenizer, scorer=scorer) for name, number in asked]
        objects, columns = map(show_sample.said, shown), map(show_sample.written, shown)
    if as_json:
        first, *others = objects
        whole = first | ({"against": others[0]} if others else {})
        terminal.put(printable_json(json.dumps(json_finite(whole), ensure_ascii=False, allow_nan=False, default=str)))
    else:
        side_by_side.put([*columns])


def _require_index(index: int | None, given: Mapping[str, object]) -> None:
    """Refuse options about one sample where none is named."""
    if index is None and (some := [name for name, value in given.items() if value is not None]):
        raise UsageError(f"{some[0]} is about one sample: give its INDEX")


def _require_none(index: int | None, given: Mapping[str, object]) -> None:
    """Refuse options about the list of samples where one is named."""
    if index is not None and (some := [name for name, value in given.items() if value]):
        raise UsageError(f"{some[0]} is about the list of samples: leave INDEX out")
