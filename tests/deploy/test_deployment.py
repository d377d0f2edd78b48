"""create -> nothing to do -> change -> just that -> failure taken back -> removal, on the emulator."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.deploy.conftest import LAB, bucket, stack, topic

from stratolab.core.errors import RefusedError
from stratolab.deploy.executor import apply
from stratolab.deploy.models import Began, Data, Effect, Ended, Failed, Moved
from stratolab.deploy.planner import offline
from stratolab.deploy.states import Step
from stratolab.infra.catalogue import Input

GROUND = stack("ground", {"Logs": bucket("acme-logs")})
NEWS = stack("news", {"News": topic("acme-news")}, needs=["ground"])
DATA = stack("data", {"Data": bucket("acme-data")}, needs=["ground"])
STACKS = (GROUND, NEWS, DATA)


def effects(plan, key):
    (found,) = (one for one in plan.stacks if one.key == key)
    return {change.logical: change.effect for change in found.changes}


def test_without_an_account_everything_would_be_new():
    plan = offline(LAB, "eu-central-1", STACKS)
    assert [one.step for one in plan.stacks] == [Step.CREATE] * 3
    assert plan.count(Effect.CREATE) == 3
    assert not plan.quiet


def test_from_nothing_to_as_wanted(account):
    plan = account.plan(STACKS)
    assert [one.step for one in plan.stacks] == [Step.CREATE] * 3
    assert account.statuses() == {}  # a plan makes nothing
    done = account.up(STACKS)
    assert (done.errors, done.not_begun) == ({}, [])
    assert done.outputs["data"] == {"Name": "acme-data"}
    assert set(account.statuses().values()) == {"CREATE_COMPLETE"}
    assert account.cloud.find("acme-data").protected
    assert not account.cloud.find("acme-news").protected  # it holds nothing
    began = [one.key for one in account.told if isinstance(one, Began)]
    assert began[0] == "ground"
    assert {one.key for one in account.told if isinstance(one, Ended)} == {"ground", "news", "data"}
    assert any(isinstance(one, Moved) and one.event.logical == "Data" for one in account.told)


def test_what_is_as_wanted_is_left_alone(account):
    account.up(STACKS)
    assert account.plan(STACKS).quiet
    account.told.clear()
    account.up(STACKS)
    assert not [one for one in account.told if isinstance(one, Moved)]
    assert all(not one.changed for one in account.told if isinstance(one, Ended))


def test_a_change_shows_just_that_and_is_made(account):
    account.up(STACKS)
    wanted = (
        GROUND,
        stack("news", {"News": topic("acme-news"), "More": topic("acme-more")}, needs=["ground"]),
        DATA,
    )
    plan = account.plan(wanted)
    assert effects(plan, "news") == {"More": Effect.CREATE}
    assert [one.step for one in plan.stacks] == [Step.NOTHING, Step.UPDATE, Step.NOTHING]
    assert account.up(wanted).errors == {}
    assert account.plan(wanted).quiet


def test_a_loss_of_data_is_shown_and_refused_unless_it_was_agreed_to(account):
    account.up(STACKS)
    wanted = (GROUND, NEWS, stack("data", {"Data": bucket("acme-data-2")}, needs=["ground"]))
    plan = account.plan(wanted)
    ((found, change),) = plan.at_risk()
    assert (found.key, change.logical, change.effect, change.data) == (
        "data",
        "Data",
        Effect.REPLACE,
        Data.LOST,
    )
    assert change.why == ("BucketName, which makes a new one",)
    refused = account.up(wanted).errors["data"]
    assert isinstance(refused, RefusedError)
    assert account.cloud.find("acme-data").outputs == {"Name": "acme-data"}
    assert account.up(wanted, consent=frozenset({("data", "Data")})).outputs["data"] == {
        "Name": "acme-data-2"
    }


def test_what_takes_a_value_that_is_not_given_yet_is_planned_after_it(account):
    account.up(STACKS)
    given = {**GROUND.template, "Outputs": {**GROUND.template["Outputs"], "More": {"Value": "more"}}}
    more = Input("GroundMore", "String", "another", "ground", "More")
    parameters = {**NEWS.template["Parameters"], "GroundMore": {"Type": "String"}}
    wanted = (
        replace(GROUND, template=given),
        replace(NEWS, inputs=(*NEWS.inputs, more), template={**NEWS.template, "Parameters": parameters}),
        DATA,
    )
    news = account.plan(wanted).stacks[1]
    assert (news.step, news.means) == (Step.UPDATE, "what would change is known after ground")
    assert account.up(wanted).errors == {}
    assert account.plan(wanted).quiet


def test_what_is_kept_by_its_policy_is_not_lost(account):
    kept = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    account.up([stack("data", {"Data": bucket("acme-data", **kept)})])
    plan = account.plan([stack("data", {"Data": bucket("acme-data-2", **kept)})])
    assert plan.at_risk() == []
    assert plan.stacks[0].changes[0].data is Data.KEPT


def test_a_stack_that_nobody_wants_any_more_would_be_deleted(account):
    account.up(STACKS)
    plan = account.plan([GROUND, DATA])
    assert [(one.name, one.step) for one in plan.stacks if not one.quiet] == [("acme-news", Step.DELETE)]


def test_a_failure_is_taken_back_and_what_needs_it_is_not_begun(account, emulator):
    emulator.fault(type="AWS::S3::Bucket", step="create", reason="BucketAlreadyExists")
    done = account.up(STACKS)
    assert list(done.errors) == ["ground"]
    assert done.not_begun == ["news", "data"]
    error = done.errors["ground"]
    assert "Logs (AWS::S3::Bucket)" in error.what
    assert "choose another lab name" in error.hint
    assert account.statuses() == {"acme-ground": "ROLLBACK_COMPLETE"}
    assert [one.key for one in account.told if isinstance(one, Failed)] == ["ground"]
    again = account.up(STACKS)  # clears what is left, and goes on
    assert again.errors == {}
    assert set(account.statuses().values()) == {"CREATE_COMPLETE"}


def test_beside_a_failure_the_others_are_followed_to_their_end(account, emulator):
    account.up([GROUND])
    emulator.fault(type="AWS::SNS::Topic", step="create", reason="Topic limit exceeded")
    emulator.fault(type="AWS::S3::Bucket", step="create", reason="", seconds=1)
    done = account.up(STACKS)
    assert list(done.errors) == ["news"]
    assert done.outputs["data"] == {"Name": "acme-data"}
    assert account.statuses()["acme-data"] == "CREATE_COMPLETE"


def test_a_failed_update_is_taken_back_and_can_be_tried_again(account, emulator):
    account.up(STACKS)
    wanted = (
        GROUND,
        stack("news", {"News": topic("acme-news"), "More": topic("acme-more")}, needs=["ground"]),
        DATA,
    )
    emulator.fault(type="AWS::SNS::Topic", step="create", reason="Throttling: Rate exceeded")
    done = account.up(wanted)
    assert "the last change failed and was taken back" in done.errors["news"].what
    assert "goes on where this stopped" in done.errors["news"].hint
    assert account.up(wanted).errors == {}


@pytest.mark.parametrize("times", [1, 3])
def test_calls_that_aws_throttles_do_no_harm(account, emulator, times):
    emulator.fault(call="cloudformation:DescribeStackEvents", code="Throttling", times=times)
    assert account.up(STACKS).errors == {}


def test_what_happened_while_the_machine_slept_is_told_once_it_is_awake(account, emulator):
    """Row P8: AWS went on, the first calls afterwards are throttled, and every event is told once, in order."""
    emulator.fault(type="AWS::S3::Bucket", step="create", reason="", seconds=1)

    def close_the_lid(_):
        while account.cloud.find("acme-ground").status.moving:
            pass
        emulator.fault(call="cloudformation:DescribeStacks", code="Throttling", times=2)

    asleep = replace(account.tools, sleep=close_the_lid)
    assert apply([GROUND], asleep).errors == {}
    told = [event.event.status for event in account.told if isinstance(event, Moved) and event.event.of_stack]
    assert told == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    ids = [event.event.id for event in account.told if isinstance(event, Moved)]
    assert len(ids) == len(set(ids))
