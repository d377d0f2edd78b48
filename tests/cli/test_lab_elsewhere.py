"""A lab with a stack in another region and an environment that is given up: every verb, as typed, on the emulator."""

from __future__ import annotations

import json

import pytest

LAB = """
[lab]
name = "acme"
region = "eu-north-1"
profile = "lab"

[budget]
monthly = 50

[environments.dev]
endpoints = "gateway"
"""
PROD = """
[environments.prod]
endpoints = "gateway"
"""
NETWORK = "acme-network-prod"


def stacks(cli, root, *words):
    answer = cli(*words, "--json", folder=root)
    assert answer.code == 0, answer.err
    return {one.get("key") or one["stack"]: one for one in json.loads(answer.out)["stacks"]}


@pytest.mark.timeout(400)
def test_what_is_not_wanted_any_more_goes_and_what_lies_elsewhere_is_like_the_rest(cli, tmp_path, emulator):
    file = tmp_path / "lab.toml"
    file.write_text(LAB + PROD)
    assert "spending  create in us-east-1" in cli("plan", "--offline", folder=tmp_path).out
    made = cli("up", "--yes", folder=tmp_path, timeout=200)
    assert made.code == 0, made.err
    assert cli("plan", "--check", folder=tmp_path).code == 0
    assert stacks(cli, tmp_path, "status")["spending"]["status"] == "CREATE_COMPLETE"
    assert stacks(cli, tmp_path, "plan")["spending"]["region"] == "us-east-1"
    topic = cli("outputs", "--get", "spending.Spending", folder=tmp_path).out
    assert ":us-east-1:" in topic

    emulator.client("sns", "us-east-1").set_topic_attributes(
        TopicArn=topic.strip(), AttributeName="DisplayName", AttributeValue="by hand"
    )
    drifted = cli("drift", "spending", folder=tmp_path)
    assert (drifted.code, "by hand" in drifted.out) == (1, True)

    file.write_text(LAB.replace("50", "60"))
    shown = cli("plan", folder=tmp_path)
    assert f"{NETWORK}  delete" in shown.out
    assert f"{NETWORK}: FlowLogGroup (AWS::Logs::LogGroup, delete)" in shown.out
    assert "spending  update in us-east-1" in shown.out
    unnamed = cli("up", "--yes", folder=tmp_path)
    assert unnamed.code == 3
    assert f"stratolab up --lose {NETWORK}.FlowLogGroup" in unnamed.err
    assert stacks(cli, tmp_path, "status")[NETWORK]["wanted"] is False
    done = cli("up", "--yes", "--lose", f"{NETWORK}.FlowLogGroup", folder=tmp_path, timeout=200)
    assert done.code == 0, done.err
    assert f"{NETWORK}: deleting" in done.err
    assert cli("plan", "--check", folder=tmp_path).code == 0
    assert NETWORK not in stacks(cli, tmp_path, "status")

    gone = cli("down", "--yes", "--delete-data", "acme", folder=tmp_path, timeout=200)
    assert gone.code == 0, gone.err
    for region in ("eu-north-1", "us-east-1"):
        assert emulator.client("cloudformation", region).describe_stacks()["Stacks"] == []
