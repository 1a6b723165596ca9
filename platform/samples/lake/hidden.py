"""Runs that a lake does not show: dropped ones, and those of which a copy is not complete.

A hidden run has a note, _hidden/RUN_ID.json. The tables are changed one after the other. Meanwhile they contradict
each other about the run, and readers that meet this leave the run out (`samples.query.views`). A run with a note
cannot be begun again.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from shlex import quote

from samples.errors import LakeError, UsageError
from samples.lake.storage import Location

FOLDER = "_hidden"  # no table has this name
DROPPED, COPIED = "dropped", "being copied"
_NOTE = re.compile(rf"{FOLDER}/(?P<run>[^/]+)\.json$")


@dataclass(frozen=True)
class Hidden:
    """One hidden run, why it is hidden, and who did that, when and for what reason."""

    run_id: str
    name: str
    why: str
    by: str
    at: str
    reason: str | None = None

    @property
    def path(self) -> str:
        """The path of its note."""
        return f"{FOLDER}/{self.run_id}.json"

    @property
    def typed(self) -> str:
        """The run as `samples drop` takes it. A name that begins with - would be an option."""
        return self.run_id if self.name.startswith("-") else quote(self.name)

    def __str__(self) -> str:
        reason = f": {self.reason}" if self.reason else ""
        return f"run {self.name} ({self.run_id}) was {self.why} by {self.by} at {self.at}{reason}"

    @property
    def way_out(self) -> str:
        """What a person can do about it."""
        if self.why == COPIED:
            return "the same `samples copy` again finishes it"
        return (
            f"`samples drop {self.typed} --undo` brings it back; `samples vacuum --older-than 0d --yes` removes it for "
            "good, and then it can be begun again"
        )


def read(place: Location, run_id: str) -> Hidden | None:
    """Return the note of a run; None if it is not hidden.

    Raises:
        LakeError: The store cannot be reached, or the note is damaged.
    """
    found = place.get(f"{FOLDER}/{run_id}.json")
    return None if found is None else _parsed(place, run_id, found)


def every(place: Location) -> Mapping[str, tuple[Hidden, datetime]]:
    """Return the notes of all hidden runs, by id, each with the time when it was written, by the store's own clock.

    Raises:
        LakeError: The store cannot be reached, or a note is damaged.
    """
    notes: dict[str, tuple[Hidden, datetime]] = {}
    for path, _, at in place.objects(f"{FOLDER}/"):
        if (of := _NOTE.fullmatch(path)) and (found := place.get(path)) is not None:
            notes[of["run"]] = _parsed(place, of["run"], found), at
    return notes


def named(place: Location, name: str) -> Hidden | None:
    """Return the note of the hidden run of this name, or of this prefix of its id; None if there is none."""
    notes = [note for note, _ in every(place).values()] if name else []
    return next((note for note in notes if note.name == name or note.run_id.startswith(name)), None)


def write(place: Location, note: Hidden, *, again: bool = False) -> bool:
    """Write the note of a run. Return False if it has one already; with `again`, that one is replaced.

    Raises:
        LakeError: The store refused, or is away.
    """
    return place.put(note.path, json.dumps(asdict(note), ensure_ascii=False).encode(), create=not again)


def require_shown(place: Location, run_id: str) -> None:
    """Check that a run is not hidden.

    Raises:
        UsageError: It is; the message says what to do.
    """
    if (note := read(place, run_id)) is not None:
        raise UsageError(f"{note}; {note.way_out}")


def require_all_shown(place: Location, run_ids: Collection[str]) -> None:
    """Check that none of these runs is hidden. Raises as `require_shown`."""
    for run_id, (note, _) in every(place).items():
        if run_id in run_ids:
            raise UsageError(f"{note}; {note.way_out}")


def _parsed(place: Location, run_id: str, text: bytes) -> Hidden:
    try:
        return Hidden(**json.loads(text) | {"run_id": run_id})
    except (ValueError, TypeError) as error:
        raise LakeError(
            f"{place.uri}/{FOLDER}/{run_id}.json: expected a note about a run, found {text!r:.80}"
        ) from error
