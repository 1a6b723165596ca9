"""Reference implementations of every statistic: slow, exact where possible, sharing no code with the queries.

They follow the definitions word by word: whole numbers, fractions and lists; sums over all subsets where a number is a
chance over subsets. A function that ends in `_by_subsets` tries them all, so keep n below some 15.

Inputs are plain:
    counts   a list of (n, c) per problem: samples verified, of them correct (errors and timeouts are in neither)
    tallies  a dict of problem id to (n, c)
    answers  a list of (text, correct) per sample of one problem; text None when no answer was found
What cannot be said (a mean over no problem, a ratio to nothing) is None.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import cache
from itertools import combinations, product
from typing import Any

import mpmath

Counts = Sequence[tuple[int, int]]
Tallies = dict[str, tuple[int, int]]
Answers = Sequence[tuple[str | None, bool]]
OUTCOMES = ("both", "only_a", "only_b", "neither")


def exact(number: float | str | Fraction) -> Fraction:
    """Return the number as it is written in decimals: 0.1 is a tenth, not the float nearest to it."""
    return number if isinstance(number, Fraction) else Fraction(str(number))


def mean(numbers: Iterable[Fraction]) -> Fraction | None:
    found = list(numbers)
    return sum(found, Fraction(0)) / len(found) if found else None


def by_subsets(samples: Sequence[Any], k: int, value: Callable[[tuple[Any, ...]], Fraction | int]) -> Fraction:
    """Mean of a value over all ways to choose k of the samples."""
    assert 1 <= k <= len(samples)
    return Fraction(sum((Fraction(value(chosen)) for chosen in combinations(samples, k)), Fraction(0))) / math.comb(
        len(samples), k
    )


def outcomes(n: int, c: int) -> list[int]:
    return [1] * c + [0] * (n - c)


# One problem: n samples, c of them correct, k drawn without replacement.


@cache
def pass_at_k(n: int, c: int, k: int) -> Fraction:
    """Chance that at least one is correct: one minus the chance that each in turn is wrong."""
    assert 0 <= c <= n
    assert 1 <= k <= n
    all_wrong = Fraction(1)
    for drawn in range(k):
        all_wrong *= Fraction(max(n - c - drawn, 0), n - drawn)
    return 1 - all_wrong


def pass_at_k_by_subsets(n: int, c: int, k: int) -> Fraction:
    return by_subsets(outcomes(n, c), k, any)


def pass_hat_k(n: int, c: int, k: int) -> Fraction:
    """Chance that all are correct."""
    all_right = Fraction(1)
    for drawn in range(k):
        all_right *= Fraction(max(c - drawn, 0), n - drawn)
    return all_right


def pass_hat_k_by_subsets(n: int, c: int, k: int) -> Fraction:
    return by_subsets(outcomes(n, c), k, all)


def correct_needed(k: int, tau: float | str | Fraction) -> int:
    return max(1, math.ceil(exact(tau) * k))


def g_pass_at_k(n: int, c: int, k: int, tau: float | str | Fraction) -> Fraction:
    """Chance that at least max(1, ceil(tau k)) are correct."""
    ways = sum(
        math.comb(c, correct) * math.comb(n - c, k - correct) for correct in range(correct_needed(k, tau), k + 1)
    )
    return Fraction(ways, math.comb(n, k))


def g_pass_at_k_by_subsets(n: int, c: int, k: int, tau: float | str | Fraction) -> Fraction:
    return by_subsets(outcomes(n, c), k, lambda chosen: sum(chosen) >= correct_needed(k, tau))


def solved_at_cost(samples: Sequence[tuple[int, bool]], budget: int) -> tuple[Fraction, Fraction]:
    """Return the expected cost, and the chance of a correct sample, when so many tokens are spent on average.

    `samples` are (tokens, correct). Of the numbers of samples to draw, two neighbours are mixed so that the expected
    cost, a mean over all subsets of each size, is the budget.
    """
    sizes = range(len(samples) + 1)
    costs = [
        by_subsets(samples, k, lambda some: sum(tokens for tokens, _ in some)) if k else Fraction(0) for k in sizes
    ]
    chances = [
        by_subsets(samples, k, lambda some: any(right for _, right in some)) if k else Fraction(0) for k in sizes
    ]
    for k in sizes[1:]:
        if costs[k - 1] <= budget <= costs[k]:
            more = (budget - costs[k - 1]) / (costs[k] - costs[k - 1])
            mixed = [(1 - more) * both[k - 1] + more * both[k] for both in (costs, chances)]
            return mixed[0], mixed[1]
    raise AssertionError("the budget is more than all samples cost")


# Over problems.


def at_k(counts: Counts, k: int, metric: Callable[[int, int, int], Fraction]) -> tuple[int, Fraction | None]:
    """Return the problems with n >= k, and the metric's mean over them: `at_k(counts, 8, pass_at_k)`."""
    values = [metric(n, c, k) for n, c in counts if n >= k]
    return len(values), mean(values)


