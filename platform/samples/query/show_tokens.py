"""The tokens of one sample: their texts, and their ranks among the most likely ones."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from samples import engines
from samples.engines.token_text import token_texts
from samples.errors import LakeError, SamplesError
from samples.lake.tables import Tables
from samples.runs.run import Run
from samples_schemas import COMPLETIONS


def texts(run: Run, token_ids: list[int] | None, tokenizer: str | None) -> tuple[list[str] | None, str]:
    """Return the text of each token, or None and why they are not decoded.

    `tokenizer` is that of `samples.query.show.show`.

    Raises:
        ModelError: The tokenizer that was asked for cannot be loaded.
    """
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


def ranks(token_ids: list[int] | None, top: Mapping[str, Any] | None) -> list[int | None] | None:
    """Return the place of each token among the most likely ones at its position, counted from 1.

    `top` is a row of table `top_logprobs` (top_ids, n each position). The last positions may be missing in it.
    """
    if token_ids is None or top is None:
        return None
    n, listed = top["n"], top["top_ids"]
    found: list[int | None] = []
    for position, token in enumerate(token_ids):
        there = listed[position * n : (position + 1) * n]
        found.append(there.index(token) + 1 if token in there else None)
    return found


def require_parallel(lake: Tables, run: Run, completion: Mapping[str, Any], decoded: list[str] | None) -> None:
    """Check that a completion's tokens have a log-prob and a text each.

    Raises:
        LakeError: They have not.
    """
    lists = (completion["token_ids"], completion["token_logprobs"], decoded)
    if len(lengths := {len(values) for values in lists if values is not None}) > 1:
        raise LakeError(
            f"lake {lake.place.table_uri(COMPLETIONS.name)}: sample {completion['sample_index']} of problem "
            f"{completion['problem_id']} of run {run.name} has lists of {sorted(lengths)} tokens and log-probs; they "
            "should be equally long: restore the table from a copy"
        )
