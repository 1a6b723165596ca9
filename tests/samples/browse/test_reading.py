"""What pages read is never older than what they have shown."""

import threading

from samples.browse.reading import Reading
from samples.lake.tables import Tables


def labels(reading):
    return len(reading.lake.read("reviews"))


def test_two_labels_at_once_are_both_shown(lakes, tmp_path, monkeypatch):
    lake = lakes.filled(tmp_path / "lake")
    reading, renewed = Reading(lake), Tables.renewed
    before, slow, second = labels(reading), threading.Event(), threading.Event()

    def slowly(self, names):
        found = renewed(self, names)
        if not slow.is_set():
            slow.set()
            second.wait(2)  # the other one overtakes, if it may
        return found

    def review(label):
        lake.review("a", "p1", 1, label, reviewer="ann")
        reading.reviewed()

    monkeypatch.setattr(Tables, "renewed", slowly)
    first = threading.Thread(target=review, args=["valid"])
    first.start()
    slow.wait(60)
    other = threading.Thread(target=lambda: (review("flawed"), second.set()))
    other.start()
    first.join()
    other.join()
    assert labels(reading) == before + 2
