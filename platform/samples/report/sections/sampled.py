"""What was sampled: the runs, and their settings side by side."""

from samples.query.connect import connect
from samples.report.asking import Asker
from samples.report.commands import sql_command
from samples.report.parts import Section, Sentence, Setting, Settings
from samples.runs.settings import side_by_side
from samples.runs.setups import setup_facts

_SETUPS = "SELECT run, drawn_by FROM setups WHERE list_contains($runs, run) ORDER BY created_at, drawn_by"


def section(ask: Asker) -> Section:
    """Return the section."""
    settings = _settings(ask)
    differ = [setting.name for setting in settings if setting.differs]
    said: list[Sentence] = []
    if len(ask.subject.runs) > 1:
        said = [
            Sentence(f"The runs differ in {', '.join(differ)}." if differ else "The settings of all runs are the same.")
        ]
    text = "SELECT run, specification FROM runs"
    command = sql_command(text, {"runs": ask.subject.names}, ask.version, ask.ids)
    return Section(
        "sampled",
        "What was sampled",
        "A run is one way of sampling one problem set. These numbers are of whole runs, whatever problems the report is "
        "about. Settings that differ between the runs are marked.",
        said,
        [ask.ask("runs", "Samples and tokens of each run", filtered=False)],
        Settings(ask.subject.names, settings, command),
    )


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
