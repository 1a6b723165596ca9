"""Judge completions: extract every answer, compare each distinct one once, in workers that can be killed.

The same code serves a pass on this machine and each task of a pass on Ray. A completion or an answer that takes too
long, too much memory or the worker down costs its own verdict, `timeout` or `error`, and nothing else. Texts stream
through: what is in memory is what the workers hold, and one entry per distinct answer.
"""

import pickle
import shutil
import tempfile
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from hashlib import blake2b
from importlib import import_module
from pathlib import Path
from typing import Any, Self

from samples.errors import SamplesError
from samples.problems.problems import Problem
from samples.rescore.workers import Batch, Failure, Pool
from samples.verifiers import Verdict, Verifier, verifier

_TEXTS = 128  # completions handed to a worker at once, and the most bytes of them
_BYTES = 2 << 20
_PAIRS = 16  # answers handed to a worker at once: few, since one of them may take seconds


@dataclass(frozen=True)
class Text:
    """One completion to judge; `problem` is the hash of its problem."""

    run_id: str
    problem_id: str
    sample_index: int
    problem: str
    text: str


@dataclass(frozen=True)
class Judged:
    """The verdict on one completion; `seconds` its comparison took, 0 where an equal answer had been compared."""

    text: Text  # without its text
    verdict: Verdict
    seconds: float
    compared: bool


Known = dict[tuple[str, bytes], Verdict]  # without their answers, by `key` of problem hash and answer


def key(problem: str, answer: str) -> tuple[str, bytes]:
    """Return what an answer is remembered by: programs may be long, and there may be many."""
    return problem, blake2b(answer.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class Judge:
    """A verifier in `workers` processes. Use as a context: its end kills them."""

    def __init__(self, spec: str, workers: int) -> None:
        """Start the workers; `spec` is a verifier's name, or FILE.py:FUNCTION.

        Raises:
            UsageError: There is no such verifier.
            MissingExtra: A library that it needs is not installed.
        """
        self.verifier: Verifier = verifier(spec)
        self._folder = Path(tempfile.mkdtemp(prefix="samples-problems-"))
        self._laid: set[str] = set()
        self._pool = Pool(
            partial(_Work, spec, self.verifier.version, self._folder),
            size=workers,
            seconds=self.verifier.seconds,
            memory_mib=self.verifier.memory_mib,
            preload=["samples.rescore.judge", *self.verifier.preload],
        )

    def __enter__(self) -> Self:
        """Return the judge."""
        return self

    def __exit__(self, *_: object) -> None:
        """Kill the workers."""
        self._pool.__exit__()
        shutil.rmtree(self._folder, ignore_errors=True)

    def judge(self, texts: Iterable[Text], problems: Mapping[str, Problem], known: Known) -> Iterator[Judged]:
        """Yield a verdict for every text, in no order. `problems` are by hash; `known` grows by what is compared."""
        stream = _Stream(iter(texts), known, keep_answer=self.verifier.extracts)
        labelled: Iterator[tuple[Any, Any]] = self._pool.map(stream)
        for (kind, which), result in labelled:
            if kind == "text":
                yield from stream.extracted(which, result, self._lay, problems)
            else:
                yield from stream.compared(which, result)

    def _lay(self, problem: Problem) -> None:
        """Lay a problem where workers read it; its tests may be megabytes, too much to send with every answer."""
        if problem.problem_hash not in self._laid:
            (self._folder / problem.problem_hash).write_bytes(pickle.dumps(problem))
            self._laid.add(problem.problem_hash)


class _Stream:
    """Batches for the workers: comparisons first, then more texts. Empty for now is not the end: ask again."""

    def __init__(self, texts: Iterator[Text], known: Known, *, keep_answer: bool) -> None:
        self._texts, self._known, self._keep_answer = texts, known, keep_answer
        self._held: dict[int, Text] = {}  # texts whose answers are being extracted
        self._waiting: dict[tuple[str, str], list[Text]] = {}  # by problem and the answer that is being compared
        self._pairs: deque[tuple[str, str]] = deque()
        self._count = 0

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        if len(self._pairs) < _PAIRS and (batch := self._more_texts()):
            return batch
        if self._pairs:
            some = [self._pairs.popleft() for _ in range(min(_PAIRS, len(self._pairs)))]
            return [(("pair", pair), pair) for pair in some]
        raise StopIteration

    def _more_texts(self) -> Batch:
        batch: list[tuple[Hashable, Any]] = []
        size = 0
        while len(batch) < _TEXTS and size < _BYTES and (text := next(self._texts, None)) is not None:
            self._held[self._count] = replace(text, text="")
            batch.append((("text", self._count), text.text))
            size += len(text.text)
            self._count += 1
        return batch

    def extracted(
        self, number: int, answer: "str | Failure | None", lay: Callable[[Problem], None], of: Mapping[str, Problem]
    ) -> Iterator[Judged]:
        """Yield the verdict where the answer decides it or is known; else let the text wait for its comparison."""
        text = self._held.pop(number)
        if answer is None:
            yield Judged(text, Verdict("no_answer"), 0.0, compared=False)
        elif isinstance(answer, Failure):
            yield Judged(text, Verdict(answer.status, detail=f"while extracting: {answer.detail}"), 0.0, compared=False)
        elif (verdict := self._known.get(key(text.problem, answer))) is not None:
            yield Judged(text, self._with(verdict, answer), 0.0, compared=False)
        elif (pair := (text.problem, answer)) in self._waiting:
            self._waiting[pair].append(text)
        else:
            lay(of[text.problem])
            self._waiting[pair] = [text]
            self._pairs.append(pair)

    def compared(self, pair: tuple[str, str], result: "tuple[Verdict, float] | Failure") -> Iterator[Judged]:
        """Yield the verdict for every text that waits for it."""
        if isinstance(result, Failure):
            verdict, seconds = Verdict(result.status, detail=result.detail), 0.0
        else:
            verdict, seconds = result
        self._known[key(*pair)] = replace(verdict, answer=None) if self._keep_answer else verdict
        verdict = self._with(verdict, pair[1])
        for number, text in enumerate(self._waiting.pop(pair)):
            yield Judged(text, verdict, seconds if number == 0 else 0.0, compared=number == 0)

    def _with(self, verdict: Verdict, answer: str) -> Verdict:
        """Store what was extracted, so that it is found again, where anything is extracted."""
        return replace(verdict, answer=answer) if self._keep_answer else verdict


class _Work:
    """What a worker does: a text gives its answer, a pair of problem and answer a verdict and the seconds it took."""

    def __init__(self, spec: str, version: str, folder: Path) -> None:
        self._verifier = verifier(spec)
        if self._verifier.version != version:
            raise SamplesError(
                f"verifier {spec} has become version {self._verifier.version}, it was {version} when the pass began: "
                "the same command again judges by the new one"
            )
        for module in self._verifier.preload:  # where the fork server started for another verifier, no item pays for it
            import_module(module)
        self._problem = lru_cache(maxsize=64)(lambda name: pickle.loads((folder / name).read_bytes()))  # noqa: S301 - ours

    def __call__(self, item: str | tuple[str, str]) -> Any:
        """Extract or compare."""
        if isinstance(item, str):
            return self._verifier.extract(item)
        problem, answer = item
        began = time.perf_counter()
        verdict = self._verifier.compare(self._problem(problem), answer)
        return verdict, time.perf_counter() - began
