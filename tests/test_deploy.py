"""What deploy/ holds is right, as far as no cluster is needed to say so.

Manifests have only fields that their kinds have, Dockerfiles and scripts pass a linter, and what one file names
another has.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from samples.lake.leases import FOLDER
from samples.units import parts

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
KINDS = yaml.safe_load(Path(__file__).with_name("deploy_kinds.yaml").read_text())
QUANTITY = re.compile(r"\d+(\.\d+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?")
PINS = dict(re.findall(r"^([a-z0-9-]+)==(\S+)$", (DEPLOY / "constraints.txt").read_text(), flags=re.MULTILINE))
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def program(name: str) -> str:
    """Return the path of a program that a development dependency brings."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if not found:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{name} is not installed: make")
    return found


def mistakes(value: Any, kind: Any, where: str) -> Iterator[str]:
    """Yield how a value differs from a kind, in the notation of deploy_kinds.yaml."""
    if isinstance(kind, str) and (name := re.fullmatch(r"<(\w+)>", kind)):
        yield from mistakes(value, KINDS[name[1]], where)
    elif isinstance(kind, str) and kind.startswith("map "):
        for key, inner in value.items() if isinstance(value, dict) else [(where, None)]:
            yield from mistakes(inner, kind.removeprefix("map "), f"{where}.{key}")
    elif isinstance(kind, list):
        for number, inner in enumerate(value) if isinstance(value, list) else [(0, None)]:
            yield from mistakes(inner, kind[0], f"{where}[{number}]")
    elif isinstance(kind, dict):
        fields = {name.rstrip("~"): inner for name, inner in kind.items()}
        if not isinstance(value, dict):
            yield f"{where}: {value!r} has no fields"
            return
        yield from (f"{where}: unknown field {name}" for name in value.keys() - fields)
        yield from (f"{where}: no field {name}" for name in kind.keys() - value.keys() if not name.endswith("~"))
        for name in value.keys() & fields:
            yield from mistakes(value[name], fields[name], f"{where}.{name}")
    elif not fits(value, kind):
        yield f"{where}: {value!r} is not {kind}"


def fits(value: Any, kind: str) -> bool:
    """Return whether a value is of a plain type."""
    if kind.startswith("one of "):
        return value in kind.split()[2:]
    types = {"text": str, "flag": bool, "whole": int, "number": int | float, "quantity": str, "anything": object}
    plain = isinstance(value, types[kind]) and (kind in {"flag", "anything"} or not isinstance(value, bool))
    return plain and (kind != "quantity" or QUANTITY.fullmatch(value) is not None)


def documents(name: str) -> list[Any]:
    return list(yaml.safe_load_all((DEPLOY / name).read_text()))


def clusters() -> list[Any]:
    """The cluster of each manifest for KubeRay."""
    job, cluster = documents("rayjob.yaml")[-1], documents("raycluster.yaml")[-1]
    return [job["spec"]["rayClusterSpec"], cluster["spec"]]


# --- manifests


@pytest.mark.parametrize("name", ["rayjob.yaml", "raycluster.yaml"])
def test_manifests_have_the_fields_of_their_kinds_and_no_others(name):
    for document in documents(name):
        assert list(mistakes(document, f"<{document['kind']}>", document["kind"])) == []


def test_compose_has_the_fields_of_its_specification_and_no_others():
    (document,) = documents("compose.yaml")
    own = {name: value for name, value in document.items() if not name.startswith("x-")}
    assert list(mistakes(own, "<Compose>", "compose")) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda job: job["spec"].update(backoffLimits=3), "unknown field backoffLimits"),
        (lambda job: job["spec"].update(backoffLimit="3"), "is not whole"),
        (lambda job: job.pop("apiVersion"), "no field apiVersion"),
        (lambda job: job["spec"].update(submissionMode="Http"), "is not one of"),
    ],
)
def test_the_check_of_manifests_finds_mistakes(change, said):
    job = documents("rayjob.yaml")[-1]
    change(job)
    assert any(said in mistake for mistake in mistakes(job, "<RayJob>", "RayJob"))


def test_the_cluster_file_for_aws_fits_ray_s_own_schema():
    import jsonschema
    import ray

    schema = json.loads((Path(ray.__file__).parent / "autoscaler" / "ray-schema.json").read_text())
    (document,) = documents("ray-aws.yaml")
    jsonschema.validate(document, schema)
    types = document["available_node_types"]
    assert types[document["head_node_type"]]["resources"] == {"CPU": 0}
    assert "InstanceMarketOptions" not in types[document["head_node_type"]]["node_config"]


def test_both_manifests_for_kubernetes_describe_one_cluster():
    job, cluster = clusters()
    for spec in (job, cluster):
        for group in (spec["headGroupSpec"], *spec["workerGroupSpecs"]):
            (container,) = group["template"]["spec"]["containers"]
            container.pop("env", None)  # the job's come through its runtime environment
    assert job == cluster


