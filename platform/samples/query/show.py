"""Read one sample: its facts, its text, and each token with its log-prob."""

from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow.dataset as ds

from samples.engines.token_text import token_texts
from samples.errors import NotFound, SamplesError
from samples.lake.tables import Tables
from samples.runs.run import Run, find
from samples_schemas import COMPLETIONS, PROMPTS, SAMPLES, VERDICTS


@dataclass(frozen=True)
class Shown:
    """One sample. `token_texts` are the texts of its tokens. If they cannot be decoded, it is None and `why` says why.

    An imported sample may lack its text, token ids and log-probs. They are None then.
    """

    run: Run
    prompt: str
    facts: dict[str, Any]
    text: str | None
    token_ids: list[int] | None
    token_logprobs: list[float] | None
    token_texts: list[str] | None
    why: str
    verdicts: list[dict[str, Any]]


def show(lake: Tables, name: str, problem_id: str, sample_index: int) -> Shown:
    """Read one sample of a run.

    Raises:
        NotFound: There is no such run, problem or sample; the message says what is there.
    """
    run = find(lake, name)
    if problem_id not in run.problem_hashes:
        some = ", ".join(sorted(run.problem_hashes)[:5])
        count = len(run.problem_hashes)
        raise NotFound(f'run {run.name} has no problem "{problem_id}"; it has {count}, such as {some}')
    here = (ds.field("problem_id") == problem_id) & (ds.field("sample_index") == sample_index)
    facts = lake.dataset(SAMPLES.name, **run.partition).filter(here).to_table().to_pylist()
    if not facts:
        there = _indices(lake, run, problem_id)
        raise NotFound(f"run {run.name} has no sample {sample_index} of problem {problem_id}; it has {there}")
    row = min(facts, key=lambda fact: (fact["error"] is not None, fact["attempt"]))  # a row may be there twice
    same = here & (ds.field("attempt") == row["attempt"])
    completions = lake.dataset(COMPLETIONS.name, **run.partition).filter(same).to_table().to_pylist()
    completion = completions[0] if completions else dict.fromkeys(COMPLETIONS.file_schema.names)
    prompts = (
        lake.dataset(PROMPTS.name, run_id=run.run_id)
        .filter(ds.field("problem_id") == problem_id)
        .to_table()
        .to_pylist()
    )
    texts, why = _texts(run, completion["token_ids"])
    verdicts = lake.dataset(VERDICTS.name, run_id=run.run_id).filter(here).to_table().to_pylist()
    return Shown(
        run=run,
        prompt=prompts[0]["text"] if prompts else "",
        facts=row,
        text=completion["text"],
        token_ids=completion["token_ids"],
        token_logprobs=completion["token_logprobs"],
        token_texts=texts,
        why=why,
        verdicts=_once(verdicts),
    )


def _once(verdicts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sort verdicts by verifier and pass, one of each: the same one that views count."""
    unsure = {"timeout", "error"}
    ordered = sorted(
        verdicts, key=lambda v: (v["verifier"], v["pass_id"], v["status"] in unsure, v["status"]), reverse=True
    )
    return list({(verdict["verifier"], verdict["pass_id"]): verdict for verdict in ordered}.values())[::-1]


def _texts(run: Run, token_ids: list[int] | None) -> tuple[list[str] | None, str]:
    if token_ids is None:
        return None, "this sample has no token ids"
    try:
        return token_texts(run.engine, run.model, run.specification.get("revision"), token_ids), ""
    except SamplesError as error:
        return None, str(error)


def _indices(lake: Tables, run: Run, problem_id: str) -> str:
    samples = lake.dataset(SAMPLES.name, **run.partition)
    with duckdb.connect() as connection:
        connection.register("samples", samples)
        found = connection.execute(
            "SELECT count(*), min(sample_index), max(sample_index) FROM samples WHERE problem_id = ?", [problem_id]
        )
        count, lowest, highest = found.fetchall()[0]
    return f"{count}, from {lowest} to {highest}" if count else "none yet"
