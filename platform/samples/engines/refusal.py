"""Decide which completions cannot be scored. Every engine refuses the same ones, in the same words."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def refusal(
    prompt_ids: Sequence[int], completion: npt.NDArray[np.int32], vocabulary: int, max_model_len: int | None
) -> str | None:
    """Return why the completion cannot be scored after this prompt; None if it can.

    `max_model_len` limits prompt and completion together.
    """
    if not prompt_ids:
        return "there is no prompt token, so the first token of the completion has no log-prob"
    tokens = len(prompt_ids) + completion.size
    if max_model_len is not None and tokens > max_model_len:
        return (
            f"prompt of {len(prompt_ids)} and completion of {completion.size} tokens are longer than max_model_len "
            f"{max_model_len}"
        )
    for part in (np.asarray(prompt_ids), completion):
        outside = part[(part < 0) | (part >= vocabulary)]
        if outside.size:
            return f"token id {outside[0]} is not one of the model's {vocabulary:,} tokens"
    return None
