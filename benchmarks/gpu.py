"""Try the GPU path, for the first person with a card. Prints one block to paste into an issue.

    make gpu MODEL=Qwen/Qwen2.5-0.5B-Instruct

It says what is installed, whether seeds repeat, how far vLLM's log-probs are from those of transformers on the same
tokens and in the same dtype, whether vLLM finds the log-probs again when it scores its own completions, whether two
GPUs draw together where there are two, and the pipeline's throughput over a bare AsyncLLM. Each step has a process of
its own, so that it gets the GPU's memory; one that fails is shown, and the others go on. It runs with vLLM's CPU build
too.
"""

import argparse
import json
import platform
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from samples import engines
from samples.engines import Placement, Sampling
from samples.score import parity
from samples.score.parity import Own

GIVEN = Sampling(temperature=1.0, max_tokens=128, max_model_len=1024)
QUESTIONS = ("What is 17 + 25?", "Name three prime numbers above 50.", "Why is the sky blue?")
SEEDS = list(range(8))


def drawn(model: str, dtype: str, placement: Placement) -> tuple[dict[str, Any], list[list[Any]]]:
    """Return what vLLM settled on, and the completions of every question, each a list of (ids, log-probs)."""
    tokenizer = engines.tokenizer("vllm", model)
    engine = engines.load("vllm", model, None, dtype, GIVEN, placement)
    try:
        found = [engine.sample(ids, SEEDS) for ids in prompts(tokenizer) for _ in range(2)]
        return dict(engine.settled), [[(c.token_ids.tolist(), c.token_logprobs.tolist()) for c in one] for one in found]
    finally:
        engine.close()


def prompts(tokenizer: Any) -> list[list[int]]:
    """Return the questions as prompts."""
    if tokenizer.chat_template is None:
        return [tokenizer.encode(question, special_tokens=True) for question in QUESTIONS]
    texts = [tokenizer.render_chat([{"role": "user", "content": question}]) for question in QUESTIONS]
    return [tokenizer.encode(text, special_tokens=False) for text in texts]


def step_draw(given: argparse.Namespace) -> None:
    """Draw every question twice with the same seeds; save the completions for the next step."""
    settled, found = drawn(given.model, given.dtype, Placement(max_num_seqs=len(SEEDS)))
    pairs = list(zip(found[::2], found[1::2], strict=True))
    same = sum(one[0] == other[0] for a, b in pairs for one, other in zip(a, b, strict=True))
    Path(given.file).write_text(json.dumps([a for a, _ in pairs]))
    print(f"settled      {json.dumps(settled)}")
    print(f"seeds        {same} of {len(pairs) * len(SEEDS)} completions are the same when drawn again")


def step_compare(given: argparse.Namespace) -> None:
    """Compare the log-probs of the saved completions with a forward pass of transformers."""
    import torch
    from transformers import AutoModelForCausalLM

    kind = engines.load("transformers", given.model, None, given.dtype, GIVEN, Placement()).settled["dtype"]
    device = "cuda" if torch.cuda.is_available() else "cpu"
    loaded: Any = AutoModelForCausalLM.from_pretrained(given.model, dtype=kind)
    model: Any = loaded.to(device).eval()
    apart: list[float] = []
    for prompt, completions in zip(
        prompts(engines.tokenizer("transformers", given.model)), json.loads(Path(given.file).read_text()), strict=True
    ):
        for ids, logprobs in completions:
            with torch.no_grad():
                logits = model(torch.tensor([prompt + ids], device=device)).logits[0, len(prompt) - 1 : -1].float()
            rows = torch.log_softmax(logits, -1).cpu().numpy()
            apart += np.abs(rows[np.arange(len(ids)), ids] - np.array(logprobs)).tolist()
    print(
        f"log-probs    {len(apart):,} tokens in {kind}: mean difference to transformers {np.mean(apart):.2g}, "
        f"worst {np.max(apart):.2g} (float32 on a CPU: 5e-6 and 4e-5; bfloat16: .03 and .2)"
    )


def step_score(given: argparse.Namespace) -> None:
    """Score the saved completions, and compare with the log-probs that came with them."""
    tokenizer = engines.tokenizer("vllm", given.model)
    engine = engines.load("vllm", given.model, None, given.dtype, GIVEN, Placement(), scoring=True)
    kept = [
        Own("drawn", given.dtype, prompt, np.array(ids, np.int32), np.array(logprobs, np.float32))
        for prompt, completions in zip(prompts(tokenizer), json.loads(Path(given.file).read_text()), strict=True)
        for ids, logprobs in completions
    ]
    began = time.monotonic()
    found = parity.check(engine, given.dtype, kept)
    seconds = time.monotonic() - began
    print(f"scoring      by {engine.settled['scoring']}: {found}; {found.tokens / seconds:,.0f} tokens/s, one by one")
    engine.close()


def step_parallel(given: argparse.Namespace) -> None:
    """Draw with two GPUs together."""
    import torch

    if torch.cuda.device_count() < 2:
        print("two GPUs     there is one GPU or none")
        return
    settled, found = drawn(given.model, given.dtype, Placement(tensor_parallel_size=2, max_num_seqs=len(SEEDS)))
    print(f"two GPUs     drew {sum(len(ids) for one in found for ids, _ in one):,} tokens on {settled['device']}")


STEPS = {"draw": step_draw, "compare": step_compare, "score": step_score, "parallel": step_parallel}


def about() -> None:
    """Print what decides results on this machine."""
    import torch

    there = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    packages = {"samples": "samples", **engines.versions("vllm"), "ray": version("ray")} | {
        "samples": version("samples")
    }
    print(f"machine      {platform.machine()}, Python {platform.python_version()}, GPUs: {', '.join(there) or 'none'}")
    print(f"CUDA         {torch.version.cuda or 'none'}")
    print(f"packages     {', '.join(f'{name} {number}' for name, number in packages.items())}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="Qwen/Qwen2.5-0.5B-Instruct")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--file", default="gpu-samples.json", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        STEPS[given.step](given)
        return
    about()
    me = [sys.executable, __file__, "--model", given.model, "--dtype", given.dtype, "--file", given.file]
    throughput = [sys.executable, str(Path(__file__).with_name("ingest.py")), "--model", given.model]
    throughput += ["--dtype", given.dtype, "--repeats", "1", "--max-num-seqs", "256", "--max-tokens", "256"]
    for name, command in [*((step, [*me, "--step", step]) for step in STEPS), ("throughput", throughput)]:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        print(done.stdout.rstrip())
        if done.returncode:
            print(f"{name:12} failed: {(done.stderr.strip().splitlines() or ['without a word'])[-1]}")
    Path(given.file).unlink(missing_ok=True)


if __name__ == "__main__":
    main()
