"""Rescoring on Ray: chunks of samples to actors of one worker each, their verdicts back to the driver.

Ray moves keys and verdicts; each actor reads the completions itself. What is done, the lake decides.
"""

import pickle
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from samples.errors import SamplesError
from samples.judge import Judge
from samples.lake import Lake
from samples.pending import Chunk, Reader
from samples.pipeline import cluster
from samples.rescore import Judging, judged


class Actor:
    """The class that Ray Data's actor pool makes its actors of: a judge of one worker."""

    def __init__(self, uri: str, spec: str) -> None:
        """Start the worker. What is wrong is said in place of verdicts: Ray would make the actor for ever."""
        self._refusal: SamplesError | None = None
        try:
            self._judge = Judge(spec, 1)
            self._reader = Reader(Lake(uri), self._judge.verifier.name, self._judge.verifier.version)
        except Exception as error:  # noqa: BLE001 - a user's own verifier may raise anything
            self._refusal = _told(error)

    def __call__(self, row: dict[str, Any]) -> dict[str, bytes]:
        """Judge a chunk; returns its verdicts, or why there are none, pickled."""
        outcome: Any = self._refusal
        if outcome is None:
            try:
                outcome = list(judged(self._reader, self._judge, pickle.loads(row["chunk"])))  # noqa: S301 - ours
            except Exception as error:  # noqa: BLE001 - Ray would print a traceback
                outcome = _told(error)
        return {"verdicts": pickle.dumps(outcome)}


@contextmanager
def judging(uri: str, spec: str, actors: int) -> Generator[Judging]:
    """Judge on the cluster that RAY_ADDRESS names, or on a Ray started here, with up to so many actors.

    Raises:
        MissingExtra: Ray is not installed.
        SamplesError: The cluster does not answer.
    """

    def verdicts(chunks: Iterator[Chunk]) -> Iterator[pa.Table]:
        import ray
        from ray.data import ActorPoolStrategy, DataContext

        context = DataContext.get_current()
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        context.execution_options.preserve_order = False
        packed = [{"chunk": pickle.dumps(chunk)} for chunk in chunks]
        rows = ray.data.from_items(packed, override_num_blocks=len(packed)).map(
            Actor,  # pyright: ignore[reportArgumentType]  # a class whose objects are called
            fn_constructor_args=(uri, spec),
            compute=ActorPoolStrategy(min_size=1, max_size=min(actors, len(packed))),
            num_cpus=1,
        )
        for row in rows.iter_rows():
            outcome = pickle.loads(row["verdicts"])  # noqa: S301 - our own actor wrote it
            if isinstance(outcome, SamplesError):
                raise outcome
            yield from outcome

    with cluster():
        yield verdicts


def _told(error: Exception) -> SamplesError:
    if isinstance(error, SamplesError):
        return error
    return SamplesError(f"a task cannot judge: {type(error).__name__}: {error}".splitlines()[0])
