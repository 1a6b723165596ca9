"""What a person gets who asks `samples score` for something that cannot be: one clear line, and nothing is recorded."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from samples.api import Lake
from samples.score.prepare import prepare
from samples.score.request import ScoreRequest
from samples.score.scorer import register

Score = Callable[..., tuple[int, str, str]]

TOY = ("--engine", "toy", "--model", "toy")


@pytest.fixture
def score(samples: Callable[..., tuple[int, str, str]], lake: Lake) -> Score:
    """Run `samples score` with the toy engine on the lake of one verified run, unless the arguments say otherwise."""

    def call(*more: object) -> tuple[int, str, str]:
        return samples(
            "score", *(() if "--model" in more else TOY), *(() if "--lake" in more else ("--lake", lake.uri)), *more
        )

    return call


def files(lake: Lake) -> dict[str, bytes]:
    """Return every file of a lake with its content."""
    root = Path(lake.uri)
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def last_line(err: str) -> str:
    assert "Traceback" not in err
    return err.strip().splitlines()[-1]


def recorded(lake: Lake, name: str, model: str = "toy") -> str:
    """Record a scorer, as a command that scores does before it scores; return its id."""
    prepared = prepare(lake, ScoreRequest(model=model, lake=lake.uri, engine="toy", name=name))
    return register(lake, prepared.scorer).scorer_id


OPTIONS = {
    "no model": (("--engine", "toy", "--model"), "--model needs a value"),
    "a folder that is not there": (("--model", "./no/such/model"), 'model "./no/such/model": there is no such folder'),
    "a model that is not the toy's": (("--engine", "toy", "--model", "gpt"), 'the toy engine has one model, "toy" or'),
    "an option that the toy has not": (
        ("--engine", "toy", "--model", "toy?tase=1"),
        'option "tase" is not known: choose from tokens, p, taste',
    ),
    "an engine that is almost there": (
        ("--engine", "transformer", "--model", "toy"),
        '--engine transformer: expected one of vllm, transformers, toy (did you mean "transformers"?)',
    ),
    "an adapter of an engine without weights": (("--adapter", "x"), "engine toy has no weights: leave out --adapter"),
    "a run that is almost there": (("--run", "toyz"), 'no run "toyz" (did you mean "toys"?)'),
    "a run that is not there": (("--run", "toys", "--run", "none"), "runs there: toys"),
    "a status that is almost there": (
        ("--only", "corect"),
        '--only corect: expected one of correct, wrong, no_answer, timeout, error (did you mean "correct"?)',
    ),
    "a verifier that nobody asked": (("--only", "correct", "--verifier", "numerik"), 'did you mean "numeric"?'),
    "a verifier without a status": (("--verifier", "numeric"), "give --only correct, or leave it out"),
    "metadata that no problem has": (("--where", "level=5"), 'no problem has the metadata key "level"'),
    "metadata without a value": (("--where", "level"), "--where level: expected key=value"),
    "a limit of none": (("--limit-per-problem", 0), "--limit-per-problem 0: expected a whole number of at least 1"),
    "tokens of another kind": (("--tokens", "bytes"), "--tokens bytes: expected one of auto, ids, text"),
    "a prompt of another kind": (("--prompt", "mine"), "--prompt mine: expected one of auto, run, own"),
    "a template that is not there": (("--template", "no.jinja"), '"no.jinja" is not a template'),
    "a context of nothing": (("--max-model-len", 0), "--max-model-len 0: expected a whole number of at least 1"),
    "a unit that is too large": (("--unit", 65), "--unit 65: expected 1 to 64"),
    "replicas upside down": (("--replicas", "4..2"), "--replicas 4..2"),
    "a label without a value": (("--label", "qwen"), "--label qwen: expected key=value"),
    "an option that is almost there": (("--limit-per-prob", 3), 'did you mean "--limit-per-problem"?'),
    "quiet for machines": (("--quiet", "--json"), "--quiet and --json contradict each other: give one of them"),
}


@pytest.mark.parametrize("case", list(OPTIONS))
def test_a_mistake_is_one_line_and_changes_nothing(score: Score, lake: Lake, case: str) -> None:
    more, expected = OPTIONS[case]
    before = files(lake)
    code, out, err = score(*more)
    assert (code, out) == (2, ""), err
    assert expected in last_line(err)
    assert files(lake) == before


def test_a_folder_without_config_is_no_model(score: Score, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    code, _, err = score("--model", tmp_path / "model")
    assert code == 2
    assert "the folder has no config.json" in last_line(err)


@pytest.mark.heavy
@pytest.mark.parametrize("engine", ["vllm", "transformers"])
def test_a_checkpoint_without_a_tokenizer_says_which_files_to_copy(score: Score, tmp_path: Path, engine: str) -> None:
    folder = tmp_path / "step-100"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "llama"}')
    (folder / "model.safetensors").touch()
    code, out, err = score("--engine", engine, "--model", folder)
    assert (code, out) == (2, "")
    assert last_line(err) == (
        f'samples: model "{folder}": the folder has no tokenizer (tokenizer.json and others); copy the tokenizer files '
        "of the model that it was trained from into it"
    )


def test_a_lake_that_is_not_there_is_not_made(score: Score, tmp_path: Path) -> None:
    for more in ((), ("--dry-run",)):
        code, out, err = score("--lake", tmp_path / "none", *more)
        assert (code, out) == (2, "")
        assert "no lake at" in last_line(err)
        assert not (tmp_path / "none").exists()


def test_a_lake_of_a_newer_format_is_refused(score: Score, lake: Lake) -> None:
    Path(lake.uri, "lake.json").write_text(json.dumps({"format": 99}))
    code, _, err = score()
    assert code == 1
    assert "upgrade samples" in last_line(err)


def test_only_needs_verdicts_and_says_what_adds_them(score: Score, lake: Lake) -> None:
    shutil.rmtree(Path(lake.uri, "verdicts"))
    before = files(lake)
    for more in ((), ("--dry-run",)):
        code, out, err = score("--only", "correct", *more)
        assert (code, out) == (1, "")
        assert "no verdicts yet; add them: samples rescore" in last_line(err)
        assert files(lake) == before


def test_a_name_of_another_scorer_says_what_differs(score: Score, lake: Lake) -> None:
    judge = recorded(lake, "judge", "toy?taste=2")
    before = files(lake)
    code, _, err = score("--name", "judge")
    assert code == 2
    assert last_line(err) == (
        f'samples: name "judge" is already scorer {judge}, which differs in model "toy?taste=2" -> "toy"; choose '
        "another --name"
    )
    code, _, err = score("--model", "toy?taste=2", "--engine", "toy", "--name", "other")
    assert code == 2
    assert "repeat the command with --name judge" in last_line(err)
    assert files(lake) == before


def test_a_name_of_a_run_of_another_model_is_refused(score: Score) -> None:
    code, _, err = score("--model", "toy?taste=2", "--engine", "toy", "--name", "toys")
    assert code == 2
    assert 'name "toys" is the name of a run of toy, and a scorer of this name' in last_line(err)


def test_a_new_run_cannot_take_the_name_of_another_model_s_scorer(
    samples: Callable[..., tuple[int, str, str]], lake: Lake, sums: Path, tmp_path: Path
) -> None:
    judge = recorded(lake, "judge", "toy?taste=2")
    file = tmp_path / "o1.jsonl"
    file.write_text('{"problem_id": "a", "question": "1 + 1?", "completion": "2"}\n')
    before = files(lake)
    drawing = ("ingest", sums, "--engine", "toy", "-k", 1, "--name", "judge", "--dry-run")
    importing = ("import", file, "--format", "samples", "--dataset", "d", "--name", "judge")
    for command in ((*drawing, "--model", "toy"), importing):
        code, _, err = samples(*command, "--lake", lake.uri)
        assert code == 2
        assert f'name "judge" is the name of scorer {judge} of toy?taste=2, and a run of this name' in last_line(err)
    assert files(lake) == before
    assert samples(*drawing, "--model", "toy?taste=2", "--lake", lake.uri)[0] == 0, "its own model may have its name"


def test_a_dry_run_says_what_would_be_scored_and_how_and_records_nothing(score: Score, lake: Lake) -> None:
    before = files(lake)
    code, out, err = score("--dry-run", "--name", "judge", "--limit-per-problem", 4)
    assert (code, err) == (0, "reading runs and rendering prompts\n")
    scorer = out.split("(", 1)[1].split(")", 1)[0]
    assert out == (
        f"scorer judge ({scorer}): toy, auto\n"
        "toys: token ids as they were drawn, after the run's prompt\n"
        "12 samples wanted, 0 already scored, 12 to score in 3 units\n"
    )
    code, out, _ = score("--dry-run", "--tokens", "text", "--quiet")
    assert (code, "toys: text, after a prompt of the scorer's template" in out) == (0, True)
    assert files(lake) == before


def test_a_lake_made_before_there_were_scores_can_be_asked_and_scored(
    samples: Callable[..., tuple[int, str, str]], score: Score, lake: Lake
) -> None:
    assert not [path for path in Path(lake.uri).iterdir() if path.name.startswith("scor")]
    assert "30 samples wanted, 0 already scored" in score("--dry-run")[1]
    code, _, err = samples("query", "perplexity", "--scorer", "judge", "--lake", lake.uri)
    assert code == 2
    assert "add a scorer: samples score --model MODEL --run RUN --name judge" in last_line(err)
    code, out, _ = samples("query", "scorers", "--lake", lake.uri)
    assert code == 0
    assert "toys" in out, "the run that is its own scorer"


def test_what_no_sample_answers_is_said_and_takes_no_name(score: Score, lake: Lake) -> None:
    before = files(lake)
    code, out, err = score("--only", "timeout", "--name", "mistaken")
    assert (code, out) == (0, "")
    assert last_line(err) == "nothing to score: the lake has no sample of what was asked for"
    assert files(lake) == before


def test_errors_are_events_for_machines(score: Score) -> None:
    code, out, err = score("--run", "toyz", "--json")
    assert (code, out) == (2, "")
    told = [json.loads(line) for line in err.splitlines()]
    assert [event["event"] for event in told] == ["phase", "error"]
    assert (told[-1]["exit_code"], "did you mean" in told[-1]["message"]) == (2, True)


def test_nothing_to_score_is_a_summary_for_machines(score: Score) -> None:
    code, out, err = score("--only", "timeout", "--json")
    assert (code, out) == (0, "")
    done = json.loads(err.splitlines()[-1])
    assert (done["event"], done["command"], done["parity"]) == ("done", "score", "")
    assert (done["wanted"], done["scored"], done["missing"]) == (0, 0, 0)


def test_quiet_says_errors_and_the_summary_alone(score: Score) -> None:
    assert len(score("--run", "toyz", "--quiet")[2].splitlines()) == 1
    code, out, err = score("--only", "timeout", "--quiet")
    assert (code, out) == (0, "")
    assert [line.split()[0] for line in err.splitlines()] == ["scorer", "nothing"]


@pytest.mark.parametrize("more", [(), ("--run", "toys")])
def test_samples_whose_completions_a_log_lost_are_not_recorded_as_ones_that_cannot_be_scored(score, lake, more):
    max(Path(lake.uri, "completions", "_delta_log").glob("*.json")).unlink()
    before = files(lake)
    code, _, err = score(*more)
    assert code == 1
    assert "table completions names 0 samples of run" in last_line(err)
    assert files(lake) == before
