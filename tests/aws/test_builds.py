"""CodeBuild, ECR, logs and ECS as values: what they tell, and what is not there."""

from __future__ import annotations

import datetime as dt

import pytest

from stratolab.aws.builds import Builds, BuildStatus, _build
from stratolab.aws.errors import GoneError
from stratolab.aws.logs import LogStreams
from stratolab.aws.registry import Registry
from stratolab.aws.services import Ending, Services, _ending
from stratolab.core.errors import RemoteError

NOW = dt.datetime(2026, 11, 28, tzinfo=dt.UTC)


def test_a_build_is_read_with_its_phases_and_why_one_failed():
    found = _build(
        {
            "id": "p:1",
            "buildStatus": "FAILED",
            "source": {"location": "b/k.zip"},
            "startTime": NOW,
            "logs": {"groupName": None},
            "phases": [
                {"phaseType": "BUILD", "phaseStatus": "FAILED", "durationInSeconds": 7,
                 "contexts": [{"statusCode": "X", "message": "why"}, {"message": ": "}]},
                {"phaseType": "COMPLETED"},
            ],
        }
    )  # fmt: skip
    assert (found.status, found.over, found.source) == (BuildStatus.FAILED, True, "b/k.zip")
    assert (found.log_group, found.log_stream) == ("", "")
    first, last = found.phases
    assert (first.failed, first.seconds, first.messages) == (True, 7.0, ("why",))
    assert (last.failed, last.status) == (False, "")


def test_a_state_that_we_do_not_know_is_told():
    with pytest.raises(RemoteError, match="a state that we do not know: PONDERING"):
        _build({"id": "p:1", "buildStatus": "PONDERING"})


def test_what_is_not_there_is_told(clients):
    with pytest.raises(GoneError):
        Builds(clients.of("codebuild")).find("p:1")
    with pytest.raises(GoneError):
        Builds(clients.of("codebuild")).start("p1", source="b/k", variables={})
    registry = Registry(clients.of("ecr"))
    with pytest.raises(GoneError, match="there is no repository acme/p"):
        registry.tagged("acme/p", "t")
    with pytest.raises(GoneError, match="there is no repository acme/p"):
        registry.images("acme/p")
    assert LogStreams(clients.of("logs")).after("/none", "s") == ([], "")


def test_images_have_tags_digests_and_an_order(clients):
    ecr, registry = clients.of("ecr"), Registry(clients.of("ecr"))
    ecr.create_repository(repositoryName="acme/p")
    assert registry.tagged("acme/p", "one") is None
    for tag in ("one", "two"):
        ecr.put_image(repositoryName="acme/p", imageTag=tag, imageManifest=f'{{"is": "{tag}"}}')
    found = registry.tagged("acme/p", "one")
    assert found is not None
    assert found.tags == ("one",)
    assert found.digest.startswith("sha256:")
    assert {image.tags for image in registry.images("acme/p")} == {("one",), ("two",)}


def test_a_log_is_read_on_from_where_one_stopped(clients):
    logs, streams = clients.of("logs"), LogStreams(clients.of("logs"))
    logs.create_log_group(logGroupName="/builds")
    logs.create_log_stream(logGroupName="/builds", logStreamName="s")

    def write(*lines):
        now = int(dt.datetime.now(dt.UTC).timestamp() * 1000)
        events = [{"timestamp": now, "message": line} for line in lines]
        logs.put_log_events(logGroupName="/builds", logStreamName="s", logEvents=events)

    write("one\n", "two\nthree\n")
    first, mark = streams.after("/builds", "s")
    assert first == ["one", "two", "three"]
    nothing, mark = streams.after("/builds", "s", mark)
    assert nothing == []
    write("four")
    assert streams.after("/builds", "s", mark)[0] == ["four"]


def test_why_a_copy_ended(clients):
    found = _ending(
        {
            "taskArn": "arn:aws:ecs:eu-central-1:1:task/c/abc",
            "stoppedReason": "Essential container in task exited",
            "containers": [
                {"name": "setup", "exitCode": 0},
                {"name": "server", "exitCode": 1, "reason": "OutOfMemoryError"},
            ],
        }
    )
    assert found.task == "abc"
    assert found.failed == ("server", "OutOfMemoryError", 1)
    assert Ending("t", "", (("server", "", 0),)).failed is None
    clients.of("ecs").create_cluster(clusterName="c")
    assert Services(clients.of("ecs")).endings("c", "s") == []
