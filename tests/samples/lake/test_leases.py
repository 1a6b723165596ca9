"""Leases: others see them until they are released, expired, or of a process that died."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from samples.errors import LakeError
from samples.lake.leases import EXPIRY_SECONDS, FOLDER, Leases
from samples.lake.storage import locate


def test_others_see_a_note_and_its_changes_until_it_is_removed(anywhere):
    place = locate(anywhere)
    one, two, elsewhere = Leases(place, "r1"), Leases(place, "r1"), Leases(place, "r2")
    assert one.others() == []
    one.renew(b"first")
    elsewhere.renew(b"of another run")
    assert two.others() == [b"first"]
    assert one.others() == []
    one.renew(b"second")
    two.renew(b"mine")
    assert (one.others(), two.others()) == ([b"mine"], [b"second"])
    one.release()
    one.release()
    assert two.others() == []


def test_a_note_that_is_not_rewritten_goes_stale_by_the_store_s_clock(tmp_path):
    leases = Leases(locate(str(tmp_path)), "r1")
    leases.renew(b"mine")
    other = tmp_path / FOLDER / "r1" / "othermachine-1-abc.json"
    other.write_bytes(b"theirs")
    own = next(path for path in other.parent.iterdir() if path != other)
    day = time.time() + 86_400  # the store's clock may be far from ours
    os.utime(own, (day, day))
    os.utime(other, (day - EXPIRY_SECONDS + 1,) * 2)
    assert leases.others() == [b"theirs"]
    os.utime(other, (day - EXPIRY_SECONDS - 1,) * 2)
    assert leases.others() == []
    assert list(other.parent.iterdir()) == [own]


def test_a_note_of_a_process_that_died_on_this_machine_is_stale_at_once(tmp_path):
    write = "import sys; from samples.lake.leases import Leases; from samples.lake.storage import locate; "
    write += "Leases(locate(sys.argv[1]), 'r1').renew(b'theirs'); print('written', flush=True); sys.stdin.read()"
    process = subprocess.Popen(
        [sys.executable, "-c", write, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    leases = Leases(locate(str(tmp_path)), "r1")
    assert leases.others() == [b"theirs"]
    process.kill()
    process.communicate()
    assert leases.others() == []


@pytest.mark.heavy
def test_a_store_that_refuses_or_is_away_is_not_waited_for(tmp_path, faulty, s3):
    (tmp_path / FOLDER).write_text("a file where the folder should be")
    leases = Leases(locate(str(tmp_path)), "r1")
    with pytest.raises(LakeError):
        leases.renew(b"mine")
    with pytest.raises(LakeError):
        leases.others()
    faulty.answer = lambda _method, _path: 503
    with pytest.raises(LakeError):
        Leases(locate(s3), "r1").renew(b"mine")
    assert Path(tmp_path, FOLDER).is_file()
