"""CodeBuild builds: source, phases, commands in one shell, logs, the role's rights, limits, a stop."""

from __future__ import annotations

import io
import json
import time
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from tests.emulator.types import World

if TYPE_CHECKING:
    from tests.emulator.control import Emulator

DEADLINE = 90.0
DOCKERFILE = "FROM python\nCOPY hook /build/hook\nRUN sh /build/hook\n"
PUSH = [
    "aws ecr get-login-password | docker login --username AWS --password-stdin $REGISTRY",
    "docker build --tag $REGISTRY/images:$TAG .",
    "docker push $REGISTRY/images:$TAG",
]


@pytest.fixture
def world(emulator: Emulator) -> World:
    return World(emulator)


def started(world: World, files: dict[str, str], *, source: str = "source.zip", **phases: Any) -> str:
    """A build of these files by these phases; its id."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    world.client("s3").put_object(Bucket=world.bucket, Key="source.zip", Body=packed.getvalue())
    client = world.client("codebuild")
    world.client("logs").create_log_group(logGroupName="/builds")
    client.create_project(
        name="images",
        source={
            "type": "S3",
            "location": f"{world.bucket}/none.zip",
            "buildspec": json.dumps({"version": 0.2, "phases": phases}),
        },
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/amazonlinux-x86_64-standard:5.0",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": [{"name": "WHO", "value": "project"}, {"name": "WHERE", "value": "here"}],
        },
        serviceRole=world.role,
        timeoutInMinutes=5,
        logsConfig={"cloudWatchLogs": {"status": "ENABLED", "groupName": "/builds", "streamName": "image"}},
    )
    build = client.start_build(
        projectName="images",
        sourceLocationOverride=f"{world.bucket}/{source}",
        environmentVariablesOverride=[{"name": "WHO", "value": "call"}],
    )["build"]
    assert (build["buildStatus"], build["currentPhase"]) == ("IN_PROGRESS", "QUEUED")
    return str(build["id"])


def ended(world: World, identity: str) -> dict[str, Any]:
    client, deadline = world.client("codebuild"), time.monotonic() + DEADLINE
    while True:
        (build,) = client.batch_get_builds(ids=[identity])["builds"]
        if build["buildComplete"]:
            return dict(build)
        assert time.monotonic() < deadline, build


def log(world: World, build: dict[str, Any]) -> list[str]:
    where = {"logGroupName": build["logs"]["groupName"], "logStreamName": build["logs"]["streamName"]}
    events = world.client("logs").get_log_events(**where, startFromHead=True)["events"]
    return [event["message"].rstrip("\n") for event in events]


def phases(build: dict[str, Any]) -> dict[str, str]:
    return {one["phaseType"]: one.get("phaseStatus", "") for one in build["phases"]}


def test_commands_run_in_one_shell_in_the_source_with_the_variables_of_both(world: World) -> None:
    build = ended(
        world,
        started(
            world,
            {"deep/file": "found"},
            pre_build={"commands": ["cd deep", "MINE=kept; export MINE"]},
            build={"commands": ["cat file; echo; echo $MINE $WHO $WHERE", "echo $CODEBUILD_BUILD_ID"]},
        ),
    )
    assert build["buildStatus"] == "SUCCEEDED"
    assert build["logs"]["streamName"] == f"image/{build['id'].partition(':')[2]}"
    said = [line for line in log(world, build) if not line.startswith("[Container]")]
    assert said == ["found", "kept call here", build["id"]]
    assert list(phases(build).values()) == ["SUCCEEDED"] * 10 + [""]


def test_a_command_that_fails_ends_its_phase_and_is_named(world: World) -> None:
    identity = started(
        world,
        {"a": ""},
        build={"commands": ["echo before", "echo wrong >&2; exit 3", "echo never"]},
        post_build={"commands": ["echo after $CODEBUILD_BUILD_SUCCEEDING"]},
    )
    build = ended(world, identity)
    assert build["buildStatus"] == "FAILED"
    assert (phases(build)["BUILD"], phases(build)["POST_BUILD"]) == ("FAILED", "SUCCEEDED")
    (context,) = next(one["contexts"] for one in build["phases"] if one["phaseType"] == "BUILD")
    assert context["statusCode"] == "COMMAND_EXECUTION_ERROR"
    assert context["message"].endswith("echo wrong >&2; exit 3. Reason: exit status 3")
    said = log(world, build)
    assert {"before", "wrong", "after 0"} <= set(said)
    assert "never" not in said


def test_a_failure_before_the_build_ends_everything(world: World) -> None:
    build = ended(
        world,
        started(world, {"a": ""}, pre_build={"commands": ["false"]}, post_build={"commands": ["echo after"]}),
    )
    assert build["buildStatus"] == "FAILED"
    assert "BUILD" not in phases(build)
    assert "after" not in log(world, build)


def test_a_source_that_is_not_there_is_a_failure_of_its_own_phase(world: World) -> None:
    build = ended(world, started(world, {"a": ""}, source="other.zip", build={"commands": ["true"]}))
    assert (build["buildStatus"], phases(build)["DOWNLOAD_SOURCE"]) == ("FAILED", "FAILED")


def test_an_image_is_built_from_its_context_and_pushed(world: World, emulator: Emulator) -> None:
    world.client("ecr").create_repository(repositoryName="images", imageTagMutability="IMMUTABLE")
    files = {"Dockerfile": DOCKERFILE, "hook": "apt-get install -y libpq5\npip install thing\n"}
    setting = ["export REGISTRY=1.dkr.ecr.example TAG=first"]
    before, commands = len(emulator.docker()), len(emulator.hooks())
    build = ended(world, started(world, files, build={"commands": [*setting, *PUSH]}))
    assert build["buildStatus"] == "SUCCEEDED", "\n".join(log(world, build))
    asked = [one["arguments"][0] for one in emulator.docker()[before:]]
    assert asked == ["login", "build", "push"]
    assert emulator.hooks()[commands:] == ["apt-get install -y libpq5", "pip install thing"]
    (image,) = world.client("ecr").describe_images(repositoryName="images")["imageDetails"]
    assert image["imageTags"] == ["first"]
    assert any(image["imageDigest"] in line for line in log(world, build))


def test_what_the_dockerfile_lacks_or_its_hook_fails_in_is_told(world: World) -> None:
    files = {"Dockerfile": DOCKERFILE, "hook": "echo trying\ncat /nowhere/at-all\n"}
    build = ended(world, started(world, files, build={"commands": ["docker build --tag r/images:t ."]}))
    assert build["buildStatus"] == "FAILED"
    said = "\n".join(log(world, build))
    assert "/nowhere/at-all" in said
    assert "did not complete successfully: exit code: 1" in said


def test_a_build_is_stopped_and_one_out_of_time_is_ended(world: World, emulator: Emulator) -> None:
    identity = started(world, {"a": ""}, build={"commands": ["exec sleep 600"]})
    world.client("codebuild").stop_build(id=identity)
    assert ended(world, identity)["buildStatus"] == "STOPPED"
    emulator.hurry(600)
    again = world.client("codebuild").start_build(
        projectName="images", sourceLocationOverride=f"{world.bucket}/source.zip"
    )["build"]["id"]
    assert ended(world, again)["buildStatus"] == "TIMED_OUT"


def test_an_override_that_is_not_emulated_is_refused(world: World) -> None:
    ended(world, started(world, {"a": ""}, build={"commands": ["true"]}))
    client = world.client("codebuild")
    with pytest.raises(client.exceptions.InvalidInputException, match="privilegedModeOverride"):
        client.start_build(projectName="images", privilegedModeOverride=True)