def cover(counts: Counts, tau: float | str | Fraction) -> Fraction | None:
    """Share of problems with c/n >= tau, of those with a sample."""
    return mean(Fraction(Fraction(c, n) >= exact(tau)) for n, c in counts if n > 0)


def histogram(counts: Counts) -> list[int]:
    """Problems in each of twelve bins of c/n: 0; (0, .1], (.1, .2] … (.8, .9]; (.9, 1); 1."""
    bins = [0] * 12
    for n, c in counts:
        if n == 0:
            continue
        rate = Fraction(c, n)
        if rate == 0:
            bins[0] += 1
        elif rate == 1:
            bins[11] += 1
        else:
            [index] = [i for i in range(10) if Fraction(i, 10) < rate <= Fraction(i + 1, 10)]
            bins[index + 1] += 1
    return bins


def efficiency_gap(base: Counts, run: Counts, k: int) -> Fraction:
    """pass@k of the base minus pass@1 of the run."""
    (_, ceiling), (_, reached) = at_k(base, k, pass_at_k), at_k(run, 1, pass_at_k)
    assert ceiling is not None
    assert reached is not None
    return ceiling - reached


# Two runs and more.


def coverage(a: Tallies, b: Tallies, threshold: int = 1) -> dict[str, list[str]]:
    """Problem ids by who solves them (c >= threshold), of the problems of which both have a verified sample."""
    found: dict[str, list[str]] = {outcome: [] for outcome in OUTCOMES}
    for problem in sorted(a.keys() & b.keys()):
        if a[problem][0] > 0 and b[problem][0] > 0:
            solved = a[problem][1] >= threshold, b[problem][1] >= threshold
            outcome = {(True, True): "both", (True, False): "only_a", (False, True): "only_b"}.get(solved, "neither")
            found[outcome].append(problem)
    return found


def thinned_coverage(a: Tallies, b: Tallies, size: int, threshold: int = 1) -> dict[str, Fraction]:
    """Return the expected problems of each outcome when so many samples of each problem are drawn from each run."""
    found = dict.fromkeys(OUTCOMES, Fraction(0))
    for problem in a.keys() & b.keys():
        if min(a[problem][0], b[problem][0]) >= size:
            solves = [
                by_subsets(outcomes(*run[problem]), size, lambda chosen: sum(chosen) >= threshold) for run in (a, b)
            ]
            for outcome, signs in zip(OUTCOMES, product((True, False), repeat=2), strict=True):
                one, other = (s if sign else 1 - s for s, sign in zip(solves, signs, strict=True))
                found[outcome] += one * other
    return found


def coverage_many(runs: dict[str, Tallies], threshold: int = 1) -> dict[frozenset[str], list[str]]:
    """Problem ids by the set of runs that solve them, of the problems of which every run has a verified sample."""
    found: dict[frozenset[str], list[str]] = {}
    for problem in sorted(set.intersection(*(set(tallies) for tallies in runs.values()))):
        if all(tallies[problem][0] > 0 for tallies in runs.values()):
            solvers = frozenset(run for run, tallies in runs.items() if tallies[problem][1] >= threshold)
            found.setdefault(solvers, []).append(problem)
    return found


def support(kept: int, gained: int, lost: int) -> dict[str, Fraction | None]:
    """SRR, NDR, SDS, NSCR: kept by both (P), only the trained run solves (E), only the base does (S)."""

    def ratio(part: int, whole: int) -> Fraction | None:
        return Fraction(part, whole) if whole else None

    return {
        "srr": ratio(kept, kept + lost),
        "ndr": ratio(gained, kept + gained),
        "sds": ratio(2 * kept * gained, kept * kept + 2 * kept * gained + gained * lost),
        "nscr": ratio(gained - lost, kept + gained + lost),
    }


def compare(a: Tallies, b: Tallies, k: int) -> dict[str, Any]:
    """Problems that both have k samples of; where A's pass@k is higher, lower, the same; mean of A minus B."""
    shared = [problem for problem in sorted(a.keys() & b.keys()) if min(a[problem][0], b[problem][0]) >= k]
    differences = [pass_at_k(*a[problem], k) - pass_at_k(*b[problem], k) for problem in shared]
    return {
        "problems": len(shared),
        "wins": sum(difference > 0 for difference in differences),
        "losses": sum(difference < 0 for difference in differences),
        "ties": sum(difference == 0 for difference in differences),
        "difference": mean(differences),
    }


