"""`--problems` joins by id only where the questions agree, else by question, else it refuses and names both."""

import json
from pathlib import Path
from typing import Any

import pytest

from samples.api import Lake
from samples.errors import UsageError
from samples.exchange.imports.load import Summary
from samples.exchange.imports.load import load as import_file

SUMS = [
    {"id": 0, "question": "What is 2+2?", "answer": "4"},
    {"id": 1, "question": "What is 3+3?", "answer": "6"},
    {"id": 2, "question": "What is 1+1?", "answer": "2"},
]


def lines(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def joined(folder: Path, rows: list[dict[str, Any]], problems: list[dict[str, Any]]) -> tuple[Summary, dict[str, str]]:
    """Import samples (the completion is the id in the file), and return which problem each became."""
    sampled = [{"completion": str(row["problem_id"]), **row} for row in rows]
    place = str(folder / "lake")
    source = lines(folder / "p.jsonl", problems)
    summary = import_file(place, lines(folder / "s.jsonl", sampled), "samples", name="a", dataset="d", problems=source)
    texts = Lake(place).read("completions").to_pylist()
    return summary, {row["text"]: row["problem_id"] for row in texts}


def test_a_file_that_numbers_its_problems_otherwise_is_joined_by_questions(tmp_path: Path) -> None:
    rows = [{"problem_id": n, "question": f"What  is\n{n + 1}+{n + 1}? "} for n in range(3)]
    summary, of = joined(tmp_path, rows, SUMS)
    assert of == {"0": "2", "1": "0", "2": "1"}
    assert summary.notes == ()


def test_where_a_side_has_no_question_the_id_alone_joins_and_a_note_says_when_golds_differ(tmp_path: Path) -> None:
    (tmp_path / "same").mkdir()
    summary, of = joined(tmp_path / "same", [{"problem_id": 0, "gold": "#### 4"}, {"problem_id": 1}], SUMS)
    assert (of, summary.notes) == ({"0": "0", "1": "1"}, ())
    summary, of = joined(tmp_path, [{"problem_id": n, "gold": str(2 * n + 2)} for n in range(3)], SUMS)
    assert of == {"0": "0", "1": "1", "2": "2"}
    (note,) = summary.notes
    assert note.startswith("3 problems are joined to ")
    assert 'by their ids alone, because the samples have no questions, and their gold answers differ: "0" ("2"' in note


def test_a_question_that_no_problem_has_is_refused_and_both_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        joined(tmp_path, [{"problem_id": 0, "question": "What is 9+9?"}], SUMS)
    assert '"What is 9+9?" here, "What is 2+2?" there' in str(caught.value)
    assert not (tmp_path / "lake").exists()
    with pytest.raises(UsageError, match="neither by id nor by question"):
        joined(tmp_path, [{"problem_id": "x", "question": "What is 9+9?"}], SUMS)


def test_a_prompt_that_has_the_question_inside_agrees_with_the_problem_of_its_id(tmp_path: Path) -> None:
    _, of = joined(tmp_path, [{"problem_id": 0, "question": "Think.\nWhat is 2+2?\nAnswer:"}], SUMS)
    assert of == {"0": "0"}
    with pytest.raises(UsageError, match="has another question"):
        joined(tmp_path, [{"problem_id": 0, "question": "11+1?"}], [{"id": 0, "question": "1+1?"}])


def test_a_question_is_known_without_the_options_that_were_put_to_it(tmp_path: Path) -> None:
    problems = [{"id": n, "question": f"{n}?", "choices": ["a", "b"], "answer": n} for n in range(2)]
    rows = [{"problem_id": 0, "question": "1?"}, {"problem_id": 1, "question": "0?\n\nA) a\nB) b"}]
    assert joined(tmp_path, rows, problems)[1] == {"0": "1", "1": "0"}


def test_of_problems_with_one_question_the_id_decides_then_the_gold_answer_and_nothing_else(tmp_path: Path) -> None:
    same = [{"id": "a", "question": "?", "answer": "1"}, {"id": "b", "question": "?", "answer": "2"}]
    places = [tmp_path / str(n) for n in range(4)]
    for place in places:
        place.mkdir()
    assert joined(places[0], [{"problem_id": "b", "question": "?", "gold": "1"}], same)[1] == {"b": "b"}
    assert joined(places[1], [{"problem_id": "x", "question": "?", "gold": "2"}], same)[1] == {"x": "b"}
    with pytest.raises(UsageError, match=r'is that of problems "a", "b" of .*; give the samples the ids'):
        joined(places[2], [{"problem_id": "x", "question": "?"}], same)
    repeated = [{"question": "?", "answer": "1"}, {"question": "?", "answer": "1"}]
    assert len(joined(places[3], [{"problem_id": "x", "question": "?"}], repeated)[1]) == 1


def test_two_ids_are_never_one_problem(tmp_path: Path) -> None:
    rows = [{"problem_id": 0, "question": "What is 2+2?"}, {"problem_id": "x", "question": "What is 2+2?"}]
    with pytest.raises(UsageError, match='"0" and "x" are both problem "0"'):
        joined(tmp_path, rows, SUMS)
