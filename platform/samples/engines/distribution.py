"""What a token is drawn from: vLLM's definition of every sampling parameter, on logits.

Order: held-back tokens, repetition, frequency and presence penalty, temperature, min_p, top_k, top_p.
"""

from typing import Any

from samples.engines import Sampling

GREEDY = 1e-5  # below this temperature vLLM takes the likeliest token
_COLDEST = 1e-2  # and takes any other temperature below this one as this one


def processed(logits: Any, prompt: Any, drawn: Any, sampling: Sampling, held_back: list[int]) -> Any:
    """Return log-probs, up to a constant, of what the next token is drawn from; -inf is what it cannot be.

    `logits` is (rows, vocabulary) in float32, `prompt` (tokens,), `drawn` (rows, tokens so far). A greedy draw takes
    the largest of what is returned, which then has penalties in it but no temperature and nothing cut off.
    """
    logits = logits.clone()
    never = -float("inf")
    if held_back:
        logits[:, held_back] = never
    _penalise(logits, prompt, drawn, sampling)
    if sampling.temperature < GREEDY:
        return logits
    logits /= max(sampling.temperature, _COLDEST)
    if sampling.min_p > 0:
        shares = logits.softmax(-1)
        logits.masked_fill_(shares < shares.max(-1, keepdim=True).values * sampling.min_p, never)
    if 0 < sampling.top_k < logits.shape[-1]:
        logits.masked_fill_(logits < logits.topk(sampling.top_k, -1).values[:, -1:], never)
    if sampling.top_p < 1:
        ascending, order = logits.sort(-1)
        left_out = ascending.softmax(-1).cumsum(-1) <= 1 - sampling.top_p
        left_out[:, -1] = False  # one token always stays
        logits.masked_fill_(left_out.scatter(-1, order, left_out), never)
    return logits


def _penalise(logits: Any, prompt: Any, drawn: Any, sampling: Sampling) -> None:
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
