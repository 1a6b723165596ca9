"""Make the report of runs: ask all its questions of one snapshot."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from samples.errors import UsageError
from samples.files.whole import cannot_be_written, whole_file
from samples.lake.tables import Tables
from samples.report.asking import Asker, Asking
from samples.report.commands import ids_in_file
from samples.report.parts import Content, Section, Sentence
from samples.report.sections.registry import SECTIONS
from samples.report.subject import choose
from samples.report.words import counted, several

Form = Literal["html", "md"]
FORMS: dict[str, Form] = {".html": "html", ".htm": "html", ".md": "md", ".markdown": "md"}


class Report(Content):
    """The report of runs at one version of a lake. `save` writes it."""

    def save(self, file: str | Path, form: Form | None = None) -> list[Path]:
        """Write the report to `file`, and return what was written: .html is one file, .md has pictures beside it.

        The pictures are in the folder NAME_files. Each file appears whole or not at all, the report itself last.

        Raises:
            UsageError: The ending names no format and `form` is not given, or a file cannot be written.
        """
        files = self.files(file, form)
        for path, content in files.items():
            if path.parent != Path(file).parent and Path(file).parent.is_dir():
                try:
                    path.parent.mkdir(exist_ok=True)  # the folder of the pictures
                except OSError as error:
                    raise cannot_be_written(path.parent, error) from error
            with whole_file(str(path)) as sink:
                sink.write(content)
        return list(files)

    def files(self, file: str | Path, form: Form | None = None) -> dict[Path, bytes]:
        """Return what `save` writes: the content of each file, by its path; the report itself is the last.

        Raises:
            UsageError: The ending names no format and `form` is not given.
        """
        path = Path(file)
        if (form or form_of(path)) == "html":
            from samples.report.page import page

            return {path: page(self).encode()}
        from samples.report.markdown import markdown

        folder = path.with_name(f"{path.stem}_files")
        text, pictures = markdown(self, folder.name)
        return {**{folder / name: content for name, content in pictures.items()}, path: text.encode()}

    def __repr__(self) -> str:
        return f"<report of {several(list(self.runs))}: {len(self.sections)} sections; .save('report.html') writes it>"


def report(
    lake: Tables,
    runs: str | Sequence[str] = (),
    *,
    verifier: str | None = None,
    title: str | None = None,
    skip_unreadable: bool = False,
    watch: Callable[[Asking], None] = lambda _asking: None,
    **filters: Any,
) -> Report:
    """Make the report of runs, by default of all runs that pass the filters; the first is the base of comparisons.

    `verifier` says whose verdicts count; None is the only one that judged these runs. `filters` are those of queries.
    `watch` is called before each question.

    Raises:
        NotFound: A run, verifier, dataset, label or problem is not there.
        UsageError: Several verifiers judged the runs and none is named, or a filter cannot be read.
        LakeError: A file of the lake cannot be read.
    """
    pinned = lake.pin()
    subject = choose(
        pinned, [runs] if isinstance(runs, str) else list(runs), verifier, filters, skip_unreadable=skip_unreadable
    )
    ask = Asker(pinned, subject, watch, skip_unreadable=skip_unreadable)
    sections = [make(ask) for make in SECTIONS]
    return Report(
        title=title or f"{several(subject.names)} on {several(subject.datasets)}",
        lake=lake.uri,
        version=ask.version,
        made_at=datetime.now(UTC).replace(microsecond=0),
        program=f"samples {version('samples')}",
        runs=subject.names,
        verifier=subject.verifier,
        filters=ask.filters_said,
        short=_short(sections),
        sections=sections,
        ids=ids_in_file(filters),
    )


def _short(sections: Sequence[Section]) -> list[Sentence]:
    """Return what a reader should see first: what is wrong, who leads where, and which problems are solved."""
    by_key = {section.key: section for section in sections}
    kinds = [sentence.kind for sentence in by_key["health"].sentences]
    wrong, care = kinds.count("wrong"), kinds.count("care")
    said: list[Sentence] = []
    if wrong:
        said.append(Sentence(f"The samples have {counted(wrong, 'fault')} to mend first: see Health.", "wrong"))
    if care:
        said.append(Sentence(f"{_facts(care)} how to read the numbers: see Health.", "care"))
    found = [sentence for key in ("pass-at-k", "coverage") for sentence in by_key[key].sentences]
    return [*said, *(sentence for sentence in found if sentence.kind == "plain")]


def _facts(care: int) -> str:
    return "One fact about the samples changes" if care == 1 else f"{care} facts about the samples change"


def form_of(file: str | Path) -> Form:
    """Return the format that a file's ending names.

    Raises:
        UsageError: It names none.
    """
    form = FORMS.get(Path(file).suffix.lower())
    if form is None:
        raise UsageError(f"{file}: its ending names no format of a report: end it in .html or .md, or give --format")
    return form
