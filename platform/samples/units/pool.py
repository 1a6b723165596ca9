"""Put a job that needs engines on a pool of replicas: how many, with which GPUs, and how many units each begins."""

import math

from samples import engines
from samples.engines import Placement
from samples.pipeline.job import Job
from samples.pipeline.resources import Need, has_gpus, require, room
from samples.pipeline.stream import TICKETS, Stream
from samples.runs.request import Pool
from samples.units.plan import CELL, Plan

_AHEAD = 8  # batches that a replica begins: a unit lasts as long as its longest completion, see `pipeline.admission`
_THREADS = 256  # of a replica, one for each unit; more only to fill a batch with small units. One takes up to a MiB


def units_at_once(engine: str, placement: Placement, pool: Pool, unit: int) -> int:
    """Return how many units of `unit` samples all replicas together begin at once."""
    return (math.ceil(engines.largest_batch(engine, placement) / unit) + 1) * pool.largest


def stream(job: Job, todo: Plan, engine: str, placement: Placement, pool: Pool, name: str) -> Stream:
    """Return the stream of a job's units. Ray must be there; `name` is the run's or scorer's, for metrics.

    Raises:
        SamplesError: No node can ever hold a replica, and none is waited for.
    """
    batch = engines.largest_batch(engine, placement)
    need = Need(gpus=engines.gpus(engine, placement, there=has_gpus()))
    there = room(need)
    if pool.smallest:
        require(need, there)
    replicas = max(1, min(pool.largest, there.ever)) if there.ever else pool.largest
    return Stream(
        job,
        smallest=pool.smallest,
        largest=pool.largest,
        # A node that is busy may only now be freed: by the pool of the round before, for example.
        first=min(there.there, math.ceil(todo.missing / batch)),
        calls=calls_at_once(batch, todo, replicas),
        need=need,
        assigned=True,
        run=name,
    )


def calls_at_once(batch: int, plan: Plan, replicas: int) -> int:
    """Return how many units a replica begins: several batches, but few enough that every replica gets some.

    `batch` is the number of samples that one engine may work on at once. A replica holds back what its own engine has
    no room for, see `pipeline.admission`.
    """
    unit = max(int(plan.count.max()), 1)
    units = math.ceil(batch / min(unit, CELL))
    share = min(len(plan), TICKETS) // (2 * replicas)  # as many again wait at each replica, so half of an even share
    ahead = min(_AHEAD * units, share, _THREADS)
    return max(1, min(max(units + 1, ahead), len(plan)))
