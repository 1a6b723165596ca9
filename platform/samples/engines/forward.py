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

_SLICE_VALUES = 1 << 25  # logits in one slice: 128 MiB in float32


def token_logprobs(
    model: Any, prompt_ids: list[int], completion: npt.NDArray[np.int32], slice_values: int = _SLICE_VALUES
) -> npt.NDArray[np.float32]:
    """Return the raw log-prob of each token of `completion`, given all tokens before it: float32 log-softmax.

    A slice has `slice_values` logits at most. A model without `logits_to_keep`, or whose layers are no part of their
    own, gives all logits at once.

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
            return _chosen(model(ids, use_cache=False).logits[0, rows], chosen)
        step = max(1, slice_values // vocabulary(model))
        found = np.empty(size, np.float32)
        with _layers_run_once(model.base_model):
            for at in range(0, size, step):
                part = slice(at, at + step)
                logits = model(ids, use_cache=False, logits_to_keep=rows[part]).logits[0]
                if len(logits) != len(rows[part]):
                    raise ValueError(f"the model gave logits of {len(logits)} positions, not of {len(rows[part])}")
                found[part] = _chosen(logits, chosen[part])
                del logits  # or it stays while the next slice is computed
        return found


def vocabulary(model: Any) -> int:
    """Return how many token ids the model can both read and predict."""
    return min(len(model.get_input_embeddings().weight), len(model.get_output_embeddings().weight))


def _chosen(logits: Any, chosen: Any) -> npt.NDArray[np.float32]:
    return logits.float().log_softmax(-1).gather(-1, chosen)[:, 0].cpu().numpy()


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
