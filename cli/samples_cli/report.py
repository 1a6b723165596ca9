"""`samples report`: the figures and tables of chosen runs as one document."""

from typing import Annotated, Literal

import typer

from samples_cli import complete, options, output
from samples_cli.reporter import reporting
from samples_cli.values import Names, together

EXAMPLE = "samples report --run base-7b --run rl-7b --verifier math -o report.html"


def command(
    lake: options.Lake,
    file: Annotated[str, typer.Option("-o", "--output", metavar="FILE", rich_help_panel=options.OUTPUT,
        help="Write the report to this file: .html (one page, without scripts or a network) or .md (with a folder of "
        "pictures beside it).")],
    runs: Annotated[list[Names] | None, typer.Option("--run", metavar="RUN", parser=Names.read,
        autocompletion=complete.runs,
        help="A run, by name or by the beginning of its id. Repeatable: the first is the base that the others are "
        "compared with. Without it, all runs that pass the filters.")] = None,
    verifier: Annotated[str | None, typer.Option("--verifier", metavar="VERIFIER", show_default="the only one",
        autocompletion=complete.judged, help="Name of the verifier whose verdicts count.")] = None,
    title: Annotated[str | None, typer.Option("--title", metavar="TEXT", show_default="the runs' names",
        help="The title of the report.")] = None,
    form: Annotated[Literal["html", "md"] | None, typer.Option("--format", metavar="FORMAT",
        rich_help_panel=options.OUTPUT,
        help="Write html or md. Without it, the ending of the output file decides.")] = None,
    dataset: options.Dataset = None,
    where: options.Where = None,
    problems: options.Problems = None,
    label: options.Labels = None,
    exclude_guessable: options.ExcludeGuessable = None,
    at: options.At = None,
    skip_unreadable: options.SkipUnreadable = False,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:  # fmt: skip
    """Write the figures and tables of runs as one document, with the command that prints each number again.

    It has pass@k and where the curves cross, differences, solved problems with their ids, accuracy, support, forecast,
    perplexity and divergence where there are scores, agreement of verifiers, lengths, and a section that says in words
    what is wrong with the samples. All numbers are of one version of the lake.
    """
    import samples
    from samples.report.report import form_of

    form = form or form_of(file)
    output.require_folder(file)
    with reporting(quiet=quiet, json=json) as shown, output.interruptible():
        made = samples.open(lake, version=at).report(
            together(runs),
            verifier=verifier,
            title=title,
            skip_unreadable=skip_unreadable,
            watch=shown.screen.asking,
            **options.filters(dataset, where, problems, label, exclude_guessable),
        )
        files = made.save(file, form)
        refused = [answer for section in made.sections for answer in section.answers if answer.rows is None]
        said = [f"wrote {file}: {len(made.sections)} sections"]
        if refused:
            many = "1 question is" if len(refused) == 1 else f"{len(refused)} questions are"
            said.append(f"{many} not answered, and the report says why; the first: {refused[0].refused}")
        shown.done(said, {"command": "report", "file": file, "files": len(files), "refused": len(refused)})
