"""One sample, with its tokens decoded where the tokenizer that was asked for can be loaded."""

from samples.browse.desk import Desk
from samples.errors import NotFound, SamplesError
from samples.query.show import Shown, show
from samples.runs.run import Run


def decoded(desk: Desk, run: Run, problem_id: str, index: int, scorer: str | None) -> tuple[Shown, str]:
    """Return a sample. If its tokens cannot be decoded, return it without their texts, and say why."""
    if desk.tokenizer is not None:
        try:
            return show(desk.reading.lake, run.run_id, problem_id, index, tokenizer=desk.tokenizer, scorer=scorer), ""
        except NotFound:
            raise
        except SamplesError as error:
            why = str(error)
            return show(desk.reading.lake, run.run_id, problem_id, index, scorer=scorer), why
    return show(desk.reading.lake, run.run_id, problem_id, index, scorer=scorer), ""
