"""What is marked in a text: tokens, the answer, thinking, code. No character is lost or doubled by it."""

import re
import time
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samples.browse.alignment import aligned
from samples.browse.highlight import blocks, code_spans
from samples.browse.layers import Span, laid_over
from samples.browse.marks import answer_span, thinking
from samples.browse.shading import DIFFERENCE, PROBABILITY, by_difference, by_probability
from samples.browse.visible import visible
from samples.lines import printable

PLAIN = st.text(st.characters(categories=["L", "N", "P", "S"], exclude_characters="\u3164\uffa0\u115f\u1160\u034f"))


def text_of(html: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", html))


@given(PLAIN)
def test_bytes_of_utf_8_are_aligned_with_their_text(text):
    tokens = [bytes([byte]).decode("utf-8", "replace") for byte in text.encode()]
    found = aligned(text, tokens)
    assert found is not None
    assert "".join(piece.text for piece in found if not piece.special) == text
    assert [n for piece in found for n in range(piece.first, piece.last + 1)] == list(range(len(tokens)))


@given(st.lists(PLAIN.filter(lambda text: "\ufffd" not in text)))
def test_whole_tokens_are_aligned_one_by_one(tokens):
    found = aligned("".join(tokens), [*tokens, "<|end|>"])
    assert found is not None
    assert [piece.text for piece in found][:-1] == tokens
    assert found[-1].special or found[-1].text == "<|end|>"


def test_a_space_that_a_tokenizer_drops_belongs_to_the_word_after_it():
    found = aligned("Hello big world", ["Hello", "big", "world", "</s>"])
    assert [(piece.text, piece.special) for piece in found] == [
        ("Hello", False), (" big", False), (" world", False), ("</s>", True),
    ]  # fmt: skip


def test_letters_of_several_tokens_are_whole():
    found = aligned("漢é!", ["\ufffd", "\ufffd", "\ufffd", "\ufffd", "\ufffd", "!"])
    assert "".join(piece.text for piece in found) == "漢é!"
    assert found[-1].text == "!"


@pytest.mark.parametrize("end", [[], ["<|end|>"]])
def test_a_letter_of_several_tokens_at_the_end_has_all_of_them(end):
    found = aligned("ok \N{PARTY POPPER}\N{PARTY POPPER}", ["ok", " ", *["\ufffd"] * 8, *end])
    assert [(piece.text, piece.first, piece.last) for piece in found if not piece.special] == [
        ("ok", 0, 0), (" ", 1, 1), ("\N{PARTY POPPER}\N{PARTY POPPER}", 2, 9),
    ]  # fmt: skip


def test_the_token_that_a_stop_string_cut_stands_where_it_was():
    found = aligned("So 4.", ["So", " 4", ".\n\n", "Question", ":"])
    assert [(piece.text, piece.first, piece.special) for piece in found] == [
        ("So", 0, False), (" 4", 1, False), (".", 2, False), ("\n\n", 2, True), ("Question", 3, True), (":", 4, True),
    ]  # fmt: skip


def test_tokens_that_decode_to_nothing_whole_are_aligned_in_a_moment():
    begun = time.monotonic()
    aligned("\ufffd" * 60_000, ["\ufffd"] * 60_000)
    assert time.monotonic() - begun < 5


def test_tokens_of_another_text_are_not_aligned():
    assert aligned("The answer is 4.", ["quite", "another", "thing", "here"]) is None


@given(PLAIN, st.lists(st.lists(st.integers(0, 40), min_size=2, max_size=8, unique=True).map(sorted), max_size=3))
def test_markings_that_cross_keep_every_character(text, layers):
    spans = [
        [Span(a, b, f"x{n}") for a, b in zip(cuts[::2], cuts[1::2], strict=False)] for n, cuts in enumerate(layers)
    ]
    html = laid_over(text, spans)
    assert text_of(html) == text
    for number, layer in enumerate(spans):
        marked = "".join(unescape(m[2]) for m in re.finditer(r'<span class="([^"]*)">([^<]*)</span>', html)
                         if f"x{number}" in m[1].split())  # fmt: skip
        assert marked == "".join(text[span.start : span.stop] for span in layer)


@given(st.text())
def test_every_text_is_free_of_markup(text):
    html = visible(text)
    assert not re.search(r"<(?!/?span\b)", html)
    assert printable(html) == html


@pytest.mark.parametrize(
    ("text", "answer", "before"),
    [
        ("so 4, \\boxed{4}, and 4.", "4", "\\boxed{"),
        ("it is 4. And 14.", "4", "it is "),
        ("x = 4 or 4", "4", "or "),
        ("\\boxed{5} but 4", "4", "but "),
        ("so 2, not 1.2, 2.5, 1,200 or 3,2", "2", "so "),
        ("so 2, or x,2.", "2", "x,"),
    ],
)
def test_the_answer_is_found_where_it_stands(text, answer, before):
    span = answer_span(text, answer, "v")
    assert text[span.start : span.stop] == answer
    assert text[: span.start].endswith(before)


@pytest.mark.parametrize(
    ("text", "answer"), [("14 and 41", "4"), ("1.4", "4"), ("", "4"), ("4", ""), ("4", None), ("4", " ")]
)
def test_an_answer_that_does_not_stand_there_is_not_marked(text, answer):
    assert answer_span(text, answer, "v") is None


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("<think>a</think>b", "<think>a</think>"),
        ("a</think>b", "a</think>"),
        ("<think>a", "<think>a"),
        ("x <thinking>a</thinking>b", "<thinking>a</thinking>"),
        ("<THINK>a</Think>b", "<THINK>a</Think>"),
        ("[THINK]a[/THINK]b", "[THINK]a[/THINK]"),
        ("◁think▷a◁/think▷b", "◁think▷a◁/think▷"),
        ("<|begin_of_thought|>a<|end_of_thought|>b", "<|begin_of_thought|>a<|end_of_thought|>"),
        (
            "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>b",
            "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>",
        ),
    ],
)
def test_thinking_is_found_by_its_marks(text, part):
    ((start, stop),) = thinking(text)
    assert text[start:stop] == part


