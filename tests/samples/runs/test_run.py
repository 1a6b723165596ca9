"""A run's id depends on what decides the distribution of completions, and on nothing else."""

import json
from dataclasses import replace

import pyarrow as pa
import pytest

from samples.api import Lake
from samples.engines import Placement, Sampling
from samples.errors import LakeError, NotFound, UsageError
from samples.runs.labels import label
from samples.runs.record import record
from samples.runs.request import Pool, Request, prepare
from samples.runs.run import find, register, seed_of


@pytest.fixture
def request_(sums, tmp_path):
    return Request(str(sums), "toy", 8, str(tmp_path / "lake"), engine="toy")


def run_id(request):
    return prepare(request).run.run_id


SAME = {
    "k": {"k": 99},
    "name": {"name": "other"},
    "labels": {"labels": {"family": "toy"}},
    "replicas": {"pool": Pool(1, 9)},
    "placement": {"placement": Placement(max_num_seqs=4, pipeline_parallel_size=2)},
    "part of a GPU": {"placement": Placement(gpus_per_replica=0.5)},
    "unit": {"unit": 3},
    "engine arguments that only place": {
        "placement": Placement(extra={"enforce_eager": True, "block_size": 32, "hf_token": "secret"})
    },
    "lake": {"lake": "/elsewhere"},
}
OTHER = {
    "temperature": {"sampling": Sampling(temperature=0.6)},
    "stop": {"sampling": Sampling(stop=("\n",))},
    "log-prob mode": {"sampling": Sampling(logprobs_mode="processed_logprobs")},
    "max_model_len": {"sampling": Sampling(max_model_len=100)},
    "seed": {"seed": 1},
    "model": {"model": "toy?p=0.5"},
    "dtype": {"dtype": "float32"},
    "template": {"template": "plain"},
    "system": {"system": "Be brief."},
    "suffix": {"suffix": "Think."},
    "problems": {"limit": 2},
    "dataset": {"dataset": "other"},
    "revision": {"revision": "b"},
    "quantization": {"placement": Placement(extra={"quantization": "fp8"})},
    "rope scaling": {"placement": Placement(extra={"hf_overrides": {"rope_scaling": {"factor": 4.0}}})},
    "the head's dtype": {"placement": Placement(head_dtype="float32")},
    "an argument that nobody has looked at": {"placement": Placement(extra={"brand_new": None})},
}


@pytest.mark.parametrize("what", list(SAME))
def test_how_a_run_is_drawn_does_not_change_its_id(request_, what):
    assert run_id(replace(request_, **SAME[what])) == run_id(request_)


@pytest.mark.parametrize("what", list(OTHER))
def test_what_decides_the_distribution_changes_its_id(request_, what):
    assert run_id(replace(request_, **OTHER[what])) != run_id(request_)


def test_an_option_of_the_template_is_part_of_the_run_and_none_leaves_the_id_as_it_was(request_, tmp_path):
    file = tmp_path / "short.jinja"
    file.write_text("{{ question }}{% if style is defined %} Be {{ style }}.{% endif %}")
    asked = replace(request_, template=str(file))
    short, long = (prepare(replace(asked, chat_options={"style": style})).run for style in ("short", "long"))
    assert short.run_id != long.run_id
    assert short.specification["template"]["options"] == {"style": "short"}
    assert "options" not in prepare(request_).run.specification["template"]


def test_an_edited_problem_is_another_run(request_, sums):
    before = run_id(request_)
    sums.write_text(sums.read_text().replace("What is 0", "How much is 0"))
    assert run_id(request_) != before


def test_the_order_of_problems_does_not_matter(request_, sums):
    before = run_id(request_)
    sums.write_text("".join(reversed(sums.read_text().splitlines(keepends=True))))
    assert run_id(request_) == before


def test_an_id_never_looks_like_a_number(request_):
    identifier = run_id(request_)
    assert identifier[0] == "r"
    assert len(identifier) == 17


def test_seeds_are_63_bits_and_differ_by_run_problem_and_index():
    seeds = {seed_of(run, problem, index) for run in "ab" for problem in ("1", "11") for index in range(200)}
    assert len(seeds) == 800
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_a_run_is_registered_once_and_keeps_its_first_name(request_, tmp_path):
    lake = Lake(str(tmp_path / "lake"), create=True)
    first = prepare(replace(request_, name="first")).run
    assert register(lake, first).name == "first"
    assert register(lake, first).name == "first"
    assert register(lake, prepare(request_).run).name == "first", "nobody named it now"
    assert lake.read("runs").num_rows == 1


def test_a_second_name_for_a_run_is_refused_with_the_first(request_, tmp_path):
    lake = Lake(str(tmp_path / "lake"), create=True)
    record(lake, prepare(replace(request_, name="first")))
    with pytest.raises(UsageError, match=r"are run first .* already, .* repeat the command with --name first"):
        record(lake, prepare(replace(request_, name="second", k=99)))
    assert lake.read("ingests")["k"].to_pylist() == [8]
    register(lake, prepare(replace(request_, seed=1)).run)
    with pytest.raises(UsageError, match="--name toy-sums-"):
        register(lake, prepare(replace(request_, seed=1, name="third")).run)


