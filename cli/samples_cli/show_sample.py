"""One sample as text: facts, verdicts and reviews, prompt, completion, tokens."""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from samples.lines import printable
from samples.query.samples_of import perplexity
from samples_cli.side_by_side import Sections

if TYPE_CHECKING:
    from samples.query.show import Shown

_COLOURS = ((0.9, "green"), (0.5, "yellow"), (0.1, "dark_orange"), (0.0, "red"))  # by a token's probability
# By log p_scorer - log p of a token, in nats.
_SHIFTS = ((2.0, "blue"), (0.5, "cyan"), (-0.5, ""), (-2.0, "dark_orange"), (-math.inf, "red"))
_LEGEND = "blue above 2, cyan above 0.5, orange below -0.5, red below -2"


def said(shown: "Shown") -> dict[str, Any]:
    """Return everything about a sample as JSON values. Times are text."""
    rest = {name: value for name, value in vars(shown).items() if name not in {"run", "facts"}}
    return {"run": shown.run.name, **shown.facts, **rest}


def written(shown: "Shown") -> Sections:
    """Return the sections of a sample: facts, prompt, completion, why a scorer is not shown, tokens."""
    asked = _titled("prompt", Text(printable(shown.prompt)))
    if not shown.prompt and shown.question:
        asked = _titled("question", Text(printable(shown.question)))
    head, why = Text("\n").join(_head(shown)), _unshaded(shown)
    text = _no_text(shown) if shown.text is None else shown.text
    if shown.token_ids is None or (shown.token_logprobs is None and shown.scorer_logprobs is None):
        return [head, asked, _titled("completion", Text(printable(text))), why, None]
    styles = [*_styles(shown)]
    title = "completion"
    if shown.scorer_logprobs is not None:
        title = f"completion, shaded by log p of {shown.scorer} - log p of the run: {_LEGEND}"
        if shown.token_logprobs is None:
            title = f"completion, shaded by the probability under {shown.scorer}: the run has no log-probs of it"
    if shown.token_texts:
        body = Text.assemble(*zip(map(printable, shown.token_texts), styles, strict=True))
    else:
        body = Text(printable(text))
    return [head, asked, _titled(title, body), why, _tokens(shown, styles)]


def _no_text(shown: "Shown") -> str:
    from samples.runs.settings import IMPORTED

    if shown.run.engine == IMPORTED:
        return "(the imported file has no text)"
    return "(no stored completion; samples check tells why)"


def _titled(title: str, body: Text) -> Text:
    return Text("\n").join([Text(printable(title, lines=False), "bold"), body])


def _unshaded(shown: "Shown") -> Text | None:
    return Text(printable(f"no log-probs of {shown.scorer}: {shown.scorer_why}")) if shown.scorer_why else None


def _head(shown: "Shown") -> Iterator[Text]:
    facts = shown.facts
    title = f"run {shown.run.name} ({shown.run.run_id}), problem {facts['problem_id']}, sample {facts['sample_index']}"
    yield Text(printable(title), "bold")
    yield Text(printable(_end(facts) + (f"; seed {facts['seed']}" if facts["seed"] is not None else "")))
    if shown.golds:
        yield Text(printable(f"gold answer{'s' * (len(shown.golds) > 1)}: {' or '.join(shown.golds)}"))
    for verdict in shown.verdicts:
        judge = f"{verdict['verifier']} (version {verdict['verifier_version']}, pass {verdict['pass_id']})"
        earlier = "" if verdict["current"] else "; a later verdict counts"
        yield _faded(f"{judge}: {verdict['status']}, answer {verdict['answer']}{earlier}", current=verdict["current"])
    for review in shown.reviews:
        note = f": {review['note']}" if review["note"] else ""
        earlier = "" if review["current"] else "; a later label counts"
        when = f"{review['created_at']:%Y-%m-%d %H:%M}"
        said = f"review by {review['reviewer']} ({when} UTC): {review['label']}{note}{earlier}"
        yield _faded(said, current=review["current"])


def _faded(text: str, *, current: bool) -> Text:
    return Text(printable(text), "" if current else "dim")


def _styles(shown: "Shown") -> Iterator[str]:
    own, other = shown.token_logprobs, shown.scorer_logprobs
    if own is None or other is None:
        yield from map(colour, own or other or [])
    else:
        yield from (shift_colour(theirs - ours) for theirs, ours in zip(other, own, strict=True))


def _tokens(shown: "Shown", styles: Sequence[str]) -> Text:
    """Return a line for each token: place, id, log-prob, and what else is known of it."""
    ids, other = shown.token_ids or [], shown.scorer_logprobs
    own = shown.token_logprobs or [None] * len(ids)
    title = "tokens" if shown.token_texts else f"tokens (as ids: {shown.why})"
    names = f"{'place':>6} {'id':>8} {'log-prob':>10}"
    names += f" {'rank':>5}" if shown.ranks else ""
    names += f" {'scorer':>10} {'difference':>10}" if other else ""
    names += f" {'its rank':>8}" if shown.scorer_ranks else ""
    lines = [Text(printable(title, lines=False), "bold"), Text(names, "dim")]
    for number, (token, logprob, style) in enumerate(zip(ids, own, styles, strict=True)):
        apart = None if other is None or logprob is None else other[number] - logprob
        row = f"{number:>6} {token:>8} {_number(logprob)}"
        row += f" {shown.ranks[number] or '-':>5}" if shown.ranks else ""
        row += f" {_number(other[number])} {_number(apart, '+.4f')}" if other else ""
        row += f" {shown.scorer_ranks[number] or '-':>8}" if shown.scorer_ranks else ""
        if shown.token_texts:
            lines.append(Text.assemble(f"{row}  ", (printable(repr(shown.token_texts[number])), style)))
        else:
            lines.append(Text(row, style))
    return Text("\n").join(lines)


def _number(value: float | None, form: str = ".4f") -> str:
    return f"{'-' if value is None else format(value, form):>10}"


def _end(facts: dict[str, Any]) -> str:
    """Say how a sample ended, and how likely it was."""
    if facts["error"]:
        return f"no completion: {facts['error']}"
    tokens, logprob = facts["tokens"], facts["cumulative_logprob"]
    reason = f"finish reason {facts['finish_reason'] or 'unknown'}" + (
        f" ({facts['stop_reason']})" if facts["stop_reason"] else ""
    )
    parts = [f"{'unknown' if tokens is None else tokens} tokens", reason]
    if logprob is not None:
        parts.append(f"log-prob {logprob:.3f}")
        if (found := perplexity(tokens, logprob)) is not None:
            parts.append(f"perplexity {found:.3f}")
    return ", ".join(parts)


def colour(logprob: float) -> str:
    """Return the colour of a token's probability: green, yellow, orange, red; magenta where it is no number."""
    if not math.isfinite(logprob):
        return "magenta"
    return next(name for least, name in _COLOURS if math.exp(logprob) >= least)


def shift_colour(difference: float) -> str:
    """Return the colour of a token that a scorer finds likelier (blue) or less likely (red); none where it is close."""
    if math.isnan(difference):
        return "magenta"
    return next(name for least, name in _SHIFTS if difference >= least)
