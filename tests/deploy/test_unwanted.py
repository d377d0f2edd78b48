"""Stacks that nobody wants any more: deleted last, what they hold by consent only; and stacks in another region."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.deploy.conftest import LAB, bucket, stack, topic

from stratolab.core.errors import RefusedError
from stratolab.deploy.executor import apply
from stratolab.deploy.models import Ended
from stratolab.deploy.states import Step
from stratolab.infra import tags

GROUND = stack("ground", {"Logs": bucket("acme-logs")})
NEWS = stack("news", {"News": topic("acme-news")}, needs=["ground"])
DATA = stack("data", {"Data": bucket("acme-data"), "Kept": bucket("acme-kept", DeletionPolicy="Retain")})
ABROAD = replace(stack("money", {"Money": topic("acme-money")}), region="us-east-1")
STACKS = (GROUND, NEWS, DATA)


def up(account, stacks, *, consent=frozenset()):
    """As the command does it: what the plan wants, and what it does not want."""
    plan = account.plan(stacks)
    unwanted = [one for one in plan.stacks if one.unwanted]
    return apply(stacks, account.tools, consent=consent, unwanted=unwanted)


def test_it_goes_last_and_what_outlives_it_is_told(account):
    account.up(STACKS)
    account.told.clear()
    more = stack("ground", {"Logs": bucket("acme-logs"), "More": topic("acme-more")})
    done = up(account, (more,))
    assert done.errors == {}
    assert account.statuses() == {"acme-ground": "UPDATE_COMPLETE"}
    ended = [one.key for one in account.told if isinstance(one, Ended)]
    assert (ended[0], set(ended[1:])) == ("ground", {"acme-data", "acme-news"})
    assert [one.physical for one in done.left] == ["acme-kept"]
    assert account.plan((more,)).quiet


def test_what_it_holds_is_lost_by_consent_only(account):
    account.up(STACKS)
    for name in ("acme-data", "acme-kept"):
        account.tools.objects.put(name, "a", b"1")
    plan = account.plan((GROUND, NEWS))
    assert [(one.key, change.logical) for one, change in plan.at_risk()] == [("acme-data", "Data")]
    refused = up(account, (GROUND, NEWS)).errors["acme-data"]
    assert isinstance(refused, RefusedError)
    assert "Data (AWS::S3::Bucket) in acme-data" in refused.what
    assert account.statuses()["acme-data"] == "CREATE_COMPLETE"
    done = up(account, (GROUND, NEWS), consent=frozenset({("acme-data", "Data")}))
    assert done.errors == {}
    assert "acme-data" not in account.statuses()
    assert account.tools.objects.holds("acme-kept")  # nobody spoke of that one


def test_what_came_into_it_after_the_plan_is_not_lost(account):
    account.up(STACKS)
    plan = account.plan((GROUND, NEWS))
    assert plan.at_risk() == []
    account.tools.objects.put("acme-data", "late", b"1")
    done = apply((GROUND, NEWS), account.tools, unwanted=[one for one in plan.stacks if one.unwanted])
    assert isinstance(done.errors["acme-data"], RefusedError)
    assert account.tools.objects.holds("acme-data")


def test_nothing_is_deleted_after_a_failure(account, emulator):
    account.up(STACKS)
    emulator.fault(type="AWS::SNS::Topic", step="create", reason="Topic limit exceeded")
    more = stack("ground", {"Logs": bucket("acme-logs"), "More": topic("acme-more")})
    done = up(account, (more, DATA))
    assert list(done.errors) == ["ground"]
    assert done.not_begun == ["acme-news"]
    assert account.statuses()["acme-news"] == "CREATE_COMPLETE"


def test_one_that_aws_does_not_delete_names_its_cause(account, emulator):
    account.up(STACKS)
    emulator.fault(type="AWS::SNS::Topic", step="delete", reason="AccessDenied", times=0)
    done = up(account, (GROUND, DATA))
    assert "AccessDenied" in done.errors["acme-news"].what
    assert account.plan((GROUND, DATA)).stacks[-1].step is Step.DELETE  # typed again, it goes on


def test_a_projects_stack_is_not_the_configurations_to_delete(account):
    project = stack("project", {"News": topic("acme-project")})
    account.up((GROUND, replace(project, tags={**project.tags, tags.PROJECT: "world-series"})))
    assert account.plan((GROUND,)).quiet


def test_a_stack_in_another_region_comes_changes_and_goes(account):
    stacks = (GROUND, ABROAD)
    assert account.up(stacks).errors == {}
    (there,) = account.tools.at("us-east-1").stacks({tags.LAB: LAB})
    assert (there.name, there.id.split(":")[3]) == ("acme-money", "us-east-1")
    assert "acme-money" not in account.statuses()  # which looks at home
    assert account.plan(stacks).quiet
    more = replace(
        stack("money", {"Money": topic("acme-money"), "More": topic("acme-more")}), region="us-east-1"
    )
    assert [(one.key, one.step, one.region) for one in account.plan((GROUND, more)).stacks][1] == (
        "money",
        Step.UPDATE,
        "us-east-1",
    )
    assert account.up((GROUND, more)).errors == {}
    assert up(account, (GROUND,)).errors == {}
    assert account.tools.at("us-east-1").stacks({tags.LAB: LAB}) == []


def test_no_other_region_is_touched(account):
    with pytest.raises(LookupError, match="eu-west-3"):
        account.tools.at("eu-west-3")
