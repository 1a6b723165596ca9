"""`samples show`: show one sample with its tokens and log-probs."""

import json
import math
from typing import Annotated, Any

import typer

from samples.lines import printable, printable_json
from samples_cli import complete, options, terminal

EXAMPLE = "samples show base-7b aime-12 0 --lake ./lake"

_COLOURS = ((0.9, "green"), (0.5, "yellow"), (0.1, "dark_orange"), (0.0, "red"))  # by a token's probability


def command(
    run: options.RunName,
    problem: Annotated[str, typer.Argument(help="Id of the problem.", autocompletion=complete.problems)],
    index: Annotated[int, typer.Argument(help="Which of its samples, counted from 0.", min=0)],
    lake: options.Lake,
    tokenizer: Annotated[str | None, typer.Option("--tokenizer", metavar="MODEL",
        help="Decode the tokens with this model's tokenizer: a folder, or a name on the Hugging Face Hub; run is the "
        "model that the run names. Without it no file of a model is opened.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:  # fmt: skip
    """Show one sample: its text, its verdicts, why it ended, and each token with its log-prob."""
    import samples
    from samples.query.show import show

    shown = show(samples.open(lake), run, problem, index, tokenizer=tokenizer)
    if as_json:
        rest = {name: value for name, value in vars(shown).items() if name not in {"run", "facts"}}
        said = json.dumps({"run": shown.run.name, **shown.facts, **rest}, ensure_ascii=False, default=str)
        terminal.put(printable_json(said))
    else:
        _print(shown)


def _print(shown: Any) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)

    def say(text: str, style: str = "") -> None:
        console.print(Text(printable(text), style))

    facts = shown.facts
    say(
        f"run {shown.run.name} ({shown.run.run_id}), problem {facts['problem_id']}, sample {facts['sample_index']}",
        "bold",
    )
    say(_end(facts) + (f"; seed {facts['seed']}" if facts["seed"] is not None else ""))
    if shown.golds:
        say(f"gold answer{'s' * (len(shown.golds) > 1)}: {' or '.join(shown.golds)}")
    for verdict in shown.verdicts:
        judge = f"{verdict['verifier']} (version {verdict['verifier_version']}, pass {verdict['pass_id']})"
        say(f"{judge}: {verdict['status']}, answer {verdict['answer']}")
    say("\nprompt", "bold")
    say(shown.prompt)
    say("\ncompletion", "bold")
    text = "(the imported file has no text)" if shown.text is None else shown.text
    if shown.token_ids is None or shown.token_logprobs is None:
        say(text)
        return
    styles = [colour(logprob) for logprob in shown.token_logprobs]
    if shown.token_texts:
        coloured = zip(map(printable, shown.token_texts), styles, strict=True)
        console.print(Text.assemble(*coloured))
    else:
        say(text)
    say("\ntokens" if shown.token_texts else f"\ntokens (as ids: {shown.why})", "bold")
    pieces = shown.token_texts or [None] * len(styles)
    for number, (piece, token, logprob, style) in enumerate(
        zip(pieces, shown.token_ids, shown.token_logprobs, styles, strict=True)
    ):
        row = f"{number:>6} {token:>8} {logprob:>10.4f}"
        if piece is None:
            say(row, style)
        else:
            console.print(Text(f"{row}  "), Text(printable(repr(piece)), style), sep="")


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
        if tokens and -700 * tokens < logprob:
            parts.append(f"perplexity {math.exp(-logprob / tokens):.3f}")
    return ", ".join(parts)


def colour(logprob: float) -> str:
    """Return the colour of a token's probability: green, yellow, orange, red; magenta where it is no number."""
    if not math.isfinite(logprob):
        return "magenta"
    return next(name for least, name in _COLOURS if math.exp(logprob) >= least)
