"""The most likely tokens at each position of a completion, where somebody asks for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

MOST = 20  # tokens at a position: what vLLM gives by default


@dataclass(frozen=True)
class Top:
    """The N most likely next tokens at each position, the likeliest first: (positions, N) each.

    `token_ids` is int32, `logprobs` float32: natural logarithms, -inf for a token that cannot be drawn. Positions are
    those of the completion's tokens, from the first on. Only the last one may be missing, where the engine had no room.
    """

    token_ids: npt.NDArray[np.int32]
    logprobs: npt.NDArray[np.float32]

    @classmethod
    def of_lists(cls, token_ids: list[int], logprobs: list[float], n: int) -> "Top":
        """Return what lists hold that give the token itself first at each position, and then the N most likely ones.

        Raises:
            ValueError: The lists hold another number of tokens.
        """
        shape = (-1, n + 1)
        ids = np.array(token_ids, np.int32).reshape(shape)[:, 1:]
        return cls(ids, np.array(logprobs, np.float32).reshape(shape)[:, 1:])

    @classmethod
    def of_logprobs(cls, logprobs: Any, n: int) -> "Top":
        """Return the N largest of the log-probs of all tokens: a torch tensor (positions, vocabulary)."""
        values, ids = logprobs.topk(min(n, logprobs.shape[-1]), -1)
        return cls(ids.cpu().numpy().astype(np.int32), values.cpu().numpy())

    @classmethod
    def joined(cls, parts: Sequence["Top"]) -> "Top | None":
        """Return the positions of all parts, in order; None if there are no parts."""
        if not parts:
            return None
        return cls(
            np.concatenate([part.token_ids for part in parts]), np.concatenate([part.logprobs for part in parts])
        )

    def rows(self) -> "list[Top]":
        """Return a `Top` for each row."""
        return [Top(self.token_ids[row : row + 1], self.logprobs[row : row + 1]) for row in range(len(self.token_ids))]
