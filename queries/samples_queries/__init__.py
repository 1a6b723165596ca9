"""Named queries: one file per question an analyst asks. The first lines of a file say what it answers.

NAME.sql is one SELECT. NAME.py defines `answer(connection, *, …)` for what SQL cannot say well: it reads views through
the connection and returns an Arrow table, or an Answer, which has notes too. Both read views only, never files, tables
or filters.

The first lines are the SQL file's first comment, or the module's docstring. They are called the header:

    -- coverage: which problems both of two runs solve, only one, or neither (Yue et al. 2025, arXiv:2504.13837)
    -- group    two runs
    -- params   a: run, b: run, verifier: verifier, threshold: int = 1
    -- reads    tallies
    -- grain    a, b, outcome
    -- columns  a, b, outcome, problems, share, problem_ids
    -- means    threshold: a run solves a problem when at least this many of its samples are correct
    --          outcome: which of the two runs solve the problem: both, only_a, only_b or neither
    -- example  samples query coverage --a base-7b --b rl-7b --verifier math
    --
    -- Paragraphs: how the answer is worked out, and what to watch out for.

- A key is followed by at least two spaces. A line that continues a key begins in the same column as its first word.
- `group` is one of GROUPS.
- `formula`, where there is one, says how figures are computed, in lines of at most 76 letters that are shown as they
  stand. There n is the number of verified samples of a problem, and c how many of them are correct.
- `params` are the query's parameters, as `name: kind` or `name: kind = default`. KINDS lists the kinds. A parameter of
  the kind runs or verifier needs no default: without a value it means all runs, or the only verifier. One of the kind
  scorer names a scorer, or a run that scores its own samples. One of the kind problems says on which problems runs are
  compared (see `problem_sets`): the common ones when runs are named. A SQL query with one reads the table `compared`.
  `= none` binds NULL. A list is never empty, except that "all" binds an empty list of numbers.
- `reads` names the views that the query reads. `scored` names those that it reads beside them where a scorer is given.
  A query with this key reads the view `scored_perplexities` in place of `perplexities` then.
- `takes` names what the query can be asked with beside its parameters: `by` and `pool`, which the platform sees to (see
  `samples.query.grouping` and `pooling`). `pooled` names the columns that follow the others with `pool`.
- `grain` names the columns that identify a row.
- `means` gives each parameter and column its meaning, one name a line. A line that continues a meaning is indented
  further. Names that mean the same in many queries are in `glossary` instead. A meaning here wins over the glossary.
- `example` is one real command. A parameter becomes an option with dashes: `min_n: int` is `--min-n 4`, and
  `strict: bool` is `--strict` or `--no-strict`.

An answer is the same to the last bit each time. Threads add up rows in any order, so that a sum or mean of floats would
not be. Sums over samples are of DECIMAL(38, 20), which is exact. Those over problems are of a list that is sorted by
value.

The platform opens only files of the runs, verifiers and scorers that a query's parameters name.

The folder `views` holds the SQL of the views. A view's header has the keys `reads`, and, where they apply, `made once`
(its rows are computed once and kept) and `each`. A view with `each` contains places such as `{run_id}`. The platform
fills in values, and joins one SELECT per value while there are few; otherwise it fills in column names.

The folder `macros` holds functions for an analyst's own SQL, such as pass_at_k(n, c, k). A macro's first line says what
it computes.

`header(name)` gives a query's header as data, `reference(name)` as text, and `listing()` gives all queries by group.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from samples_queries.files import MACROS, NAMES, is_sql, text
from samples_queries.headers import GROUPS, KINDS, TAKES, Header, Parameter, header
from samples_queries.manual import listing, reference

if TYPE_CHECKING:  # help and completion read headers, without a library that takes long to import
    import pyarrow as pa


class Unanswerable(ValueError):
    """The lake does not hold what a query needs. The message says what is missing, and how to add it."""


class Unjudged(Unanswerable):
    """Runs have no verdicts of the verifier."""


class Answer(NamedTuple):
    """The rows of an answer, and what its reader must know about them, one sentence each."""

    rows: "pa.Table"
    notes: Sequence[str] = ()


__all__ = [
    "GROUPS",
    "KINDS",
    "MACROS",
    "NAMES",
    "TAKES",
    "Answer",
    "Header",
    "Parameter",
    "Unanswerable",
    "Unjudged",
    "header",
    "is_sql",
    "listing",
    "reference",
    "text",
]
