"""Python of a model's repository does not run unless it is trusted, and reading a lake opens no model at all."""

import json
import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from samples import engines
from samples.engines import Placement, Sampling
from samples.engines.vllm_settings import engine_args
from samples.errors import ModelError, UsageError
from samples.runs.request import Request, prepare

PARTS = {"AutoConfig": "own.OwnConfig", "AutoModelForCausalLM": "own.OwnModel", "AutoTokenizer": ["own.Own", None]}
OWN = """
from pathlib import Path
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
Path({mark!r}).touch()
class OwnConfig(LlamaConfig):
    model_type = "own"
class OwnModel(LlamaForCausalLM):
    config_class = OwnConfig
class Own(PreTrainedTokenizerFast):
    pass
"""


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    """The file that the model's own Python makes when it runs."""
    return tmp_path / "it ran"


@pytest.fixture
def own(tiny_model: str, tmp_path: Path, mark: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A model whose config, weights and tokenizer are loaded by Python files of its repository. Every prompt gets y."""
    from transformers import dynamic_module_utils

    monkeypatch.setattr(dynamic_module_utils, "HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.setattr("builtins.input", lambda *_: "y")
    before = set(sys.modules)
    folder = tmp_path / "own"
    shutil.copytree(tiny_model, folder)
    (folder / "own.py").write_text(OWN.format(mark=str(mark)))
    for name, more in {
        "config.json": {"model_type": "own", "architectures": ["OwnModel"], "auto_map": PARTS},
        "tokenizer_config.json": {"tokenizer_class": "Own", "auto_map": {"AutoTokenizer": PARTS["AutoTokenizer"]}},
    }.items():
        file = folder / name
        file.write_text(json.dumps(json.loads(file.read_text()) | more))
    yield str(folder)
    for name in set(sys.modules) - before:
        if name.startswith("transformers_modules"):
            del sys.modules[name]
    sys.path[:] = [path for path in sys.path if path != str(tmp_path / "modules")]


def draw(model: str, placement: Placement) -> str:
    engine = engines.load("transformers", model, None, "float32", Sampling(max_tokens=2), placement)
    (completion,) = engine.sample([3, 4, 5], [0])
    engine.close()
    return completion.error or completion.text


@pytest.mark.heavy
def test_a_repositorys_own_python_runs_only_when_it_is_trusted(own: str, mark: Path):
    for untrusted in (
        lambda: engines.tokenizer("vllm", own),
        lambda: engines.tokenizer("transformers", own),
        lambda: draw(own, Placement()),
    ):
        with pytest.raises(ModelError, match=r"needs Python files of its own repository.*--trust-remote-code"):
            untrusted()
        assert not mark.exists()
    assert engines.tokenizer("vllm", own, trust_remote_code=True).encode("ab", special_tokens=False)
    assert mark.exists()
    mark.unlink()
    assert draw(own, Placement(trust_remote_code=True))


@pytest.mark.heavy
def test_a_repository_whose_model_type_is_known_does_not_run_its_python_either(own: str, mark: Path):
    file = Path(own, "config.json")
    file.write_text(json.dumps(json.loads(file.read_text()) | {"model_type": "llama"}))
    tokens = Path(own, "tokenizer_config.json")
    tokens.write_text(json.dumps(json.loads(tokens.read_text()) | {"tokenizer_class": "TokenizersBackend"}))
    assert engines.tokenizer("vllm", own).encode("ab", special_tokens=False)
    draw(own, Placement())
    assert not mark.exists()


def request(model: str, sums: Path, lake: Path, placement: Placement) -> Request:
    return Request(str(sums), model, 1, str(lake), engine="toy", placement=placement)


def test_trust_is_part_of_the_run_and_runs_without_it_keep_their_ids(sums: Path, tmp_path: Path):
    plain, other, trusted = (
        prepare(request("toy", sums, tmp_path / "lake", placement)).run
        for placement in (Placement(), Placement(trust_remote_code=False), Placement(trust_remote_code=True))
    )
    assert "engine_args" not in plain.specification
    assert plain.run_id == other.run_id != trusted.run_id
    assert trusted.specification["engine_args"] == {"trust_remote_code": True}


def test_trust_hidden_among_the_engine_arguments_is_refused(sums: Path, tmp_path: Path):
    with pytest.raises(UsageError, match="is set by --trust-remote-code"):
        request("toy", sums, tmp_path / "lake", Placement(extra={"trust_remote_code": True}))


@pytest.mark.vllm
@pytest.mark.parametrize("trusted", [False, True])
def test_vllm_is_told_whether_the_repository_is_trusted(tiny_model: str, trusted: bool):
    made = engine_args(tiny_model, None, "float32", Sampling(), Placement(trust_remote_code=trusted))
    assert made.trust_remote_code is trusted


OPENED: list[str] = []
sys.addaudithook(lambda event, given: OPENED.append(str(given[0])) if event == "open" else None)


@pytest.mark.heavy
def test_reading_a_sample_opens_no_file_of_the_model_that_its_run_names(
    tiny_model: str, lakes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    lake = lakes.filled(tmp_path / "lake")
    run = lake.read("runs").filter(pa.compute.equal(lake.read("runs")["name"], "a"))
    (run_id,) = run["run_id"].to_pylist()
    for name, value in {"model": tiny_model, "engine": "vllm", "name": "theirs"}.items():
        run = run.set_column(run.column_names.index(name), name, pa.array([value]))
    specification = json.loads(run["specification"][0].as_py()) | {"model": tiny_model}
    from samples.runs.run import run_id as id_of

    run = run.set_column(
        run.column_names.index("specification"), "specification", pa.array([json.dumps(specification)])
    ).set_column(run.column_names.index("run_id"), "run_id", pa.array([id_of(specification)]))
    rows = {name: lake.read(name, run_id=run_id) for name in ("samples", "completions")}
    lake.append("runs", "test", lambda: [(run, {})])
    for name, table in rows.items():
        there = {"dataset": "d", "run_id": id_of(specification)}
        kept = table.drop_columns([column for column in there if column in table.column_names])
        lake.append(name, "test", partial(list, [(kept, there)]))
    OPENED.clear()
    shown = lake.show("theirs", "p1", 0)
    assert shown.token_texts is None
    assert "give --tokenizer run" in shown.why
    assert [name for name in OPENED if name.startswith(tiny_model)] == []
    for asked in ("run", tiny_model):
        assert lake.show("theirs", "p1", 0, tokenizer=asked).token_texts == ["e"] * 4
    with pytest.raises(ModelError, match="is not on this machine"):
        lake.show("theirs", "p1", 0, tokenizer=str(tmp_path / "nowhere"))
