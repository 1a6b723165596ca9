"""Which verifiers judged some runs, and which of them a question means."""

from collections.abc import Sequence

from samples.errors import NotFound, SamplesError, UsageError, meant
from samples.lake.files import Selection, snapshot_files
from samples.lake.tables import Tables
from samples.query.filters import Known, listed
from samples_queries.judges import adding
from samples_schemas import COUNTS, VERDICTS

_SUGGESTED = "numeric"  # when no verifier was asked for
_SHOWN = 12  # runs in a message


def verifiers(lake: Tables, runs: Sequence[Known]) -> list[str]:
    """Return the names of the verifiers that judged any of these runs, sorted. Only the lake's file list is read."""
    ids = frozenset(run.run_id for run in runs)
    files = [file for table in (VERDICTS, COUNTS) for file in snapshot_files(lake, table, Selection(ids))]
    return sorted({file.partition["verifier"] for file in files})


def judged(lake: Tables, runs: Sequence[Known], verifier: str) -> list[Known]:
    """Return those of these runs of which the verifier has verdicts. Only the lake's file list is read."""
    kept = Selection(frozenset(run.run_id for run in runs), verifiers=frozenset({verifier}))
    there = {file.partition["run_id"] for table in (VERDICTS, COUNTS) for file in snapshot_files(lake, table, kept)}
    return [run for run in runs if run.run_id in there]


def choose_verifier(lake: Tables, runs: Sequence[Known], name: str | None, parameter: str) -> str:
    """Return the verifier of this name, or the only one that judged any of these runs.

    `parameter` says in an error where a person names the verifier.

    Raises:
        NotFound: The named verifier judged none of these runs.
        UsageError: Several verifiers judged these runs, and none is named.
        SamplesError: These runs have no verdicts.
    """
    if not isinstance(name, str | None):  # pyright: ignore[reportUnnecessaryIsInstance]  # from Python, anything may come
        raise UsageError(f"verifier {name!r}: a name is expected")
    there = verifiers(lake, runs)
    if not there:
        which = "run {} has" if len(runs) == 1 else "runs {} have"
        said = which.format(listed(run.run for run in runs))
        raise SamplesError(f"{said} no verdicts yet; add them: {_adding(name or _SUGGESTED, runs)}")
    if name is None:
        if len(there) > 1:
            raise UsageError(f"several verifiers judged these runs: {listed(there)}; choose one with {parameter}")
        return there[0]
    if name not in there:
        raise NotFound(
            f'verifier "{name}"{meant(name, there)} judged none of these runs; those that did: {listed(there)}; '
            f"add its verdicts: {_adding(name, runs)}"
        )
    return name


def _adding(verifier: str, runs: Sequence[Known]) -> str:
    return adding(verifier, [run.run for run in runs], _SHOWN)
