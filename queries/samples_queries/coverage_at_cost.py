"""coverage_at_cost: how many problems each run solves for a budget of tokens: pass@k at equal cost.

group    accuracy
params   runs: runs, verifier: verifier, budgets: ints = none, problem_set: problems
reads    judged_perplexities, verified
grain    run, dataset, verifier, budget
columns  run, dataset, verifier, budget, problems, mean_k, coverage, low, high, interval
means    budgets: numbers of completion tokens for each problem; without them powers of two, and the largest budget that
           all problems reach
         problem_set: which problems count: common (those of which every named run has as many tokens as the largest
           budget), own (each run its own, the same ones at every budget) or each (each run its own at every budget)
         budget: completion tokens for each problem
         problems: problems that the figures are means over: as many tokens were drawn of each as the budget
         mean_k: number of samples that the budget pays for, averaged over problems
         coverage: expected share of these problems with at least one correct sample for this budget, in [0, 1]
example  samples query coverage_at_cost --runs base-7b,rl-7b --budgets 512,2048

A run with long completions draws fewer samples for the same tokens, so that runs are compared at equal cost.

The budget of B tokens is what the samples of one problem cost on average. When a problem's samples have T tokens on
average, B pays for k = B/T of them. A whole number of samples is drawn: k rounded down, and one more with the
probability that makes their expected cost exactly B. The chance that one of them is correct is then pass@k,
interpolated linearly between the whole numbers around k, with pass@0 = 0. It is computed from the counts, exactly, as
in `pass_at_k`. T is the mean over the problem's verified samples.

Only completion tokens count. Problems of which a verified sample has no number of tokens are left out. The interval is
"two-level beta", as in `pass_at_k`. It takes T as known.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from samples_queries import Answer, Unanswerable
from samples_queries.chances import Floats, Integers, all_wrong, means, sums
from samples_queries.groups import doubling, require_samples
from samples_queries.intervals import METHOD, mean_interval
from samples_queries.problem_sets import settle

_SHOWN = 8  # budgets in a note

# `reach` is the fewest tokens that a run of the team drew of the problem; NULL when some are unknown, or all are 0.
_SQL = """
WITH spent AS (
    SELECT run, problem_id, sum(tokens)::BIGINT AS tokens, count(tokens) AS known
    FROM judged_perplexities
    WHERE list_contains($runs, run) AND verdict IS NOT NULL
    GROUP BY run, problem_id
), priced AS (
    SELECT team, run, dataset, problem_id, n, c, CASE WHEN known = n AND tokens > 0 THEN tokens END AS tokens
    FROM compared
    JOIN (SELECT run, dataset, problem_id, team FROM judged_problems) USING (run, dataset, problem_id)
    JOIN spent USING (run, problem_id)
)
SELECT
    team, run, dataset, n, c, tokens,
    CASE WHEN bool_and(tokens IS NOT NULL) OVER problem THEN min(tokens) OVER problem END AS reach
