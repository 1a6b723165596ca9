"""Texts that leave the program: without keys, and nothing in them that a terminal obeys."""

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samples.engines import Completion
from samples.engines.engine_args import deciding
from samples.errors import LakeError, MissingExtra, NotFound, SamplesError, UsageError
from samples.exchange.imports.load import load
from samples.lake.storage import locate
from samples.lines import json_finite, json_without_keys, printable, printable_json, without_keys
from samples.problems.problems import load as load_problems
from samples.sandbox.forkserver import PreparationError

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfi"
HIDDEN = {
    f"s3://AKIDEXAMPLE:{SECRET}@bucket/lake": "s3://***@bucket/lake",
    f"https://user:{SECRET.replace('/', 'x')}@host:8080/file.jsonl": "https://***@host:8080/file.jsonl",
    "https://user:p@ss@host/file": "https://***@host/file",
    "git+https://token@github.com/x": "git+https://***@github.com/x",
    "https://a.blob.core.windows.net/c/f?sv=1&sig=abc%3D&se=2": "https://a.blob.core.windows.net/c/f?sv=1&sig=***&se=2",
    "https://b.s3.amazonaws.com/f?X-Amz-Credential=AK/1&X-Amz-Signature=ff": (
        "https://b.s3.amazonaws.com/f?X-Amz-Credential=***&X-Amz-Signature=***"
    ),
    "https://host/f?access_token=abc&page=2": "https://host/f?access_token=***&page=2",
    "aws_secret_access_key='a b'": "aws_secret_access_key=***",
    "{'secret_access_key': 'abc', 'region': 'x'}": "{'secret_access_key': ***, 'region': 'x'}",
    "Authorization: Bearer abc.def failed": "Authorization: *** failed",
    "key AKIAABCDEFGHIJKLMNOP and hf_abcdefghijklmnopqrstuvwxyz": "key *** and ***",
}
KEPT = [
    *("http://127.0.0.1:9000/bucket a@b", "http://host:9000/b?x=a@b", "see https://x.org/a@b", "s3://bucket/a:b/c@d"),
    *("file:///home/me@work/x", "aime-12@7", "a:b@c", "--stop-token-id 3 &max=2", "verdicts: token=3", "x://"),
]


@pytest.mark.parametrize("text", HIDDEN)
def test_keys_are_hidden(text: str):
    assert without_keys(text) == HIDDEN[text]
    assert without_keys(f"lake {text}: cannot be read") == f"lake {HIDDEN[text]}: cannot be read"
    assert without_keys(without_keys(text)) == HIDDEN[text]


@pytest.mark.parametrize("text", KEPT)
def test_what_is_no_key_stays(text: str):
    assert without_keys(text) == text


def test_long_texts_take_no_longer_than_their_length():
    parts = ("_", "://", "a:", "&a-", "authorization", "?token", "x@")
    for text in ("?https://" + part * 50_000 for part in parts):
        without_keys(text)


@pytest.mark.parametrize("kind", [SamplesError, UsageError, LakeError, NotFound, MissingExtra, PreparationError])
def test_every_error_hides_keys_also_after_it_crossed_processes(kind: type[SamplesError]):
    error = pickle.loads(pickle.dumps(kind(f"lake s3://K:{SECRET}@bucket: gone")))
    assert type(error) is kind
    assert str(error) == "lake s3://***@bucket: gone"
    assert SECRET not in repr(error)


def test_errors_about_files_and_lakes_hide_keys(tmp_path):
    for ask in (
        lambda: locate(f"s3://KEY:{SECRET}@bucket/lake"),
        lambda: locate(f"s9://KEY:{SECRET}@bucket/lake"),
        lambda: load_problems(f"s9://KEY:{SECRET}@bucket/a.jsonl"),
        lambda: load_problems(f"http://KEY:{SECRET}@127.0.0.1:9/a.jsonl", dataset="d"),
        lambda: load(str(tmp_path), f"http://K:{SECRET}@127.0.0.1:9/a.jsonl", "samples", name="a", dataset="d"),
    ):
        with pytest.raises(SamplesError) as raised:
            ask()
        assert SECRET not in str(raised.value)
        assert "***@" in str(raised.value)


def test_a_lake_whose_uri_holds_keys_is_refused_and_says_where_they_belong():
    with pytest.raises(
        UsageError, match=r'lake "s3://\*\*\*@bucket/lake": a URI must not hold keys.*AWS_ACCESS_KEY_ID'
    ):
        locate(f"s3://KEY:{SECRET}@bucket/lake")


def test_what_is_stored_hides_keys():
    assert Completion.failed(f"no file s3://K:{SECRET}@b/x").error == "no file s3://***@b/x"
    given = {"load_config": {"uri": f"s3://K:{SECRET}@b/x", "secret_access_key": SECRET, "n": [1, f"x://a:{SECRET}@c"]}}
    assert deciding(given) == {
        "load_config": {"uri": "s3://***@b/x", "secret_access_key": "***", "n": [1, "x://***@c"]}
    }


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda part: st.lists(part) | st.dictionaries(st.text(), part),
)


@given(json_values)
def test_json_without_keys_is_the_same_json_where_there_are_none(value: object):
    assert json_without_keys(json.loads(json.dumps(value))) == value or "://" in str(value) or "=" in str(value)


@given(json_values)
def test_inert_json_is_the_same_json(value: object):
    text = printable_json(json.dumps(value, ensure_ascii=False))
    assert json.loads(text) == value
    assert printable(text) == text


def test_numbers_that_json_lacks_are_texts_and_all_else_stays():
    given = {"a": [float("nan"), (float("inf"), -1.5)], "b": {"c": float("-inf")}, "d": True, "e": None, "f": "NaN"}
    kept = {"a": ["NaN", ["Infinity", -1.5]], "b": {"c": "-Infinity"}, "d": True, "e": None, "f": "NaN"}
    assert json_finite(given) == kept
