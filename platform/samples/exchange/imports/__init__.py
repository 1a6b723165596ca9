"""Import other tools' sample files as runs of a lake. Each format has one reader, registered here by its name."""

from collections.abc import Callable, Iterator
from typing import Any

from samples.exchange.imports import (
    evalplus,
    every_eval_ever,
    human_eval,
    inspect_ai,
    lm_eval,
    nemo_skills,
    own,
    qwen_math,
    simple_evals,
)
from samples.exchange.imports.row import Row

Reader = Callable[[Any, str | None], Iterator[Row]]  # takes one value of the file and the chosen score, yields rows

FORMATS: dict[str, Reader] = {
    "samples": own.read,
    "human-eval": human_eval.read,
    "qwen-math": qwen_math.read,
    "lm-eval": lm_eval.read,
    "inspect": inspect_ai.read,
    "nemo-skills": nemo_skills.read,
    "evalplus": evalplus.read,
    "simple-evals": simple_evals.read,
    "every-eval-ever": every_eval_ever.read,
}
ROWS = "rows"  # rows of any tool: which field holds what is chosen from the file (see `rows`)
AUTO = "auto"  # the format whose marks the file has (see `detect`)
