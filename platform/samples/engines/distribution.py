"""Apply the sampling parameters to logits, each as vLLM defines it.

Order: forbidden tokens, repetition, frequency and presence penalty, temperature, min_p, top_k, top_p.
"""

from typing import Any

from samples.engines import Sampling

GREEDY_BELOW = 1e-5  # below this temperature vLLM takes the most likely token
_MIN_TEMPERATURE = 1e-2  # vLLM raises any other temperature to at least this one


def processed_logits(logits: Any, prompt: Any, drawn: Any, sampling: Sampling, forbidden: list[int]) -> Any:
    """Return the logits of the distribution that the next token is drawn from.

    The result is the log-probs up to a constant; -inf marks a token that cannot be drawn. `logits` is (rows,
    vocabulary) in float32, `prompt` (tokens,), `drawn` (rows, tokens so far). A greedy draw takes the largest value;
    for it only penalties and forbidden tokens are applied, not temperature, min_p, top_k or top_p.
    """
    logits = logits.clone()
    never = -float("inf")
    if forbidden:
        logits[:, forbidden] = never
    _apply_penalties(logits, prompt, drawn, sampling)
    if sampling.temperature < GREEDY_BELOW:
        return logits
    logits /= max(sampling.temperature, _MIN_TEMPERATURE)
    if sampling.min_p > 0:
        shares = logits.softmax(-1)
        logits.masked_fill_(shares < shares.max(-1, keepdim=True).values * sampling.min_p, never)
    if 0 < sampling.top_k < logits.shape[-1]:
        logits.masked_fill_(logits < logits.topk(sampling.top_k, -1).values[:, -1:], never)
    if sampling.top_p < 1:
        ascending, order = logits.sort(-1)
        left_out = ascending.softmax(-1).cumsum(-1) <= 1 - sampling.top_p
        left_out[:, -1] = False  # always keep one token
        logits.masked_fill_(left_out.scatter(-1, order, left_out), never)
    return logits


def _apply_penalties(logits: Any, prompt: Any, drawn: Any, sampling: Sampling) -> None:
    import torch

    if sampling.repetition_penalty == 1 and not sampling.frequency_penalty and not sampling.presence_penalty:
        return
    counts = torch.zeros_like(logits).scatter_add_(1, drawn, torch.ones_like(drawn, dtype=logits.dtype))
    seen = counts > 0
    if sampling.repetition_penalty != 1:
        anywhere = seen.clone()
        anywhere[:, prompt] = True
        weaker = torch.where(logits > 0, logits / sampling.repetition_penalty, logits * sampling.repetition_penalty)
        logits.copy_(torch.where(anywhere, weaker, logits))
    logits -= sampling.frequency_penalty * counts
    logits -= sampling.presence_penalty * seen
