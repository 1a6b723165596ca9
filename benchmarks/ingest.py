"""Divide the pipeline's tokens/s by those of bare AsyncLLM. Goal: 0.98 or more.

Both sides get the same prompts, seeds, SamplingParams and engine settings. Each repeat runs each side in its own
process, in alternating order. The bare side gives AsyncLLM all requests at the same time and stores nothing: this is
the limit.

Only sampling is timed, on both sides from the first request. The bare side is timed to the last completion, the
pipeline to the last receipt, by timestamps that the replica takes around each unit. The times to start Ray and to load
the model do not count. "committed" is the same ratio over Summary's seconds: from the first replica that the driver
sees ready to the last commit.

On a CPU the engine uses every core, so Ray's own processes slow it down. The environment variable
VLLM_CPU_OMP_THREADS_BIND=0 limits the engine to one core and leaves the others to everything else. An engine on a GPU
leaves the cores free in the same way.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from samples.engines import Placement, Sampling
from samples.ingest.ingest import ingest
from samples.pipeline import stream as pipeline
from samples.pipeline.replica import Replica
from samples.runs.request import Prepared, Request, prepare
from samples.runs.run import seed_of


class Stamped(Replica):
    """A replica that records when each unit began and when its receipt was ready. Ray pickles the class by value."""

    notes = ""

    def __call__(self, ticket: dict[str, Any]) -> dict[str, bytes]:
        """Sample a unit, and record when it began and ended."""
        began = time.time()
        outcome = super().__call__(ticket)
        with Path(self.notes).open("a") as file:
            file.write(f"{began} {time.time()}\n")
        return outcome


def piped(prepared: Prepared) -> dict[str, float]:
    """Return tokens and seconds of the pipeline, to the last receipt and to the last commit."""
    notes = Path(f"{prepared.request.lake}.notes")
    Stamped.notes = str(notes)
    pipeline.Replica = Stamped  # pyright: ignore[reportPrivateImportUsage]  # the stream makes actors of this class
    summary = ingest(prepared)
    assert not summary.missing, summary
    assert not summary.errors, summary
    began, ended = zip(
        *((float(part) for part in line.split()) for line in notes.read_text().splitlines()), strict=True
    )
    return {"tokens": summary.tokens, "seconds": max(ended) - min(began), "committed": summary.seconds}


def bare(prepared: Prepared) -> dict[str, float]:
    """Return tokens and seconds of AsyncLLM alone."""
    from samples.engines import vllm_log, vllm_settings
    from samples.engines.huggingface import silence_huggingface

    silence_huggingface()
    vllm_log.redirect_to_file()
    from vllm.usage.usage_lib import UsageContext
    from vllm.v1.engine.async_llm import AsyncLLM

    request, run = prepared.request, prepared.run
    prompts = prepared.prompts.select(["problem_id", "token_ids"]).to_pylist()
    work = [(row["token_ids"], seed_of(run.run_id, row["problem_id"], i)) for row in prompts for i in range(request.k)]
    settings = vllm_settings.engine_args(
        run.model, prepared.revision, run.specification["dtype"], request.sampling, request.placement
    )

    async def one(llm: AsyncLLM, number: int, ids: list[int], seed: int) -> int:
        params = vllm_settings.sampling_params(request.sampling, seed, detokenize=False)  # as our engine asks
        tokens = 0
        async for output in llm.generate({"prompt_token_ids": ids}, params, str(number)):
            tokens = len(output.outputs[0].token_ids)
        return tokens

    async def every() -> dict[str, float]:
        config = settings.create_engine_config(UsageContext.LLM_CLASS)
        llm = AsyncLLM.from_vllm_config(config, usage_context=UsageContext.LLM_CLASS, disable_log_stats=True)
        try:
            began = time.perf_counter()
            tokens = sum(await asyncio.gather(*(one(llm, number, *item) for number, item in enumerate(work))))
            return {"tokens": tokens, "seconds": time.perf_counter() - began}
        finally:
            llm.shutdown(timeout=15)

    return asyncio.run(every())


def run_side(given: argparse.Namespace, side: str, folder: str, lake: str) -> dict[str, float]:
    """Run one side in a new process."""
    names = ("model", "dtype", "problems", "k", "unit", "max_tokens", "max_num_seqs")
    options = [f"--{name.replace('_', '-')}={getattr(given, name)}" for name in names]
    command = [sys.executable, __file__, *options, "--side", side, folder, lake]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def request(given: argparse.Namespace, folder: Path, lake: str) -> Request:
    """Return the request of both sides: sums, where the model or max_tokens ends each answer."""
    return Request(
        str(folder / "sums.jsonl"), given.model, given.k, str(folder / lake), unit=given.unit, dtype=given.dtype,
        sampling=Sampling(max_tokens=given.max_tokens, max_model_len=512),
        placement=Placement(max_num_seqs=given.max_num_seqs),
    )  # fmt: skip


def compare(given: argparse.Namespace, folder: Path) -> None:
    """Run the sides in alternating order and print the ratio of each repeat."""
    rows = [{"id": f"s{n}", "question": f"Tom has {n} sheep and buys {n + 7}. How many now?", "answer": str(2 * n + 7)}
            for n in range(10, 10 + given.problems)]  # fmt: skip
    (folder / "sums.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    ratios: list[float] = []
    committed: list[float] = []
    print(
        "repeat    ratio   committed   pipeline tok/s   bare tok/s   seconds (pipeline, bare)   load (pipeline, bare)"
    )
    for repeat in range(given.repeats):
        order = ("pipeline", "bare") if repeat % 2 == 0 else ("bare", "pipeline")
        done = {side: run_side(given, side, str(folder), f"lake-{repeat}") for side in order}
        ours, limit = done["pipeline"], done["bare"]
        rate = limit["tokens"] / limit["seconds"]
        ratios.append(ours["tokens"] / ours["seconds"] / rate)
        committed.append(ours["tokens"] / ours["committed"] / rate)
        print(
            f"{repeat + 1:6} {ratios[-1]:8.3f} {committed[-1]:11.3f} {ours['tokens'] / ours['seconds']:16.1f} "
            f"{rate:12.1f} {ours['seconds']:16.1f}, {limit['seconds']:7.1f} {ours['load']:14.1f}, {limit['load']:5.1f}",
            flush=True,
        )
    print(f"median {statistics.median(ratios):8.3f} {statistics.median(committed):11.3f}   (goal 0.98)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=".demo/SmolLM2-135M-Instruct")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--problems", type=int, default=16)
    parser.add_argument("--k", type=int, default=16)
    parser.add_argument("--unit", type=int, default=16)
    parser.add_argument("--max-tokens", type=int, default=32)
    parser.add_argument("--max-num-seqs", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--side", nargs=3, metavar=("SIDE", "FOLDER", "LAKE"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.side:
        side, folder, lake = given.side
        prepared = prepare(request(given, Path(folder), lake))
        done = piped(prepared) if side == "pipeline" else bare(prepared)
        print(json.dumps(done | {"load": os.getloadavg()[0]}))
        return
    with tempfile.TemporaryDirectory(prefix="samples-bench-") as folder:
        compare(given, Path(folder))


if __name__ == "__main__":
    main()