def crossing(a: Tallies, b: Tallies, ks: Iterable[int] | None = None) -> tuple[str | None, int | None, str | None]:
    """Who has the higher mean pass@k at the first k, where the other has it first, and who that is.

    Over ks or all k, and over the problems usable by both at k. A tie is nobody's lead.
    """
    reached = max((min(a[problem][0], b[problem][0]) for problem in a.keys() & b.keys()), default=0)
    at_first: str | None = None
    led: str | None = None
    for place, k in enumerate(sorted(ks) if ks is not None else range(1, reached + 1)):
        difference = compare(a, b, k)["difference"] or Fraction(0)
        leader = "a" if difference > 0 else "b" if difference < 0 else None
        at_first = leader if place == 0 else at_first
        if led is not None and leader not in {led, None}:
            return at_first, k, leader
        led = led or leader
    return at_first, None, None


def most_likely(n: int, c: int) -> float:
    """Return the p at which at most c of n independent samples are correct with 5 % chance: 1 when all are correct."""
    if c == n:
        return 1.0
    low, high = mpmath.mpf(0), mpmath.mpf(1)
    for _ in range(80):
        p = (low + high) / 2
        chance = mpmath.fsum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(c + 1))
        low, high = (p, high) if chance > mpmath.mpf("0.05") else (low, p)
    return float(low)


def mcnemar(only_a: int, only_b: int) -> Fraction:
    """Return the chance that fair coins, one for each of these problems, fall at least as unequally."""
    thrown, apart = only_a + only_b, abs(only_a - only_b)
    ways = sum(math.comb(thrown, heads) for heads in range(thrown + 1) if abs(2 * heads - thrown) >= apart)
    return Fraction(ways, 2**thrown)


# Answers, rewards, texts of one problem.


def correct_texts(answers: Answers) -> dict[str, bool]:
    """Return whether each answer text is correct; the same text must have the same verdict throughout."""
    verdicts: dict[str, bool] = {}
    for answer, correct in answers:
        if answer is not None:
            assert verdicts.setdefault(answer, correct) == correct, f"{answer} is judged both ways"
    return verdicts


def vote(votes: dict[str, int], right: dict[str, bool]) -> Fraction:
    """Chance that the answer with the most votes is correct, one of those with equally many being taken at random."""
    most = max(votes.values(), default=0)
    if most == 0:
        return Fraction(0)
    leaders = [answer for answer, count in votes.items() if count == most]
    return Fraction(sum(right[answer] for answer in leaders), len(leaders))


def maj_at_k_by_subsets(answers: Answers, k: int) -> Fraction:
    """Chance that a vote among k samples elects a correct answer; who gave no answer casts no vote."""
    right = correct_texts(answers)
    return by_subsets(
        [answer for answer, _ in answers],
        k,
        lambda chosen: vote(Counter(answer for answer in chosen if answer is not None), right),
    )


def maj_at_k(answers: Answers, k: int) -> Fraction:
    """Return the same, over the ways to draw so many of each text: for few texts and any number of samples."""
    right = correct_texts(answers)
    given = Counter(answer for answer, _ in answers if answer is not None)
    silent = len(answers) - given.total()
    texts = list(given)
    total = Fraction(0)
    for drawn in product(*(range(min(given[answer], k) + 1) for answer in texts)):
        without = k - sum(drawn)
        if 0 <= without <= silent:
            ways = math.comb(silent, without)
            for answer, count in zip(texts, drawn, strict=True):
                ways *= math.comb(given[answer], count)
            total += ways * vote(dict(zip(texts, drawn, strict=True)), right)
    return total / math.comb(len(answers), k)


def max_at_k(rewards: Sequence[float | str | Fraction], k: int) -> Fraction:
    """Expected best reward of k: the i-th smallest is the best of the k when the k - 1 others lie below it."""
    ascending = sorted(exact(reward) for reward in rewards)
    total = Fraction(0)
    for position, reward in enumerate(ascending):
        total += math.comb(position, k - 1) * reward
    return total / math.comb(len(ascending), k)


def max_at_k_by_subsets(rewards: Sequence[float | str | Fraction], k: int) -> Fraction:
    return by_subsets([exact(reward) for reward in rewards], k, max)


