"""What a replica holds of a machine, and how many replicas the nodes of a cluster have room for.

A replica lies on one node. A cluster may have nodes that are not there yet: those that its autoscaler may add.
"""

import math
import sys
from dataclasses import dataclass
from typing import Any

from samples.errors import UsageError


@dataclass(frozen=True)
class Need:
    """What one replica holds. `gpus` below 1 is a part of one GPU; above, it is a whole number."""

    cpus: float = 1
    gpus: float = 0

    def fits(self, resources: dict[str, float]) -> int:
        """Return how many replicas a node with these resources has room for."""
        rooms = [(resources.get("CPU", 0), self.cpus), (resources.get("GPU", 0), self.gpus)]
        return min(math.floor(there / part + 1e-9) for there, part in rooms if part)


@dataclass(frozen=True)
class Room:
    """How many replicas a cluster has room for.

    `now` counts beside all other work, `there` on the nodes that are there, and `ever` with all nodes that may come.
    `largest` is the largest number of GPUs on one node that is there. `grows` says that an autoscaler may add nodes.
    """

    now: int
    there: int
    ever: int
    largest: float
    grows: bool


def room(need: Need) -> Room:
    """Ask the cluster how many replicas it has room for."""
    import ray

    nodes: list[dict[str, Any]] = [node for node in ray.nodes() if node["Alive"]]
    free = _free(nodes)
    kinds = _kinds()
    there = sum(need.fits(node["Resources"]) for node in nodes)
    return Room(
        now=sum(map(need.fits, free)),
        there=there,
        ever=max(there, min(sum(need.fits(resources) * count for resources, count in kinds), sys.maxsize)),
        largest=max((node["Resources"].get("GPU", 0) for node in nodes), default=0),
        grows=bool(kinds),
    )


def has_gpus() -> bool:
    """Whether a node with a GPU is there now."""
    import ray

    return bool(ray.cluster_resources().get("GPU"))


def held_gpus() -> float | None:
    """Return how many GPUs this process holds, if it is one of Ray's workers."""
    import ray

    if not ray.is_initialized() or ray.get_runtime_context().worker.mode != ray.WORKER_MODE:
        return None
    return len(ray.get_gpu_ids())


def require(need: Need, there: Room) -> None:
    """Check that some node can hold a replica, now or when the autoscaler has added it.

    Raises:
        UsageError: No node can.
    """
    if not there.ever:
        raise UsageError(
            f"{missing(need, there)}; a replica lies on one node: ask for fewer GPUs per replica, add nodes "
            "(--replicas 0..N waits for them), or install vLLM's CPU build (deploy/environment.sh) without GPUs"
        )


def missing(need: Need, there: Room) -> str:
    """Say what no node has."""
    if not need.gpus:
        return "no node has a free core"
    count = f"{need.gpus:g} free GPU{'' if need.gpus <= 1 else 's'}"
    return f"no node has {count}; largest: {there.largest:g}"


def _free(nodes: list[dict[str, Any]]) -> list[dict[str, float]]:
    """Return what each node has free."""
    from ray._private import state

    free = state.available_resources_per_node()
    return [free.get(node["NodeID"], {}) for node in nodes]


def _kinds() -> list[tuple[dict[str, float], int]]:
    """Return the kinds of nodes that the autoscaler may start, each with the most there may be of it."""
    from ray._private import state

    config = state.state.get_cluster_config()
    return [
        (dict(group.resources), sys.maxsize if group.max_count == -1 else group.max_count)
        for group in (config.node_group_configs if config else ())
        if group.resources and group.max_count
    ]
