"""`samples show`: one sample with its tokens and log-probs."""

import math
from typing import Any

import click

from samples_cli import options

_COLOURS = ((0.9, "green"), (0.5, "yellow"), (0.1, "dark_orange"), (0.0, "red"))  # by a token's probability


@click.command("show", epilog="Example: samples show base-7b aime-12 0 --lake ./lake")
@click.argument("run")
@click.argument("problem")
@click.argument("index", type=click.IntRange(min=0))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@options.lake
def command(run: str, problem: str, index: int, as_json: bool, uri: str) -> None:
    """Show sample INDEX of PROBLEM in RUN: its text, why it ended, each token with its log-prob."""
    import samples
    from samples.show import show

    shown = show(samples.open(uri), run, problem, index)
    if as_json:
        import json

        click.echo(json.dumps({**shown.facts, "prompt": shown.prompt, "text": shown.text, "token_ids": shown.token_ids, "token_logprobs": shown.token_logprobs, "tokens": shown.tokens, "verdicts": shown.verdicts}, ensure_ascii=False, default=str))
        return
    _print(shown)


def _print(shown: Any) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    facts = shown.facts
    end = f"error: {facts['error']}" if facts["error"] else f"finish reason {facts['finish_reason']}" + (f" ({facts['stop_reason']})" if facts["stop_reason"] else "")
    perplexity = f", perplexity {math.exp(-facts['cumulative_logprob'] / facts['tokens']):.3f}" if facts["tokens"] else ""
    console.print(Text(f"run {shown.run.name} ({shown.run.run_id}), problem {facts['problem_id']}, sample {facts['sample_index']}, seed {facts['seed']}", "bold"))
    console.print(Text(f"{facts['tokens']} tokens, {end}, log-prob {facts['cumulative_logprob']:.3f}{perplexity}"))
    for verdict in shown.verdicts:
        console.print(Text(f"{verdict['verifier']} (version {verdict['verifier_version']}, pass {verdict['pass_id']}): {verdict['status']}, answer {verdict['answer']}"))
    console.print(Text("\nprompt", "bold"), Text(_printable(shown.prompt)), Text("\ncompletion", "bold"), sep="\n")
    tokens = shown.tokens or [str(token) for token in shown.token_ids]
    if shown.tokens is None:
        console.print(Text(_printable(shown.text)))
    else:
        console.print(Text.assemble(*((_printable(token), colour(logprob)) for token, logprob in zip(tokens, shown.token_logprobs, strict=True))))
    console.print(Text("\ntokens" if shown.tokens else "\ntokens (ids: the model's tokenizer is not here)", "bold"))
    for position, (token, token_id, logprob) in enumerate(zip(tokens, shown.token_ids, shown.token_logprobs, strict=True)):
        console.print(Text(f"{position:>6} {token_id:>8} {logprob:>10.4f}  "), Text(repr(token), colour(logprob)), sep="", end="\n")


def colour(logprob: float) -> str:
    """Return the colour of a token's probability: green, yellow, orange, red; magenta where it is no number."""
    if not math.isfinite(logprob):
        return "magenta"
    return next(name for least, name in _COLOURS if math.exp(logprob) >= least)


def _printable(text: str) -> str:
    # A completion is hostile until shown otherwise: no escape sequence of it reaches the terminal.
    return "".join(character if character.isprintable() or character in "\n\t" else repr(character)[1:-1] for character in text)
