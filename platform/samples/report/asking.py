"""Ask the questions of a report, all of one snapshot, and draw their charts. An answer is asked for once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import samples_queries
from samples.charts.formats import encoded
from samples.charts.plot import drawn, palette
from samples.charts.registry import CHARTS
from samples.errors import LakeError, SamplesError
from samples.lake.tables import Tables
from samples.query.query import query, sql
from samples.query.rows import Rows
from samples.report.commands import filter_words, query_command, sql_command
from samples.report.parts import Answer
from samples.report.subject import Subject


@dataclass(frozen=True)
class Asking:
    """How far a report is: the number of the question that is asked now, and its query."""

    number: int
    query: str

    def __str__(self) -> str:
        return f"question {self.number}: {self.query}"


class Asker:
    """Asks questions about the subject of a report. `lake` is pinned, and `version` is its version."""

    def __init__(
        self,
        lake: Tables,
        subject: Subject,
        watch: Callable[[Asking], None],
        *,
        skip_unreadable: bool = False,
    ) -> None:
        self.lake, self.subject, self.version = lake, subject, lake.version
        self._watch, self._number = watch, 0
        self._limits: dict[str, Any] = {"skip_unreadable": True} if skip_unreadable else {}
        self.ids = {run.name: run.run_id for run in subject.runs}
        self._known: dict[str, Rows | SamplesError] = {}
        self._colours = palette(lake)

    @property
    def filters_said(self) -> list[str]:
        """The filters of all questions, as a reader types them."""
        return filter_words(self.subject.filters, self.ids)

    def ask(self, name: str, heading: str, *, chart: bool = True, filtered: bool = True, **parameters: Any) -> Answer:
        """Ask a named query about the runs of the report, and draw its chart if it has one.

        The runs, the verifier and the filters of the report are added, where `parameters` does not give them and the
        query takes them. Without `filtered`, no problem is left out.

        Raises:
            LakeError: A file of the lake cannot be read.
        """
        given = self._parameters(name, parameters, filtered=filtered)
        command = query_command(name, given, self.version, self.ids)
        try:
            rows = self._rows(self.lake, name, **given)
        except LakeError:
            raise
        except SamplesError as error:
            return Answer(name, heading, command, refused=str(error))
        picture, undrawn = self._chart(name, rows, given) if chart and name in CHARTS else (None, None)
        return Answer(name, heading, command, rows, chart=picture, undrawn=undrawn)

    def sql(self, text: str, heading: str) -> Answer:
        """Ask a SELECT over the views about the runs and problems of the report.

        Raises:
            LakeError: A file of the lake cannot be read.
        """
        given = {"runs": self.subject.names, **self.subject.filters}
        command = sql_command(text, given, self.version, self.ids)
        self._say("sql")
        try:
            rows = sql(self.lake, text, **given, **self._limits)
        except LakeError:
            raise
        except SamplesError as error:
            return Answer("sql", heading, command, refused=str(error), text=text)
        return Answer("sql", heading, command, rows, text=text)

    def _parameters(self, name: str, given: Mapping[str, Any], *, filtered: bool) -> dict[str, Any]:
        own = {parameter.name: parameter.kind for parameter in samples_queries.header(name).params}
        whole = dict(given)
        if "runs" not in whole and not ("a" in own and "runs" not in own):
            whole["runs"] = self.subject.names
        if own.get("verifier") == "verifier" and self.subject.verifier is not None:
            whole.setdefault("verifier", self.subject.verifier)
        filters = self.subject.filters if filtered else {}
        return whole | {key: value for key, value in filters.items() if key not in whole}

    def _rows(self, lake: Tables, name: str, **parameters: Any) -> Rows:
        """Answer a named query, once for the same parameters."""
        key = repr((name, sorted(parameters.items())))
        if key not in self._known:
            self._say(name)
            try:
                self._known[key] = query(lake, name, **parameters, **self._limits)
            except SamplesError as error:
                self._known[key] = error
        found = self._known[key]
        if isinstance(found, SamplesError):
            raise found
        return found

    def _chart(self, name: str, rows: Rows, given: Mapping[str, Any]) -> tuple[bytes | None, str | None]:
        """Return the chart of an answer, or why there is none. The notes stand under it as text, not in the picture."""
        try:
            chart = drawn(self.lake, name, Rows(rows.table), given, self._rows, self._colours)
            return encoded(chart, "svg"), None
        except LakeError:
            raise
        except SamplesError as error:
            return None, str(error)

    def _say(self, name: str) -> None:
        self._number += 1
        self._watch(Asking(self._number, name))
