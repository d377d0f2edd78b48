"""A lab's tracking server from its first image to the next, as typed, on the emulator."""

from __future__ import annotations

import json

import pytest
from tests.emulator.control import REGION

CERTIFICATE = f"arn:aws:acm:{REGION}:111122223333:certificate/00000000-0000-0000-0000-000000000000"
LAB = f"""\
[lab]
name = "acme"
region = "{REGION}"
profile = "lab"

[access]
addresses = ["203.0.113.0/24"]

[environments.dev]
endpoints = "gateway"
database = {{}}

[tracking]
certificate = "{CERTIFICATE}"
"""
OTHER = f"111122223333.dkr.ecr.{REGION}.amazonaws.com/acme/lab.mlflow@sha256:{'7' * 64}"
BROKEN = OTHER.replace("7", "8")


def running(emulator):
    """The image that the service's task has, and when the service was made."""
    ecs = emulator.client("ecs")
    (service,) = ecs.describe_services(cluster="acme-dev-tracking", services=["acme-dev-tracking"])[
        "services"
    ]
    task = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    return {one["image"] for one in task["containerDefinitions"]}, service["createdAt"]


@pytest.mark.timeout(900)
def test_up_gives_a_server_without_a_hand_made_image_and_update_changes_it_in_place(cli, emulator, tmp_path):
    (tmp_path / "lab.toml").write_text(LAB)
    nothing = cli("tracking", "update", "--yes", folder=tmp_path)
    assert nothing.code == 2, nothing.err
    assert "there is no tracking server yet" in nothing.err
    assert "stratolab up tracking.dev" in nothing.err

    emulator.fault(
        call="codebuild:StartBuild", code="AccountLimitExceededException", reason="no more builds", times=1
    )
    broken = cli("up", "--yes", folder=tmp_path, timeout=400)
    assert broken.code == 4, broken.err
    assert "building its first image" in broken.err
    assert "no more builds" in broken.err
    up = cli("up", "--yes", folder=tmp_path, timeout=400)  # goes on: everything but the server is there
    assert up.code == 0, up.err
    (image,), made = running(emulator)
    assert "/acme/lab.mlflow@sha256:" in image
    context = next(one["files"] for one in reversed(emulator.docker()) if one["arguments"][0] == "build")
    assert {"Dockerfile", "tracking-server.lock", "source/stratolab/runtime/tracking_server.py"} <= set(
        context
    )
    assert cli("plan", "--check", folder=tmp_path, timeout=100).code == 0

    again = cli("tracking", "update", "--yes", folder=tmp_path, timeout=200)
    assert again.code == 0, again.err
    assert "is there already" in again.err
    assert "tracking.dev has it already" in again.err

    # An image of one's own stands in lab.toml from then on, and takes over in the same service.
    other = cli("tracking", "update", "--image", OTHER, "--yes", "--json", folder=tmp_path, timeout=200)
    assert other.code == 0, other.err
    assert json.loads(other.out) == {"image": OTHER, "stack": "tracking.dev"}
    assert f'image = "{OTHER}"' in (tmp_path / "lab.toml").read_text()
    assert running(emulator) == ({OTHER}, made)
    loose = cli("tracking", "update", "--image", "mlflow:latest", "--yes", folder=tmp_path)
    assert (loose.code, "sha256" in loose.err) == (2, True), loose.err

    # One that does not start gives way, and that is told.
    why = "Error occurred during operation 'ECS Deployment Circuit Breaker was triggered.'."
    emulator.fault(type="AWS::ECS::Service", step="update", reason=why)
    fails = cli("tracking", "update", "--image", BROKEN, "--yes", folder=tmp_path, timeout=200)
    assert fails.code == 4, fails.err
    assert "Circuit Breaker was triggered" in fails.err
    assert "the old ones go on" in fails.err
    assert running(emulator) == ({OTHER}, made)

    # Back to what stratolab has: the image is there still, so nothing is built.
    calls = len(emulator.docker())
    back = cli("tracking", "update", "--yes", folder=tmp_path, timeout=200)
    assert back.code == 0, back.err
    assert running(emulator) == ({image}, made)
    assert len(emulator.docker()) == calls
