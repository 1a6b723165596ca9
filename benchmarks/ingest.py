"""Tokens/s of the pipeline over a bare AsyncLLM loop: same prompts, seeds, parameters and engine. Goal: 0.98.

The bare loop keeps as many requests in flight as vLLM takes at once and stores nothing. Both sides load the model
anew and are timed from their first request; the pipeline to its last commit, stored and named. They alternate.
"""

import argparse
import asyncio
import json
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from samples.engines import Placement, Sampling
from samples.ingest import ingest
from samples.request import Prepared, Request, prepare
from samples.run import seed_of


def bare(prepared: Prepared) -> float:
    """Tokens/s of AsyncLLM alone."""
    from samples.engines.vllm import load

    request = prepared.request
    engine = load(prepared.run.model, prepared.revision, request.dtype, request.sampling, request.placement)
    prompts = prepared.prompts.select(["problem_id", "token_ids"]).to_pylist()
    work = [
        (p["token_ids"], seed_of(prepared.run.run_id, p["problem_id"], i)) for p in prompts for i in range(request.k)
    ]

    async def go() -> int:
        places = asyncio.Semaphore(2 * (request.placement.max_num_seqs or 128))

        async def one(ids: list[int], seed: int) -> int:
            async with places:
                return len((await engine._draw(ids, seed)).token_ids)  # noqa: SLF001  # the engine's one raw request

        return sum(await asyncio.gather(*(one(*item) for item in work)))

    try:
        began = time.perf_counter()
        tokens = asyncio.run_coroutine_threadsafe(go(), engine._loop).result()  # noqa: SLF001
        return tokens / (time.perf_counter() - began)
    finally:
        engine.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=".demo/SmolLM2-135M-Instruct")
    parser.add_argument("--problems", type=int, default=16)
    parser.add_argument("--k", type=int, default=32)
    parser.add_argument("--max-tokens", type=int, default=24)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    problems = folder / "sums.jsonl"
    rows = [{"id": f"sum-{n}", "question": f"What is {n} + {n + 7}?", "answer": "0"} for n in range(given.problems)]
    problems.write_text("".join(json.dumps(row) + "\n" for row in rows))
    ratios: list[float] = []
    print("tokens/s   pipeline   bare AsyncLLM   ratio")
    try:
        for repeat in range(given.repeats):
            request = Request(
                str(problems), given.model, given.k, str(folder / f"lake-{repeat}"), unit=16,
                sampling=Sampling(max_tokens=given.max_tokens, ignore_eos=True, max_model_len=512),
                placement=Placement(max_num_seqs=64),
            )  # fmt: skip
            prepared = prepare(request)
            sides = [lambda p=prepared: ingest(p).tokens_per_second, lambda p=prepared: bare(p)]
            first = repeat % 2
            rates = {side: sides[side]() for side in (first, 1 - first)}
            ratios.append(rates[0] / rates[1])
            print(f"{repeat + 1:8} {rates[0]:10.1f} {rates[1]:15.1f} {ratios[-1]:7.3f}", flush=True)
    finally:
        shutil.rmtree(folder)
    print(f"median ratio {statistics.median(ratios):.3f} (goal 0.98)")


if __name__ == "__main__":
    main()
