"""A run: one way of sampling one problem set.

A run's id is the hash of its specification. The specification holds everything that decides which distribution
completions are drawn from. It does not hold the number of samples, nor how machines are used. Sampling parameters at
their neutral value are left out of the hash, so that a parameter added later does not change old ids. The wing's
docstring (`samples.runs`) says for each setting where it is kept.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from hashlib import blake2b
from importlib.metadata import version
from typing import Any

import pyarrow as pa

from samples.engines import Sampling
from samples.engines.adapters import Adapter
from samples.errors import LakeError, NotFound, UsageError, first_line, meant
from samples.files.values import short_json
from samples.lake import hidden
from samples.lake.tables import Tables
from samples.problems.problems import ProblemSet
from samples.runs.settings import IMPORTED, digest
from samples.runs.templates import Template
from samples.runs.weights import require_no_other_scorer
from samples_schemas import RUNS

_HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")


@dataclass(frozen=True, repr=False)
class Run:
    """One run: its specification, and the name and labels that people gave it."""

    name: str
    dataset: str
    engine: str
    model: str  # the form that the engine takes: a hub's name or a folder
    specification: dict[str, Any]
    problem_hashes: dict[str, str]
    labels: dict[str, str] = field(default_factory=dict[str, str])
    versions: dict[str, str] = field(default_factory=dict[str, str])
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC), compare=False)
    tokenizer: str | None = None  # digest of its vocabulary; None if it is not known

    def __repr__(self) -> str:
        count = len(self.problem_hashes)
        return f"<run {self.name} ({self.run_id}): {self.model_name} on {count} problems of {self.dataset}>"

    @property
    def run_id(self) -> str:
        """The letter r and 16 hex digits: the hash of the specification."""
        return run_id(self.specification)

    @property
    def model_name(self) -> str:
        """Name of the model, as on a hub; for a folder, the folder's name: a path of some machine is no name.

        With an adapter it is BASE+ADAPTER.
        """
        if name := self.specification.get("model"):
            adapter = self.specification.get("adapter")
            return f"{name}+{adapter['name']}" if adapter else name
        return self.model if _HUB_NAME.fullmatch(self.model) else self.model.rstrip("/").rpartition("/")[2]

    @property
    def default_name(self) -> str:
        """The name of a run that nobody named."""
        return f"{self.model_name.rsplit('/', 1)[-1]}-{self.dataset}-{self.run_id[1:7]}"

    @property
    def partition(self) -> dict[str, str]:
        """The partition values of this run's samples and completions."""
        return {"dataset": self.dataset, "run_id": self.run_id}


def specify(
    *,
    model: str,
    revision: str | None,
    engine: str,
    dtype: str,
    template: Template,
    sampling: Sampling,
    seed: int,
    problems: ProblemSet,
    engine_args: Mapping[str, Any] | None = None,
    adapter: Adapter | None = None,
) -> dict[str, Any]:
    """Return the specification of a run as JSON values. Its hash is the run's id.

    `model` and `revision` identify the weights, wherever they are stored: a hub's name and commit, or a folder's name
    and the fingerprint of its content. `engine_args` are the engine arguments that decide what is drawn. They, the
    template's date and its options are left out if there are none.
    """
    named = {name: getattr(template, name) for name in ("kind", "text", "system", "suffix")}
    return {
        "model": model,
        "revision": revision,
        "engine": engine,
        "dtype": dtype,
        "dataset": problems.dataset,
        "problems": problems.hash,
        "template": named
        | ({"date": template.date} if template.date else {})
        | ({"options": dict(template.options)} if template.options else {}),
        "sampling": json.loads(json.dumps(asdict(sampling))),
        "seed": seed,
        **({"engine_args": dict(sorted(engine_args.items()))} if engine_args else {}),
        **({"adapter": {"name": adapter.name, "revision": adapter.revision}} if adapter else {}),
    }


def run_id(specification: Mapping[str, Any]) -> str:
    """Return the id of a run: the hash of its specification. Parameters at their neutral value do not count."""
    neutral = json.loads(json.dumps({f.name: f.default for f in fields(Sampling)}))
    sampling = {key: value for key, value in specification["sampling"].items() if neutral.get(key, _MISSING) != value}
    return "r" + digest(json.dumps({**specification, "sampling": sampling}, sort_keys=True, ensure_ascii=True))


_MISSING = object()


def seed_of(run: str, problem_id: str, sample_index: int) -> int:
    """Return the 63-bit seed of one sample.

    Seeds are hashed because adjacent seeds overlap. Some engines add a child's number to the seed; with adjacent seeds
    they would draw completions of neighbouring problems from the same random stream.
    """
    key = json.dumps([run, problem_id, sample_index]).encode()
    return int.from_bytes(blake2b(key, digest_size=8).digest(), "big") >> 1


def register(lake: Tables, run: Run) -> Run:
    """Record a run unless the lake has it. Return it as recorded: with its first name and labels.

    A run whose name is `default_name` was not named, and takes the name that it has.

    Raises:
        UsageError: The name already belongs to another run (the message says what differs) or to a scorer of another
            model, the run already has another name, or it was dropped.
    """
    found = run

    def choose() -> list[tuple[pa.Table, Mapping[str, str]]]:
        nonlocal found
        before = recorded(lake, run)
        found = before or run
        return [] if before else [(pa.Table.from_pylist([_to_row(run)], schema=RUNS.schema), {})]

    lake.append("runs", "runs", choose)
    return found


