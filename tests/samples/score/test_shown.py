"""A scorer is shown the prompt of a run with the begin token of its own tokenizer, once."""

import pytest

from samples.api import Lake
from samples.engines.toy import ToyTokenizer
from samples.runs.record import record
from samples.runs.request import Request, prepare
from samples.score.scorer import Scorer
from samples.score.shown import Shown, prompts

BEGIN = 1


class WithBegin(ToyTokenizer):
    """The toy's bytes, and a begin token before a text where special tokens are asked for."""

    def encode(self, text: str, *, special_tokens: bool) -> list[int]:
        return [BEGIN] * special_tokens + super().encode(text, special_tokens=False)


@pytest.mark.parametrize(
    ("template", "begins"), [("plain", 1), ("chat", 0), ("{{ question }}", 1), ("\x01{{ question }}", 1)]
)
def test_the_text_of_a_run_s_prompt_is_encoded_as_its_kind_of_template_asks(sums, tmp_path, template, begins):
    if "{" in template:
        (tmp_path / "t.jinja").write_text(template)
        template = str(tmp_path / "t.jinja")
    prepared = prepare(Request(str(sums), "toy", 1, str(tmp_path / "lake"), engine="toy", template=template))
    lake = Lake(prepared.request.lake, create=True)
    run, scorer = record(lake, prepared), Scorer("s", "toy", "toy", {})
    ids = prompts(lake, scorer, WithBegin(), [Shown(run, "text", "run")])["token_ids"].to_pylist()
    for found, text in zip(ids, prepared.prompts["text"].to_pylist(), strict=True):
        assert found.count(BEGIN) == begins
        assert bytes(found).decode().lstrip("\x01") == text.lstrip("\x01")
    as_drawn = prompts(lake, scorer, WithBegin(), [Shown(run, "ids", "run")])["token_ids"].to_pylist()
    assert as_drawn == prepared.prompts["token_ids"].to_pylist()
