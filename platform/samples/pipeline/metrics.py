"""Report a job to Ray's own metrics, which Prometheus reads from every node.

For display only, like `samples.pipeline.telemetry`: nothing is decided from it, and without Ray nothing happens. Ray
puts `ray_` before each name, and `_total` behind a counter's.
"""

from collections.abc import Mapping
from typing import Any

_COUNTERS = {
    "samples_drawn": "Samples that replicas drew, failed ones too",
    "samples_tokens": "Tokens that replicas drew",
    "samples_errors": "Samples whose request failed",
    "samples_store_retries": "Requests to the lake's store that were repeated because it was away",
}
_REPLICAS = "samples_replicas"
_COMMIT = "samples_commit_seconds"
_SECONDS = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0]  # the buckets of a commit's time


class Metrics:
    """The metrics of one process. Every call is safe without Ray, and then does nothing."""

    def __init__(self, run: str = "") -> None:
        """Tag every number with the name of the run, or "" if the job has none."""
        self._tags = {"run": run}
        self._known: dict[str, int] = {}  # totals that were reported before
        self._made: dict[str, Any] = {}

    def totals(self, *, samples: int, tokens: int, errors: int, ready: int, starting: int) -> None:
        """Report totals since the job began, and the numbers of replicas that are ready and that start now."""
        self._count({"samples_drawn": samples, "samples_tokens": tokens, "samples_errors": errors})
        for state, number in (("ready", ready), ("starting", starting)):
            if gauge := self._metric("Gauge", _REPLICAS, "Replicas, by state", ("run", "state")):
                gauge.set(number, {**self._tags, "state": state})

    def committed(self, seconds: float) -> None:
        """Report one commit and how long it took."""
        if histogram := self._metric("Histogram", _COMMIT, "Time of one commit", ("run",), boundaries=_SECONDS):
            histogram.observe(max(seconds, 0.0), self._tags)

    def retries(self, total: int) -> None:
        """Report how many requests to the store this process repeated so far, see `samples.lake.patience.retries`."""
        self._count({"samples_store_retries": total})

    def _count(self, totals: Mapping[str, int]) -> None:
        for name, total in totals.items():
            more = total - self._known.get(name, 0)
            counter = self._metric("Counter", name, _COUNTERS[name], ("run",))
            if counter and more > 0:  # a counter takes no zero
                counter.inc(more, self._tags)
                self._known[name] = total

    def _metric(self, kind: str, name: str, about: str, tag_keys: tuple[str, ...], **more: Any) -> Any:
        """Return Ray's metric of this name; None without Ray."""
        if name not in self._made:
            try:
                import ray
                from ray.util import metrics
            except ImportError:
                return None
            if not ray.is_initialized():
                return None
            self._made[name] = getattr(metrics, kind)(name, description=about, tag_keys=tag_keys, **more)
        return self._made[name]
