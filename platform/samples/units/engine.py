"""Load a job's engine in a replica, with the very weights that the job was planned with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from samples import engines
from samples.engines import Engine, EngineDead, Placement, Sampling
from samples.engines.adapters import Adapter
from samples.engines.identity import require_unchanged
from samples.errors import first_line_and_class
from samples.pipeline.process import end_own
from samples.pipeline.resources import held_gpus

T = TypeVar("T")

ATTEMPTS = 3  # if the engine raises this often on a unit, the unit's samples become errors


@dataclass(frozen=True)
class Model:
    """Weights, as an engine loads them: from `path` at `load_revision`. `revision` is the one of their identity."""

    engine: str
    path: str
    load_revision: str | None
    revision: str | None
    dtype: str
    adapter: Adapter | None = None

    def load(self, sampling: Sampling, placement: Placement, *, scoring: bool = False, top_logprobs: int = 0) -> Engine:
        """Load the engine, to draw completions or, with `scoring`, to score them; see `samples.engines.load`.

        Raises:
            ModelError: The model cannot be loaded, or this machine has other weights.
        """
        held = (self.engine, self.path, self.load_revision, self.revision)
        require_unchanged(*held)
        if self.adapter:
            self.adapter.require_unchanged()
        if (gpus := held_gpus()) is not None:
            engines.require_device(self.engine, gpus)
        model = (self.engine, self.path, self.load_revision, self.dtype)
        placed = sampling, placement, self.adapter
        engine = engines.load(*model, *placed, scoring=scoring, top_logprobs=top_logprobs)
        try:
            require_unchanged(*held)  # a trainer may have saved its next step meanwhile
        except BaseException:
            engine.close()
            raise
        return engine


def answered(
    ask: Callable[[], list[T]], failed: Callable[[str], list[T]], before_end: Callable[[], None] = lambda: None
) -> list[T]:
    """Return what an engine answers; after some attempts that raise, what `failed` makes of the last reason.

    A dead engine never answers again. It ends this process, after `before_end`, and Ray starts a new replica.
    """
    failure = ""
    for _ in range(ATTEMPTS):
        try:
            return ask()
        except EngineDead as error:
            before_end()
            end_own(error)
        except Exception as error:  # noqa: BLE001 - engines raise anything; after the last attempt the error is data
            failure = first_line_and_class(error)
    return failed(failure)
