"""Decode a completion once, with the text that vLLM would give it.

vLLM decodes token by token, and the token of each log-prob again, on the event loop that all requests share. A request
with detokenize=False saves this. `with_text` then decodes the whole completion, in any thread.

vLLM's text of a completion depends on its prompt: a decoder may drop the space before the first word of all. It also
depends on the steps: vLLM holds back a character that is incomplete, and drops it if the completion ends there. So one
decoding is used only where it must give the same text. vLLM's own class decodes everything else.
"""

import json
from dataclasses import replace
from typing import Any

from samples.engines import Completion

# These decoders read one token after another, and drop spaces only before the first. By type, in the order of their
# steps: GPT-2 and most models since; SentencePiece without and with bytes for rare characters; whole words.
_STEPWISE = (
    ["ByteLevel"],
    ["Metaspace"],
    ["Fuse"],
    ["Replace", "ByteFallback", "Fuse"],
    ["Replace", "ByteFallback", "Fuse", "Strip"],
)
_BROKEN = "\ufffd"  # stands for bytes that are no character, or not yet


def decodes_at_once(tokenizer: Any) -> bool:
    """Return whether `with_text` can decode for this tokenizer of vLLM's; None is no tokenizer."""
    from vllm.v1.engine.detokenizer import uses_fast_detokenizer

    if tokenizer is None or not uses_fast_detokenizer(tokenizer):
        return False
    decoder = tokenizer.backend_tokenizer.decoder
    if decoder is None:
        return False
    settings: dict[str, Any] = json.loads(decoder.__getstate__())
    steps: list[dict[str, Any]] = settings.get("decoders", [settings])
    return [step["type"] for step in steps] in _STEPWISE and all(_is_plain(step) for step in steps)


def _is_plain(step: dict[str, Any]) -> bool:
    if step["type"] == "Replace":
        return step["pattern"] == {"String": "▁"} and step["content"] == " "
    # Two spaces would be dropped from the last token of the prompt and the first of the completion.
    return step["type"] != "Strip" or (step["content"], step["start"] <= 1, step["stop"]) == (" ", True, 0)


def with_text(tokenizer: Any, prompt_ids: list[int], drawn: Completion) -> Completion:
    """Return a completion that has token ids and no text, with its text. There may have been no stop strings."""
    if drawn.error is not None:
        return drawn
    token_ids: list[int] = drawn.token_ids.tolist()
    if drawn.finish_reason == "stop":
        del token_ids[-1]  # the end token, or one of stop_token_ids
    return replace(drawn, text=text_of(tokenizer, prompt_ids, token_ids))


def text_of(tokenizer: Any, prompt_ids: list[int], token_ids: list[int]) -> str:
    """Return the text of a completion without its stop token, special tokens left out."""
    decode = tokenizer.backend_tokenizer.decode
    before: str = decode(prompt_ids)
    both: str = decode(prompt_ids + token_ids)
    if _BROKEN not in both and both.startswith(before):
        return both[len(before) :]
    return step_by_step(tokenizer, prompt_ids, token_ids)


def step_by_step(tokenizer: Any, prompt_ids: list[int], token_ids: list[int]) -> str:
    """Return the same text by vLLM's own class, which takes ten times as long."""
    from vllm import SamplingParams
    from vllm.v1.engine import EngineCoreRequest
    from vllm.v1.engine.detokenizer import IncrementalDetokenizer

    request = EngineCoreRequest(
        request_id="",
        prompt_token_ids=prompt_ids,
        mm_features=None,
        sampling_params=SamplingParams(),
        pooling_params=None,
        arrival_time=0.0,
        lora_request=None,
        cache_salt=None,
        data_parallel_rank=None,
    )
    detokenizer = IncrementalDetokenizer.from_new_request(tokenizer, request)
    detokenizer.update(token_ids, stop_terminated=False)
    return detokenizer.get_next_output_text(finished=True, delta=False)
