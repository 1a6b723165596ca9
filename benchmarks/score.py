"""Measure scoring: tokens/s against bare AsyncLLM and against drawing, memory, bytes per token, and the driver's cost.

Goals: 0.98 or more of bare AsyncLLM with the engine on a core of its own; memory that does not grow with the number of
completions; at most 3.4 bytes per token; no driver's cost that grows with the number of units.

speed    One run is drawn by the pipeline. Then the pipeline and a bare AsyncLLM score it, each in its own process, in
         alternating order. Both ask the same questions of engines with the same settings. Only scoring is timed: the
         bare side to the last answer, the pipeline to the last receipt. The times to start Ray, to load the model and
         to check parity do not count. "committed" is the ratio over Summary's seconds. "own core" limits the engine to
         one core and leaves the others to everything else, as an engine on a GPU does; "shared" lets both use all.
memory   A replica's worker scores units of completions of 16,384 tokens with a tiny model of 50,000 tokens. All logits
         of one would be 3.3 GB. Peaks are the VmHWM of new processes, summed over the worker and its children.
disk     Segments of 64 completions of 2,000 tokens. Their log-probs are those of the run, repeated in random order with
         1 % of noise, so that no float32 occurs twice.
driver   The toy engine scores 500, 2,000 and 8,000 units of 4 samples, all in the same Ray. Driver CPU is the CPU time
         of this process.
"""

import argparse
import asyncio
import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from samples.api import Lake
from samples.engines import Completion, Placement, Sampling, load
from samples.engines.huggingface import silence_huggingface
from samples.ingest import segment
from samples.ingest.ingest import ingest
from samples.ingest.segment import committer
from samples.lake import parquet
from samples.pipeline import stream as pipeline
from samples.pipeline.cluster import cluster
from samples.pipeline.replica import Replica
from samples.runs.record import record
from samples.runs.request import Pool, Request, prepare
from samples.runs.run import seed_of
from samples.score.job import ScoringJob, UnitScorer, units_of
from samples.score.plan import plan
from samples.score.prepare import Prepared
from samples.score.prepare import prepare as prepare_score
from samples.score.reading import Reader
from samples.score.request import ScoreRequest
from samples.score.score import problems_of, score
from samples.score.scorer import register
from samples.units.plan import CELL, Unit
from samples_schemas import SCORE_LOGPROBS

LONG, VOCABULARY = 16_384, 50_000
OWN_CORE = {"VLLM_CPU_OMP_THREADS_BIND": "0"}


class Stamped(Replica):
    """A replica that records when each unit began and when its receipt was ready. Ray pickles the class by value."""

    notes = ""

    def __call__(self, ticket: dict[str, Any]) -> dict[str, bytes]:
        """Do a unit, and record when it began and ended."""
        began = time.time()
        outcome = super().__call__(ticket)
        with Path(self.notes).open("a") as file:
            file.write(f"{began} {time.time()}\n")
        return outcome


def stamp(notes: Path) -> None:
    """Let the replicas of this process write their times to a file."""
    Stamped.notes = str(notes)
    pipeline.Replica = Stamped  # pyright: ignore[reportPrivateImportUsage]  # the stream makes actors of this class


def seconds_of(notes: Path) -> float:
    """Return the seconds from the first beginning of a unit to the last receipt."""
    times = [[float(part) for part in line.split()] for line in notes.read_text().splitlines()]
    began, ended = zip(*times, strict=True)
    return max(ended) - min(began)


