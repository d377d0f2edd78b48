from __future__ import annotations

import pytest
from tests.deploy.conftest import LAB, bucket, stack, topic
from tests.emulator.control import ACCOUNT, REGION

from stratolab.core.errors import RefusedError, RemoteError
from stratolab.deploy import teardown
from stratolab.deploy.models import Noted

KEPT = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
GROUND = stack("ground", {"Logs": bucket("acme-logs", **KEPT), "Temp": bucket("acme-temp")})
NEWS = stack("news", {"News": topic("acme-news")}, needs=["ground"])


@pytest.fixture
def standing(account):
    assert account.up((GROUND, NEWS)).errors == {}
    return account


def down(account, *, delete_data=False):
    plan = teardown.plan(LAB, REGION, ACCOUNT, account.tools)
    holding = teardown.contents(plan, account.tools)
    teardown.refuse_losses(plan, holding, delete_data=delete_data)
    return teardown.take_down(plan, account.tools, delete_data=delete_data)


def test_the_latest_goes_first_and_what_is_kept_is_told(standing):
    plan = teardown.plan(LAB, REGION, ACCOUNT, standing.tools)
    assert [one.name for one in plan.stacks] == ["acme-news", "acme-ground"]
    left = down(standing)
    assert [(one.type, one.physical) for one in left] == [("AWS::S3::Bucket", "acme-logs")]
    assert standing.statuses() == {}
    assert standing.tools.objects.content("acme-temp") is None
    assert down(standing) == []  # again does no harm


def test_full_buckets_are_emptied_by_consent_only(standing):
    standing.tools.objects.put("acme-temp", "a", b"1")
    standing.tools.objects.put("acme-logs", "b", b"2")
    with pytest.raises(RefusedError) as caught:
        down(standing)
    assert "Temp (AWS::S3::Bucket) in acme-ground" in caught.value.what
    assert "Logs" not in caught.value.what  # it outlives its stack
    assert f"--delete-data {LAB}" in caught.value.hint
    assert set(standing.statuses()) == {"acme-ground", "acme-news"}
    assert down(standing, delete_data=True) == []
    assert standing.tools.objects.content("acme-logs") is None


def test_a_stack_that_cannot_go_yet_is_tried_again(standing, emulator):
    emulator.fault(type="AWS::SNS::Topic", step="delete", reason="DependencyViolation: it is in use")
    assert [one.physical for one in down(standing)] == ["acme-logs"]
    assert any(isinstance(one, Noted) and "DependencyViolation" in one.text for one in standing.told)
    assert standing.statuses() == {}


def test_one_that_never_goes_names_its_cause(standing, emulator):
    for _ in range(20):
        emulator.fault(type="AWS::SNS::Topic", step="delete", reason="DependencyViolation: it is in use")
    with pytest.raises(RemoteError, match=r"News .*DependencyViolation") as caught:
        down(standing)
    assert "something else uses it" in caught.value.hint
    assert list(standing.statuses()) == ["acme-news"]
