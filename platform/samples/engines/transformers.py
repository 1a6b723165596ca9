"""The reference engine: transformers' forward pass and our own sampling loop. It is correct rather than fast.

It draws as vLLM does: raw log-probs, then min_tokens, penalties, temperature, min_p, top_k and top_p, in this order.
Completions of one prompt share a batch, but each takes its random numbers from its own seed, one number per token. So
the batch changes a completion by no more than rounding.
"""

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from samples.engines import (
    Completion,
    OnCompletion,
    OnScored,
    Placement,
    Sampling,
    Scored,
    forward,
    ignore_completion,
    ignore_scored,
)
from samples.engines.adapters import Adapter
from samples.engines.distribution import GREEDY_BELOW, processed_logits
from samples.engines.huggingface import (
    ModelTokenizer,
    find_model,
    installed_versions,
    one_line,
    require_trust,
    silence_huggingface,
    tokenizer,
)
from samples.engines.refusal import refusal
from samples.engines.top import Top
from samples.errors import ModelError, UsageError

__all__ = ["TransformersEngine", "load", "tokenizer", "versions"]

LARGEST_BATCH = 16


class TransformersEngine:
    """One model in this process. One caller at a time draws from it or scores with it."""

    def __init__(
        self, model: Any, tokenizer: ModelTokenizer, sampling: Sampling, batch: int, top_logprobs: int = 0
    ) -> None:
        self._model: Any = model
        self._tokenizer = tokenizer.inner
        self._sampling = sampling
        self.sequences = batch
        self._top_logprobs = top_logprobs
        self.vocabulary = forward.vocabulary(model)
        self._turn = threading.Lock()
        self._max_model_len: int = sampling.max_model_len or getattr(
            model.config.get_text_config(), "max_position_embeddings", 2**31
        )
        self.settled = {
            "device": _device_name(model.device),
            "dtype": str(model.get_input_embeddings().weight.dtype).removeprefix("torch."),
            "head_dtype": str(model.get_output_embeddings().weight.dtype).removeprefix("torch."),
            "attention": [getattr(model.config, "_attn_implementation", None)],
            "max_model_len": self._max_model_len,
        }
        ends = model.generation_config.eos_token_id
        also = set[int]() if ends is None else {ends} if isinstance(ends, int) else set(ends)
        self._eos: int | None = self._tokenizer.eos_token_id
        # As in vLLM: the tokenizer's end token gives no stop reason; every other stop token is the stop reason.
        self._stops = set(sampling.stop_token_ids) | (set() if sampling.ignore_eos else also - {self._eos})
        self._end_tokens = sorted(self._stops | also | ({self._eos} if self._eos is not None else set()))

    def sample(
        self, prompt_ids: list[int], seeds: list[int], on_completion: OnCompletion = ignore_completion
    ) -> list[Completion]:
        """Draw one completion per seed, in order. A request that fails gives a completion with `error` set."""
        if len(prompt_ids) >= self._max_model_len:
            return [Completion.too_long(len(prompt_ids), self._max_model_len) for _ in seeds]
        completions: list[Completion] = []
        with self._turn:
            for start in range(0, len(seeds), self.sequences):
                part = seeds[start : start + self.sequences]
                try:
                    completions += self._draw(prompt_ids, part)
                except (RuntimeError, ValueError, IndexError) as error:  # out of memory, a token id out of range …
                    completions += [Completion.failed(one_line(error)) for _ in part]
                for number, completion in enumerate(completions[start:], start):
                    on_completion(number, completion)
        return completions

    def with_text(self, prompt_ids: list[int], completion: Completion) -> Completion:
        """Return the completion, which has its text."""
        del prompt_ids
        return completion

    def score(
        self,
        prompt_ids: list[int],
        completions: Sequence[npt.NDArray[np.int32]],
        on_scored: OnScored = ignore_scored,
    ) -> list[Scored]:
        """Score each completion in a forward pass of its own, so memory does not grow with their number."""
        scores: list[Scored] = []
        with self._turn:
            for completion in completions:
                scores.append(self._score_one(prompt_ids, completion))
                on_scored(scores[-1])
        return scores

    def _score_one(self, prompt_ids: list[int], completion: npt.NDArray[np.int32]) -> Scored:
        if not completion.size:
            return Scored(np.empty(0, np.float32))
        if error := refusal(prompt_ids, completion, self.vocabulary, self._max_model_len):
            return Scored.failed(error)
        try:
            return forward.scored(self._model, prompt_ids, completion, top_logprobs=self._top_logprobs)
        except (RuntimeError, ValueError, IndexError) as error:  # out of memory, no logits for a position …
            return Scored.failed(one_line(error))

    def close(self) -> None:
        """Free the weights."""
        with self._turn:
            self._model = None

    def _draw(self, prompt_ids: list[int], seeds: list[int]) -> list[Completion]:
        import torch

        sampling, device = self._sampling, self._model.device
        room = min(sampling.max_tokens, self._max_model_len - len(prompt_ids))
        sources = [torch.Generator().manual_seed(seed) for seed in seeds]
        done: dict[int, Completion] = {}
        tops: list[list[Top]] = [[] for _ in seeds]  # a position each
        with torch.inference_mode():
            out = self._model(torch.tensor([prompt_ids], device=device), use_cache=True, logits_to_keep=1)
            cache = out.past_key_values
            cache.batch_repeat_interleave(len(seeds))
            logits = out.logits[:, -1].float().repeat(len(seeds), 1)
            rows = list(range(len(seeds)))  # the seeds whose completions are not done; one row of `logits` each
            prompt = torch.tensor(prompt_ids, device=device)
            drawn = torch.empty((len(seeds), 0), dtype=torch.long, device=device)
            logprobs = torch.empty((len(seeds), 0), device=device)
            while True:
                forbidden = self._end_tokens if drawn.shape[1] < sampling.min_tokens else []
                final = processed_logits(logits, prompt, drawn, sampling, forbidden)
                if sampling.temperature < GREEDY_BELOW:
                    chosen = final.argmax(-1, keepdim=True)
                else:
                    chosen = _draw_tokens(final, [sources[row] for row in rows])
                shown = final if sampling.logprobs_mode == "processed_logprobs" else logits
                logs = shown.log_softmax(-1)
                logprobs = torch.cat([logprobs, logs.gather(-1, chosen)], 1)
                drawn = torch.cat([drawn, chosen], 1)
                if self._top_logprobs:
                    for row, at in zip(rows, Top.of_logprobs(logs, self._top_logprobs).rows(), strict=True):
                        tops[row].append(at)

                ended = [self._ending(ids, room) for ids in drawn.tolist()]
                for row, end, ids, values in zip(rows, ended, drawn, logprobs, strict=True):
                    if end is not None:
                        token_ids, values32 = ids.cpu().numpy().astype(np.int32), values.cpu().numpy()
                        top = Top.joined(tops[row])
                        done[row] = Completion(end[0], token_ids, values32, end[1], end[2], top=top)
                going = [index for index, end in enumerate(ended) if end is None]
                if not going:
                    return [done[row] for row in range(len(seeds))]
                if len(going) < len(rows):
                    keep = torch.tensor(going, device=device)
                    cache.batch_select_indices(keep)
                    drawn, logprobs, rows = drawn[keep], logprobs[keep], [rows[index] for index in going]
                logits = self._model(drawn[:, -1:], past_key_values=cache, use_cache=True).logits[:, -1].float()

    def _ending(self, token_ids: list[int], room: int) -> tuple[str, str, str | None] | None:
        """Return text, finish reason and stop reason if the completion ends with this token, else None."""
        last = token_ids[-1]
        by_eos = last == self._eos and not self._sampling.ignore_eos
        by_token = by_eos or last in self._stops
        if self._sampling.stop and len(token_ids) > self._sampling.min_tokens:
            text = self._text(token_ids[:-1] if by_token else token_ids)
            # A stop string within the first min_tokens tokens does not end the completion.
            start = len(self._text(token_ids[: self._sampling.min_tokens])) if self._sampling.min_tokens else 0
            found = [
                (at + len(stop), at, stop)
                for stop in self._sampling.stop
                if (at := text.find(stop, max(0, start + 1 - len(stop)))) >= 0
            ]
            if found:
                _, at, stop = min(found, key=lambda match: match[0])
                return text[:at], "stop", stop
        if by_token:
            return self._text(token_ids[:-1]), "stop", None if by_eos else str(last)
        return (self._text(token_ids), "length", None) if len(token_ids) >= room else None

    def _text(self, token_ids: list[int]) -> str:
        return self._tokenizer.decode(token_ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)