def write_problems(folder: Path, count: int) -> str:
    """Write sums as a problem file, and return its path."""
    rows = [{"id": f"s{n}", "question": f"Tom has {n} sheep and buys {n + 7}. How many now?", "answer": str(2 * n + 7)}
            for n in range(10, 10 + count)]  # fmt: skip
    (folder / "sums.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(folder / "sums.jsonl")


def tiny_model(folder: Path, context: int, size: int = 64, layers: int = 1) -> str:
    """Make a random Llama with `VOCABULARY` tokens, which are words; return its folder."""
    silence_huggingface()
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = {"<end>": 0, "<unknown>": 1} | {f"w{number}": number for number in range(2, VOCABULARY)}
    inner = Tokenizer(models.WordLevel(words, unk_token="<unknown>"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()  # pyright: ignore[reportAttributeAccessIssue]
    chat = "{% for m in messages %}{{ m.content }} {% endfor %}"
    saved = PreTrainedTokenizerFast(
        tokenizer_object=inner, eos_token="<end>", unk_token="<unknown>", chat_template=chat
    )
    saved.save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=size, intermediate_size=2 * size, num_hidden_layers=layers,
        num_attention_heads=size // 32, num_key_value_heads=1, max_position_embeddings=context, eos_token_id=0,
        bos_token_id=0, dtype="float32",
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    return str(folder)


# --- speed


def to_score(given: argparse.Namespace, lake: str) -> ScoreRequest:
    """Return the request of both sides."""
    placement = Placement(max_num_seqs=given.max_num_seqs)
    return ScoreRequest(model=given.model, lake=lake, dtype=given.dtype, max_model_len=512, placement=placement)


def draw(given: argparse.Namespace, lake: Path) -> dict[str, float]:
    """Draw the run with the pipeline; return its tokens and seconds."""
    stamp(notes := Path(f"{lake}.notes"))
    sampling = Sampling(max_tokens=given.max_tokens, max_model_len=512)
    problems, placement = str(lake.parent / "sums.jsonl"), Placement(max_num_seqs=given.max_num_seqs)
    asked = Request(
        problems, given.model, given.k, str(lake), unit=16, dtype=given.dtype, sampling=sampling, placement=placement
    )
    summary = ingest(prepare(asked))
    assert not summary.missing, summary
    assert not summary.errors, summary
    return {"tokens": summary.tokens, "seconds": seconds_of(notes)}


def piped(given: argparse.Namespace, lake: Path) -> dict[str, float]:
    """Return tokens and seconds of the pipeline, to the last receipt and to the last commit."""
    stamp(notes := Path(f"{lake}.notes"))
    summary = score(prepare_score(Lake(str(lake)), to_score(given, str(lake))))
    assert not summary.missing, summary
    assert not summary.errors, summary
    return {"tokens": summary.tokens, "seconds": seconds_of(notes), "committed": summary.seconds}


def bare(given: argparse.Namespace, lake: Path) -> dict[str, float]:
    """Return tokens and seconds of AsyncLLM alone."""
    from samples.engines import vllm_log, vllm_scores, vllm_settings

    silence_huggingface()
    vllm_log.redirect_to_file()
    from vllm.usage.usage_lib import UsageContext
    from vllm.v1.engine.async_llm import AsyncLLM

    opened = Lake(str(lake))
    prepared = prepare_score(opened, asked := to_score(given, str(lake)))
    work = questions(opened, prepared)
    model = prepared.model
    settings = vllm_settings.engine_args(
        model.path, model.load_revision, model.dtype, Sampling(max_model_len=512), asked.placement, scoring=True
    )
    small = vllm_scores.with_small_batches(settings)
    config = settings.create_engine_config(UsageContext.LLM_CLASS)
    if (way := vllm_scores.way_of(config)) == vllm_scores.PROMPT:
        config = small.create_engine_config(UsageContext.LLM_CLASS)

    async def one(llm: AsyncLLM, number: int, prompt: list[int], completion: Any) -> int:
        question = vllm_scores.Question(way, prompt, completion, 512)
        async for _ in llm.generate({"prompt_token_ids": question.token_ids}, question.params, str(number)):
            pass
        return completion.size

    async def every() -> dict[str, float]:
        llm = AsyncLLM.from_vllm_config(config, usage_context=UsageContext.LLM_CLASS, disable_log_stats=True)
        try:
            await one(llm, -1, *work[0])  # the pipeline's engine has checked parity before
            began = time.perf_counter()
            tokens = sum(await asyncio.gather(*(one(llm, number, *item) for number, item in enumerate(work))))
            return {"tokens": tokens, "seconds": time.perf_counter() - began}
        finally:
            llm.shutdown(timeout=15)

    return asyncio.run(every())


def questions(lake: Lake, prepared: Prepared) -> list[tuple[list[int], Any]]:
    """Return the prompt and the completion of each sample, as token ids."""
    todo, reader = plan(lake, prepared), Reader(lake, prepared.tokenizer)
    found: list[tuple[list[int], Any]] = []
    about = problems_of(prepared, todo).to_pylist()
    for number, unit in enumerate(todo):
        row = about[int(todo.problem[number])]
        indices = [int(index) for index in todo.indices(number)]
        given = reader.given(row["dataset"], unit, indices, row["token_mode"])
        found += [(row["token_ids"], one.token_ids) for one in given]
    return found


def run_side(given: argparse.Namespace, side: str, lake: Path, environment: dict[str, str]) -> dict[str, float]:
    """Run one side in a new process."""
    names = ("model", "dtype", "k", "max_tokens", "max_num_seqs")
    options = [f"--{name.replace('_', '-')}={getattr(given, name)}" for name in names]
    command = [sys.executable, __file__, *options, "--side", side, str(lake)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment})
    return json.loads(done.stdout.splitlines()[-1])


def speed(given: argparse.Namespace, folder: Path) -> None:
    """Draw a run, then let the pipeline and AsyncLLM score it in alternating order; print the ratios."""
    write_problems(folder, given.problems)
    places = {"own core": OWN_CORE, "shared": dict[str, str]()}
    wanted = [place for place in given.places if place in places]
    drawn = {place: run_side(given, "draw", folder / f"drawn-{place[:3]}", places[place]) for place in wanted}
    print("engine      repeat    ratio   committed   times drawing   scored tok/s   bare tok/s   drawn tok/s   load")
    for place in wanted:
        drawing = drawn[place]["tokens"] / drawn[place]["seconds"]
        ratios: list[tuple[float, float, float]] = []
        for repeat in range(given.repeats):
            done: dict[str, dict[str, float]] = {}
            for side in ("piped", "bare") if repeat % 2 == 0 else ("bare", "piped"):
                lake = folder / f"{side}-{place[:3]}-{repeat}"
                shutil.copytree(folder / f"drawn-{place[:3]}", lake)
                done[side] = run_side(given, side, lake, places[place])
            ours, limit = done["piped"], done["bare"]
            assert ours["tokens"] == limit["tokens"], done
            rate, most = ours["tokens"] / ours["seconds"], limit["tokens"] / limit["seconds"]
            ratios.append((rate / most, ours["tokens"] / ours["committed"] / most, rate / drawing))
            print(
                f"{place:12}{repeat + 1:6} {ratios[-1][0]:8.3f} {ratios[-1][1]:11.3f} {ratios[-1][2]:15.1f} "
                f"{rate:14.1f} {most:12.1f} {drawing:13.1f} {max(side['load'] for side in done.values()):6.1f}",
                flush=True,
            )
        middle = [statistics.median(column) for column in zip(*ratios, strict=True)]
        goal = "   (goal 0.98)" if place == "own core" else ""
        print(f"{place:12}median {middle[0]:8.3f} {middle[1]:11.3f} {middle[2]:15.1f}{goal}", flush=True)


# --- memory


def fill_long(folder: Path, model: str, count: int) -> str:
    """Make a lake with a run of `count` completions of `LONG` tokens; return its URI."""
    rng = np.random.default_rng(0)
    problems = write_problems(folder, 1)
    uri = str(folder / f"long-{count}")
    asked = Request(problems, model, count, uri, name="long", engine="transformers", sampling=Sampling(max_tokens=LONG))
    prepared = prepare(asked)
    lake = Lake(uri, create=True)
    run = record(lake, prepared)
    receipts: list[Any] = []
    for start in range(0, count, CELL):
        stop = min(start + CELL, count)
        ids = [rng.integers(2, VOCABULARY, LONG, dtype=np.int32) for _ in range(start, stop)]
        given = [Completion("", one, np.zeros(LONG, np.float32), "length") for one in ids]
        unit = Unit(prepared.prompts["problem_id"][0].as_py(), start, stop, run.run_id)
        receipts.append(segment.write(lake, run, unit, list(range(start, stop)), given))
    committer(lake, run).commit(receipts)
    return uri


def worker_of(asked: ScoreRequest) -> UnitScorer:
    """Load the worker of a replica, without Ray and without the parity check."""
    lake = Lake(asked.lake)
    prepared = prepare_score(lake, asked)
    scorer, todo = register(lake, prepared.scorer), plan(lake, prepared)
    return ScoringJob(
        lake=lake.uri, scorer=scorer.name, scorer_id=scorer.scorer_id, model=prepared.model,
        max_model_len=asked.max_model_len, placement=asked.placement, units=units_of(todo),
        problems=problems_of(prepared, todo),
    ).load()  # fmt: skip


def peak() -> float:
    """Return the peak memory of this process and its children in MiB."""
    total = 0
    for process in (psutil.Process(), *psutil.Process().children(recursive=True)):
        status = Path(f"/proc/{process.pid}/status").read_text()
        total += int(status.split("VmHWM:")[1].split()[0])
    return total / 1024


def one_memory(engine: str, model: str, uri: str) -> dict[str, float]:
    """Score a lake's units; return the peaks in MiB before and after, and the seconds."""
    worker = worker_of(ScoreRequest(model=model, lake=uri, engine=engine, placement=Placement(kv_cache_gib=0.5)))
    before, began = peak(), time.perf_counter()
    for unit in range(len(worker.job)):
        receipt: Any = worker.work(unit, lambda _tokens, _failed: None)
        assert receipt.facts["error"].null_count == receipt.facts.num_rows, receipt.facts["error"]
    found = {"before": before, "peak": peak(), "seconds": time.perf_counter() - began}
    worker.engine.close()
    return found


def memory(given: argparse.Namespace, folder: Path) -> None:
    """Print the peak memory of a worker as completions of 16,384 tokens grow in number."""
    model = tiny_model(folder / "tiny", LONG + 64)
    lakes = {count: fill_long(folder, model, count) for count in given.completions}
    print(f"\nengine        completions of {LONG:,}   over the first   peak MiB   MiB when loaded   seconds   load")
    for engine in given.engines:
        first = 0.0
        for count, uri in lakes.items():
            command = [sys.executable, __file__, "--memory", engine, model, uri]
            done = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.splitlines()[-1])
            first = first or done["peak"]
            print(
                f"{engine:14}{count:21} {done['peak'] / first:16.2f} {done['peak']:10.0f} {done['before']:17.0f} "
                f"{done['seconds']:9.1f} {os.getloadavg()[0]:6.1f}",
                flush=True,
            )


# --- disk


def disk(logprobs: np.ndarray) -> None:
    """Print the bytes per token of a segment, with token ids in completions and of its own."""
    rng, count, length = np.random.default_rng(0), 64, 2000
    size = count * length
    values = (rng.choice(logprobs, size) * rng.uniform(0.99, 1.01, size)).astype(np.float32)
    offsets = np.arange(0, size + 1, length, dtype=np.int32)
    rows = pa.table(
        {
            "problem_id": ["problem"] * count,
            "sample_index": pa.array(range(count), pa.int32()),
            "attempt": ["0" * 16] * count,
            "token_logprobs": pa.ListArray.from_arrays(offsets, pa.array(values)),
            "token_ids": pa.nulls(count, SCORE_LOGPROBS.schema.field("token_ids").type),
        }
    )
    data = parquet.encode(SCORE_LOGPROBS, rows)
    assert pq.read_table(io.BytesIO(data), columns=["token_logprobs"])["token_logprobs"].to_pylist() == (
        rows["token_logprobs"].to_pylist()
    ), "not lossless"
    print(
        f"\nscore_logprobs: {len(data) / size:.2f} bytes per token on disk, {len(data) / size / 4:.2f} of float32 ",
        end="",
    )
    print(f"(goal 3.4); log-probs of {logprobs.size:,} tokens", flush=True)


# --- driver


def fill_toys(folder: Path, problems: int) -> str:
    """Make a lake with 64 samples of each problem; return its URI."""
    uri = str(folder / "toys")
    asked = Request(write_problems(folder, problems), "toy", CELL, uri, name="toys", engine="toy")
    prepared = prepare(asked)
    lake = Lake(uri, create=True)
    run, engine = record(lake, prepared), load("toy", "toy", None, "auto", asked.sampling, Placement())
    receipts: list[Any] = []
    for row in prepared.prompts.select(["problem_id", "token_ids"]).to_pylist():
        seeds = [seed_of(run.run_id, row["problem_id"], index) for index in range(CELL)]
        unit = Unit(row["problem_id"], 0, CELL, run.run_id)
        receipts.append(segment.write(lake, run, unit, seeds, engine.sample(row["token_ids"], seeds)))
    committer(lake, run).commit(receipts)
    return uri


def driver(given: argparse.Namespace, folder: Path) -> None:
    """Print the driver's CPU time per unit as the units of one command grow in number."""
    uri, unit = fill_toys(folder, max(given.units) * 4 // CELL), 4
    lake = Lake(uri)
    print("\n      units   samples/s   driver ms/unit   seconds   load")
    costs: list[float] = []
    with cluster():
        for number, units in enumerate([min(given.units), *given.units]):  # the first is a warm-up
            most = unit * units * CELL // (max(given.units) * 4)
            asked = ScoreRequest(
                model=f"toy?taste={number + 2}", lake=uri, engine="toy", unit=unit, limit_per_problem=most,
                placement=Placement(max_num_seqs=256), pool=Pool(1, 1),
            )  # fmt: skip
            cpu, wall = time.process_time(), time.perf_counter()
            summary = score(prepare_score(lake, asked))
            spent, took = time.process_time() - cpu, time.perf_counter() - wall
            assert (summary.scored, summary.missing) == (summary.wanted, 0), summary
            if number:
                costs.append(spent / summary.wanted * unit * 1000)
                print(
                    f"{summary.wanted // unit:11,} {summary.scored / summary.seconds:11,.0f} {costs[-1]:16.1f} "
                    f"{took:9.1f} {os.getloadavg()[0]:6.1f}",
                    flush=True,
                )
    print(f"last over first: {costs[-1] / costs[0]:.2f}")


def stored_logprobs(folder: Path) -> np.ndarray:
    """Return the log-probs that a pipeline of `speed` scored; those of a flat distribution if there was none."""
    lakes = sorted(folder.glob("piped-*-0"))
    if not lakes:
        return -np.random.default_rng(0).exponential(size=8192).astype(np.float32)
    lists = Lake(str(lakes[0])).read("score_logprobs", ["token_logprobs"])["token_logprobs"]
    return np.asarray(lists.combine_chunks().flatten(), np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=".demo/SmolLM2-135M-Instruct", help="otherwise a random model of 8 layers")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--problems", type=int, default=16)
    parser.add_argument("--k", type=int, default=32)
    parser.add_argument("--max-tokens", type=int, default=48)
    parser.add_argument("--max-num-seqs", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--places", nargs="*", default=["own core", "shared"])
    parser.add_argument("--engines", nargs="*", default=["transformers", "vllm"], help="of memory")
    parser.add_argument("--completions", type=int, nargs="*", default=[1, 4, 16], help="of memory")
    parser.add_argument("--units", type=int, nargs="*", default=[500, 2000, 8000], help="of driver")
    parser.add_argument("--only", nargs="*", default=["speed", "memory", "disk", "driver"])
    parser.add_argument("--quick", action="store_true", help="one repeat, fewer samples, completions and units")
    parser.add_argument("--side", nargs=2, metavar=("SIDE", "LAKE"), help=argparse.SUPPRESS)
    parser.add_argument("--memory", nargs=3, metavar=("ENGINE", "MODEL", "LAKE"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.side:
        side, lake = given.side
        done = {"draw": draw, "piped": piped, "bare": bare}[side](given, Path(lake))
        print(json.dumps(done | {"load": os.getloadavg()[0]}))
        return
    if given.memory:
        print(json.dumps(one_memory(*given.memory)))
        return
    if given.quick:
        given.repeats, given.problems, given.k, given.completions, given.units = 1, 8, 8, [1, 4], [500, 2000]
    with tempfile.TemporaryDirectory(prefix="samples-bench-") as name:
        folder = Path(name)
        if not Path(given.model, "config.json").is_file():
            given.model = tiny_model(folder / "random", 512, size=256, layers=8)
        if "speed" in given.only:
            speed(given, folder)
        if "memory" in given.only:
            memory(given, folder)
        if "disk" in given.only:
            disk(stored_logprobs(folder))
        if "driver" in given.only:
            driver(given, folder)


if __name__ == "__main__":
    main()
