"""Which scorers scored a run."""

from samples.browse.desk import Desk
from samples.lake.files import Selection, snapshot_files
from samples.runs.run import Run
from samples_schemas import SCORE_LOGPROBS


def scorers_of(desk: Desk, run: Run) -> list[str]:
    """Return the names of the scorers of which the lake has log-probs of this run. Only its file list is read."""

    def read() -> list[str]:
        lake = desk.reading.lake
        files = snapshot_files(lake, SCORE_LOGPROBS, Selection(frozenset({run.run_id})))
        ids = {file.partition["scorer_id"] for file in files}
        if not ids:
            return []
        names: dict[str, str] = {}
        for row in lake.read("scorers", ["scorer_id", "number", "name"]).sort_by("number").to_pylist():
            names.setdefault(row["scorer_id"], row["name"])
        return sorted(names[one] for one in ids if one in names)

    return desk.reading.once(("scorers", run.run_id), read)