def _compute_head_in(model: Any, kind: Any) -> None:
    """Let the last layer compute in another dtype. If it shares its weights with the embedding, it gets a copy."""
    import torch

    head = model.get_output_embeddings()
    head.weight = torch.nn.Parameter(head.weight.to(kind), requires_grad=False)
    head.register_forward_pre_hook(lambda _, given: (given[0].to(kind), *given[1:]))


def _device_name(device: Any) -> str:
    import torch

    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def _draw_tokens(final: Any, sources: list[Any]) -> Any:
    """Draw one token per row by inverse transform sampling, with one random number of the row's generator."""
    import torch

    points = torch.cat([torch.rand(1, dtype=torch.float64, generator=source) for source in sources])
    line = final.double().softmax(-1).cumsum(-1)
    chosen = (line <= points.to(line.device)[:, None] * line[:, -1:]).sum(-1, keepdim=True)
    return chosen.clamp(max=line.shape[-1] - 1)  # rounding may put a point at the very end


def load(
    model: str,
    revision: str | None,
    dtype: str,
    sampling: Sampling,
    placement: Placement,
    adapter: Adapter | None = None,
    *,
    scoring: bool = False,
    top_logprobs: int = 0,
) -> TransformersEngine:
    """Load `model` and `adapter` in this process, on the GPU if there is one.

    `dtype` is one of `samples.engines.dtypes.DTYPES`. The engine scores without preparation.

    Raises:
        ModelError: The model cannot be found or loaded.
        UsageError: `placement.extra` has engine arguments, which are vLLM's.
    """
    del scoring
    if placement.extra:
        raise UsageError(
            f"engine transformers has no engine arguments: leave out --engine-arg {next(iter(placement.extra))}"
        )
    trusted = placement.trust_remote_code
    words = tokenizer(model, revision, trust_remote_code=trusted)
    silence_huggingface()
    import torch
    from transformers import AutoModelForCausalLM

    kind: Any = getattr(torch, dtype)
    try:
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            find_model(model, revision), revision=revision, dtype=kind, trust_remote_code=trusted
        )
        if adapter is not None:
            loaded.load_adapter(adapter.path)  # by peft
        if placement.head_dtype:
            _compute_head_in(loaded, getattr(torch, placement.head_dtype))
        loaded = loaded.to("cuda" if torch.cuda.is_available() else "cpu").eval()
    except ImportError:
        raise
    except Exception as error:
        require_trust(model, error)
        raise ModelError(f'model "{model}": transformers cannot load it: {one_line(error)}') from error
    return TransformersEngine(loaded, words, sampling, placement.max_num_seqs or LARGEST_BATCH, top_logprobs)


def gpus(placement: Placement, *, there: bool) -> float:
    """Return 1 where the cluster has GPUs and torch's CUDA build is installed."""
    del placement
    return float(there and "+cpu" not in installed_versions("torch").get("torch", "+cpu"))


def versions() -> dict[str, str]:
    """Return the versions of the packages that decide a completion, by name. This imports nothing."""
    return installed_versions("transformers", "torch")
