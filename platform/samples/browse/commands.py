"""Commands that pages print: whoever pastes one into a shell of this machine gets what the page means."""

import shlex
from collections.abc import Sequence

from samples.browse.address import PROBLEM_FILTERS, Address
from samples.browse.reading import Reading
from samples.browse.reviews import HARD
from samples.lines import printable, without_keys
from samples.runs.run import Run


def show(reading: Reading, run: Run, problem_id: str, index: int, scorer: str | None, tokenizer: str | None) -> str:
    """Return the command that shows a sample in a terminal."""
    options = [*_read(reading), *_given("--scorer", scorer), *_given("--tokenizer", tokenizer)]
    words = [run.name, problem_id, str(index)]
    if any(word.startswith("-") for word in words):
        return written(["samples", "show", *options, "--", *words])  # after --, nothing is an option
    return written(["samples", "show", *words, *options])


def rescore(lake: str, runs: Sequence[Run]) -> str:
    """Return a command that adds verdicts of these runs."""
    named = [word for run in runs for word in _given("--run", _in_a_list(run))]
    return written(["samples", "rescore", "--verifier", "numeric", *named, *_of(lake)])


def count_reviews(reading: Reading, run: Run, verifier: str | None, accuracy: float, address: Address) -> str:
    """Return the command that counts the labels of a run, of problems up to this accuracy that pass the filters."""
    hard = [] if accuracy == HARD else ["--max-accuracy", repr(accuracy)]
    filters = [word for name in PROBLEM_FILTERS for text in address.all(name) for word in _given(_option(name), text)]
    options = [*_given("--runs", _in_a_list(run)), *_given("--verifier", verifier), *hard, *filters, *_read(reading)]
    return written(["samples", "query", "reviews", *options])


def written(words: Sequence[str]) -> str:
    """Return words as a shell reads them. What cannot be seen is spelled out, as bash reads it."""
    return " ".join(map(_quoted, words))


def _of(lake: str) -> list[str]:
    return ["--lake", without_keys(lake)]


def _read(reading: Reading) -> list[str]:
    """Return the options with which a command reads what the pages show, if they show one version of the lake."""
    return [*_of(reading.lake.uri), *(["--at", reading.lake.version] if reading.fixed else ())]


def _given(option: str, value: str | None) -> list[str]:
    """Return an option and its value as one word where the value looks like another option."""
    if value is None:
        return []
    return [f"{option}={value}"] if value.startswith("-") else [option, value]


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _in_a_list(run: Run) -> str:
    """Return the name of a run, or its id where an option that takes several names would read the name otherwise."""
    return run.run_id if "," in run.name or run.name.startswith("@") or run.name != run.name.strip() else run.name


def _quoted(word: str) -> str:
    if printable(word, lines=False) == word:
        return shlex.quote(word)
    return "$'" + printable(word.replace("\\", "\\\\").replace("'", "\\'"), lines=False) + "'"