def distinct_answers(answers: Answers) -> int:
    return len({answer for answer, _ in answers if answer is not None})


def answer_entropy(answers: Answers) -> float | None:
    """Entropy in nats of the answers that were given; None when none was."""
    given = [answer for answer, _ in answers if answer is not None]
    if not given:
        return None
    shares = [mpmath.mpf(given.count(answer)) / len(given) for answer in set(given)]
    return float(-mpmath.fsum(share * mpmath.log(share) for share in shares))


def duplicate_rate(texts: Sequence[str]) -> Fraction | None:
    """Share of the samples whose text an earlier one has."""
    return mean(Fraction(text in texts[:position]) for position, text in enumerate(texts))


def perplexity(cumulative_logprob: float, tokens: int) -> float | None:
    """Return exp(-(sum of the tokens' log-probs) / tokens); None without tokens."""
    return float(mpmath.exp(-mpmath.mpf(cumulative_logprob) / tokens)) if tokens else None


# Models.


def bayes(
    problems: Sequence[Sequence[int]], weights: Sequence[float | str | Fraction] = (0, 1)
) -> tuple[Fraction, float]:
    """Posterior mean and standard deviation of the mean score, with a uniform Dirichlet prior for each problem.

    problems: each one's outcomes, numbers of categories; weights: the score of each category. Problems are independent.
    """
    scores = [exact(weight) for weight in weights]
    total, variance = Fraction(0), Fraction(0)
    for drawn in problems:
        strength = [1 + list(drawn).count(category) for category in range(len(scores))]
        whole = sum(strength)
        expected = sum((Fraction(s, whole) * score for s, score in zip(strength, scores, strict=True)), Fraction(0))
        squared = sum((Fraction(s, whole) * score**2 for s, score in zip(strength, scores, strict=True)), Fraction(0))
        total += expected
        variance += (squared - expected**2) / (whole + 1)
    return total / len(problems), math.sqrt(variance / len(problems) ** 2)


def bayes_of_counts(counts: Counts) -> tuple[Fraction, float]:
    """Return the same for right and wrong."""
    return bayes([outcomes(n, c) for n, c in counts])


def forecast(a: float, b: float, k: int) -> float:
    """pass@k of a Beta(a, b) population, 1 - B(a, b + k) / B(a, b), in forty digits."""
    with mpmath.workdps(40):
        return float(1 - mpmath.beta(a, mpmath.mpf(b) + k) / mpmath.beta(a, b))


def forecast_by_product(a: float | str | Fraction, b: float | str | Fraction, k: int) -> Fraction:
    """Return the same as a fraction: every one of k is wrong with chance (b + i) / (a + b + i) after i wrong ones."""
    all_wrong = Fraction(1)
    for step in range(k):
        all_wrong *= (exact(b) + step) / (exact(a) + exact(b) + step)
    return 1 - all_wrong


def continued(counts: Counts, k: int) -> list[float]:
    """Return the chance that 0, 1, 2, … of the problems have a correct sample once each has k samples, k above every n.

    By going through every way to give the problems a chance p from the grid of the forecast: p = 0, or log-odds 4,
    3.75, 3.5, … down to the first one at or below -log(64 n). The prior of the shares is Dirichlet: 3/4 for p = 0, and
    1/8 for each other p, times the square root of n times the odds where that is below 1. For a few problems only.
    """
    most, middle = max(n for n, _ in counts), sorted(n for n, _ in counts)[(len(counts) - 1) // 2]
    chances, weights, odds = [0.0], [0.75], 4.0
    while True:
        chances.append(1 / (1 + math.exp(-odds)))
        weights.append(0.125 * min(1.0, math.sqrt(middle * math.exp(odds))))
        if odds <= -math.log(64 * most):
            break
        odds -= 0.25
    found = [0.0] * (len(counts) + 1)
    for places in product(range(len(chances)), repeat=len(counts)):
        weight, solved = 1.0, [1.0]
        seen: dict[int, int] = {}
        for place, (n, c) in zip(places, counts, strict=True):
            p, before = chances[place], seen.get(place, 0)
            weight *= (weights[place] + before) * p**c * (1 - p) ** (n - c)
            seen[place] = before + 1
            one = 1.0 if c else 1 - (1 - p) ** (k - n)
            solved = [
                (solved[i] if i < len(solved) else 0) * (1 - one) + (solved[i - 1] * one if i else 0)
                for i in range(len(solved) + 1)
            ]
        found = [total + weight * chance for total, chance in zip(found, solved, strict=True)]
    return [chance / sum(found) for chance in found]
