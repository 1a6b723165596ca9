"""`samples review`: label the chain of thought of one sample."""

from typing import Annotated, Literal

import typer

from samples_cli import complete, options, terminal

EXAMPLE = """samples review base-7b aime-12 37 --label lucky --note guessed --lake ./lake"""

LABELS = Literal["valid", "flawed", "lucky", "unclear"]


def command(
    run: options.RunName,
    problem: Annotated[str, typer.Argument(help="Id of the problem.", autocompletion=complete.problems)],
    index: Annotated[int, typer.Argument(help="Which of its samples, counted from 0.", min=0)],
    lake: options.Lake,
    label: Annotated[LABELS, typer.Option("--label", help="What it is: valid (correct steps lead to the answer), "
        "flawed (a step is wrong or missing), lucky (right by a guess, or by errors that cancel) or unclear (you "
        "cannot tell).",
        show_default=False)],
    note: Annotated[str | None, typer.Option("--note", metavar="TEXT", help="The reason.")] = None,
    reviewer: Annotated[str | None, typer.Option("--reviewer", metavar="NAME", envvar="SAMPLES_REVIEWER",
        show_default="the user of this machine", help="Who gives the label.")] = None,
) -> None:  # fmt: skip
    """Label the chain of thought of one sample: valid, flawed, lucky or unclear.

    Labels are appended: earlier ones are kept, and the last one of a reviewer counts. `samples query review_queue`
    lists what to read, `reviews` counts the labels, `review_agreement` compares two reviewers. `samples show` shows the
    labels of a sample.
    """
    import samples

    row = samples.open(lake).review(run, problem, index, label, note=note, reviewer=reviewer)
    terminal.say(f"{row['run']} {row['problem_id']} {row['sample_index']}: {row['label']}, by {row['reviewer']}")
