"""Read one sample: its facts, its text, and each token with its log-prob."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.dataset as ds

from samples import engines
from samples.engines.token_text import token_texts
from samples.errors import LakeError, NotFound, SamplesError, UsageError
from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.runs.record import problems
from samples.runs.run import Run, find
from samples_schemas import COMPLETIONS, PROMPTS, SAMPLES, VERDICTS, Table


@dataclass(frozen=True)
class Shown:
    """One sample. `golds` are the accepted answers of its problem, none if it has none.

    `token_texts` are the texts of its tokens. If they are not decoded, it is None and `why` says why. An imported
    sample may lack its text, token ids and log-probs. They are None then.
    """

    run: Run
    prompt: str
    golds: tuple[str, ...]
    facts: dict[str, Any]
    text: str | None
    token_ids: list[int] | None
    token_logprobs: list[float] | None
    token_texts: list[str] | None
    why: str
    verdicts: list[dict[str, Any]]


def show(lake: Tables, name: str, problem_id: str, sample_index: int, *, tokenizer: str | None = None) -> Shown:
    """Read one sample of a run.

    `tokenizer` names the model whose tokenizer decodes the tokens: a folder, a name on the Hugging Face Hub, or "run"
    for the model that the run names. Without it no file of a model is opened, because a stranger may have written the
    lake. Only tokens of the toy engine are decoded then.

    Raises:
        ModelError: The tokenizer that was asked for cannot be loaded.
        NotFound: There is no such run, problem or sample; the message says what is there.
        LakeError: A table of the lake cannot be read.
    """
    try:
        sample_index = int(sample_index)  # numpy's numbers too
    except (TypeError, ValueError) as error:
        raise UsageError(f"sample {sample_index!r}: a whole number is expected, counted from 0") from error
    run = find(lake, name)
    if problem_id not in run.problem_hashes:
        some = ", ".join(sorted(run.problem_hashes)[:5])
        count = len(run.problem_hashes)
        raise NotFound(f'run {run.name} has no problem "{problem_id}"; it has {count}, such as {some}')
    asked = ds.field("problem_id") == problem_id
    here = asked & (ds.field("sample_index") == sample_index)
    facts = _rows(lake, SAMPLES, here, **run.partition)
    if not facts:
        there = _indices(lake, run, problem_id)
        raise NotFound(f"run {run.name} has no sample {sample_index} of problem {problem_id}; it has {there}")
    row = min(facts, key=lambda fact: (fact["error"] is not None, fact["attempt"]))  # a row may be there twice
    completions = _rows(lake, COMPLETIONS, here & (ds.field("attempt") == row["attempt"]), **run.partition)
    completion = completions[0] if completions else dict.fromkeys(COMPLETIONS.file_schema.names)
    prompts = _rows(lake, PROMPTS, asked, run_id=run.run_id)
    texts, why = _texts(run, completion["token_ids"], tokenizer)
    verdicts = _rows(lake, VERDICTS, here, run_id=run.run_id)
    _require_parallel(lake, run, completion, texts)
    return Shown(
        run=run,
        prompt=prompts[0]["text"] if prompts else "",
        golds=next((problem.accepted for problem in problems(lake, run, [problem_id])), ()),
        facts=row,
        text=completion["text"],
        token_ids=completion["token_ids"],
        token_logprobs=completion["token_logprobs"],
        token_texts=texts,
        why=why,
        verdicts=_once(verdicts),
    )


def _rows(lake: Tables, table: Table, kept: ds.Expression, **partition: str) -> list[dict[str, Any]]:
    with explained(lake.place.table_uri(table.name)):
        return lake.dataset(table.name, **partition).filter(kept).to_table().to_pylist()


def _require_parallel(lake: Tables, run: Run, completion: dict[str, Any], texts: list[str] | None) -> None:
    """Check that a completion's tokens have a log-prob and a text each."""
    lists = (completion["token_ids"], completion["token_logprobs"], texts)
    if len(lengths := {len(values) for values in lists if values is not None}) > 1:
        raise LakeError(
            f"lake {lake.place.table_uri(COMPLETIONS.name)}: sample {completion['sample_index']} of problem "
            f"{completion['problem_id']} of run {run.name} has lists of {sorted(lengths)} tokens and log-probs; they "
            "should be equally long: restore the table from a copy"
        )


def _once(verdicts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sort verdicts by verifier and pass, one of each: the same one that views count."""
    unsure = {"timeout", "error"}
    ordered = sorted(
        verdicts, key=lambda v: (v["verifier"], v["pass_id"], v["status"] in unsure, v["status"]), reverse=True
    )
    return list({(verdict["verifier"], verdict["pass_id"]): verdict for verdict in ordered}.values())[::-1]


def _texts(run: Run, token_ids: list[int] | None, tokenizer: str | None) -> tuple[list[str] | None, str]:
    if token_ids is None:
        return None, "this sample has no token ids"
    if tokenizer not in {None, "run"}:
        return token_texts(str(tokenizer), None, token_ids), ""
    if run.engine == "toy":  # a part of this program: it opens no file
        try:
            return engines.tokenizer("toy", run.model).decode(token_ids), ""
        except SamplesError as error:
            return None, str(error)
    if tokenizer is None:
        return None, f"to decode them with the run's tokenizer, {run.model}, give --tokenizer run"
    revision = None if Path(run.model).is_absolute() else run.specification.get("revision")
    return token_texts(run.model, revision, token_ids), ""


def _indices(lake: Tables, run: Run, problem_id: str) -> str:
    samples = lake.dataset(SAMPLES.name, **run.partition)
    with explained(lake.place.table_uri(SAMPLES.name)), duckdb.connect() as connection:
        connection.register("samples", samples)
        found = connection.execute(
            "SELECT count(*), min(sample_index), max(sample_index) FROM samples WHERE problem_id = ?", [problem_id]
        )
        count, lowest, highest = found.fetchall()[0]
    return f"{count}, from {lowest} to {highest}" if count else "none yet"
