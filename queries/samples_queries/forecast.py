"""forecast: pass@K of these problems if their runs went on to K samples, with an interval.

group    accuracy
params   runs: runs, verifier: verifier, ks: ints = none, problem_set: problems
reads    verified
grain    run, dataset, verifier, k
columns  run, dataset, verifier, k, problems, pass_at_k, low, high, n, observed_at_n, unsolved, never
means    ks: the values of K, at most a billion; without them the four powers of two above the largest n
         k: K, the number of samples that each problem has in the end
         problems: problems with a verified sample; the figures are means over them
         pass_at_k: expected pass@K when each problem has K samples, those that it has now among them, in [0, 1]
         low: lower end of the 95 % interval for the pass@K that will be observed
         high: upper end of that interval
         n: a number of verified samples that at least half of the problems have
         observed_at_n: unbiased pass@n of the run, in [0, 1], over the problems with n samples
         unsolved: problems without a correct sample so far
         never: estimated share of all problems that no number of samples solves; counts say little about it
example  samples query forecast --runs base-7b --verifier math --ks 512,1024

What is forecast: each problem keeps its n samples and gets more, until it has K. A problem with a correct sample is
solved at every K above n. A problem without one is solved with a chance that depends on how hard the other problems
are. Where a problem has K samples already, its own unbiased pass@K counts. So the curve starts at what was observed,
and never falls below it. The interval is of these problems, not of others that could have been asked.

The model: problems differ in their chance p of a correct sample. Nothing is assumed about the shape of this population,
and a share of it has p = 0. Populations that could have given the counts are drawn at random (with a fixed seed), and
each is continued. Where they disagree the interval is wide: it holds the middle 98 % of them, because the middle 95 %
held the truth too rarely.

Hold-out on MATH500 (benchmarks/forecast.py): 500 problems with 128 samples, of a base model and of one trained from it
(a rerun of arXiv:2504.13837). The counts of each problem are published:
github.com/cc1107yss/limit-of-rlvr-qwen7b-math500-reproduction, audit/results.json, commit
85ce0756f97521fc0950ac6cd3ddb78658444b06. Random parts of the samples forecast pass@128, 20 times. Mean error and its
standard deviation in percentage points, share of intervals with the truth inside, mean width:

- base, n = 8: error -1.8, sd 1.4, inside 100 %, width 10.5
- base, n = 16: error -1.0, sd 1.0, inside 100 %, width 7.2
- base, n = 32: error -0.6, sd 0.8, inside 100 %, width 4.9
- base, n = 64: error -0.1, sd 0.6, inside 100 %, width 2.7
- trained, n = 8: error +0.9, sd 1.2, inside 100 %, width 9.7
- trained, n = 16: error +0.7, sd 1.0, inside 100 %, width 7.4
- trained, n = 32: error +0.4, sd 0.8, inside 100 %, width 4.5
- trained, n = 64: error +0.2, sd 0.5, inside 100 %, width 2.3

Simulated lakes (benchmarks/forecast.py simulated), 20 of each kind: error and inside, of 500 problems with n = 32 at
K = 128; of 500 with n = 64 at K = 1024; of 30 with n = 64 at K = 1024:

- Beta(.3, .7): 0.0, 100 %; -1.4, 100 %; -4.1, 100 %
- Beta(.2, 4): -0.1, 95 %; -1.6, 100 %; +1.5, 100 %
- 30 % never, others Beta(.5, 1): +1.1, 100 %; +1.9, 100 %; +6.5, 100 %
- 30 % never, others Beta(2, 3): +1.5, 85 %; +1.6, 100 %; +7.2, 100 %
- half Beta(1, 12), half Beta(12, 1): -1.6, 100 %; -2.0, 95 %; -4.2, 100 %
- 15 % never, others Beta(.5, 8) or Beta(9, 1): -0.2, 100 %; +2.7, 100 %; +1.2, 100 %
- 10 % never, others .02 or .5: -0.1, 100 %; +4.8, 85 %; +1.0, 100 %
- log p normal (-3, 2): -2.7, 100 %; -5.2, 95 %; -8.7, 100 %
- log-odds normal (0, 3): -0.8, 100 %; -1.8, 100 %; -1.8, 100 %

Another seed would give other numbers (benchmarks/forecast.py seeds): on one lake of each kind and size, pass@K has a
standard deviation of .04 to 1.0 points over seeds; that of the interval's upper end is 0 to 3.3.

The weights of the prior and the width of the interval were chosen on these kinds of lakes, and on made-up counts that
have the pass@k of these two runs. On others, expect larger errors.

A note says where the data cannot carry a K: the interval is wider than 10 points, or K is more than 16 times n.
"""

