"""A completion that is decoded once has the text of vLLM's own class, which decodes token by token.

The tokenizers are made here, one per kind of decoder. Random completions have characters of up to four bytes, cut ones,
bytes that are no character, special and added tokens, and token ids that the tokenizer lacks.
"""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from samples import engines
from samples.engines import Completion, vllm_text

pytestmark = pytest.mark.vllm

CHARACTERS = "aé你好😀\n. '\u0301"  # one to four bytes each; the last one joins the character before it
PIECES = ["▁", "▁▁", "▁a", "a", "▁the", "é", "你", "😀", "\n", "▁.", ".", "'", "\ufffd", "▁\ufffd", "\u0301", ""]
SPECIAL = ["<unknown>", "<begin>", "<end>"]
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def finished(inner: Any, decoder: Any) -> Any:
    """Give a tokenizer its decoder and some added tokens; return it as vLLM holds it."""
    from transformers import PreTrainedTokenizerFast

    inner.decoder = decoder
    inner.add_special_tokens(SPECIAL)
    inner.add_tokens([AddedToken(text, special=False, normalized=False) for text in ("<think>", "你 tool", "▁▁▁▁")])
    return PreTrainedTokenizerFast(tokenizer_object=inner, bos_token="<begin>", eos_token="<end>")


def of_pieces(decoder: Any) -> Any:
    vocabulary = {piece: number for number, piece in enumerate([*SPECIAL, *BYTES, *PIECES])}
    return finished(Tokenizer(models.BPE(vocabulary, [], unk_token="<unknown>")), decoder)


def of_bytes() -> Any:
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet, show_progress=False)
    inner.train_from_iterator(["Hé wörld 你好 😀 漢字 …" * 20], trainer)
    return finished(inner, decoders.ByteLevel())


def sentencepiece(*, strip: int, letter: str = " ") -> Any:
    steps = [decoders.Replace("▁", letter), decoders.ByteFallback(), decoders.Fuse()]
    return of_pieces(decoders.Sequence([*steps, *([decoders.Strip(" ", strip, 0)] if strip else [])]))


KINDS: dict[str, Callable[[], Any]] = {
    "byte-level BPE": of_bytes,
    "SentencePiece as in Gemma": lambda: sentencepiece(strip=0),
    "SentencePiece as in Llama 2": lambda: sentencepiece(strip=1),
    "Metaspace": lambda: of_pieces(decoders.Metaspace()),
    "Metaspace without a first space": lambda: of_pieces(decoders.Metaspace(prepend_scheme="never")),
    "whole words": lambda: of_pieces(decoders.Fuse()),
}


def drawn(random_: random.Random, tokenizer: Any, size: int) -> list[int]:
    """Return random token ids: half of them any token, half of them bytes or tokens of whole characters."""
    ids: list[int] = []
    readable = random_.random() < 0.6  # otherwise nearly every text has bytes that are no character
    while len(ids) < size:
        if readable or random_.random() < 0.5:
            character = random_.choice(CHARACTERS)
            if BYTES[0] in tokenizer.get_vocab() and random_.random() < 0.5:
                ids += tokenizer.convert_tokens_to_ids([BYTES[byte] for byte in character.encode()])
            elif BYTES[0] in tokenizer.get_vocab():
                ids.append(tokenizer.convert_tokens_to_ids(random_.choice([*PIECES, *SPECIAL, "<think>", "你 tool"])))
            else:
                ids += tokenizer.encode(character)
        else:
            ids.append(random_.randrange(len(tokenizer) + 2))
    return ids[:size] if random_.random() < 0.5 else ids


@pytest.mark.parametrize("kind", KINDS)
def test_random_completions_have_the_text_that_vllm_gives_token_by_token(kind: str) -> None:
    tokenizer, random_ = KINDS[kind](), random.Random(7)
    assert vllm_text.decodes_at_once(tokenizer)
    at_once = cut = 0
    for _ in range(4000):
        prompt = drawn(random_, tokenizer, random_.choice([1, 1, 2, 5]))
        ids = drawn(random_, tokenizer, random_.choice([0, 1, 2, 3, 8, 30]))
        expected = vllm_text.step_by_step(tokenizer, prompt, ids)
        assert vllm_text.text_of(tokenizer, prompt, ids) == expected, (prompt, ids)
        whole = tokenizer.backend_tokenizer.decode(prompt + ids)
        at_once += "\ufffd" not in whole
        cut += whole.endswith("\ufffd") and not expected.endswith("\ufffd")
    assert at_once > 400, "one decoding is tried often"
    assert cut > 40, "as are completions that end within a character"


def test_tokenizers_whose_text_depends_on_more_are_left_to_vllm(tiny_model: str) -> None:
    inner: Any = engines.tokenizer("vllm", tiny_model)
    assert vllm_text.decodes_at_once(inner.inner)
    assert not vllm_text.decodes_at_once(None)
    assert not vllm_text.decodes_at_once(of_pieces(None))
    assert not vllm_text.decodes_at_once(of_pieces(decoders.WordPiece()))
    assert not vllm_text.decodes_at_once(sentencepiece(strip=2))
    assert not vllm_text.decodes_at_once(sentencepiece(strip=0, letter="_"))


def test_two_dropped_spaces_are_why_such_a_tokenizer_is_left_to_vllm() -> None:
    tokenizer = sentencepiece(strip=2)
    prompt, ids = (tokenizer.convert_tokens_to_ids(tokens) for tokens in (["▁a"], ["<0x20>", "▁▁", "é"]))
    assert vllm_text.text_of(tokenizer, prompt, ids) == "   é"
    assert vllm_text.step_by_step(tokenizer, prompt, ids) == "  é"


def test_the_stop_token_is_not_part_of_the_text() -> None:
    tokenizer = of_bytes()
    ids = np.array(tokenizer.encode("你 a"), np.int32)
    ended = Completion("", ids, np.zeros(ids.size, np.float32), "stop")
    assert vllm_text.with_text(tokenizer, [1], ended).text == "你 "
    assert vllm_text.with_text(tokenizer, [1], replace(ended, finish_reason="length")).text == "你 a"
    failed = Completion.failed("no room")
    assert vllm_text.with_text(tokenizer, [-1], failed) is failed
