"""Find stored samples that a scorer's own model drew with raw log-probs, for the parity check."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds

from samples.lake.storage import explained
from samples.lake.tables import Tables
from samples.runs.run import Run, every
from samples.runs.settings import IMPORTED
from samples.score.parity import SAMPLES_MOST, TOKENS_MOST, Own
from samples.score.scorer import Scorer
from samples_schemas import COMPLETIONS, PROMPTS, SAMPLES

_ROWS = 4096  # facts that are looked at


def own_samples(lake: Tables, scorer: Scorer) -> tuple[Own, ...]:
    """Return up to 32 samples of one run that the scorer's weights drew: of as many problems as can be had.

    A run of the scorer's own dtype comes first. There are none if the lake has no such run.

    Raises:
        LakeError: The lake cannot be read.
    """
    runs = [run for run in every(lake) if _is_own(scorer, run)]
    for run in sorted(runs, key=lambda run: run.specification["dtype"] != scorer.specification["dtype"]):
        if found := tuple(_of_run(lake, run)):
            return found
    return ()


def _is_own(scorer: Scorer, run: Run) -> bool:
    specification = run.specification
    return (
        run.engine != IMPORTED
        and scorer.same_weights(specification)
        and specification["sampling"].get("logprobs_mode") == "raw_logprobs"
        and run.tokenizer in {None, scorer.specification["tokenizer"]}
    )


def _of_run(lake: Tables, run: Run) -> Iterator[Own]:
    prompts = lake.read(PROMPTS.name, run_id=run.run_id)
    ids = dict(zip(prompts["problem_id"].to_pylist(), prompts["token_ids"].to_pylist(), strict=True))
    with explained(lake.uri):
        payloads = lake.dataset(COMPLETIONS.name, **run.partition)  # a large run has 100,000 files, which it lists
    tokens = 0
    for row in _spread(lake, run):
        tokens += row["tokens"]
        if tokens > TOKENS_MOST and tokens > row["tokens"]:
            return
        for payload in _payload(lake, payloads, row):
            if row["problem_id"] in ids:
                yield Own(
                    run=run.name,
                    dtype=run.specification["dtype"],
                    prompt_ids=ids[row["problem_id"]],
                    token_ids=np.asarray(payload["token_ids"], np.int32),
                    token_logprobs=np.asarray(payload["token_logprobs"], np.float32),
                )


def _spread(lake: Tables, run: Run) -> list[dict[str, Any]]:
    """Return the facts of some samples: the first index of each problem before the second of any."""
    columns = ["problem_id", "sample_index", "attempt", "tokens"]
    good = ds.field("error").is_null() & (ds.field("tokens") > 0)
    with explained(lake.uri):
        scanner = lake.dataset(SAMPLES.name, **run.partition).scanner(columns=columns, filter=good)
        rows: pa.Table = scanner.head(_ROWS)
    ordered = rows.sort_by([("sample_index", "ascending"), ("problem_id", "ascending")])
    return ordered.slice(0, SAMPLES_MOST).to_pylist()


def _payload(lake: Tables, payloads: ds.Dataset, row: dict[str, Any]) -> list[dict[str, Any]]:
    here = ds.field("problem_id") == row["problem_id"]
    here &= (ds.field("sample_index") == row["sample_index"]) & (ds.field("attempt") == row["attempt"])
    with explained(lake.uri):
        found: pa.Table = payloads.filter(here).to_table(columns=["token_ids", "token_logprobs"])
        return found.to_pylist()[:1]
