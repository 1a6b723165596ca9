"""Stores, roles and the commands of deploy/README.md, against a real S3 server on loopback."""

import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from samples.api import Lake
from samples.errors import LakeError
from samples.lake.leases import Leases
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


@pytest.fixture
def role(lab: str, store: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Return a function that makes this process a user who may do what a policy of deploy/ allows."""
    import boto3

    def checks_from(request: str) -> None:
        headers = {"Content-Type": "text/plain"}
        asked = urllib.request.Request(f"{store}/moto-api/reset-auth", request.encode(), headers, method="POST")
        urllib.request.urlopen(asked).close()

    def become(name: str) -> None:
        people = boto3.client("iam")
        people.create_user(UserName=name)
        people.put_user_policy(
            UserName=name, PolicyName=name, PolicyDocument=(DEPLOY / f"policy-{name}.json").read_text()
        )
        key = people.create_access_key(UserName=name)["AccessKey"]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
        checks_from("0")

    yield become
    checks_from("inf")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "owner")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "owner")


def test_who_collects_adds_to_the_lake_and_deletes_only_notes(role, lab, lakes):
    role("collect")
    lakes.add_run(Lake(lab), "c", {"p1": "cc"})
    assert "c" in {row["run"] for row in Lake(lab).runs().dicts()}
    Leases(locate(lab), "topic").renew(b"{}")
    with pytest.raises(LakeError, match="access is denied"):
        locate(lab).delete("lake.json")
    assert Lake(lab).runs().dicts()


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
