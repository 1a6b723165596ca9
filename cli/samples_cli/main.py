"""The command `samples`: finds the command's file, and says in one line what went wrong.

Data goes to stdout, everything else to stderr. Exit 0 done, 1 the work failed, 2 used wrongly, 130 interrupted.
"""

import sys
from importlib import import_module
from keyword import iskeyword
from typing import Any

import click

from samples.errors import SamplesError

_COMMANDS = {  # in the order of the help page
    "ingest": "Draw samples: what is missing of a run, kept with every token and log-prob.",
    "rescore": "Judge stored samples with a verifier; new verdicts beside the old ones.",
    "runs": "List the runs of a lake.",
    "problems": "List the problems of a lake.",
    "show": "Show one sample with its tokens and log-probs.",
    "query": "Ask a named question, such as pass_at_k.",
    "sql": "Ask with your own SELECT over the lake's views.",
    "label": "Set or remove labels of a run.",
    "import": "Add the samples of another tool's file, as a run.",
    "export": "Write samples with their completions and verdicts, as Parquet or JSONL.",
}


class _Commands(click.Group):
    """Commands by name, each imported when it is run: `samples --help` waits for none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click passes it
        """Return the commands in the order of the help page."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click passes it
        """Import and return one command."""
        module = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name  # Python has an `import` of its own
        return import_module(f"samples_cli.{module}").command if cmd_name in _COMMANDS else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click passes it
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(package_name="samples")
def cli() -> None:
    """Draw completions once, keep every token and log-prob, ask questions for months.

    A lake is a local folder or s3://, gs://, az:// URI; name it with --lake or the variable SAMPLES_LAKE.
    """


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line and exit."""
    try:
        cli.main(arguments, prog_name="samples", standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except SamplesError as error:
        click.echo(f"samples: {error}", err=True)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("samples: interrupted", err=True)
        sys.exit(130)
    except BrokenPipeError:  # the reader of our stdout, such as head, has seen enough
        sys.stderr.close()
        sys.exit(0)