def test_the_head_does_no_work_and_spot_workers_come_from_nothing():
    for spec in clusters():
        assert spec["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"
        (workers,) = spec["workerGroupSpecs"]
        assert workers["minReplicas"] == workers["replicas"] == 0
        assert spec["enableInTreeAutoscaling"]


def test_every_pod_runs_as_a_user_and_takes_its_keys_from_a_secret():
    for spec in clusters():
        for group in (spec["headGroupSpec"], *spec["workerGroupSpecs"]):
            pod = group["template"]["spec"]
            assert pod["securityContext"]["runAsNonRoot"]
            (container,) = pod["containers"]
            assert container["envFrom"] == [{"secretRef": {"name": "samples-store"}}]
            mounted = {mount["name"] for mount in container["volumeMounts"]}
            assert mounted == {volume["name"] for volume in pod["volumes"]}


def test_no_file_holds_a_key():
    for path in sorted(DEPLOY.iterdir()):
        assert not re.search(r"(SECRET_ACCESS_KEY|SECRET_KEY|TOKEN)\W+[A-Za-z0-9/+]{16,}", path.read_text()), path.name


def test_versions_are_those_of_the_constraints():
    assert all(spec["rayVersion"] == PINS["ray"] for spec in clusters())
    assert f"FROM vllm/vllm-openai:v{PINS['vllm']}\n" in (DEPLOY / "Dockerfile").read_text()
    tags = {tag for path in DEPLOY.iterdir() for tag in re.findall(r"samples(?:-analysis)?:(\d\S*)", path.read_text())}
    assert tags == {VERSION}


# --- images and scripts


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.analysis"])
def test_dockerfiles_pass_hadolint(name):
    done = subprocess.run([program("hadolint"), DEPLOY / name], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.analysis"])
def test_images_are_pinned_run_as_a_user_and_copy_what_is_there(name):
    text = (DEPLOY / name).read_text()
    (base,) = re.findall(r"^FROM (\S+)$", text, flags=re.MULTILINE)
    assert re.search(r":v?\d+\.\d+\.\d+", base)
    users = re.findall(r"^USER (\S+)$", text, flags=re.MULTILINE)
    assert users[-1:] == ["1000"]
    assert text.count("apt-get update") == text.count("rm -rf /var/lib/apt/lists")
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for line in re.findall(r"^COPY (.+)$", text, flags=re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert f"!{source.split('/')[0]}" in ignored, source


def test_images_install_extras_that_there_are():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for name in ("Dockerfile", "Dockerfile.analysis"):
        (named,) = re.findall(r"'\.\[(.+)\]'", (DEPLOY / name).read_text())
        assert set(named.split(",")) <= extras.keys()


@pytest.mark.parametrize("name", sorted(path.name for path in DEPLOY.iterdir() if path.suffix in {".sh", ".sbatch"}))
def test_scripts_pass_shellcheck(name):
    done = subprocess.run([program("shellcheck"), DEPLOY / name], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_slurm_script_asks_for_its_nodes_in_one_line_and_starts_one_ingest_on_the_first(tmp_path):
    script = (DEPLOY / "slurm.sbatch").read_text()
    assert len(re.findall(r"^#SBATCH --nodes=\d+$", script, flags=re.MULTILINE)) == 1
    stand_ins = {"scontrol": 'printf "node1\\nnode2\\n"', "srun": 'printf "%s\\n" "$RAY_AUTH_MODE" "$@"'}
    for name, text in stand_ins.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    slurm = {"SLURM_JOB_NODELIST": "node[1-2]", "SLURM_JOB_NUM_NODES": "2", "SLURM_GPUS_ON_NODE": "8"}
    path = f"{tmp_path}:/usr/bin:/bin"
    command = ["bash", str(DEPLOY / "slurm.sbatch"), "p.jsonl", "--model", "m", "-k", "8"]

    def run(**more: str) -> subprocess.CompletedProcess[str]:
        variables = {"PATH": path, "SAMPLES_ENV": str(tmp_path / "none"), **slurm, **more}
        return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)

    assert "SAMPLES_LAKE" in run().stderr
    done = run(SAMPLES_LAKE="s3://lab/lake")
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert said[:2] == ["token", "--kill-on-bad-exit=0"]
    assert said[2:8] == ["ray", "symmetric-run", "--address", "node1:6379", "--min-nodes", "2"]
    assert said[8:] == shlex.split(
        "-- env RAY_ADDRESS=node1:6379 samples ingest --replicas 1..16 p.jsonl --model m -k 8"
    )


def test_every_option_that_a_manifest_gives_to_samples_is_one():
    from samples_cli.main import cli

    for name in ("rayjob.yaml", "raycluster.yaml", "slurm.sbatch", "ray-aws.yaml", "compose.yaml", "README.md"):
        text = (DEPLOY / name).read_text().replace("\\\n", " ") if (DEPLOY / name).exists() else ""
        text = re.sub(r"\n +(?=--)", " ", text)
        for command, rest in re.findall(r"\bsamples (ingest|query|rescore|runs|status|sql)\b([^\n]*)", text):
            options = {option for parameter in cli.get_command(None, command).params for option in parameter.opts}
            for option in re.findall(r" (--[a-z][a-z-]*)", rest.split("--tmux")[0]):
                assert option in options or command == "query", f"{name}: samples {command} {option}"


def test_who_collects_deletes_notes_of_drivers_and_parts_and_probes_and_who_analyses_nothing():
    # The server of these tests asks for a delete on the whole bucket, so what a policy says of folders is read here.
    def deletes(name: str) -> list[str]:
        statements = json.loads((DEPLOY / f"policy-{name}.json").read_text())["Statement"]
        allowed = [one for one in statements if any("Delete" in action for action in one["Action"])]
        assert all(one["Action"] == ["s3:DeleteObject"] for one in allowed)
        return [resource for one in allowed for resource in one["Resource"]]

    assert deletes("analyse") == []
    maintain = json.loads((DEPLOY / "policy-maintain.json").read_text())["Statement"]
    assert {one["Resource"] for one in maintain} == {"arn:aws:s3:::lab", "arn:aws:s3:::lab/lake/*"}
    assert deletes("collect") == [f"arn:aws:s3:::lab/lake/{folder}/*" for folder in (FOLDER, parts.FOLDER, "_probes")]
