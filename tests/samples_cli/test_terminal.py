"""Nothing that a stranger wrote is obeyed by a terminal: every command, in every format, on stdout and on stderr."""

import ast
import json
import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import samples_cli
from samples.errors import LakeError, NotFound
from samples_cli.main import COMMANDS

CLIPBOARD = "\x1b]52;c;aGFja2Vk\x07"  # OSC 52: many terminals put this into the clipboard
HOSTILE = f"p{CLIPBOARD}\x9b31m\u202e\r"
OURS = re.compile(r"\r?\x1b\[([0-9;]*m|\?25[lh]|1A|2?K)")  # colours, and lines that are drawn again

# Runs commands one after another in one process, whose stdout and stderr are a terminal.
SCRIPT = """
import json, sys
from samples_cli.main import main
for arguments in json.load(open(sys.argv[1])):
    print("===", flush=True)
    try:
        main(arguments)
    except SystemExit as done:
        print(f"exit {done.code or 0}", flush=True)
    else:
        print("exit 0", flush=True)
"""


def on_a_terminal(commands: Sequence[Sequence[str]], folder: Path) -> list[str]:
    """Return what each command writes to a terminal."""
    (folder / "commands.json").write_text(json.dumps(commands))
    leader, follower = pty.openpty()
    environment = {**os.environ, "COLUMNS": "400", "TERM": "xterm"}
    shown = b""
    arguments = [sys.executable, "-c", SCRIPT, str(folder / "commands.json")]
    with subprocess.Popen(arguments, stdin=follower, stdout=follower, stderr=follower, env=environment):
        os.close(follower)
        while select.select([leader], [], [], 120)[0]:
            try:
                shown += os.read(leader, 65536)
            except OSError:  # the other side is closed
                break
    os.close(leader)
    parts = shown.decode().replace("\r\n", "\n").split("===\n")[1:]
    assert len(parts) == len(commands), parts[-1]
    return parts


@pytest.fixture
def stranger(tmp_path: Path, samples) -> str:
    """A lake whose ids, metadata, completions, answers and labels a stranger wrote."""
    rows = [
        {
            "problem_id": HOSTILE if n else "q",
            "sample_index": 0,
            "question": f"What? {HOSTILE}",
            "gold": HOSTILE,
            "completion": HOSTILE,
            "correct": bool(n),
            "answer": HOSTILE,
            "metadata": {"level": HOSTILE, HOSTILE: 1},
        }
        for n in range(2)
    ]
    file = tmp_path / "file.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    lake = str(tmp_path / "lake")
    where = ("--format", "samples", "--name", "r", "--dataset", "d", "--lake", lake)
    code, _, said = samples("import", file, *where, "--label", f"note={HOSTILE}")
    assert code == 0, said
    return lake


