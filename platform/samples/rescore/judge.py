"""Judge completions: extract every answer, and compare each distinct answer once, in workers that can be killed.

If a completion or an answer takes too long or too much memory, or kills its worker, its own verdict is `timeout` or
`error`, and no other verdict suffers. An answer to a problem of several accepted answers is compared with one after the
other, each with limits of its own, until one counts. Completions stream: memory holds those of the workers, and one
entry per distinct answer.
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
from samples.rescore.workers import Batch, Failure, WorkerPool
from samples.verifiers import Verdict, Verifier, verifier
from samples.verifiers.accepted import better, each_accepted

_TEXTS = 128  # completions sent to a worker at once
_BYTES = 2 << 20  # of these completions, about
_PAIRS = 16  # answers sent to a worker at once: few, because one of them may take seconds


@dataclass(frozen=True)
class StoredCompletion:
    """One completion to judge."""

    run_id: str
    problem_id: str
    sample_index: int
    problem_hash: str
    text: str


@dataclass(frozen=True)
class Judgement:
    """The verdict on one completion. `seconds` is the time of its comparison, 0 if an equal answer was compared before.

    `compared` says whether this completion's answer was the one compared.
    """

    completion: StoredCompletion  # with an empty text
    verdict: Verdict
    seconds: float
    compared: bool


KnownVerdicts = dict[tuple[str, bytes], Verdict]  # by `answer_key`; the verdicts are without their answers


def answer_key(problem_hash: str, answer: str) -> tuple[str, bytes]:
    """Return the key of an answer to a problem. The answer is hashed, because programs can be long and many."""
    return problem_hash, blake2b(answer.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class Judge:
    """A verifier in `workers` processes. Use it as a context; the end of the context kills them."""

    def __init__(self, spec: str, workers: int, **how: Any) -> None:
        """Start the workers. `spec` and `how` are the arguments of `samples.verifiers.verifier`.

        Raises:
            UsageError: There is no such verifier.
            MissingExtra: A library that the verifier needs is not installed.
        """
        self.verifier: Verifier = verifier(spec, **how)
        self._folder = Path(tempfile.mkdtemp(prefix="samples-problems-"))
        self._written: dict[str, int] = {}  # problems by hash: how many accepted answers to compare with
        self._pool = WorkerPool(
            partial(_VerifierWork, spec, self.verifier.version, self._folder, **how),
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

    def judge(
        self, completions: Iterable[StoredCompletion], problems: Mapping[str, Problem], known: KnownVerdicts
    ) -> Iterator[Judgement]:
        """Yield a verdict for every completion, in any order.

        `problems` maps hashes to problems. Every new comparison adds its verdict to `known`.
        """

        def write(name: str) -> int:
            return self._write_problem(problems[name])

        stream = _Batches(
            iter(completions), known, write, keep_answer=self.verifier.extracts, by_problem=self.verifier.by_problem
        )
        labelled: Iterator[tuple[Any, Any]] = self._pool.map(stream)
        for (kind, which), result in labelled:
            if kind == "text":
                yield from stream.extracted(which, result)
            else:
                yield from stream.compared(which, result)

    def _write_problem(self, problem: Problem) -> int:
        """Write a problem to a file for the workers, once for each accepted answer; return the number of files.

        Its tests can be megabytes, too much to send with every answer.
        """
        key = problem.problem_hash
        if key not in self._written:
            ones = each_accepted(self.verifier, problem)
            for number, one in enumerate(ones):
                (self._folder / (f"{key}-{number}" if number else key)).write_bytes(pickle.dumps(one))
            self._written[key] = len(ones)
        return self._written[key]


class _Batches:
    """Batches for the workers: texts while few comparisons wait. After StopIteration there may be more."""

    def __init__(
        self,
        completions: Iterator[StoredCompletion],
        known: KnownVerdicts,
        write_problem: Callable[[str], int],
        *,
        keep_answer: bool,
        by_problem: bool,
    ) -> None:
        """Take the completions. `write_problem` writes the problem of a hash for the workers, see `Judge`."""
        self._completions, self._known, self._keep_answer = completions, known, keep_answer
        self._write_problem, self._by_problem = write_problem, by_problem
        self._extracting: dict[int, StoredCompletion] = {}
        self._waiting: dict[tuple[str, str], _Waiting] = {}  # by problem and answer
        self._pairs: deque[tuple[str, str]] = deque()
        self._count = 0

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        if len(self._pairs) < _PAIRS and (batch := self._more_texts()):
            return batch
        if self._pairs:
            some = [self._pairs.popleft() for _ in range(min(_PAIRS, len(self._pairs)))]
            return [(("pair", pair), self._waiting[pair].item(pair)) for pair in some]
        raise StopIteration

    def _more_texts(self) -> Batch:
        batch: list[tuple[Hashable, Any]] = []
        size = 0
        while len(batch) < _TEXTS and size < _BYTES and (one := next(self._completions, None)) is not None:
            self._extracting[self._count] = replace(one, text="")
            batch.append((("text", self._count), self._text_of(one)))
            size += len(one.text)
            self._count += 1
        return batch

    def _text_of(self, one: StoredCompletion) -> "str | _TextOfProblem":
        if not self._by_problem:
            return one.text
        self._write_problem(one.problem_hash)
        return _TextOfProblem(one.problem_hash, one.text)

    def extracted(self, number: int, answer: "str | Failure | None") -> Iterator[Judgement]:
        """Yield the verdict if the extraction decides it or it is known. Else the completion waits for a comparison."""
        one = self._extracting.pop(number)
        if answer is None:
            yield Judgement(one, Verdict("no_answer"), 0.0, compared=False)
        elif isinstance(answer, Failure):
            verdict = Verdict(answer.status, detail=f"while extracting: {answer.detail}")
            yield Judgement(one, verdict, 0.0, compared=False)
        elif (known := self._known.get(answer_key(one.problem_hash, answer))) is not None:
            yield Judgement(one, self._with_answer(known, answer), 0.0, compared=False)
        elif (pair := (one.problem_hash, answer)) in self._waiting:
            self._waiting[pair].completions.append(one)
        else:
            self._waiting[pair] = _Waiting([one], self._write_problem(one.problem_hash))
            self._pairs.append(pair)

    def compared(self, pair: tuple[str, str], result: "tuple[Verdict, float] | Failure") -> Iterator[Judgement]:
        """Yield the verdict for every completion that waits for it, unless the next accepted answer must decide."""
        waiting = self._waiting[pair]
        if isinstance(result, Failure):
            verdict, seconds = Verdict(result.status, detail=result.detail), 0.0
        else:
            verdict, seconds = result
        if waiting.golds > 1:
            verdict, seconds = better(waiting.best, verdict), waiting.seconds + seconds
            if verdict.status != "correct" and waiting.next + 1 < waiting.golds:
                waiting.best, waiting.seconds = verdict, seconds
                waiting.next += 1
                self._pairs.append(pair)
                return
        del self._waiting[pair]
        self._known[answer_key(*pair)] = replace(verdict, answer=None) if self._keep_answer else verdict
        verdict = self._with_answer(verdict, pair[1])
        for number, one in enumerate(waiting.completions):
            yield Judgement(one, verdict, seconds if number == 0 else 0.0, compared=number == 0)

    def _with_answer(self, verdict: Verdict, answer: str) -> Verdict:
        """Add the extracted answer, if the verifier extracts answers. Later passes find the verdict by it."""
        return replace(verdict, answer=answer) if self._keep_answer else verdict


@dataclass(frozen=True)
class _TextOfProblem:
    """A completion whose answer is found by its problem, which a file has."""

    problem: str  # its hash
    text: str


@dataclass(slots=True)
class _Waiting:
    """Completions with one answer to one problem, which has `golds` answers to compare with, and what is known so far.

    `next` is the number of the accepted answer to compare with now, or that is being compared with.
    """

    completions: list[StoredCompletion]
    golds: int
    next: int = 0
    best: Verdict | None = None
    seconds: float = 0.0

    def item(self, pair: tuple[str, str]) -> tuple[str, str]:
        """Return what to compare now: the file of a problem, and the answer. Most problems have one gold answer."""
        return (f"{pair[0]}-{self.next}", pair[1]) if self.next else pair


class _VerifierWork:
    """The work of a worker: extract the answer of a text, or compare an answer with one gold answer of a problem."""

    def __init__(self, spec: str, version: str, folder: Path, **how: Any) -> None:
        self._verifier = verifier(spec, **how)
        if self._verifier.version != version:
            raise SamplesError(
                f"verifier {spec} has become version {self._verifier.version}, it was {version} when the pass began; "
                "run the same command again to judge with the new version"
            )
        for module in self._verifier.preload:  # the fork server may have started for another verifier
            import_module(module)
        self._problem = lru_cache(maxsize=64)(lambda name: pickle.loads((folder / name).read_bytes()))  # noqa: S301 - ours

    def __call__(self, item: str | _TextOfProblem | tuple[str, str]) -> Any:
        """Return the answer of a text; of a pair return the verdict, and the seconds that the comparison took."""
        if isinstance(item, str):
            return self._verifier.extract(item)
        if isinstance(item, _TextOfProblem):
            return self._verifier.extract_for(self._problem(item.problem), item.text)
        problem, answer = item
        began = time.perf_counter()
        verdict = self._verifier.compare(self._problem(problem), answer)
        return verdict, time.perf_counter() - began
