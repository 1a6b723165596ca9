"""Write a report as Markdown, with its charts as picture files: for a repository, or a paper's appendix."""

import json
from collections.abc import Iterator
from shlex import quote

from samples.lines import printable
from samples.query.papers import markdown as table
from samples.query.papers import marked
from samples.query.rows import Rows
from samples.report.commands import IDS_FILE
from samples.report.explanations import explanation
from samples.report.parts import Answer, Content, Section, Sentence, Settings
from samples.report.pictures import standing_alone

MOST_ROWS = 400  # of a table; the command prints all
_LONG = 40  # rows from which a table is folded
_WHOLE = 300  # characters of a setting


def markdown(report: Content, folder: str) -> tuple[str, dict[str, bytes]]:
    """Return the text, and the pictures by their file names; the text links to them in `folder`."""
    pictures: dict[str, bytes] = {}
    parts = [*_head(report)]
    if report.short:
        parts += ["## In short", "\n".join(map(_sentence, report.short))]
    for section in report.sections:
        parts += _section(section, folder, pictures)
    parts += [
        "## How to get each number",
        "The commands under each section print its numbers again, of the lake as it was when this report was made.",
        _code(f"export SAMPLES_LAKE={_line(quote(report.lake))}"),
        *_ids(report),
        "In Python, the same version of the lake answers the same questions:",
        _code(_python(report), "python"),
        "Numbers in tables have four decimals, and - is a missing value. --format csv or parquet writes them whole.",
        "What the columns mean, and how they are worked out:",
        *_explained(report),
    ]
    return "\n\n".join(part.rstrip("\n") for part in parts if part) + "\n", pictures


def _ids(report: Content) -> list[str]:
    """Return the problem ids that the commands read from a file, if they do."""
    if not report.ids:
        return []
    return [
        f"The commands read the ids of the problems from {IDS_FILE}: save these lines so.",
        _code("\n".join(map(_line, report.ids)), "text"),
    ]


def _python(report: Content) -> str:
    """Return the lines of Python that ask a question of the report's version of the lake."""
    runs = ", ".join(map(_literal, report.runs))
    opened = f"lake = samples.open({_literal(report.lake)}, version={_literal(report.version)})"
    return f'{opened}\nlake.query("pass_at_k", runs=[{runs}])'


def _explained(report: Content) -> Iterator[str]:
    """Write how each query of the report is worked out, folded; with its SQL where it is one."""
    names = dict.fromkeys(answer.name for section in report.sections for answer in section.answers)
    for name in names:
        if name != "sql":
            words, select = explanation(name)
            parts = [_code(words, "text"), *(["Its SQL:", _code(select, "sql")] if select else [])]
            yield "\n\n".join([f"<details><summary>How {name} is worked out</summary>", *parts, "</details>"])


def _literal(text: str) -> str:
    """Return a text as a literal of Python, without characters that cannot be seen."""
    return printable(json.dumps(text, ensure_ascii=False), lines=False)


def _head(report: Content) -> Iterator[str]:
    yield f"# {_text(report.title)}"
    facts = {
        "Runs": ", ".join(report.runs), "Verifier": report.verifier or "none", "Only": ", ".join(report.filters),
        "Lake": report.lake, "Version": report.version,
        "Made": f"{report.made_at:%Y-%m-%d %H:%M} UTC by {report.program}",
    }  # fmt: skip
    yield "\n".join(f"- {name}: {_text(value)}" for name, value in facts.items() if value)


def _section(section: Section, folder: str, pictures: dict[str, bytes]) -> Iterator[str]:
    yield f"## {_text(section.title)}"
    yield _text(section.about)
    yield "\n".join(_sentence(sentence) for sentence in section.sentences)
    if section.settings:
        yield "### Settings side by side"
        yield _settings(section.settings)
    for answer in section.answers:
        yield f"### {_text(answer.heading)}"
        if answer.rows is None:
            yield f"Not answered: {_text(answer.refused or '')}"
            continue
        if answer.chart is not None:
            name = f"{section.key}-{len(pictures) + 1}.svg"
            pictures[name] = standing_alone(answer.chart)
            yield f"![{_text(answer.heading)}]({_path(folder)}/{name})"
        elif answer.undrawn is not None:
            yield f"No chart: {_text(answer.undrawn)}"
        yield _table(answer)
    commands = [
        *([section.settings.command] if section.settings else []),
        *(answer.command for answer in section.answers),
    ]
    if commands:
        yield "How to get these numbers:"
        yield _code("\n".join(commands))


def _table(answer: Answer) -> str:
    assert answer.rows is not None
    rows: Rows = answer.rows[:MOST_ROWS]
    if not rows:
        return "\n\n".join(["No rows.", *(f"note: {_text(note)}" for note in rows.notes)])
    written = "".join(table(rows)).rstrip("\n")
    if len(rows) < len(answer.rows):
        written += f"\n\n{len(rows):,} of {len(answer.rows):,} rows are shown; the command prints all."
    if len(rows) > _LONG:
        return f"<details><summary>Table of {len(answer.rows):,} rows</summary>\n\n{written}\n\n</details>"
    return written


def _settings(settings: Settings) -> str:
    """Return the settings that differ as a table, and the others as another."""

    def line(cells: list[str]) -> str:
        return f"| {' | '.join(cells)} |"

    differing = [setting for setting in settings.settings if setting.differs]
    same = [setting for setting in settings.settings if not setting.differs]
    lines: list[str] = []
    if differing:
        lines += [line(["setting", *map(_text, settings.runs)]), line(["---"] * (len(settings.runs) + 1))]
        lines += [line([_text(one.name), *map(_cut, one.values)]) for one in differing]
        lines.append("")
    if same:
        whose = "all runs" if len(settings.runs) > 1 else _text(settings.runs[0])
        lines += [line(["setting", whose]), line(["---", "---"])]
        lines += [line([_text(one.name), _cut(one.values[0])]) for one in same]
    return "\n".join(lines)


def _sentence(sentence: Sentence) -> str:
    kind = f"**{sentence.kind.capitalize()}:** " if sentence.kind in {"wrong", "care"} else ""
    return f"- {kind}{_text(sentence.text)}"


def _cut(value: str | None) -> str:
    text = "-" if value is None else value
    return _text(text if len(text) <= _WHOLE else f"{text[:_WHOLE]}… ({len(text):,} characters)")


def _text(text: str) -> str:
    return marked(_line(text))


def _line(text: str) -> str:
    return printable(text, lines=False)


def _path(folder: str) -> str:
    """Return a folder's name for a link: what would end the link is written in percent signs."""
    return "".join(c if c.isalnum() or c in "._-" else "".join(f"%{byte:02X}" for byte in c.encode()) for c in folder)


def _code(text: str, language: str = "sh") -> str:
    """Return lines as a block of code, whose fence is longer than any in them."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text}\n{fence}"
