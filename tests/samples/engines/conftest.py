"""How tests start a vLLM on this machine, and how exact its log-probs are there."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from samples.engines import Placement


@pytest.fixture(scope="session")
def placed(cuda_build: bool) -> Callable[..., Placement]:
    """Return a function that makes a placement for the tiny model, which leaves room for others on the same GPU."""

    def make(**settings: Any) -> Placement:
        if cuda_build:  # without graphs, since capturing them takes a minute
            extra = settings.pop("extra", {}) | {"enforce_eager": True}
            return Placement(gpu_memory_utilization=0.2, extra=extra, **settings)
        return Placement(kv_cache_gib=0.25, **settings)

    return make


@pytest.fixture(scope="session")
def tolerance(cuda_build: bool) -> Mapping[str, float]:
    """How far a log-prob of the tiny model may be from the exact one, by the dtype that vLLM computes in.

    On a CPU with float32 only the order of additions differs. Measured: 5e-6 here, 4e-5 on SmolLM2-135M. On a GPU
    vLLM's attention multiplies float32 numbers in TF32, which has the 10 bits of float16. Nobody has measured that yet;
    with numbers rounded to 10 bits, transformers on a CPU was at most .017 from the exact log-probs, and .046 in
    float16.
    """
    return {"float32": 0.03, "float16": 0.1} if cuda_build else {"float32": 1e-4}
