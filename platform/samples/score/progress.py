"""What one scoring did."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from samples.lake.tables import Tables
from samples.query.connect import connect
from samples.runs.run import Run
from samples.score.parity import told
from samples.score.scorer import Scorer

_SHOWN = 3  # reasons of errors


@dataclass(frozen=True)
class Summary:
    """What one scoring did, and what the scorer has of these runs now.

    Every wanted sample was scored already, was adopted, scored, added by other drivers meanwhile, or is missing. The
    counts from `ids` on are of all scores that the scorer has of these runs: `ids` and `text` by token mode,
    `retokenized` those of which the text becomes other tokens than the run drew, `errors` those that could not be
    scored, with the most frequent `reasons`. `parity` is the last check, "" if there was none.
    """

    scorer_id: str
    name: str
    model: str
    runs: tuple[str, ...]
    wanted: int
    already: int
    adopted: int
    scored: int
    by_others: int
    missing: int
    tokens: int
    nonfinite: int
    heavy_bytes: int
    seconds: float  # of scoring, from the first ready replica to the last commit
    stopped: bool
    notes: tuple[str, ...]
    ids: int = 0
    text: int = 0
    retokenized: int = 0
    errors: int = 0
    reasons: tuple[str, ...] = ()
    parity: str = ""

    @property
    def tokens_per_second(self) -> float:
        """The tokens scored per second."""
        return self.tokens / self.seconds if self.seconds else 0.0

    @property
    def bytes_per_token(self) -> float:
        """The bytes on disk per scored token."""
        return self.heavy_bytes / self.tokens if self.tokens else 0.0


def read_back(lake: Tables, scorer: Scorer, runs: Sequence[Run]) -> dict[str, Any]:
    """Return the counts of a `Summary` that the lake has: of all scores of these runs by this scorer.

    Raises:
        LakeError: The lake cannot be read.
    """
    values = {"scorer": scorer.scorer_id, "runs": [run.run_id for run in runs]}
    with connect(lake, ["scores", "scorers"]) as connection:
        ((ids, text, retokenized, errors),) = connection.execute(_COUNTS, values).fetchall()
        reasons = connection.execute(_REASONS, {**values, "most": _SHOWN}).fetchall()
        checks = connection.execute(_PARITY, {"scorer": scorer.scorer_id}).fetchall()
    return {
        "ids": ids,
        "text": text,
        "retokenized": retokenized,
        "errors": errors,
        "reasons": tuple(f"{count:,} x {reason}" for reason, count in reasons),
        "parity": told(*checks[0]) if checks else "",
    }


_COUNTS = """
SELECT count(*) FILTER (error IS NULL AND token_mode = 'ids'), count(*) FILTER (error IS NULL AND token_mode = 'text'),
       count(*) FILTER (error IS NULL AND NOT same_tokens), count(error)
FROM scores WHERE scorer_id = $scorer AND list_contains($runs, run_id)
"""

# Numbers differ from sample to sample: the reason is told with those of one of them.
_REASONS = """
SELECT any_value(error), count(*) AS count
FROM scores WHERE scorer_id = $scorer AND list_contains($runs, run_id) AND error IS NOT NULL
GROUP BY regexp_replace(error, '[0-9]+', '#', 'g') ORDER BY count DESC, 1 LIMIT $most
"""

_PARITY = """
SELECT parity_run, parity_samples, parity_tokens, parity_mean, parity_worst, parity_kl
FROM scorers WHERE scorer_id = $scorer AND parity_samples > 0
"""