def recorded(lake: Tables, run: Run) -> Run | None:
    """Return a run as the lake has it: with its first name and labels; None if it is new.

    Raises:
        UsageError: As `register`.
    """
    hidden.require_shown(lake.place, run.run_id)
    for known in every(lake):
        if known.run_id == run.run_id:
            _require_same_name(known, run)
            return known
        if known.name == run.name:
            raise UsageError(
                f'name "{run.name}" is already run {known.run_id}, which differs in '
                f"{differences(known.specification, run.specification)}; choose another --name"
            )
    require_no_other_scorer(lake, run.name, run.specification)
    return None


def _require_same_name(known: Run, run: Run) -> None:
    """Check that a recorded run is not given a second name, which nobody could find it by."""
    if run.name not in {known.name, run.default_name}:
        raise UsageError(
            f'--name "{run.name}": these settings are run {known.name} ({run.run_id}) already, and a run has one '
            f"name: repeat the command with --name {known.name}"
            + ("" if run.engine == IMPORTED else ", or change a setting, such as --seed, to draw another run")
        )


def extend(lake: Tables, run: Run, problem_hashes: Mapping[str, str]) -> Run:
    """Add problems to a recorded run, in a row of their own; return the run with them.

    Only imported runs grow: the problems of others are in their id.
    """

    def choose() -> list[tuple[pa.Table, Mapping[str, str]]]:
        known = next(one for one in every(lake) if one.run_id == run.run_id).problem_hashes
        new = {problem: version for problem, version in problem_hashes.items() if problem not in known}
        more = replace(run, problem_hashes=new, created_at=datetime.now(UTC))
        return [(pa.Table.from_pylist([_to_row(more)] if new else [], schema=RUNS.schema), {})]

    lake.append("runs", "runs", choose)
    return next(one for one in every(lake) if one.run_id == run.run_id)


def every(lake: Tables) -> list[Run]:
    """Return all runs of a lake, the oldest first.

    Raises:
        LakeError: The table cannot be read, or a row of it.
    """
    found: dict[str, Run] = {}
    for row in lake.read("runs").sort_by("created_at").to_pylist():
        try:
            run = _from_row(row)
        except (ValueError, TypeError) as error:
            where = f"lake {lake.place.table_uri('runs')}: the row of run {row['run_id']}"
            raise LakeError(f"{where} cannot be read: {first_line(error)}; restore the table from a copy") from error
        if run.run_id != row["run_id"]:
            raise LakeError(
                f"lake {lake.place.table_uri('runs')}: the row of run {row['run_id']} has the specification of run "
                f"{run.run_id}: another program changed one of them; restore the table from a copy"
            )
        before = found.get(run.run_id)
        found[run.run_id] = (
            replace(before, problem_hashes=run.problem_hashes | before.problem_hashes) if before else run
        )
    return list(found.values())


def find(lake: Tables, name: str) -> Run:
    """Return the run of this name, or of this unambiguous prefix of its id.

    Raises:
        UsageError: The name is empty.
        NotFound: No run matches, or several do.
    """
    if not name:  # every id begins with it
        raise UsageError("the name of the run is empty; `samples runs` lists the runs")
    runs = every(lake)
    found = [run for run in runs if run.name == name] or [run for run in runs if run.run_id.startswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise NotFound(f'run "{name}" is ambiguous; choose one of {", ".join(run.run_id for run in found)}')
    if (note := hidden.named(lake.place, name)) is not None:
        raise NotFound(f"{note}; {note.way_out}")
    names = sorted(run.name for run in runs)
    there = ", ".join(names) or "none yet"
    raise NotFound(f'no run "{name}"{meant(name, names)} in lake {lake.uri}; runs there: {there}')


def no_runs(lake: Tables) -> str:
    """Say why a lake shows no runs, and what to do: it is seen before the first one, they were dropped, or it is new.

    Raises:
        LakeError: The notes of dropped runs cannot be read.
    """
    if lake.is_past:
        return f"lake {lake.uri} had no runs at this version: name a later one with --at, or leave it out"
    if notes := [note for note, _ in hidden.every(lake.place).values()]:
        return f"lake {lake.uri} shows no runs: {notes[0]}; {notes[0].way_out}"
    return f"lake {lake.uri} has no runs yet: `samples ingest … --lake {lake.uri}` draws one"


def differences(one: Mapping[str, Any], other: Mapping[str, Any], prefix: str = "") -> str:
    """Return the settings in which two specifications differ, as `name old -> new, …`."""
    parts: list[str] = []
    for key in sorted({*one, *other}):
        before, after = one.get(key), other.get(key)
        if isinstance(before, dict) and isinstance(after, dict):
            parts += [nested] if (nested := differences(before, after, f"{key}.")) else []  # pyright: ignore[reportUnknownArgumentType]
        elif before != after:
            parts.append(f"{prefix}{key} {short_json(before, 40)} -> {short_json(after, 40)}")
    return ", ".join(parts)


def _to_row(run: Run) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "name": run.name,
        "dataset": run.dataset,
        "model": run.model,
        "engine": run.engine,
        "specification": json.dumps(run.specification, sort_keys=True, ensure_ascii=False),
        "problem_hashes": list(run.problem_hashes.items()),
        "labels": list(run.labels.items()),
        "versions": list({"samples": version("samples"), **run.versions}.items()),
        "created_at": run.created_at,
        "tokenizer": run.tokenizer,
    }


def _from_row(row: Mapping[str, Any]) -> Run:
    return Run(
        name=row["name"],
        dataset=row["dataset"],
        engine=row["engine"],
        model=row["model"],
        specification=json.loads(row["specification"]),
        problem_hashes=dict(row["problem_hashes"]),
        labels=dict(row["labels"]),
        versions=dict(row["versions"]),
        created_at=row["created_at"],
        tokenizer=row["tokenizer"],
    )
