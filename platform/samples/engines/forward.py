"""Score tokens with one forward pass of transformers, in bounded memory.

The logits of 16,000 tokens over a vocabulary of 150,000 are 10 GB in float32. So the layers run once, and the model
turns their output into logits slice by slice. Each slice is a call of the model itself, whose layers answer what they
answered before: whatever a model does after its layers (a head in another dtype, scaling, a soft cap) is done as ever.
"""

import inspect
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from samples.engines import Scored
from samples.engines.top import Top

_SLICE_VALUES = 1 << 25  # logits in one slice: 128 MiB in float32


def scored(
    model: Any,
    prompt_ids: list[int],
    completion: npt.NDArray[np.int32],
    slice_values: int = _SLICE_VALUES,
    top_logprobs: int = 0,
) -> Scored:
    """Return the raw log-prob of each token of `completion`, given all tokens before it: float32 log-softmax.

    `top_logprobs` asks for so many of the most likely tokens at each position too. A slice has `slice_values` logits at
    most. A model without `logits_to_keep`, or whose layers are no part of their own, gives all logits at once.

    Raises:
        ValueError: The model gives logits of other positions than it was asked for.
    """
    import torch

    size = completion.size
    with torch.inference_mode():
        ids = torch.tensor([[*prompt_ids, *completion.tolist()]], device=model.device)
        rows = torch.arange(len(prompt_ids) - 1, ids.shape[1] - 1, device=model.device)
        chosen = ids[0, rows + 1, None]
        if "logits_to_keep" not in inspect.signature(model.forward).parameters or model.base_model is model:
            return _joined([_found(model(ids, use_cache=False).logits[0, rows], chosen, top_logprobs)])
        step = max(1, slice_values // vocabulary(model))
        found: list[Scored] = []
        with _layers_run_once(model.base_model):
            for at in range(0, size, step):
                part = slice(at, at + step)
                logits = model(ids, use_cache=False, logits_to_keep=rows[part]).logits[0]
                if len(logits) != len(rows[part]):
                    raise ValueError(f"the model gave logits of {len(logits)} positions, not of {len(rows[part])}")
                found.append(_found(logits, chosen[part], top_logprobs))
                del logits  # or it stays while the next slice is computed
        return _joined(found)


def vocabulary(model: Any) -> int:
    """Return how many token ids the model can both read and predict."""
    return min(len(model.get_input_embeddings().weight), len(model.get_output_embeddings().weight))


def _found(logits: Any, chosen: Any, top_logprobs: int) -> Scored:
    logprobs = logits.float().log_softmax(-1)
    top = Top.of_logprobs(logprobs, top_logprobs) if top_logprobs else None
    return Scored(logprobs.gather(-1, chosen)[:, 0].cpu().numpy(), top=top)


def _joined(parts: list[Scored]) -> Scored:
    top = Top.joined([part.top for part in parts if part.top])
    return Scored(np.concatenate([part.token_logprobs for part in parts]), top=top)


@contextmanager
def _layers_run_once(layers: Any) -> Generator[None]:
    """Let `layers` compute its first call only; each later call returns the same output."""
    own = vars(layers).get("forward")  # another library may have put one there
    forward = layers.forward
    answers: list[Any] = []

    def answer(*args: Any, **more: Any) -> Any:
        if not answers:
            answers.append(forward(*args, **more))
        return answers[0]

    layers.forward = answer
    try:
        yield
    finally:
        if own is None:
            del layers.forward
        else:
            layers.forward = own