FROM priced
WINDOW problem AS (PARTITION BY team, dataset, problem_id)
ORDER BY team, run, problem_id
"""


@dataclass(frozen=True)
class _Team:
    """The problems of the runs that are compared on one set; arrays over the problems of all runs, [rows]."""

    dataset: str
    runs: Sequence[str]
    run: Sequence[str]
    n: Integers
    c: Integers
    tokens: Floats
    reach: Floats  # NaN when the tokens are unknown


def answer(
    connection: duckdb.DuckDBPyConnection,
    *,
    runs: list[str],
    verifier: str,
    budgets: list[int] | None,
    problem_set: str,
) -> Answer:
    """Return the coverage of each run, at each budget that its problems reach.

    Raises:
        Unanswerable: A budget is below 1 or none is reached, no tokens are known, or runs have no verdicts, no common
            problem, or counts only.
    """
    if budgets and min(budgets) < 1:
        raise Unanswerable(f"budget = {min(budgets)}: expected at least 1 token")
    settled = settle(connection, runs, verifier, problem_set, counted=False)
    priced = connection.sql(_SQL, params={"runs": runs}).to_arrow_table()
    judged = connection.execute("SELECT DISTINCT run FROM compared ORDER BY run").fetchall()
    require_samples((run for (run,) in judged), priced["run"].unique().to_pylist())
    notes, parts = list(settled.notes), list[pa.Table]()
    for team in _teams(priced):
        rows, said = _answered(team, verifier, budgets, each=problem_set == "each")
        parts += rows
        notes += said
    if not parts:
        raise Unanswerable("; ".join(notes))
    order = [(name, "ascending") for name in ("run", "dataset", "budget")]
    return Answer(pa.concat_tables(parts).sort_by(order), notes)


def _teams(priced: pa.Table) -> list[_Team]:
    teams, run = priced["team"].to_pylist(), priced["run"].to_pylist()
    starts = [place for place, team in enumerate(teams) if not place or team != teams[place - 1]]
    found: list[_Team] = []
    for start, end in zip(starts, [*starts[1:], len(teams)], strict=True):
        here = priced.slice(start, end - start)
        tokens, reach = (here[name].to_numpy().astype(np.float64) for name in ("tokens", "reach"))
        n, c = here["n"].to_numpy(), here["c"].to_numpy()
        named, dataset = run[start:end], here["dataset"][0].as_py()
        found.append(_Team(dataset, list(dict.fromkeys(named)), named, n, c, tokens, reach))
    return found


def _answered(
    team: _Team, verifier: str, budgets: Sequence[int] | None, *, each: bool
) -> tuple[list[pa.Table], list[str]]:
    """Return the rows of a team's runs, and notes."""
    about, over = team.dataset, ", ".join(team.runs)
    total, unknown = (rows // len(team.runs) for rows in (len(team.n), int(np.isnan(team.reach).sum())))
    left = f"of {total} problems of {over} are left out"
    notes = [f"{about}: {unknown} {left}: samples without a number of tokens"] * bool(unknown)
    known = team.reach[~np.isnan(team.reach)]
    if not len(known):
        return [], notes
    least, most = int(known.min()), int(known.max())
    asked = sorted(set(budgets)) if budgets else _usual(team, most if each else least)
    kept = [budget for budget in asked if budget <= most]
    if beyond := [budget for budget in asked if budget > most]:
        named = ", ".join(map(str, beyond[:_SHOWN])) + " …" * (len(beyond) > _SHOWN)
        notes.append(
            f"{about}: a budget of {named} tokens is left out: the most tokens of a problem are {most} ({over}); draw "
            "more samples with samples ingest"
        )
    elif not budgets and kept[-1] < most:
        notes.append(
            f"{about}: the largest budget is {kept[-1]} tokens, the fewest that were drawn of a problem ({over}); "
            f"--budgets {most} asks about the problems that have {most}"
        )
    if not kept:
        return [], notes
    needed = 1 if each else kept[-1]
    if few := int((known < needed).sum()) // len(team.runs):
        notes.append(
            f"{about}: {few} {left}: fewer than {needed} tokens were drawn of them; "
            "--problem-set each lets every run and every budget keep its own problems"
        )
    inside = team.reach >= needed
    parts = [
        _rows(team, place, kept, {"run": run, "dataset": about, "verifier": verifier})
        for run in team.runs
        if len(place := np.flatnonzero(inside & (np.array(team.run) == run)))
    ]
    return [part for part in parts if len(part)], notes


def _usual(team: _Team, largest: int) -> list[int]:
    """Return powers of two that pay for a sample of some problem, up to the largest budget, and that one."""
    cheapest = float(np.nanmin(team.tokens / team.n))
    return [budget for budget in doubling(largest) if budget >= cheapest or budget == largest]


def _rows(team: _Team, place: Integers, budgets: Sequence[int], same: dict[str, str]) -> pa.Table:
    """Return the rows of one run, whose problems are at these places; no row for a budget without a problem."""
    n, c, tokens = team.n[place], team.c[place], team.tokens[place]
    afforded = np.array(budgets)[None] * n[:, None] / tokens[:, None]
    afforded[tokens[:, None] < np.array(budgets)[None]] = np.nan
    solved = np.full_like(afforded, np.nan)
    for group in np.unique(np.stack([n, c]), axis=1).T:
        alike = np.flatnonzero((n == group[0]) & (c == group[1]))
        solved[alike] = _interpolated(int(group[0]), int(group[1]), afforded[alike])
    weights = np.ones(len(place), dtype=np.int64)
    problems, coverage, low, high = mean_interval(sums(solved, weights))
    there = problems > 0
    columns = {
        "budget": np.array(budgets, np.int64),
        "problems": problems.astype(np.int64),
        "mean_k": means(afforded, weights)[1],
        "coverage": coverage,
        "low": low,
        "high": high,
    }
    count = int(there.sum())
    repeated = {name: pa.repeat(value, count) for name, value in same.items()}
    numbers = {name: pa.array(values[there]) for name, values in columns.items()}
    return pa.table({**repeated, **numbers, "interval": pa.repeat(METHOD, count)})


def _interpolated(n: int, c: int, k: Floats) -> Floats:
    """Return pass@k between whole ks, for k from 0 to n, in any shape; NaN where k is."""
    blocks = all_wrong(np.array([n]), np.array([c]), np.arange(1, n + 1))
    wrong = np.concatenate([[1.0], *(chances[0] for _, chances in blocks)])
    return 1 - np.interp(k, np.arange(n + 1), wrong)
