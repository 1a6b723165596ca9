"""Split a completion into what a reader sees and what the model thought, and drop special tokens.

What follows the last closed thinking part is seen. A thinking part that was never closed hides what follows it. If
nothing else was written, the thinking is all there is.
"""

import re

_THOUGHT = r"think|thinking|thought|thoughts|reasoning|analysis|scratchpad|reflection"
OPENS = re.compile(
    rf"<(?:{_THOUGHT})>|◁think▷|\[THINK\]|<\|begin_of_thought\|>|<\|channel\|>analysis<\|message\|>", re.IGNORECASE
)
CLOSES = re.compile(
    rf"</(?:{_THOUGHT})>|◁/think▷|\[/THINK\]|<\|end_of_thought\|>|<\|channel\|>final<\|message\|>", re.IGNORECASE
)
_SPECIAL = re.compile(
    r"<[|\uff5c][^<>|\uff5c\n]{1,40}[|\uff5c]>|</?s>|<(?:eos|bos|pad|end_of_turn|start_of_turn|unk|EOT)>|\[/?INST\]"
)


def seen_and_all(completion: str) -> list[str]:
    """Return the texts to search, best first: what is seen if there is thinking, then the whole completion."""
    texts = [completion]
    if "<" in completion or "◁" in completion or "[" in completion:
        end = 0
        for closed in CLOSES.finditer(completion):
            end = closed.end()
        seen = completion[end:]
        if opened := OPENS.search(seen):
            seen = seen[: opened.start()]
        if seen.strip() and len(seen) < len(completion):
            texts.insert(0, seen)
    return [_SPECIAL.sub(" ", text) if "<" in text or "[" in text else text for text in texts]