def test_a_later_command_adds_labels_and_does_not_bring_back_old_ones(request_, tmp_path):
    lake = Lake(str(tmp_path / "lake"), create=True)
    begun = replace(request_, name="mine", labels={"family": "toy", "step": "1"})
    record(lake, prepare(begun))
    label(lake, "mine", {"step": "2"})
    record(lake, prepare(replace(begun, labels={**begun.labels, "role": "base"})))
    assert label(lake, "mine", {}) == {"family": "toy", "role": "base", "step": "2"}


def test_a_name_belongs_to_one_run(request_, tmp_path):
    lake = Lake(str(tmp_path / "lake"), create=True)
    register(lake, prepare(replace(request_, name="mine")).run)
    other = prepare(replace(request_, name="mine", sampling=Sampling(top_p=0.5))).run
    with pytest.raises(UsageError, match=r"sampling\.top_p 1\.0 -> 0\.5"):
        register(lake, other)


def test_a_run_is_found_by_name_and_by_an_unambiguous_prefix(request_, tmp_path):
    lake = Lake(str(tmp_path / "lake"), create=True)
    runs = [prepare(replace(request_, name=f"run-{seed}", seed=seed)).run for seed in range(3)]
    for run in runs:
        register(lake, run)
    assert find(lake, "run-1").run_id == runs[1].run_id
    assert find(lake, runs[2].run_id[:9]).name == "run-2"
    with pytest.raises(NotFound, match="ambiguous"):
        find(lake, "r")
    with pytest.raises(NotFound, match="run-0, run-1, run-2"):
        find(lake, "nope")


def test_the_recorded_specification_is_what_the_id_is_the_hash_of(request_, tmp_path):
    lake = Lake(str(tmp_path / "lake"), create=True)
    run = register(lake, prepare(request_).run)
    again = find(lake, run.run_id)
    assert again.run_id == run.run_id
    assert again.specification == json.loads(json.dumps(run.specification))


def test_a_row_whose_id_is_not_that_of_its_specification_is_refused(lakes, tmp_path):
    lake = lakes.filled(tmp_path / "lake")
    row = lake.read("runs").to_pylist()[0]
    lakes.append(lake, "runs", [{**row, "run_id": "r0123456789abcdef", "name": "c"}])
    for ask in (lake.runs, lambda: lake.report(["c"])):
        with pytest.raises(
            LakeError, match=f"the row of run r0123456789abcdef has the specification of run {row['run_id']}"
        ):
            ask()


def test_engine_arguments_are_recorded_and_an_empty_list_of_them_leaves_the_id_as_it_was(request_):
    plain = prepare(request_).run.specification
    assert "engine_args" not in plain
    assert "date" not in plain["template"]
    extra = {"quantization": "fp8", "enforce_eager": True, "hf_token": "secret", "hf_overrides": {"b": 1, "a": (2,)}}
    placed = prepare(replace(request_, placement=Placement(extra=extra))).run
    assert placed.specification == plain | {"engine_args": {"hf_overrides": {"a": [2], "b": 1}, "quantization": "fp8"}}
    turned = {"hf_overrides": {"a": [2], "b": 1}, "quantization": "fp8"}
    assert run_id(replace(request_, placement=Placement(extra=turned))) == placed.run_id
    with pytest.raises(UsageError, match=r'engine argument "x" is .*: give it as a JSON value'):
        prepare(replace(request_, placement=Placement(extra={"x": object()})))


def test_ids_of_runs_without_new_settings_are_those_of_the_first_version(request_):
    # BLAKE2b, 8 bytes, of the specification as sorted JSON, without neutral sampling parameters.
    request = replace(request_, sampling=Sampling(temperature=0.6, max_tokens=100), dtype="auto")
    assert run_id(request) == "r4eded7889b5b26bc"


def test_a_prompt_that_is_rendered_differently_is_refused(request_, tmp_path):
    lake = Lake(str(tmp_path / "lake"), create=True)
    prepared = prepare(replace(request_, name="mine"))
    record(lake, prepared)
    record(lake, prepared)
    text = pa.array([text.replace("What", "Say what") for text in prepared.prompts["text"].to_pylist()])
    edited = replace(prepared, prompts=prepared.prompts.set_column(1, "text", text))
    with pytest.raises(UsageError, match=r'run mine: the prompt of problem "sum-0" is not the one .*: "<user>What'):
        record(lake, edited)
    ids = pa.array([[1, 2, 3]] * 3, prepared.prompts.schema.field("token_ids").type)
    other = replace(prepared.run, versions={**prepared.run.versions, "toy": "0"})
    tokens = replace(prepared, run=other, prompts=prepared.prompts.set_column(2, "token_ids", ids))
    with pytest.raises(UsageError, match=r"the same text becomes other tokens; .*toy 2, now 0.* another --seed"):
        record(lake, tokens)
    assert lake.read("prompts").num_rows == 3
