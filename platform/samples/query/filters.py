"""Filters that every question takes. They choose which runs and which problems the views hold.

If a filter names something that the lake does not hold, the error lists what the lake holds.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

import duckdb

from samples.errors import LakeError, NotFound, UsageError, meant

_SHOWN = 12  # names in a message


class NoRun(NotFound):
    """No run of the lake has this name, or this prefix of its id."""

    def __init__(self, name: str, runs: Sequence[str]) -> None:
        """Say which `runs` there are."""
        super().__init__(f'no run "{name}"{meant(name, runs)}; runs there: {listed(runs)}')
        self.name = name


class Known(NamedTuple):
    """What filters know of a run."""

    run: str
    run_id: str
    dataset: str
    labels: dict[str, str]


class Guessable(NamedTuple):
    """A run that answered without reasoning, and the rate up to which its right answers count as guesses.

    `verifier` says which answers are right.

    The threshold is the decimal number that is written: 0.29 includes 29 of 100, which the float 0.29 would not.
    """

    run: str
    threshold: float | Decimal
    verifier: str | None = None


@dataclass(frozen=True)
class Filters:
    """What the views keep.

    `where` compares values of problems' metadata, as text: {"level": 5} or {"level": [4, 5]} (any of them); a dotted
    key is a path into nested objects. `labels` compares runs' labels in the same way. `exclude_guessable` leaves out
    the problems that a run answers right at a rate in (0, threshold]: rightly, rarely, without reasoning (Yue et al.
    2025). A problem that it never answers right stays.
    """

    dataset: str | None = None
    runs: Sequence[str] = ()
    labels: Mapping[str, Any] | None = None
    where: Mapping[str, Any] | None = None
    problems: Sequence[str] = ()
    exclude_guessable: Guessable | None = None

    @property
    def of_problems(self) -> bool:
        """Whether problems are left out, and not only runs."""
        return bool(self.where or self.problems or self.exclude_guessable)


NAMES = tuple(Filters.__dataclass_fields__)


def known(connection: duckdb.DuckDBPyConnection) -> list[Known]:
    """Return the runs of the view `runs`, the oldest first.

    Raises:
        LakeError: A run has no name, id or dataset, or two have one name.
    """
    rows = connection.execute("SELECT run, run_id, dataset, labels FROM runs ORDER BY created_at, run").fetchall()
    if any(None in row for row in rows):
        raise LakeError("table runs of the lake has a row without name, id or dataset; restore the table from a copy")
    found = [Known(*row) for row in rows]
    require_own_names((run.run, run.run_id) for run in found)
    return found


def require_own_names(named: Iterable[tuple[str, str]]) -> None:
    """Check that no two runs have one name, by which answers tell them apart; `named` has pairs of name and id.

    Raises:
        LakeError: Two have.
    """
    for name, ids in several_ids(named):
        raise LakeError(
            f'table runs of the lake has {len(ids)} runs named "{name}" ({listed(ids)}), which would count as one: '
            "restore the table to an earlier version, or drop all but one of them by their ids (samples drop RUN_ID)"
        )


def several_ids(named: Iterable[tuple[str, str]]) -> Iterator[tuple[str, list[str]]]:
    """Yield the names that several ids have, with these ids; `named` has pairs of name and id."""
    ids: dict[str, list[str]] = {}
    for name, one in named:
        ids.setdefault(name, []).append(one)
    return ((name, several) for name, several in ids.items() if len(several) > 1)


def find(runs: Sequence[Known], name: str) -> Known:
    """Return the run of this name, or of this unambiguous prefix of its id.

    Raises:
        NotFound: None fits, or several do.
        UsageError: `name` is no text.
    """
    if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # from Python, anything may come
        raise UsageError(f"run {name!r}: a name is expected")
    found = [run for run in runs if run.run == name] or [run for run in runs if name and run.run_id.startswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise NotFound(f'run "{name}" is ambiguous: {listed(run.run_id for run in found)}')
    raise NoRun(name, [run.run for run in runs])


def chosen(runs: Sequence[Known], filters: Filters) -> list[Known]:
    """Return the runs that pass the filters.

    Raises:
        NotFound: There is no run, dataset, label or value of this name, or no run passes all filters.
    """
    left = list(runs)
    if filters.dataset is not None:
        left = [run for run in runs if run.dataset == filters.dataset]
        if not left:
            datasets = [run.dataset for run in runs]
            close = meant(filters.dataset, datasets)
            raise NotFound(f'no run of dataset "{filters.dataset}"{close}; there are {listed(datasets)}')
    for key, value in (filters.labels or {}).items():
        wanted, labelled = texts(value), [run for run in runs if key in run.labels]
        if not labelled:
            keys = [label for run in runs for label in run.labels]
            raise NotFound(f'no run has the label "{key}"{meant(key, keys)}; labels are {listed(keys)}')
        if not any(run.labels[key] in wanted for run in labelled):
            raise NotFound(
                f"no run has {key}={' or '.join(wanted)}; there are {listed(r.labels[key] for r in labelled)}"
            )
        left = [run for run in left if run.labels.get(key) in wanted]
    if filters.runs:
        named = {find(runs, name).run_id for name in filters.runs}
        left = [run for run in left if run.run_id in named]
    if not left and runs:
        raise NotFound("no run passes all of these filters together; leave one out")
    return left


def texts(value: Any) -> list[str]:
    """Return one value or several as texts, as they are compared: true, 5, algebra."""
    several = [value] if isinstance(value, str) or not isinstance(value, Iterable) else list[Any](value)  # pyright: ignore[reportUnknownArgumentType]
    return [str(one).lower() if isinstance(one, bool) else str(one) for one in several]


def listed(names: Iterable[str]) -> str:
    """Join names with commas, each once. After twelve names comes the number of the others."""
    unique = list(dict.fromkeys(names))
    some = ", ".join(unique[:_SHOWN]) or "none yet"
    return some if len(unique) <= _SHOWN else f"{some} and {len(unique) - _SHOWN} more"


def read(**given: Any) -> Filters:
    """Read the filters that a question was given. None, and an empty mapping, filter nothing.

    Raises:
        UsageError: There is no such filter, or its value cannot be used. Runs, problems or a dataset without a name are
            such values: none of them is not all of them.
    """
    unknown = given.keys() - set(NAMES)
    if unknown:
        raise UsageError(f"no filter {', '.join(sorted(unknown))}; filters are {', '.join(NAMES)}")
    for key in ("runs", "problems", "dataset"):
        if isinstance(given.get(key), Sized) and not len(given[key]):
            raise UsageError(f"{key}: it names nothing: name something, or leave it out")
    given = {key: value for key, value in given.items() if value}
    for key in {"runs", "problems"} & given.keys():
        given[key] = tuple(words(given[key]))
    for key in {"where", "labels"} & given.keys():
        if not isinstance(given[key], Mapping):
            raise UsageError(f'{key}: expected a mapping such as {{"level": 5}}, found {given[key]!r}')
        given[key] = {str(name): value for name, value in given[key].items()}
    if "exclude_guessable" in given:
        given["exclude_guessable"] = _guessable(given["exclude_guessable"])
    return Filters(**given)


def _guessable(given: Any) -> Guessable:
    try:
        run, threshold, *verifier = given
        guesses = Guessable(run, float(threshold), *verifier)
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"exclude_guessable: expected (run, rate) or (run, rate, verifier), found {given!r}"
        ) from error
    if not 0 < guesses.threshold <= 1:
        raise UsageError(f"exclude_guessable: the threshold is {guesses.threshold}; a rate in (0, 1] is expected")
    return guesses


def words(value: Any) -> list[str]:
    """Return names from a list, or from a text with commas between them.

    Raises:
        UsageError: It is something else, or a text that names nothing: a variable of a script may be empty.
    """
    if isinstance(value, str):
        if found := [word for word in map(str.strip, value.split(",")) if word]:
            return found
        raise UsageError(f'"{value}" names nothing: name something, or leave the option out')
    if value and not isinstance(value, Iterable):
        raise UsageError(f"{value!r}: expected a list, or a text with commas between its parts")
    return list(value or ())
