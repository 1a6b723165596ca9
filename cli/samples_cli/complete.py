"""Complete commands, options, queries, and the names in the lake at hand, when Tab is pressed.

The lake is the one typed so far, or SAMPLES_LAKE. If something fails or takes too long, nothing is completed and
nothing is printed.
"""

import io
import os
import re
import sys
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from threading import Thread
from typing import Any

import typer

from samples.lines import printable
from samples_queries.judges import VERIFIERS

PROTOCOL = "_SAMPLES_COMPLETE"  # the variable that Typer's shell scripts set to ask

_PATIENCE = 1.5  # seconds for an object store, which may not answer at all
_BREAKS = re.compile(r"[=:@]+")  # where bash breaks a word into several


def answer(main: Callable[[], Any]) -> None:
    """Answer a shell. `main` runs Typer, which prints what completes the line."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123 - no path of a file
        os.dup2(nowhere.fileno(), 2)
    # With rich, Typer would take a quarter of a second longer and break the lines of explanations.
    sys.modules["rich"] = None  # pyright: ignore[reportArgumentType]
    said, typed, code = io.StringIO(), "", None
    try:
        if os.environ[PROTOCOL] == "complete_bash":
            typed = _whole_words()
        with redirect_stdout(said):
            main()
    except SystemExit as done:
        code = done.code
    except BaseException:  # noqa: BLE001 - a shell would print it into the command line
        sys.exit(1)
    for line in filter(None, said.getvalue().splitlines()):
        if line == printable(line):  # nobody can type the others
            print(line.removeprefix(typed))  # noqa: T201 - what the shell reads
    sys.exit(code)


def _whole_words() -> str:
    """Join the words that bash broke at = and :. Return the part of the current word before its last break."""
    words, current = os.environ["COMP_WORDS"].split("\n"), int(os.environ["COMP_CWORD"])
    words += [""] * (current + 1 - len(words))
    joined: list[str] = []
    broken = False
    for word in words[: current + 1]:
        breaks = bool(_BREAKS.fullmatch(word))
        if joined and (breaks or broken):
            joined[-1] += word
        else:
            joined.append(word)
        broken = breaks
    os.environ |= {"COMP_WORDS": "\n".join(joined), "COMP_CWORD": str(len(joined) - 1)}
    last = joined[-1]
    return last if broken else last.removesuffix(words[current])


# --- what options and arguments complete


def runs(context: typer.Context, incomplete: str) -> list[str]:
    """Names of runs, with commas between them."""
    return _listed(_named(context, lambda names, uri: [run.name for run in names.runs(uri)]), incomplete)


def datasets(context: typer.Context) -> list[str]:
    """Names of problem sets."""
    return _named(context, lambda names, uri: dict.fromkeys(run.dataset for run in names.runs(uri)))


def labels(context: typer.Context) -> list[str]:
    """Labels of runs, as KEY=VALUE."""

    def ask(names: Any, uri: str) -> Iterable[str]:
        pairs = sorted({pair for run in names.runs(uri) for pair in run.labels.items()})
        return [f"{key}={value}" for key, value in pairs if value]

    return _named(context, ask)


def label_keys(context: typer.Context) -> list[str]:
    """Keys of runs' labels."""
    return _named(context, lambda names, uri: names.label_keys(uri))


def keys(context: typer.Context) -> list[str]:
    """Keys of problems' metadata, and of runs' labels."""
    return _named(context, lambda names, uri: sorted({*names.metadata_keys(uri), *names.label_keys(uri)}))


def problems(context: typer.Context, incomplete: str) -> list[str]:
    """Ids of problems, with commas between them: those of the run or dataset that was typed."""
    last = incomplete.rpartition(",")[2]

    def ask(names: Any, uri: str) -> Iterable[str]:
        dataset, run = context.params.get("dataset"), context.params.get("run")
        if run:
            dataset = next(
                known.dataset for known in names.runs(uri) if run == known.name or known.run_id.startswith(run)
            )
        return names.problems(uri, last, dataset)

    return _listed(_named(context, ask), incomplete)


def judged(context: typer.Context) -> list[str]:
    """Names of the verifiers that judged samples of the lake."""
    return _named(context, lambda names, uri: names.verifiers(uri))


def scorers(context: typer.Context) -> list[str]:
    """Names of scorers, and of runs."""
    return _named(context, lambda names, uri: names.scorers(uri))


def verifiers() -> list[str]:
    """Names of the verifiers that can judge."""
    return list(VERIFIERS)


def _named(context: Any, ask: Callable[[Any, str], Iterable[str]]) -> list[str]:
    """Ask the lake at hand for names."""
    from samples.lake import names

    uri = context.params.get("lake")
    if not uri:
        return []
    if "://" not in uri.removeprefix("file://"):
        return list(ask(names, uri))
    found: list[str] = []
    thread = Thread(target=lambda: found.extend(ask(names, uri)), daemon=True)
    thread.start()
    thread.join(_PATIENCE)
    return found


def _listed(names: Iterable[str], incomplete: str) -> list[str]:
    """Complete the last of several names with commas between them."""
    before, comma, _ = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in names if name not in before.split(",")]
