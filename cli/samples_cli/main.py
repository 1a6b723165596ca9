"""Run the command `samples`: find the command's file, and say in one line what went wrong.

Data goes to stdout, everything else to stderr. Exit codes: 0 done, 1 the work failed, 2 used wrongly, 130 interrupted.
"""

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from keyword import iskeyword
from typing import Annotated, Any, NoReturn

import typer

from samples.errors import SamplesError, UsageError, meant
from samples_cli import commands, complete, terminal
from samples_cli.mistakes import mistake

COMMANDS = {  # in the order of the help page
    "Draw, judge and score": {
        "ingest": "Draw the samples of a run that are missing, and keep every token and log-prob.",
        "status": "Show how far a run is, also one that another machine draws.",
        "rescore": "Judge stored samples with a verifier, and keep the earlier verdicts.",
        "score": "Find how likely a model finds stored samples: the log-prob of each token.",
    },
    "Look": {
        "runs": "List the runs of a lake.",
        "problems": "List the problems of a lake.",
        "verifiers": "List the verifiers, or tell what one accepts, what it needs and where its limits are.",
        "show": "Show one sample with its tokens and log-probs, or list the samples of a problem.",
        "browse": "Read samples in a web browser on this machine, and review them.",
    },
    "Ask": {
        "query": "Ask a named question, such as pass_at_k.",
        "plot": "Draw the chart of a named query, such as pass_at_k, into a file.",
        "report": "Write the figures and tables of runs as one document.",
        "sql": "Ask with your own SELECT over the lake's views.",
    },
    "Keep": {
        "label": "Set or remove labels of a run.",
        "review": "Label the chain of thought of one sample: valid, flawed, lucky or unclear.",
        "import": "Add the samples of another tool's file, as a run.",
        "export": "Write samples with their completions and verdicts to Parquet or JSONL.",
        "check": "Find what is wrong with a lake, and the way out.",
        "compact": "Merge small files into large ones; every row stays as it is.",
        "repair": "Say what of a lake is damaged, and rebuild what can be rebuilt.",
        "copy": "Copy a lake, or some runs of it, to another place.",
        "drop": "Let a run that was wrong leave every answer, or bring it back.",
        "vacuum": "Delete files that no version of the last days names.",
    },
    "About": {
        "version": "Print the versions of the packages that decide results.",
    },
}


class _Commands(commands.Group):
    """The commands by name. Each is imported when it is run."""

    def listing(self) -> Mapping[str, Mapping[str, str]]:
        """Return the commands of each panel of the help page."""
        return COMMANDS

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import and return one command."""
        known = self.list_commands(ctx)
        if cmd_name in known:
            module = import_module(f"samples_cli.{cmd_name}_" if iskeyword(cmd_name) else f"samples_cli.{cmd_name}")
            made = getattr(module, "group", None)  # of several commands, as in `samples query pass_at_k`
            return made() if made else commands.command(cmd_name, module.command, module.EXAMPLE)
        if ctx and ctx.resilient_parsing:  # Tab was pressed
            return None
        raise UsageError(f'no command "{cmd_name}"{meant(cmd_name, known)}: samples --help lists the commands')

    def invoke(self, ctx: Any) -> Any:
        """Run the command. End quietly when the reader of stdout, such as head, has read enough."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)


def samples(
    context: typer.Context,
    version: Annotated[bool, typer.Option("-V", "--version", help="Print the version of Samples and exit.")] = False,
) -> None:
    """Draw completions once, keep every token and log-prob, ask questions for months.

    A lake is a local folder, or s3://, gs:// or az://. Name it with --lake or the variable SAMPLES_LAKE.
    """
    if version:
        from importlib.metadata import version as of

        terminal.put(f"samples {of('samples')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        terminal.page(context.get_help())


cli = commands.group(_Commands, samples, completion=True)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit."""

    def run() -> Any:
        return cli.main(arguments, prog_name="samples", standalone_mode=False)

    try:
        if os.environ.get(complete.PROTOCOL, "").startswith("complete_"):
            complete.answer(run)
        code = run()
    except typer.TyperException as error:
        _leave(mistake(error), 2)
    except SamplesError as error:
        _leave(str(error), error.exit_code)
    except MemoryError:
        _leave("this needs more memory than there is", 1)
    except (KeyboardInterrupt, typer.Abort):
        code = 130
    if code == 130:
        _leave("interrupted", 130)
    if code:
        sys.exit(code)


def _leave(line: str, code: int) -> NoReturn:
    terminal.say(f"samples: {line}")
    sys.exit(code)
