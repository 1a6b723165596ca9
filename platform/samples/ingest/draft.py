"""A unit while it is drawn: the completions that are finished, from parts of it and from this engine."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from samples.engines import Completion, Engine
from samples.engines.top import Top
from samples.lake.parquet import storable_text
from samples.units.parts import Parts
from samples.units.segment import lists

_INTS, _FLOATS = pa.list_(pa.int32()), pa.list_(pa.float32())
_SCHEMA = pa.schema(
    [
        ("sample_index", pa.int32()),
        ("text", pa.string()),
        ("token_ids", _INTS),
        ("token_logprobs", _FLOATS),
        ("finish_reason", pa.string()),
        ("stop_reason", pa.string()),
        ("n", pa.int32()),  # tokens at a position of the next two; null where there are none
        ("top_ids", _INTS),
        ("top_logprobs", _FLOATS),
    ]
)


class Draft:
    """The completions of a unit that are finished. Those that failed are not kept in parts: they are drawn again."""

    def __init__(self, engine: Engine, prompt_ids: list[int], seeds: Sequence[int], parts: Parts) -> None:
        """Begin with none."""
        self.kept = 0, 0  # samples that parts had, and their tokens
        self.paths: list[str] = []  # of parts that are of no use once the unit is committed
        self.unit, self.seeds = parts.unit, seeds
        self._engine, self._prompt_ids, self._parts = engine, prompt_ids, parts
        self._lock = threading.Lock()
        self._done: dict[int, Completion] = {}  # by place among the seeds
        self._saved: set[int] = set()

    def take_up(self, done: Callable[[int, bool], None]) -> None:
        """Take what parts have. `done` is called for each of these completions."""
        rows, self.paths = self._parts.read(_SCHEMA)
        tokens = 0
        for row in rows.to_pylist():
            place = row["sample_index"] - self.unit.start
            self._done[place] = _completion(row)
            self._saved.add(place)
            tokens += len(row["token_ids"])
            done(0, False)
        self.kept = rows.num_rows, tokens

    def draw(self, done: Callable[[int, bool], None]) -> list[Completion]:
        """Draw what is missing; return all, in the order of the seeds. If the engine raises, what is finished stays."""
        places = self._missing()

        def finish(number: int, completion: Completion) -> None:
            with self._lock:
                self._done[places[number]] = completion
            done(len(completion.token_ids), completion.error is not None)

        seeds = [self.seeds[place] for place in places]
        drawn = self._engine.sample(self._prompt_ids, seeds, finish) if seeds else []
        return self._filled(dict(zip(places, drawn, strict=True)))

    def failed(self, why: str) -> list[Completion]:
        """Return all that is finished, in the order of the seeds, and errors in place of the others."""
        return self._filled({place: Completion.failed(why) for place in self._missing()})

    def _missing(self) -> list[int]:
        with self._lock:
            return [place for place in range(len(self.seeds)) if place not in self._done]

    def _filled(self, others: dict[int, Completion]) -> list[Completion]:
        """Return all completions: `others`, and what was finished before."""
        done = self._done
        return [others[place] if place in others else self._with_text(done[place]) for place in range(len(self.seeds))]

    def save(self) -> None:
        """Write a part of what finished since the last one.

        Raises:
            LakeError: It cannot be written.
        """
        with self._lock:
            new = {p: c for p, c in self._done.items() if p not in self._saved and c.error is None}
        if not new:
            return
        start = self.unit.start
        self.paths.append(self._parts.write(_rows({start + p: self._with_text(c) for p, c in new.items()})))
        self._saved.update(new)

    def _with_text(self, completion: Completion) -> Completion:
        return self._engine.with_text(self._prompt_ids, completion)


def _rows(completions: dict[int, Completion]) -> pa.Table:
    """Return completions by their sample indices as rows of a part."""
    drawn = list(completions.values())
    tops = [one.top for one in drawn]
    flat_ids = [top.token_ids.ravel() if top else np.empty(0, np.int32) for top in tops]
    flat_logprobs = [top.logprobs.ravel() if top else np.empty(0, np.float32) for top in tops]
    columns = [
        pa.array(list(completions), pa.int32()),
        pa.array([storable_text(one.text) for one in drawn], pa.string()),
        lists([one.token_ids for one in drawn], np.int32),
        lists([one.token_logprobs for one in drawn], np.float32),
        pa.array([one.finish_reason for one in drawn], pa.string()),
        pa.array([storable_text(one.stop_reason) for one in drawn], pa.string()),
        pa.array([top.token_ids.shape[1] if top else None for top in tops], pa.int32()),
        lists(flat_ids, np.int32),
        lists(flat_logprobs, np.float32),
    ]
    return pa.table(columns, names=_SCHEMA.names).cast(_SCHEMA)


def _completion(row: dict[str, Any]) -> Completion:
    top = None
    if (n := row["n"]) is not None:
        ids, logprobs = np.array(row["top_ids"], np.int32), np.array(row["top_logprobs"], np.float32)
        top = Top(ids.reshape(-1, n), logprobs.reshape(-1, n))
    return Completion(
        text=row["text"],
        token_ids=np.array(row["token_ids"], np.int32),
        token_logprobs=np.array(row["token_logprobs"], np.float32),
        finish_reason=row["finish_reason"],
        stop_reason=row["stop_reason"],
        top=top,
    )
