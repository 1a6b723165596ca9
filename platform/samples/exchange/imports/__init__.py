"""Other tools' sample files as runs of a lake: one reader per format, a plain dict as registry."""

from collections.abc import Callable, Iterator
from typing import Any

from samples.exchange.imports import human_eval, inspect_ai, lm_eval, nemo_skills, own, qwen_math
from samples.exchange.imports.row import Row

Reader = Callable[[Any, str | None], Iterator[Row]]  # a value of the file, and the score that was chosen, to rows

FORMATS: dict[str, Reader] = {
    "samples": own.read,
    "human-eval": human_eval.read,
    "qwen-math": qwen_math.read,
    "lm-eval": lm_eval.read,
    "inspect": inspect_ai.read,
    "nemo-skills": nemo_skills.read,
}
