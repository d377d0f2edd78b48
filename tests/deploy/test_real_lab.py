"""The catalogue's own stacks, from lab.toml to an emulated account and back."""

from __future__ import annotations

import pytest
from tests.emulator.control import ACCOUNT, REGION

from stratolab.config.labs.load import lab_from_mapping
from stratolab.deploy import teardown
from stratolab.deploy.models import Effect
from stratolab.infra.catalogue import stacks

SMALL = {"lab": {"name": "acme", "region": REGION}}


def catalogue(values):
    return stacks(lab_from_mapping(values, "lab.toml"))


@pytest.mark.timeout(300)
def test_a_whole_lab_comes_changes_and_goes(account):
    lab = catalogue(SMALL)
    done = account.up(lab)
    assert {key: str(error) for key, error in done.errors.items()} == {}
    assert set(account.statuses().values()) == {"CREATE_COMPLETE"}
    assert account.plan(lab).quiet

    other = catalogue({**SMALL, "buckets": {"old_versions": 30}})
    plan = account.plan(other)
    changed = {(one.key, change.logical): change.effect for one in plan.stacks for change in one.changes}
    assert set(changed.values()) == {Effect.CHANGE}
    assert {key for key, _ in changed} == {"foundation"}
    assert account.up(other).errors == {}
    assert account.plan(other).quiet

    found = teardown.plan("acme", REGION, ACCOUNT, account.tools)
    left = teardown.take_down(found, account.tools, delete_data=True)
    assert account.statuses() == {}
    assert {one.type for one in left} <= {"AWS::KMS::Key"}
