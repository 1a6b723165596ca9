"""The same question gets the same answer, to the last bit, however its work is spread over threads."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

import samples_queries
from samples.api import Lake
from samples.query import parameters
from samples.query.connect import connect
from samples.query.filters import Known
from samples_queries import header
from samples_queries.asking import ask
from samples_schemas import TABLES

pytestmark = pytest.mark.heavy

FILES, PROBLEMS, SAMPLES = 8, 50, 24
RUNS = ("r0", "r1", "r2")
SCORER = "s0123456789abcdef"
NEEDED = {"a": "r0", "b": "r1", "base": "r0", "first": "v", "second": "v", "ks": [1, 5], "run": "r0", "scorer": "s"}
OF_TOKENS = {"surprising_tokens", "token_logprobs"}  # they read completions, which this lake lacks
ANSWERS = np.array(["1", "2", "3", "0.5", r"\frac{1}{2}", "7", "x", "y+1", "10", "", "-3", None], dtype=object)


def append(lake, name, columns, **partition):
    schema = TABLES[name].file_schema
    rows = len(next(iter(columns.values())))
    table = pa.table({field.name: columns.get(field.name, pa.nulls(rows, field.type)) for field in schema}, schema)
    lake.append(name, "test", lambda: [(table, partition)])


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    """A lake of three runs in many small files, so that many threads have work."""
    lake = Lake(str(tmp_path_factory.mktemp("repeated") / "lake"), create=True)
    random = np.random.default_rng(5)
    about = {"scorer_id": [SCORER], "number": [1], "name": ["s"], "model": ["m"], "engine": ["toy"]}
    empty = pa.array([[]], TABLES["scorers"].file_schema.field("labels").type)
    more = {"specification": ["{}"], "scored_by": ["{}"], "labels": empty, "versions": empty, "parity_samples": [0]}
    when = {"parity_tokens": [0], "created_at": [datetime(2026, 1, 1, tzinfo=UTC)]}
    append(lake, "scorers", {**about, **more, **when})
    for run in RUNS:
        about = {"run_id": [run], "name": [run], "dataset": ["d"], "model": ["m"], "engine": ["imported"]}
        hashes = pa.array(
            [[(f"p{i}", "h") for i in range(PROBLEMS)]], TABLES["runs"].file_schema.field("problem_hashes").type
        )
        maps = {"labels": pa.array([[("step", run[1:])]], hashes.type), "versions": pa.array([[]], hashes.type)}
        more = {"specification": ["{}"], "created_at": [datetime(2026, 1, 1, tzinfo=UTC)]}
        append(lake, "runs", {**about, **more, **maps, "problem_hashes": hashes})
        for file in range(FILES):
            problem = np.repeat(np.arange(PROBLEMS), SAMPLES)
            index = np.tile(np.arange(file * SAMPLES, (file + 1) * SAMPLES), PROBLEMS)
            tokens = random.integers(1, 3000, len(index)).astype(np.int32)
            skill = 1 / (1 + problem)
            answer = ANSWERS[np.minimum(random.geometric(0.15, len(index)) - 1, len(ANSWERS) - 1)]
            status = np.where(random.random(len(index)) < skill, "correct", "wrong").astype(object)
            status[answer == None] = "no_answer"  # noqa: E711 - elementwise
            key = {"problem_id": [f"p{i}" for i in problem], "sample_index": index.astype(np.int32)}
            drawn = {
                "tokens": tokens,
                "cumulative_logprob": -tokens * random.gamma(1, 0.3, len(index)),
                "finish_reason": np.where(tokens > 2500, "length", "stop").astype(object),
                "seed": index,
                "attempt": ["x"] * len(index),
            }
            append(lake, "samples", {**key, **drawn}, dataset="d", run_id=run)
            scores = {
                "tokens": tokens,
                "bytes": tokens * 4,
                "cumulative_logprob": -tokens * random.gamma(1, 0.3, len(index)),
                "token_mode": ["ids"] * len(index),
                "prompt": ["run"] * len(index),
                "attempt": ["y"] * len(index),
            }
            append(lake, "scores", {**key, **scores}, scorer_id=SCORER, run_id=run)
            judged = {
                "pass_id": np.full(len(index), 1),
                "status": status,
                "answer": answer,
                "reward": random.random(len(index)),
            }
            more = {"verifier_version": ["1"] * len(index), "seconds": np.zeros(len(index))}
            append(lake, "verdicts", {**key, **judged, **more}, verifier="v", run_id=run)
            for number, reviewer in enumerate(("ann", "bob")):
                labels = random.choice(["valid", "flawed", "lucky", "unclear"], len(index)).astype(object)
                numbers = np.arange(len(index)) + 2 * len(index) * file + number * len(index)
                named = {"run_id": [run] * len(index), "reviewer": [reviewer] * len(index), "number": numbers}
                when = [datetime(2026, 1, 1, tzinfo=UTC)] * len(index)
                append(lake, "reviews", {**named, **key, "label": labels, "created_at": when})
    return lake


@pytest.mark.cases(14)
@pytest.mark.parametrize("name", [name for name in samples_queries.NAMES if name not in OF_TOKENS])
def test_an_answer_is_the_same_to_the_last_bit_each_time(several, name):
    said, runs = header(name), [Known(run, run, "d", {}) for run in RUNS]
    asked = [p for p in said.params if p.required or p.kind not in {"scorer", "text"}]
    given = {p.name: NEEDED[p.name] for p in asked if p.name in NEEDED}
    bound = parameters.bind(said, given, runs, runs, lambda judge, _: judge or "v")
    with connect(several, said.reads, threads=8) as connection:
        answers = [ask(connection, name, bound).rows for _ in range(20)]
    assert all(answer.equals(answers[0]) for answer in answers)