import duckdb
import numpy as np
import pyarrow as pa

from samples_queries import Answer, Unanswerable
from samples_queries.chances import Floats, Integers, all_wrong, means
from samples_queries.continuation import continued
from samples_queries.groups import Groups, at_each_k, groups
from samples_queries.problem_sets import settle

_FARTHEST = 10**9
_MOST = 10_000  # values of K in one answer
_DOUBLINGS = 4
_WIDE = 0.1  # an interval wider than this says little
_NAMED = 3  # values of K that a note names
_TRIED = 16  # hold-outs went up to this multiple of n


def answer(
    connection: duckdb.DuckDBPyConnection, *, runs: list[str], verifier: str, ks: list[int] | None, problem_set: str
) -> Answer:
    """Return the forecast of each run at each K. Notes name the Ks that the data cannot carry.

    Raises:
        Unanswerable: A K is below 1 or above a billion, there are too many, or runs have no verdicts or no common
            problem.
    """
    settled = settle(connection, runs, verifier, problem_set, counted=False)
    judged = groups(connection, verifier)
    wanted = _above(max(run.most for run in judged)) if ks is None else _checked(ks)
    found = [_forecast(run, wanted) for run in judged]
    notes = [note for _, notes in found for note in notes]
    return Answer(pa.concat_tables(rows for rows, _ in found), [*settled.notes, *notes])


def _above(most: int) -> Integers:
    return np.array([1 << (most.bit_length() + more) for more in range(_DOUBLINGS)])


def _checked(ks: list[int]) -> Integers:
    if not ks:
        raise Unanswerable("ks=all: there is no largest K to forecast; name some, as in ks=512,1024")
    if not 1 <= min(ks) <= max(ks) <= _FARTHEST:
        raise Unanswerable(f"K = {min(ks) if min(ks) < 1 else max(ks)}: expected 1 to {_FARTHEST:,}")
    if len(ks) > _MOST:
        raise Unanswerable(f"{len(ks):,} values of K: expected at most {_MOST:,}, as in ks=512,1024")
    return np.array(sorted(set(ks)))


def _forecast(run: Groups, ks: Integers) -> tuple[pa.Table, list[str]]:
    problems = int(run.problems.sum())
    half = int(run.n[np.searchsorted(np.cumsum(run.problems), problems / 2)])
    before, more = _solved_before(run, ks), continued(run.n, run.c, run.problems, ks)
    expected, low, high = ((before + solved) / problems for solved in (more.solved, more.low, more.high))
    rows = at_each_k(
        {"run": run.run, "dataset": run.dataset, "verifier": run.verifier},
        ks,
        np.full(len(ks), problems),
        pass_at_k=expected,
        low=low,
        high=high,
        n=half,
        observed_at_n=_observed(run, half),
        unsolved=int(run.problems[run.c == 0].sum()),
        never=more.never / problems,
    )
    return rows, _notes(run, half, ks, high - low)


def _solved_before(run: Groups, ks: Integers) -> Floats:
    """Return how many problems the samples that are there solve, [ks]: K of a problem's n, or all n where n < K."""
    solved = np.full(len(ks), float(run.problems[run.c > 0].sum()))
    within = ks[ks <= run.most]
    if len(within):
        blocks = [np.where(np.isnan(wrong), run.c[:, None] == 0, wrong) for _, wrong in all_wrong(run.n, run.c, within)]
        solved[: len(within)] = run.problems @ (1 - np.hstack(blocks))
    return solved


def _observed(run: Groups, k: int) -> float:
    ((_, wrong),) = all_wrong(run.n, run.c, np.array([k]))
    return float(means(1 - wrong, run.problems)[1][0])


def _notes(run: Groups, n: int, ks: Integers, widths: Floats) -> list[str]:
    """Say at which Ks the interval is wide, and which Ks are farther than any hold-out."""
    wide, far = ks[widths > _WIDE], ks[ks > _TRIED * n]
    notes: list[str] = []
    if len(wide):
        notes.append(
            f"{run.dataset}: {n} samples of {run.problems.sum()} problems of {run.run} do not settle K = "
            f"{_listed(wide)}: the interval is wider than {100 * _WIDE:.0f} points; "
            f"samples ingest … -k {2 * n} narrows it"
        )
    if len(far):
        notes.append(
            f"{run.dataset}: K = {_listed(far)} is more than {_TRIED} times the {n} samples of {run.run}; "
            "no forecast so far ahead was tested, and the interval may be too narrow"
        )
    return notes


def _listed(ks: Integers) -> str:
    few = ", ".join(map(str, ks[:_NAMED]))
    return few if len(ks) <= _NAMED else f"{few}, … {ks[-1]}"
