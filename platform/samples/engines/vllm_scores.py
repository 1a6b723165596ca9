"""Ask vLLM for the log-probs of given tokens, and read its answers.

A request holds prompt and completion as its prompt, and draws one token that nobody wants. There are two ways:

    GIVEN_IDS   vLLM returns one array with the log-probs of the completion's tokens. It needs vLLM's second model
                runner, which runs on GPUs.
    PROMPT      vLLM returns the log-probs of its whole prompt, in lists. Its first model runner holds logits of a
                batch's prompt tokens over the whole vocabulary, so batches are small there (`BATCHED_TOKENS`).

vLLM wants room for the token that it draws. So a completion that fills the context is asked for without its last token,
whose log-prob is asked for as that of a token that could be drawn next.

The most likely tokens at each position come the way PROMPT only, after the log-prob of the token itself. Those at the
last position of a completion that fills the context are missing, because vLLM gives there what it was asked for alone.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from samples.engines import Scored
from samples.engines.top import Top

GIVEN_IDS, PROMPT = "prompt_logprob_token_ids", "prompt_logprobs"  # the names of vLLM's parameters
BATCHED_TOKENS = 2048  # of the first model runner: times a vocabulary of 150,000, 1.2 GB of float32


def way_of(config: Any, top_logprobs: int = 0) -> str:
    """Return which way an engine with this configuration of vLLM's goes."""
    return GIVEN_IDS if config.use_v2_model_runner and not top_logprobs else PROMPT


def with_small_batches(engine_args: Any) -> Any:
    """Return the engine arguments with batches of `BATCHED_TOKENS`, if nothing says how large batches are."""
    return replace(engine_args, max_num_batched_tokens=engine_args.max_num_batched_tokens or BATCHED_TOKENS)


class Question:
    """One completion after its prompt, as a request: `token_ids` and `params`."""

    def __init__(
        self,
        way: str,
        prompt_ids: list[int],
        completion: npt.NDArray[np.int32],
        max_model_len: int,
        top_logprobs: int = 0,
    ) -> None:
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        self._completion = completion
        self._last = len(prompt_ids) + completion.size >= max_model_len  # the last token is asked for on its own
        self._way = way
        self._top_logprobs = top_logprobs
        within = completion[:-1] if self._last else completion
        self.token_ids = [*prompt_ids, *within.tolist()]
        settings: dict[str, Any] = {}
        if self._last:
            settings["logprob_token_ids"] = [int(completion[-1])]
        if within.size and way == GIVEN_IDS:
            settings |= {"prompt_logprob_token_ids": within[:, None], "prompt_logprob_start": len(prompt_ids) - 1}
        elif within.size:
            settings["prompt_logprobs"] = top_logprobs
        self.params = SamplingParams(
            max_tokens=1,
            temperature=0.0,
            detokenize=False,
            flat_logprobs=True,
            output_kind=RequestOutputKind.FINAL_ONLY,
            **settings,
        )

    def read(self, answer: Any) -> Scored:
        """Return the log-probs of vLLM's RequestOutput: an error if one is missing or of another token."""
        try:
            within, top = self._within(answer)
            parts = [within, self._at_the_end(answer)]
        except _NoAnswer as error:
            return Scored.failed(f"vLLM gave {error}")
        logprobs = np.concatenate(parts)
        if logprobs.size != self._completion.size:
            return Scored.failed(f"vLLM gave {logprobs.size} log-probs for {self._completion.size} tokens")
        return Scored(logprobs, top=top)

    def _within(self, answer: Any) -> tuple[npt.NDArray[np.float32], Top | None]:
        size, n = self._completion.size - self._last, self._top_logprobs
        if not size:
            return np.empty(0, np.float32), Top.of_lists([], [], n) if n else None
        if self._way == GIVEN_IDS:
            if (found := answer.prompt_token_id_logprobs) is None:
                raise _NoAnswer("no log-probs")
            return np.array(found[:, 0], np.float32), None
        if (flat := answer.prompt_logprobs) is None:
            raise _NoAnswer("no log-probs")
        # N + 1 for each token of the prompt but the first; those before the completion are not wanted.
        wanted = (len(self.token_ids) - 1) * (n + 1)
        if len(flat.logprobs) != wanted:
            raise _NoAnswer(f"log-probs of {len(flat.logprobs)} tokens, not of {wanted}")
        ids, logprobs = flat.token_ids[-size * (n + 1) :], flat.logprobs[-size * (n + 1) :]
        if ids[:: n + 1] != self._completion[:size].tolist():
            raise _NoAnswer("log-probs of other tokens")
        return np.array(logprobs[:: n + 1], np.float32), Top.of_lists(ids, logprobs, n) if n else None

    def _at_the_end(self, answer: Any) -> npt.NDArray[np.float32]:
        if not self._last:
            return np.empty(0, np.float32)
        flat = answer.outputs[0].logprobs if answer.outputs else None
        last = int(self._completion[-1])
        if flat is None or last not in flat.token_ids:
            raise _NoAnswer("no log-prob of the last token")
        return np.array([flat.logprobs[flat.token_ids.index(last)]], np.float32)


class _NoAnswer(Exception):  # it says what vLLM gave instead
    pass
