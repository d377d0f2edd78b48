"""Having an image in an account: built once by whoever is first, followed by the others, its failure told."""

from __future__ import annotations

import json
import threading
from dataclasses import replace

import pytest
from tests.emulator.control import ACCOUNT
from tests.emulator.types import World

from stratolab.aws.builds import Build, Builds, BuildStatus, Phase
from stratolab.aws.logs import LogStreams
from stratolab.aws.registry import Registry
from stratolab.aws.s3 import Objects
from stratolab.core.errors import InputError, RemoteError, WorkFailedError
from stratolab.deploy.images import Making, Workshop, failure, workshop
from stratolab.infra.images.recipe import Recipe
from stratolab.infra.parts.image_builds import BUILDSPEC

GOOD = Recipe({"Dockerfile": b"FROM python\nRUN true\n"})
BAD = Recipe(
    {
        "Dockerfile": b"FROM python\nCOPY hook /build/hook\nRUN sh -eux /build/hook\n",
        "hook": b"cat /nowhere\n",
    }
)


@pytest.fixture
def place(emulator):
    world = World(emulator)
    address = world.client("ecr").create_repository(repositoryName="acme/p", imageTagMutability="IMMUTABLE")
    world.client("logs").create_log_group(logGroupName="/builds")
    found = Workshop("acme-image-p", address["repository"]["repositoryUri"], world.bucket, "images/p")
    world.client("codebuild").create_project(
        name=found.builder,
        source={"type": "S3", "location": f"{world.bucket}/none.zip", "buildspec": json.dumps(BUILDSPEC)},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/amazonlinux-x86_64-standard:5.0",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": [{"name": "IMAGE_REPOSITORY", "value": found.address}],
        },
        serviceRole=world.role,
        logsConfig={"cloudWatchLogs": {"status": "ENABLED", "groupName": "/builds"}},
    )
    return found


@pytest.fixture
def making(emulator):
    told: list[str] = []
    waiting = threading.Event()
    return told, Making(
        Builds(emulator.client("codebuild")),
        Registry(emulator.client("ecr")),
        Objects(emulator.client("s3"), ACCOUNT),
        LogStreams(emulator.client("logs")),
        lambda one: told.append(one.text),
        sleep=lambda seconds: waiting.wait(seconds / 20),
    )


def test_an_image_is_built_once_and_found_from_then_on(making, place, emulator):
    told, maker = making
    first = maker.have(GOOD, place)
    assert (first.fresh, first.tag) == (True, GOOD.tag)
    assert first.address == f"{place.address}@{first.digest}"
    assert any("[1/2] FROM python" in text for text in told)
    assert "build: done after" in " ".join(told)
    assert not any(text.startswith("[Container]") for text in told)
    again = maker.have(GOOD, place)
    assert again == replace(first, fresh=False)
    listed = emulator.client("codebuild").list_builds_for_project(projectName=place.builder)["ids"]
    assert len(listed) == 1
    (image,) = maker.registry.images("acme/p")
    assert (image.digest, image.tags) == (first.digest, (GOOD.tag,))


def test_a_build_that_is_under_way_is_followed(making, place, emulator):
    told, maker = making
    build = maker._begin(GOOD, place)
    other = maker.have(GOOD, place)
    assert other.tag == GOOD.tag
    assert f"{build.id} is building it already" in told
    assert maker.builds.find(build.id).over
    assert len(emulator.client("codebuild").list_builds_for_project(projectName=place.builder)["ids"]) == 1


def test_a_failure_names_the_command_its_last_words_and_the_way_out(making, place):
    _, maker = making
    with pytest.raises(WorkFailedError) as caught:
        maker.have(BAD, place)
    assert caught.value.what.startswith("`docker build --progress plain")
    assert "ended with exit status 1" in caught.value.what
    assert "cat: /nowhere" in caught.value.what
    assert caught.value.hint.startswith("mend the hook")
    assert maker.registry.tagged("acme/p", BAD.tag) is None


def build(status: BuildStatus, phase: str = "BUILD", message: str = "") -> Build:
    failed = Phase(phase, str(status), 1.0, (message,) if message else ())
    return Build("p:1", status, "b/k", (failed,), "/builds", "s", None)


COMMAND = "Error while executing command: docker build .. Reason: exit status 1"


@pytest.mark.parametrize(
    ("lines", "hint"),
    [
        ("ERROR: No matching distribution found for torch==9", "lock it again for the image's Python"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "with the hash of every file"),
        ("Temporary failure in name resolution", "no way out"),
        ("denied: User is not authorized to perform ecr:PutImage", "stratolab drift"),
        ("write /layer: No space left on device", 'size = "large"'),
        ("toomanyrequests: Rate exceeded", "an hour later"),
        ("Segmentation fault", "mend what its last lines say"),
    ],
)
def test_known_words_have_their_way_out(lines, hint):
    error = failure(
        build(BuildStatus.FAILED, message=COMMAND), ["[Container] 2026/11/28 18:00:00.1 x", lines]
    )
    assert isinstance(error, WorkFailedError)
    assert hint in error.hint
    assert "[Container]" not in error.what


@pytest.mark.parametrize(
    ("found", "kind", "told"),
    [
        (build(BuildStatus.TIMED_OUT), WorkFailedError, "its time was over"),
        (build(BuildStatus.STOPPED), WorkFailedError, "somebody stopped it"),
        (
            build(BuildStatus.FAILED, "DOWNLOAD_SOURCE", "NoSuchKey"),
            RemoteError,
            "download source failed: NoSuchKey",
        ),
        (build(BuildStatus.FAULT, "PROVISIONING"), RemoteError, "provisioning failed"),
        (replace(build(BuildStatus.FAULT), phases=()), RemoteError, "CodeBuild does not say why"),
    ],
)
def test_other_ends_are_told_as_what_they_are(found, kind, told):
    error = failure(found, [])
    assert isinstance(error, kind)
    assert told in error.what
    assert error.hint


def test_without_a_builder_the_next_step_is_named():
    with pytest.raises(InputError, match="nothing here builds images yet"):
        workshop(None, "a/b", "bucket", "images/p")
