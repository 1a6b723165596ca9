"""Write the study's problems: sums to train on, held-out sums, and products, which nothing is trained on.

    python benchmarks/paper/problems.py FOLDER --prompts 800 --sums 60 --products 40

The held-out sums are chosen first, all different, and no prompt of the training asks one of them. A file is written
whole or not at all. The seeds below decide what is asked: the same numbers give the same files.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from samples.problems.generated import generate

_SUMS = "reasoning-gym:chain_sum?min_terms=2&max_terms=3&min_digits=1&max_digits=1"
HELD_OUT = f"{_SUMS}&seed=2504"
TRAINING = f"{_SUMS}&seed=1"
PRODUCTS = "reasoning-gym:products?min_terms=2&max_terms=2&min_digits=1&max_digits=1&seed=13837"


def different(source: str, wanted: int) -> list[dict[str, Any]]:
    """Return the first `wanted` different entries of a task."""
    entries = generate(f"{source}&size={10 * wanted}")[1]
    found = list({entry["question"]: entry for entry in entries}.values())[:wanted]
    if len(found) < wanted:
        raise SystemExit(f"{source} has only {len(found)} different questions, and {wanted} are wanted: ask for fewer")
    return found


def others(source: str, wanted: int, taken: set[str]) -> list[dict[str, Any]]:
    """Return the first `wanted` entries that ask nothing of `taken`. A question may come again, as the task has it."""
    entries = generate(f"{source}&size={4 * wanted}")[1]
    return [entry for entry in entries if entry["question"] not in taken][:wanted]


def write(file: Path, name: str, entries: list[dict[str, Any]]) -> None:
    """Write entries as JSON lines with an id, a question, a gold answer and the number of terms."""
    lines = [
        json.dumps(
            {
                "id": f"{name}-{number:03d}",
                "question": entry["question"],
                "answer": entry["answer"],
                "terms": entry["metadata"]["num_terms"],
            }
        )
        for number, entry in enumerate(entries)
    ]
    building = file.with_suffix(".new")
    building.write_text("\n".join(lines) + "\n")
    building.rename(file)


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the study's problems.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--prompts", type=int, required=True, help="sums to train on")
    parser.add_argument("--sums", type=int, required=True, help="held-out sums")
    parser.add_argument("--products", type=int, required=True, help="products of two numbers")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    held_out = different(HELD_OUT, given.sums)
    write(given.folder / "sums.jsonl", "sums", held_out)
    write(given.folder / "products.jsonl", "products", different(PRODUCTS, given.products))
    # Last: who finds this file finds the others too.
    prompts = others(TRAINING, given.prompts, {entry["question"] for entry in held_out})
    write(given.folder / "training.jsonl", "training", prompts)
    print(f"{given.folder}: {given.prompts} sums to train on, {given.sums} held out, {given.products} products")


if __name__ == "__main__":
    main()
