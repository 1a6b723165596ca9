"""Write what came out of the study, figure by figure beside the paper's claims: no number is typed by hand.

    SAMPLES_LAKE=.paper/full/lake python benchmarks/paper/results.py results.md

Each figure has the command that repeats it. Its sentence follows from the answer: an effect counts as there when its
95 % interval leaves out 0.
"""

import argparse
import os
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import samples
from samples.api import Lake

Row = dict[str, Any]


@dataclass(frozen=True)
class Figure:
    """One question: what is claimed, the columns of the answer that are shown, and a sentence about it."""

    title: str
    claim: str
    query: str
    given: dict[str, Any]
    columns: str
    says: Callable[[list[Row]], str] | None = None

    def command(self) -> str:
        """Return the command that repeats the figure."""
        given = [
            part
            for name, value in self.given.items()
            for part in (f"--{name.replace('_', '-')}", ",".join(map(str, value)) if _many(value) else str(value))
        ]
        return shlex.join(["samples", "query", self.query, *given])

    def markdown(self, lake: Lake) -> str:
        """Return the figure as text: the claim, what came out, the table, and the command."""
        answer = getattr(lake.queries, self.query)(**self.given)
        rows = answer.dicts()
        parts = [f"## {self.title}", self.claim]
        if self.says and rows:
            parts.append(f"Here: {self.says(rows)}")
        parts += [table(rows, self.columns.split()), f"    {self.command()}"]
        return "\n\n".join(parts)


