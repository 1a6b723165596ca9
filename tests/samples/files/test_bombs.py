"""A small compressed file may hold gigabytes. Reading it ends with one line, within the memory of the process."""

import gzip
import resource
import subprocess
import sys

import pytest

MOST = 1200 << 20  # bytes of address space
LONG = b"x" * (1 << 20)
BOMBS = {
    "long.jsonl.gz": (b'{"id": "a", "question": "', LONG, b'", "answer": "1"}\n'),
    "long.json.gz": (b'[{"id": "a", "question": "', LONG, b'"}]'),
    "long.csv.gz": (b"id,question,answer\n1,", LONG, b",1\n"),
    "zeros.parquet.gz": (b"PAR1", b"\0" * (1 << 20), b"PAR1"),
}


@pytest.mark.heavy
@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("command", ["ingest", "import"])
def test_a_bomb_is_refused_in_one_line(tmp_path, name, command):
    first, middle, last = BOMBS[name]
    with gzip.open(tmp_path / name, "wb", compresslevel=1) as file:
        file.write(first)
        for _ in range(1000):
            file.write(middle)
        file.write(last)
    more = {
        "ingest": ["--model", "toy", "--engine", "toy", "-k", "1", "--dry-run"],
        "import": ["--format", "samples", "--name", "bomb"],
    }[command]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "samples",
            command,
            tmp_path / name,
            "--dataset",
            "d",
            "--lake",
            tmp_path / "lake",
            *more,
        ],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MOST, MOST)),
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert name in done.stderr.splitlines()[-1]
    assert not (tmp_path / "lake").exists()
