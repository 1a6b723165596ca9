"""Whether samples repeat each other more than chance allows."""

from typing import Any

from samples.lake.files import Selection, snapshot_files
from samples.report.asking import Asker
from samples.report.parts import Answer, Sentence
from samples.report.words import counted, percent
from samples_schemas import COMPLETIONS

_MOST_BYTES = 1 << 30  # of completions that a report reads
_LONG = 50  # tokens: longer texts hardly ever repeat by chance
_MANY = 0.01  # share of long texts that repeat


def answer(ask: Asker) -> Answer | None:
    """Return the answer of the query duplicates; None where there are no texts, or too many to read for a report."""
    files = _files(ask)
    if not files or sum(files) > _MOST_BYTES:
        return None
    return ask.ask("duplicates", "Samples that repeat an earlier text of the same problem")


def sentences(ask: Asker, found: Answer | None) -> list[Sentence]:
    """Say for each run how many samples repeat an earlier text, and whether chance explains it."""
    if found is None:
        size = sum(_files(ask))
        text = f"The texts ({size / 1e9:,.1f} GB) were not searched for repeats: samples query duplicates does that."
        return [Sentence(text)] if size else []
    lengths = {row["run"]: row["q50"] for row in ask.ask("lengths", "", chart=False).dicts if row["status"] == "all"}
    said: list[Sentence] = []
    for run in ask.subject.runs:
        rows = [row for row in found.dicts if row["run"] == run.name]
        samples = sum(row["samples"] for row in rows)
        repeated = samples - sum(row["distinct_texts"] for row in rows)
        if repeated:
            said.append(told(run.name, samples, repeated, lengths.get(run.name), _temperature(run.specification)))
    return said


def told(run: str, samples: int, repeated: int, tokens: float | None, temperature: float | None) -> Sentence:
    """Say how many samples of a run repeat an earlier text. `tokens` is their median length, None if unknown."""
    of_all = f"{run}: {repeated:,} of {counted(samples, 'sample')} ({percent(repeated / samples)})"
    part = f"{of_all} repeat an earlier text of the same problem."
    if temperature == 0:
        return Sentence(f"{part} Its temperature is 0: more samples of a problem say nothing new.", "care")
    if tokens is None:
        return Sentence(
            f"{part} It is not known how long they are: short texts repeat by chance, long ones do not.", "plain"
        )
    median = f"half of the samples have at most {tokens:,.0f} tokens"
    if tokens >= _LONG and repeated / samples > _MANY:
        return Sentence(f"{part} Texts of this length ({median}) hardly repeat by chance: look at the seeds.", "wrong")
    return Sentence(f"{part} Short texts repeat by chance, and {median}.", "plain")


def _temperature(specification: dict[str, Any]) -> float | None:
    sampling = specification.get("sampling")
    found = sampling.get("temperature") if isinstance(sampling, dict) else None  # pyright: ignore[reportUnknownVariableType]
    return float(found) if isinstance(found, int | float) else None


def _files(ask: Asker) -> list[int]:
    kept = Selection(frozenset(run.run_id for run in ask.subject.runs))
    return [file.size for file in snapshot_files(ask.lake, COMPLETIONS, kept)]