@pytest.mark.parametrize(
    ("text", "prompt", "parts"),
    [
        ("<think>a</think>b<think>c</think>d", "", ["<think>a</think>", "<think>c</think>"]),
        ("<think>a<think>b</think>c", "", ["<think>a<think>b</think>"]),
        ("a</think>b</think>c", "", ["a</think>b</think>"]),
        ("a", "<|assistant|>\n<think>\n", ["a"]),
        ("a</think>b", "<|assistant|><think>", ["a</think>"]),
        ("a", "<|assistant|><think>\n\n</think>\n\n", []),
        ("a", "What does <think> mean?", []),
    ],
)
def test_thinking_may_have_parts_and_a_prompt_may_open_it(text, prompt, parts):
    assert [text[start:stop] for start, stop in thinking(text, prompt)] == parts


def test_thinking_is_found_in_a_moment():
    begun = time.monotonic()
    for text in ("<think></think>" * 500_000, "<" * 10_000_000, "</think>" * 1_000_000):
        assert len(thinking(text)) <= 50
    assert time.monotonic() - begun < 5


def test_a_text_without_tags_has_no_thinking():
    assert thinking("a < b") == []


def test_code_is_coloured_in_fenced_blocks_of_known_languages():
    text = "def x\n```python\ndef f(): # no\n    return 'a'\n```\nreturn\n```cobol\nreturn\n```\n"
    assert [text[span.start : span.stop] for span in code_spans(text) if span.classes == "c-k"] == ["def", "return"]
    assert [language for _, _, language in blocks(text)] == ["python", "cobol"]


@pytest.mark.parametrize(
    ("text", "program", "words"),
    [
        ("```\ndef f():\n    return 1\n```", None, ["def", "return"]),
        ("```\nis this not prose for you?\n```", None, []),
        ("```\n$ ls\n```", None, []),
        ("    return x\n", 0, ["return"]),
        ("    return x\n", None, []),
        ("I cannot return it for you.", 0, []),
        ("<think>for x in y</think>\ndef f(): pass", 25, ["def", "pass"]),
        ("no return\n```python\ndef f(): pass\n```", 0, ["def", "pass"]),
    ],
)
def test_python_is_coloured_without_a_language_or_a_fence(text, program, words):
    assert [text[span.start : span.stop] for span in code_spans(text, program) if span.classes == "c-k"] == words


@pytest.mark.parametrize("code", ["(" * 9000, "x" * 500, "a\r\nb"])
def test_code_that_could_keep_a_highlighter_busy_is_plain(code):
    assert code_spans(f"```python\n{code}\n```\n") == []


def test_shades_follow_the_probability():
    names = [by_probability(logprob) for logprob in (0.0, -0.1, -0.2, -1.0, -3.0, -6.0, -9.0, float("-inf"))]
    assert names == ["s0", "s0", "s1", "s2", "s3", "s4", "s5", "s5"]
    assert by_probability(float("nan")) == "odd"
    assert {*names} == {shade.name for shade in PROBABILITY}


def test_shades_of_a_difference_follow_its_sign_and_size():
    apart = (-2.5, -1.5, -0.7, -0.2, 0.0, 0.2, 0.7, 1.5, 2.5)
    assert [by_difference(-5 + one, -5) for one in apart] == [shade.name for shade in DIFFERENCE]
    assert by_difference(float("-inf"), -1) == "odd"
