"""How likely samples are: perplexity under the model that drew them, and under the scorers of the lake; divergence."""

from samples.report.asking import Asker
from samples.report.parts import Answer, Section, Sentence

_RESCORE = "samples score --model MODEL --run RUN adds the log-probs of the samples under another model."


def perplexity(ask: Asker) -> Section:
    """Return the section about perplexities."""
    scorers = _scorers(ask)
    answers: list[Answer] = []
    if _own(ask):
        answers.append(ask.ask("perplexity_by_run", "Perplexity of each run under its own model"))
    for scorer in _names(scorers):
        answers.append(ask.ask("perplexity_by_run", f"Perplexity of each run under {scorer}", scorer=scorer))
        if ask.subject.verifier is not None:
            heading = f"Correct and wrong samples of the same problems under {scorer}"
            answers.append(ask.ask("perplexity_by_verdict", heading, scorer=scorer))
            answers += [
                ask.ask(
                    "perplexity_by_support", f"Problems kept, gained and lost, under {scorer}", a=a, b=b, scorer=scorer
                )
                for a, b in ask.subject.pairs
            ]
    said: list[Sentence] = []
    if not answers:
        said.append(Sentence(f"No log-probs are stored for these runs. {_RESCORE}", "missing"))
    elif not _names(scorers):
        said.append(Sentence(f"No other model has scored these samples. {_RESCORE}", "missing"))
    return Section(
        "perplexity",
        "Perplexity",
        "The perplexity of a sample is the inverse of the geometric mean of its tokens' probabilities. The median "
        "over a problem's samples is averaged over the problems. Prompt tokens never count.",
        said,
        [*([scorers] if answers else []), *answers],
    )


def divergence(ask: Asker) -> Section:
    """Return the section about the divergence of runs from scorers."""
    names = _names(_scorers(ask))
    return Section(
        "divergence",
        "Divergence",
        "The divergence is the mean of log p_run - log p_scorer over the samples of a run, in nats. Where the samples "
        "were drawn from the model's own distribution, it estimates KL(run || scorer).",
        [] if names else [Sentence(f"No model has scored samples of another one. {_RESCORE}", "missing")],
        [ask.ask("divergence", f"Divergence of the runs from {name}", scorer=name) for name in names],
    )


def _scorers(ask: Asker) -> Answer:
    return ask.ask("scorers", "Which models say how likely the samples are", filtered=False)


def _names(scorers: Answer) -> list[str]:
    """Return the scorers that scored samples of a run of the report, other than those of the runs themselves."""
    return list(dict.fromkeys(str(row["scorer"]) for row in scorers.dicts if not row["own"] and row["run"] is not None))


def _own(ask: Asker) -> bool:
    """Whether some run of the report stored log-probs."""
    found = ask.sql(_STORED, "Runs with log-probs of their own")
    return any(row["known"] for row in found.dicts)


_STORED = "SELECT run, count(cumulative_logprob) AS known FROM samples GROUP BY run ORDER BY run"
