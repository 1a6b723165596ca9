"""Stores, roles and the commands of deploy/README.md, against a real S3 server on loopback."""

import json
import os
import re
import shlex
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from samples.api import Lake
from samples.errors import LakeError
from samples.lake.leases import Leases, at_work
from samples.lake.storage import locate

DEPLOY = Path(__file__).parent.parent / "deploy"

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    """The URL of a real S3 server on loopback that enforces conditional puts and policies."""
    from moto.moto_server.threaded_moto_server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def lab(store: str, monkeypatch: pytest.MonkeyPatch, lakes: Any) -> Iterator[str]:
    """The URI of the lake that deploy/README.md speaks of, with two runs in it; the environment leads there."""
    import boto3

    for name, value in {
        "AWS_ENDPOINT_URL": store,
        "AWS_ACCESS_KEY_ID": "owner",
        "AWS_SECRET_ACCESS_KEY": "owner",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3").create_bucket(Bucket="lab")
    lake = lakes.filled("s3://lab/lake")
    lakes.add_run(lake, "base-7b", {"p1": "cw"})
    yield lake.uri
    bucket = boto3.resource("s3").Bucket("lab")
    bucket.objects.all().delete()
    bucket.delete()


def policy(name: str) -> str:
    """A policy of deploy/. This server asks for a delete on the whole bucket where S3 asks for one on each object."""
    found = json.loads((DEPLOY / f"policy-{name}.json").read_text())
    for statement in found["Statement"]:
        if "s3:DeleteObject" in statement["Action"] and name == "maintain":
            statement["Resource"] = [statement["Resource"], "arn:aws:s3:::lab"]
    return json.dumps(found)


@pytest.fixture
def role(lab: str, store: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Return a function that makes this process a user who may do what a policy of deploy/ allows."""
    import boto3

    def checks_from(request: str) -> None:
        headers = {"Content-Type": "text/plain"}
        asked = urllib.request.Request(f"{store}/moto-api/reset-auth", request.encode(), headers, method="POST")
        urllib.request.urlopen(asked).close()

    def be_the_owner() -> None:
        checks_from("inf")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "owner")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "owner")

    def become(name: str) -> None:
        be_the_owner()
        user, people = f"{name}-{uuid4().hex}", boto3.client("iam")
        people.create_user(UserName=user)
        people.put_user_policy(UserName=user, PolicyName=name, PolicyDocument=policy(name))
        key = people.create_access_key(UserName=user)["AccessKey"]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
        checks_from("0")

    yield become
    be_the_owner()


def test_who_collects_adds_to_the_lake_and_deletes_only_notes(role, lab, lakes):
    role("collect")
    lakes.add_run(Lake(lab), "c", {"p1": "cc"})
    assert "c" in {row["run"] for row in Lake(lab).runs().dicts()}
    Leases(locate(lab), "topic").renew(b"{}")
    with pytest.raises(LakeError, match="access is denied"):
        locate(lab).delete("lake.json")
    assert Lake(lab).runs().dicts()


@pytest.fixture
def samples(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Run a `samples` command on the lake: (exit code, stdout, the last line of stderr)."""
    from samples_cli.main import main

    monkeypatch.setenv("SAMPLES_LAKE", "s3://lab/lake")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sums.jsonl").write_text('{"id": "s", "question": "1 + 1?", "answer": "2"}\n')

    def call(command: str) -> tuple[int, str, str]:
        code = 0
        try:
            main(shlex.split(command))
        except SystemExit as done:
            code = int(done.code or 0)
        out, err = capfd.readouterr()
        return code, out, (err.strip().splitlines() or [""])[-1]

    return call


DRAW = "ingest sums.jsonl --model toy --engine toy -k 4 --name toys --max-tokens 8"
READS = [
    "runs", "problems", "status a", "show a p1 0", "show a p1", "query", "query pass_at_k --runs a,b",
    'sql "SELECT count(*) FROM completions"', "plot pass_at_k --runs a,b --verifier v -o chart.svg",
    "report -o report.html", "export --run a -o a.parquet", "query review_queue --run a --verifier v", "version",
    "verifiers", "repair", "vacuum", "vacuum --older-than 0d --nobody-writes --dry-run", "copy s3://lab/lake copied",
    f"{DRAW} --dry-run", "query pass_at_k --runs a --at 2100-01-01T00:00", "check", "check --deep --run a",
    "compact --dry-run",
]  # fmt: skip
WRITES = [
    DRAW, "rescore --verifier exact --workers 1", "label a step=2", "review a p1 0 --label lucky --reviewer ann",
    "import sums.jsonl --format rows --field completion=answer --name x --dataset y",
    "repair --write", "vacuum --yes", "drop a --by ann",
    "drop a --undo", "compact", "copy copied s3://lab/lake", "score --model toy --engine toy --run a",
]  # fmt: skip
MAY_ONLY_READ = "this key may only read; ask for one that may write"


def test_every_command_that_reads_works_with_the_key_of_who_analyses(role, lab, samples):
    before = sorted(locate(lab).list(""))
    role("analyse")
    for command in READS:
        code, _, said = samples(command)
        assert code == 0, (command, said)
    assert sorted(locate(lab).list("")) == before


def test_every_command_that_writes_says_at_once_that_this_key_may_only_read(role, lab, samples, tmp_path, lakes):
    lakes.filled(tmp_path / "copied")
    before = sorted(locate(lab).list(""))
    role("analyse")
    for command in WRITES:
        code, _, said = samples(command)
        assert code == 1, (command, said)
        assert MAY_ONLY_READ in said, (command, said)
    assert sorted(locate(lab).list("")) == before


@pytest.mark.ray
def test_the_whole_flow_under_the_key_of_each_role(role, lab, samples):
    role("collect")
    assert samples(DRAW)[0] == 0
    assert samples("rescore --verifier exact --run toys --workers 1")[0] == 0
    assert samples("score --model toy --engine toy --run toys")[0] == 0
    for command in ("vacuum --yes", "drop toys --by ann"):
        code, _, said = samples(command)
        assert code == 1
        assert "this key may only read and write; ask for one that may delete" in said, (command, said)
    assert samples("vacuum")[0] == 0
    role("analyse")
    _, out, _ = samples("query pass_at_k --runs toys --ks 1,4 --verifier exact --format csv")
    assert out.count("toys") == 2
    role("maintain")
    until = time.monotonic() + 60  # moto let nobody delete the leases of those who collected: they run out
    while at_work(Lake(lab).place) and time.monotonic() < until:  # those of the scorer, too
        time.sleep(1)
    for command in (
        "drop toys --by ann",
        "drop toys --by ann",
        "drop toys --undo",
        "drop toys --by ann",
        "vacuum --older-than 0d --yes",
    ):
        code, _, said = samples(command)
        assert code == 0, (command, said)
    assert samples("vacuum --older-than 0d")[2] == "nothing to delete"
    assert {row["run"] for row in Lake(lab).runs()} == {"a", "b", "base-7b"}


def test_who_analyses_reads_and_writes_nothing(role, lab, lakes):
    role("analyse")
    lake = Lake(lab)
    assert {row["run"] for row in lake.runs().dicts()} == {"a", "b", "base-7b"}
    assert lake.query("pass_at_k", runs=["a"], ks=[1]).dicts()
    with pytest.raises(LakeError, match="access is denied"):
        lake.label("a", step=2)
    with pytest.raises(LakeError, match="access is denied"):
        locate(lab).delete("lake.json")


def test_a_store_whose_conditional_puts_do_not_hold_is_found_out(lab, tmp_path):
    check = [sys.executable, str(DEPLOY / "check_store.py")]
    held = subprocess.run([*check, lab], capture_output=True, text=True, check=False)
    assert (held.returncode, held.stdout.count("a lake is safe there")) == (0, 1), held.stderr
    script = (DEPLOY / "check_store.py").read_text().replace("create=True", "create=False")  # as a store without them
    (tmp_path / "unconditional.py").write_text(script)
    loose = subprocess.run(
        [sys.executable, str(tmp_path / "unconditional.py"), lab], capture_output=True, text=True, check=False
    )
    assert loose.returncode == 1
    assert "16 of 16 writers created one object" in loose.stdout


def commands() -> list[tuple[str, bool]]:
    """The commands of deploy/README.md, and whether each needs a cluster."""
    text = (DEPLOY / "README.md").read_text()
    found = []
    for line in re.findall(r"^    (\S.*)$", text, flags=re.MULTILINE):
        command, _, comment = line.partition("  #")
        found.append((command.strip(), comment.strip() == "needs a cluster"))
    return found


def test_the_readme_has_commands_of_both_kinds():
    assert len({needs for _, needs in commands()}) == 2


@pytest.mark.parametrize("command", [command for command, needs in commands() if not needs])
def test_commands_of_the_readme_run(lab, tmp_path, command):
    (tmp_path / "math500.jsonl").write_text('{"id": "p1", "problem": "What is 1 + 1?", "answer": "2"}\n')
    (tmp_path / "deploy").symlink_to(DEPLOY)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, arguments in {"samples": "-m samples", "python": ""}.items():
        (programs / name).write_text(f'#!/bin/sh\nexec {sys.executable} {arguments} "$@"\n')
        (programs / name).chmod(0o755)
    variables = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "SAMPLES_LAKE": lab, "PYTHON": "python"}
    done = subprocess.run(
        ["sh", "-c", command], cwd=tmp_path, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