def _many(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def table(rows: list[Row], columns: list[str]) -> str:
    """Return rows as a Markdown table with these columns."""
    lines = [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    lines += [f"| {' | '.join(text(row[column]) for column in columns)} |" for row in rows]
    return "\n".join(lines)


def text(value: Any) -> str:
    """Return a value as it stands in a table: three decimals; - for none."""
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def interval(row: Row, digits: int = 3) -> str:
    """Return `low to high` of a row."""
    return f"{row['low']:.{digits}f} to {row['high']:.{digits}f}"


def ahead(rows: list[Row]) -> str:
    """Say which run is ahead at each k, and what could have been seen."""
    said: list[str] = []
    for row in rows:
        leader = row["a"] if row["difference"] > 0 else row["b"]
        sure = row["low"] > 0 or row["high"] < 0
        said.append(
            f"at k = {row['k']} {leader if sure else 'neither run'} is ahead{'' if sure else ' for certain'} "
            f"({row['difference']:+.3f}, {interval(row)})"
        )
    return f"{'; '.join(said)}. Differences from {rows[-1]['detectable']:.3f} on would be seen at the largest k."


def crossed(rows: list[Row]) -> str:
    """Say where the lead changes."""
    row = rows[0]
    if row["leads_at_1"] is None:
        return "both runs are the same at k = 1."
    if row["k"] is None:
        return (
            f"{row['leads_at_1']} leads at k = 1, and no other run takes the lead up to k = {row['largest_k']} "
            f"({row['uncrossed']:.0%} of the resamples agree)."
        )
    upper = f"above {row['largest_k']}" if row["high"] is None else row["high"]
    lower = f"above {row['largest_k']}" if row["low"] is None else row["low"]
    return (
        f"{row['leads_at_1']} leads at k = 1; {row['leads_at_k']} takes the lead at k = {row['k']} (95 % interval: "
        f"{lower} to {upper}). In {row['uncrossed']:.0%} of the resamples nobody takes it up to k = {row['largest_k']}."
    )


def figures(base: str, steps: list[str], other: tuple[str, str], k: int, other_k: int) -> list[Figure]:
    """Return the figures of the study.

    `steps` are the trained runs, the last of them the child; `other` is base and child on products. k is the number of
    samples of each problem, and other_k that of products.
    """
    child = steps[-1]
    pair = {"a": base, "b": child}
    ks, other_ks = (sorted({1, min(8, most), min(64, most), most}) for most in (k, other_k))
    shown = "k problems pass_at_k_a pass_at_k_b difference low high detectable wins losses ties"
    lenient, strict = {"verifier": "numeric"}, {"verifier": "stated"}
    return [
        Figure(
            "Pass@k",
            "The paper: the trained model is ahead at k = 1, and the base is ahead at large k.",
            "compare", pair | lenient | {"ks": ks}, shown, ahead,
        ),
        Figure(
            "Where the curves cross",
            "The paper: the base overtakes at k of tens to hundreds.",
            "crossing", pair | lenient, "leads_at_1 k leads_at_k low high uncrossed behind_from largest_k", crossed,
        ),
        Figure(
            "These problems alone",
            "The same about these problems alone, sampled anew: nothing is said of other problems of the kind.",
            "compare", pair | lenient | {"ks": ks, "interval": "these"}, "k difference low high wins losses ties",
        ),
        Figure(
            "Pass@k under the strict verdict",
            "The claim should hold under a strict verifier too.",
            "compare", pair | strict | {"ks": ks}, shown, ahead,
        ),
        Figure(
            "Where the curves cross, under the strict verdict", "As above.",
            "crossing", pair | strict, "leads_at_1 k leads_at_k low high uncrossed behind_from largest_k", crossed,
        ),
        Figure(
            "Solved problems",
            "The paper: the problems that the trained model solves are nearly a part of those that the base solves.",
            "coverage", pair | lenient, "outcome problems share p_value",
        ),
        Figure(
            "Support kept, gained and lost",
            "Wu et al. 2025: training keeps most of the support, gains little and loses more.",
            "support", pair | lenient, "srr ndr sds nscr p e s",
        ),
        Figure(
            "Accuracy histogram",
            "The paper: training moves problems to accuracy 1, and some to accuracy 0.",
            "accuracy_histogram", {"runs": [base, child], **lenient}, "run bin problems share",
        ),
        Figure(
            "Sampling-efficiency gap over the steps",
            "The paper: pass@1 rises with training and stays far below the base's pass@256.",
            "efficiency_gap", {"base": base, "runs": steps, **lenient, "ks": [min(256, k)]},
            "run base_pass_at_K pass_at_1 gap low high problems",
        ),
        Figure(
            "Perplexity under the base",
            "The paper: the base finds the trained model's answers likely, like the likelier ones of its own.",
            "perplexity_by_run", {"runs": [base, child], "scorer": base, **lenient},
            "run status problems samples perplexity lowest highest",
        ),
        Figure(
            "Perplexity under the model itself",
            "A trained model finds its own answers likelier than the base finds its own: its distribution is narrower.",
            "perplexity_by_run", {"runs": [base, child], **lenient}, "run status problems samples perplexity",
        ),
        Figure(
            "Answers that the base finds as likely as its own",
            "If the base could have given them, it finds most of them as likely as its own.",
            "likelihood_ratio_by_run", {"runs": steps, "scorer": base},
            "run problems share_as_likely low high log_ratio compared",
        ),
        Figure(
            "Perplexity under the base, over the steps",
            "The paper: it falls as training goes on.",
            "perplexity_by_step", {"runs": [base, *steps], "scorer": base},
            "value run problems samples perplexity low high",
        ),
        Figure(
            "Divergence from the base, over the steps",
            "It should grow with training.",
            "divergence", {"runs": steps, "scorer": base}, "run per samples divergence low high k3 cut",
        ),
        Figure(
            "Entropy",
            "It should fall with training, and with it the variety of answers.",
            "entropy", {"runs": [base, *steps]}, "run per samples entropy low high cut",
        ),
        Figure(
            "Different answers to a problem",
            "There should be fewer after training.",
            "answers_by_run", {"runs": [base, child], **lenient}, "run problems distinct_answers entropy top_share",
        ),
        Figure(
            "A task that was not trained: products",
            "What training on sums does to another task.",
            "compare", {"a": other[0], "b": other[1], **lenient, "ks": other_ks}, shown, ahead,
        ),
        Figure(
            "What more samples would show",
            "Pass@k of these problems, if the runs went on.",
            "forecast", {"runs": [base, child], **lenient, "ks": [2 * k, 4 * k]},
            "run k pass_at_k low high observed_at_n unsolved never",
        ),
        Figure(
            "Completions that were cut",
            "A check: a model must not be wrong because it was not let finish.",
            "truncation", {"runs": [base, *steps], **lenient},
            "run samples stopped cut share_cut accuracy accuracy_without_cut",
        ),
    ]  # fmt: skip


def chosen(lake: Lake) -> list[Figure]:
    """Return the figures of the lake's runs, which study.sh named and labelled."""
    runs = lake.runs().dicts()
    trained = [run for run in runs if run["labels"].get("algorithm") != "none"]
    steps = sorted((run for run in trained if run["dataset"] == "sums"), key=lambda run: int(run["labels"]["step"]))
    [child] = [run["run"] for run in trained if run["dataset"] == "products"]
    pairs = ("base-sums", steps[-1]["run"]), ("base-products", child)
    most = [lake.queries.compare(a=a, b=b, verifier="numeric").dicts()[-1]["k"] for a, b in pairs]
    return figures("base-sums", [run["run"] for run in steps], pairs[1], *most)


def main() -> None:
    parser = argparse.ArgumentParser(description="Write what came out of the study.")
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    lake = samples.open(os.environ["SAMPLES_LAKE"])
    head = (
        "# What came out\n\nresults.py wrote this from the lake. README.md has the protocol. Intervals are of 95 %.\n"
        "In a comparison, a is the base and b is its child."
    )
    given.out.write_text("\n\n".join([head, *(figure.markdown(lake) for figure in chosen(lake))]) + "\n")
    print(f"wrote {given.out}")


if __name__ == "__main__":
    main()
