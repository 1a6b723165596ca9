"""A problem that stands in a file twice: refused unless asked, kept under an id of its own, or left out."""

import json
from pathlib import Path
from typing import Any

import pytest

from samples.errors import UsageError
from samples.problems.problems import load

ROWS = [
    {"question": "a", "answer": 1},
    {"question": "b"},
    {"question": "a", "answer": 1},
    {"question": "a", "answer": 1},
]


def lines(folder: Path, rows: list[dict[str, Any]]) -> str:
    path = folder / "set.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def ids(source: str, **options: Any) -> list[str]:
    return [problem.problem_id for problem in load(source, **options).problems]


def test_a_repeated_question_is_refused_and_the_line_names_both_places_and_the_option(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"line 3: the same question appears twice \(first on line 1\).*--duplicates"):
        load(lines(tmp_path, ROWS))
    with pytest.raises(UsageError, match='duplicates is "first"; one of fail, keep, drop is expected'):
        load(lines(tmp_path, ROWS), duplicates="first")  # pyright: ignore[reportArgumentType]


def test_kept_problems_have_ids_of_their_own(tmp_path: Path) -> None:
    first, other, *rest = ids(lines(tmp_path, ROWS), duplicates="keep")
    assert rest == [f"{first}-2", f"{first}-3"]
    assert other != first
    taken = [{"id": "p", "question": "a"}, {"id": "p-2", "question": "b"}, {"id": "p", "question": "c"}]
    assert ids(lines(tmp_path, taken), duplicates="keep") == ["p", "p-2", "p-3"]
    turned = [taken[0], taken[2], taken[1]]
    assert ids(lines(tmp_path, turned), duplicates="keep") == ["p", "p-3", "p-2"]


def test_what_is_left_out_is_the_same_problem_and_counted(tmp_path: Path) -> None:
    loaded = load(lines(tmp_path, ROWS), duplicates="drop")
    assert ([problem.question for problem in loaded.problems], loaded.dropped) == (["a", "b"], 2)
    assert loaded.hash == load(lines(tmp_path, ROWS[:2])).hash
    assert ids(lines(tmp_path, ROWS), duplicates="drop", limit=2) == [one.problem_id for one in loaded.problems]


@pytest.mark.parametrize(
    ("field", "value", "what"),
    [("answer", 2, "answer"), ("question", "z", "question"), ("tests", ["assert 1"], "tests")],
)
def test_a_repeated_id_with_other_content_is_never_left_out(tmp_path: Path, field: str, value: Any, what: str) -> None:
    row = {"id": 1, "question": "a", "answer": 1}
    source = lines(tmp_path, [row, row | {field: value}])
    with pytest.raises(
        UsageError, match=rf"line 2: .* appears twice \(first on line 1\) with another {what}; keep both"
    ):
        load(source, duplicates="drop")
    assert ids(source, duplicates="keep") == ["1", "1-2"]
