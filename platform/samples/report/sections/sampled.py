"""What was sampled: the runs, and their settings side by side."""

from collections.abc import Sequence

from samples.query.connect import connect
from samples.report.asking import Asker
from samples.report.commands import sql_command
from samples.report.parts import Section, Sentence, Setting, Settings
from samples.report.words import several
from samples.runs.run import Run
from samples.runs.settings import IMPORTED, differing, side_by_side
from samples.runs.setups import setup_facts

_SETUPS = "SELECT run, drawn_by FROM setups WHERE list_contains($runs, run) ORDER BY created_at, drawn_by"


def section(ask: Asker) -> Section:
    """Return the section."""
    settings = _settings(ask)
    text = "SELECT run, specification FROM runs"
    command = sql_command(text, {"runs": ask.subject.names}, ask.version, ask.ids)
    return Section(
        "sampled",
        "What was sampled",
        "A run is one way of sampling one problem set. These numbers are of whole runs, whatever problems the report "
        "is about. Settings that differ between the runs are marked.",
        _differ(ask.subject.runs),
        [ask.ask("runs", "Samples and tokens of each run", filtered=False)],
        Settings(ask.subject.names, settings, command),
    )


def _differ(runs: Sequence[Run]) -> list[Sentence]:
    """Say in what the runs differ, and of which it is not known."""
    imported = [run.name for run in runs if run.engine == IMPORTED]
    drawn = [run for run in runs if run.engine != IMPORTED]
    said: list[Sentence] = []
    if imported:
        text = f"It is not recorded how {several(imported)} {'was' if len(imported) == 1 else 'were'} sampled"
        said.append(Sentence(f"{text}: a file was imported.", "plain"))
    if len(drawn) > 1:
        models = list(dict.fromkeys(run.model_name for run in drawn))
        differ = [*(["model"] if models[1:] else []), *differing([run.specification for run in drawn])]
        what = f"differ in {several(differ)}" if differ else "have the same settings"
        said.append(Sentence(f"{several([run.name for run in drawn])} {what}."))
    return said


def _settings(ask: Asker) -> list[Setting]:
    """Return the settings that state how samples are drawn, then the hardware and versions that drew them."""
    runs = ask.subject.runs
    found = side_by_side([run.specification for run in runs])
    with connect(ask.lake, ["setups"]) as connection:
        drawn = connection.execute(_SETUPS, {"runs": ask.subject.names}).fetchall()
    facts = {run.name: [setup_facts(text) for name, text in drawn if name == run.name] for run in runs}
    for fact in dict.fromkeys(fact for some in facts.values() for one in some for fact in one):
        values = [dict.fromkeys(one[fact] for one in facts[run.name] if fact in one) for run in runs]
        found[f"drawn with {fact}"] = [" and ".join(some) or None for some in values]
    return [Setting(name, values) for name, values in found.items()]
