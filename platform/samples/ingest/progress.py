"""What one ingest did."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Summary:
    """What one ingest did. `heavy_bytes` counts the bytes of its segments, `tokens` the tokens that it drew.

    Every wanted sample was there already, was adopted, drawn, added by other drivers meanwhile, or is missing.
    """

    run_id: str
    name: str
    wanted: int
    already: int
    adopted: int
    drawn: int
    by_others: int
    missing: int
    beyond: int
    errors: int
    tokens: int
    nonfinite: int
    heavy_bytes: int
    seconds: float  # of sampling, from the first ready replica to the last commit
    stopped: bool
    verdicts: dict[str, int] = field(default_factory=dict[str, int])
    notes: tuple[str, ...] = ()

    @property
    def tokens_per_second(self) -> float:
        """The tokens drawn per second of sampling."""
        return self.tokens / self.seconds if self.seconds else 0.0

    @property
    def bytes_per_token(self) -> float:
        """The bytes on disk per token: ids, log-probs and text together."""
        return self.heavy_bytes / self.tokens if self.tokens else 0.0
