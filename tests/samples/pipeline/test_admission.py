"""Admission keeps an engine's batch full, whatever the lengths, and admits little more."""

import random
import threading
from heapq import heappop, heappush

from samples.pipeline.admission import Admission


def test_units_begin_while_the_batch_has_room_and_wait_then():
    admission = Admission(8)
    begun: list[int] = []

    def unit(number: int) -> None:
        assert admission.enter(4)
        begun.append(number)

    threads = [threading.Thread(target=unit, args=(number,), daemon=True) for number in range(4)]
    for thread in threads[:2]:
        thread.start()
        thread.join(5)
    assert begun == [0, 1]
    threads[2].start()
    threads[2].join(0.2)
    assert begun == [0, 1]
    admission.leave(1)
    threads[2].join(5)
    assert begun == [0, 1, 2]
    threads[3].start()
    threads[3].join(0.2)
    admission.leave(3)  # eight are still unfinished
    threads[3].join(0.2)
    assert begun == [0, 1, 2]
    admission.leave(1)
    threads[3].join(5)
    assert begun == [0, 1, 2, 3]


def test_once_it_is_closed_nothing_begins_and_whoever_waits_is_told():
    admission = Admission(1)
    assert admission.enter(64)
    answers: list[bool] = []
    waiting = threading.Thread(target=lambda: answers.append(admission.enter(1)), daemon=True)
    waiting.start()
    admission.close()
    waiting.join(5)
    assert answers == [False]
    assert not admission.enter(1)


def test_a_batch_stays_full_while_lengths_differ_by_a_hundred():
    """Run sequences of very different lengths through a batch, step by step. Admission says when a unit begins."""
    rng = random.Random(0)
    units = [[min(int(rng.lognormvariate(3, 1.2)) + 1, 1000) for _ in range(16)] for _ in range(200)]
    admission, batch = Admission(64), 64
    running: list[int] = []
    queued: list[int] = []
    now = 0
    while units:
        while units and len(running) + len(queued) < batch:
            assert admission.enter(16)
            queued += units.pop()
        while queued and len(running) < batch:
            heappush(running, now + queued.pop(0))
        assert len(running) == batch
        assert len(queued) < 16
        now = heappop(running)
        admission.leave(1)