@pytest.mark.heavy
def test_no_command_and_no_format_lets_a_strangers_text_reach_the_terminal(stranger: str, tmp_path: Path):
    at = ("--lake", stranger)
    bad = tmp_path / "bad.jsonl"
    bad.write_text(json.dumps({"problem_id": HOSTILE, "sample_index": "x"}) + "\n")
    twice = tmp_path / "twice.jsonl"
    twice.write_text(2 * (json.dumps({"id": HOSTILE, "question": "1?", "answer": "1"}) + "\n"))
    once = tmp_path / "once.jsonl"
    once.write_text(json.dumps({"id": HOSTILE, "question": HOSTILE, "answer": "1"}) + "\n")
    select_all = f"""SELECT *, metadata AS "{HOSTILE}" FROM problems"""
    formats = ("table", "csv", "json", "jsonl", "markdown", "latex")
    commands: list[tuple[str, ...]] = [
        *(("sql", select_all, "--format", form, *at) for form in formats),
        *(("problems", "--format", form, *at) for form in formats),
        *(("runs", "--format", form, *at) for form in formats),
        ("sql", select_all, "-o", "/dev/tty", "--format", "csv", *at),
        ("sql", select_all, "-o", "/dev/stdout", "--format", "csv", *at),
        ("sql", f"SELECT error('{HOSTILE}')", *at),
        ("sql", f'SELECT "{HOSTILE}" FROM problems', *at),
        ("sql", "--describe", HOSTILE),
        ("query", "pass_at_k", "--runs", "r", "--by", "level", *at),
        ("query", "pass_at_k", "--runs", "r", "--where", f"level={HOSTILE}", *at),
        ("query", "pass_at_k", "--runs", HOSTILE, *at),
        ("query", HOSTILE, *at),
        ("review", "r", HOSTILE, "0", "--label", "flawed", "--note", HOSTILE, "--reviewer", "ann", *at),
        ("review", "r", HOSTILE, "0", "--label", "valid", "--reviewer", HOSTILE, *at),
        ("review", "r", HOSTILE, "0", "--label", HOSTILE, *at),
        ("query", "reviews", "--reviewer", HOSTILE, *at),
        ("sql", "SELECT * FROM review_history", *at),
        ("show", "r", HOSTILE, *at),
        ("show", "r", HOSTILE, "--against", "r", "--verifier", HOSTILE, *at),
        ("show", "r", HOSTILE, "0", "--against", "r", "--scorer", HOSTILE, *at),
        ("show", "r", HOSTILE, "0", *at),
        ("show", "r", HOSTILE, "0", "--json", *at),
        ("show", "r", "q", "7", *at),
        ("show", "r", f"{HOSTILE}x", "0", *at),
        ("export", *at),
        ("export", "-o", "-", "--json", *at),
        ("label", "r", f"more={HOSTILE}", *at),
        ("status", "r", *at),
        ("check", *at),
        ("compact", "--run", HOSTILE, *at),
        ("compact", *at),
        ("repair", *at),
        ("drop", "r", "--reason", HOSTILE, *at),
        ("show", "r", "q", "0", *at),
        ("vacuum", "--older-than", "0d", *at),
        ("drop", "r", "--undo", *at),
        ("drop", HOSTILE, *at),
        ("vacuum", "--older-than", HOSTILE, *at),
        ("copy", stranger, str(tmp_path / "copy")),
        ("copy", stranger, str(tmp_path / "copy"), "--run", HOSTILE),
        ("rescore", "--verifier", "numeric", "--workers", "1", *at),
        ("rescore", "--verifier", "code", "--run", "r", *at),
        ("rescore", "--verifier", HOSTILE, *at),
        ("score", "--model", "toy", "--engine", "toy", "--run", "r", "--dry-run", *at),
        ("score", "--model", HOSTILE, "--engine", "toy", *at),
        ("score", "--model", "toy", "--engine", "toy", "--where", f"level={HOSTILE}", *at),
        ("plot", "pass_at_k", "--runs", HOSTILE, "-o", str(tmp_path / "chart.svg"), *at),
        ("plot", HOSTILE, *at),
        ("report", "--run", HOSTILE, "-o", str(tmp_path / "report.html"), *at),
        ("report", "--run", f"{HOSTILE}?", "-o", str(tmp_path / "report.html"), *at),
        ("browse", "--port", HOSTILE, *at),
        ("import", str(bad), "--format", "samples", "--name", "b", "--dataset", "d", *at),
        ("ingest", str(twice), "--model", "toy", "--engine", "toy", "-k", "1", *at),
        ("ingest", str(once), "--model", "toy", "--engine", "toy", "-k", "1", "--dry-run", *at),
        ("ingest", str(once), "--model", HOSTILE, "--engine", "toy", "-k", "1", "--json", *at),
        ("version",),
        ("verifiers", HOSTILE),
        (HOSTILE,),
        ("runs", f"--{HOSTILE}", *at),
        ("runs", "--limit", HOSTILE, *at),
    ]
    assert {name for panel in COMMANDS.values() for name in panel} <= {command[0] for command in commands}
    for command, shown in zip(commands, on_a_terminal(commands, tmp_path), strict=True):
        assert "Traceback" not in shown, command
        plain = OURS.sub("", shown)
        assert [c for c in plain if not c.isprintable() and c not in "\n\t"] == [], (command, shown)


def test_files_and_pipes_keep_the_exact_text(stranger: str, tmp_path: Path, samples):
    asked = ("sql", "SELECT problem_id FROM problems WHERE problem_id <> 'q'", "--lake", stranger)
    for form in ("csv", "jsonl", "json"):
        code, piped, _ = samples(*asked, "--format", form)
        assert code == 0
        assert samples(*asked, "-o", tmp_path / f"out.{form}")[0] == 0
        for text in (piped, (tmp_path / f"out.{form}").read_bytes().decode()):
            found = text.partition("\n")[2].strip("\n").strip('"') if form == "csv" else json.loads(text)
            assert found in (HOSTILE, {"problem_id": HOSTILE}, [{"problem_id": HOSTILE}])
    code, shown, _ = samples("show", "r", HOSTILE, "0", "--json", "--lake", stranger)
    assert json.loads(shown)["text"] == HOSTILE
    assert shown.strip("\n").isprintable()


def test_an_error_carries_nothing_that_a_terminal_obeys_to_other_programs_either():
    for kind in (NotFound, LakeError):
        assert str(kind(f"no problem {HOSTILE}")) == ("no problem p\\x1b]52;c;aGFja2Vk\\x07\\x9b31m\\u202e\\r")


def test_a_crash_says_its_traceback_without_what_a_terminal_obeys():
    script = "import sys\nfrom samples_cli.terminal import last_words\nsys.excepthook = last_words\nraise ValueError("
    done = subprocess.run([sys.executable, "-c", f"{script}{HOSTILE!r})"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.endswith("ValueError: p\\x1b]52;c;aGFja2Vk\\x07\\x9b31m\\u202e\\r\n")


def test_only_one_place_of_the_command_line_writes_to_the_terminal():
    """Others call `terminal`. The exceptions draw for themselves, or run before anything is imported."""
    allowed = {"terminal.py", "screen.py", "start.py", "complete.py"}
    for path in Path(samples_cli.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and path.name not in allowed:
                assert ast.unparse(node.func) not in {"print", "typer.echo", "sys.stderr.write", "sys.stdout.write"}
