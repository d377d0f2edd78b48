"""The sample labs, deployed to the emulator as they are: every stack comes up, changes in place, and goes.

The emulator checks what cfn-lint cannot see: properties with their values put in, names that are taken, ids that must
exist, and which properties nothing ever read.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from tests.emulator.stacks import Stacks

from stratolab.config.labs.load import lab_from_mapping
from stratolab.infra.body import INLINE_MOST
from stratolab.infra.catalogue import Stack, stacks
from stratolab.infra.stacks.foundation import CODE_BUCKET
from stratolab.testing.labs import SAMPLES

if TYPE_CHECKING:
    from tests.emulator.control import Emulator

    from stratolab.config.labs.models import LabConfig

_numbers = itertools.count(1)
OWN_NETWORKS = [name for name in SAMPLES if name not in {"adopted", "elsewhere", "smallest"}]


class ByBucket(Stacks):
    """Deploys by way of the lab's own bucket what is too long for a call, as a deployer does."""

    def bring(self, stack: Stack, outputs: dict[str, dict[str, str]]) -> str:
        """Deploy one stack; gives the state in which it ends."""
        for one in stack.code:
            bucket = outputs["foundation"][CODE_BUCKET.name]
            self.emulator.client("s3").put_object(Bucket=bucket, Key=one.key, Body=one.archive())
        kind, change = "UPDATE" if self.there(stack.name) else "CREATE", f"change-{next(_numbers)}"
        self.client.create_change_set(
            StackName=stack.name,
            ChangeSetName=change,
            ChangeSetType=kind,
            Capabilities=list(stack.capabilities),
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value}
                for key, value in stack.parameters(outputs).items()
            ],
            Tags=[{"Key": key, "Value": value} for key, value in stack.tags.items()],
            **self.body(stack, outputs),
        )
        made = self.client.describe_change_set(StackName=stack.name, ChangeSetName=change)
        assert made["Status"] == "CREATE_COMPLETE", (stack.key, made["StatusReason"])
        self.client.execute_change_set(StackName=stack.name, ChangeSetName=change)
        return self.settled(stack.name)

    def failures(self, name: str) -> list[tuple[str, str]]:
        """What failed and why, of all pages of events."""
        pages = self.client.get_paginator("describe_stack_events").paginate(StackName=name)
        return [
            (event["LogicalResourceId"], event.get("ResourceStatusReason", ""))
            for page in pages
            for event in reversed(page["StackEvents"])
            if event["ResourceStatus"].endswith("_FAILED")
        ]

    def body(self, stack: Stack, outputs: dict[str, dict[str, str]]) -> dict[str, str]:
        if len(stack.body) <= INLINE_MOST:
            return {"TemplateBody": stack.body}
        bucket = outputs["foundation"][CODE_BUCKET.name]
        self.emulator.client("s3").put_object(Bucket=bucket, Key=stack.key, Body=stack.body.encode())
        return {"TemplateURL": f"{self.emulator.url}/{bucket}/{stack.key}"}


def in_account(emulator: Emulator, tables: dict[str, Any]) -> LabConfig:
    """A lab whose parent zone and whose snapshots are some that the account really has. No database answers in it."""
    for kind in ("JobStore", "ApplicationDatabase"):
        emulator.answers(f"Custom::{kind}")
    for environment in tables.get("environments", {}).values():
        if snapshot := environment.get("database", {}).get("restore_from"):
            have_snapshot(emulator, snapshot)
    lab = dict(tables["lab"])
    if "zone" in lab:
        made = emulator.client("route53").create_hosted_zone(Name=lab["domain"], CallerReference="test")
        lab["zone"] = made["HostedZone"]["Id"].rpartition("/")[2]
    return lab_from_mapping({**tables, "lab": lab}, "in account")


def have_snapshot(emulator: Emulator, name: str) -> None:
    """A snapshot of an instance that is no more."""
    rds = emulator.client("rds")
    rds.create_db_instance(
        DBInstanceIdentifier="before",
        DBInstanceClass="db.t4g.micro",
        Engine="mysql",
        MasterUsername="keeper",
        ManageMasterUserPassword=True,
        AllocatedStorage=20,
        DBName="kept",
    )
    rds.create_db_snapshot(DBSnapshotIdentifier=name, DBInstanceIdentifier="before")
    rds.delete_db_instance(DBInstanceIdentifier="before", SkipFinalSnapshot=True)


def deployed(emulator: Emulator, lab: LabConfig) -> dict[str, dict[str, str]]:
    """Every stack of a lab, one after the other; gives their outputs."""
    client, outputs = ByBucket(emulator), {}
    for stack in stacks(lab):
        assert client.bring(stack, outputs) == "CREATE_COMPLETE", (stack.key, client.failures(stack.name))
        outputs[stack.key] = client.outputs(stack.name)
    return outputs


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", OWN_NETWORKS)
def test_a_sample_comes_up_whole_and_goes(emulator: Emulator, name: str) -> None:
    lab = in_account(emulator, SAMPLES[name])
    outputs = deployed(emulator, lab)
    for stack in stacks(lab):
        assert set(outputs[stack.key]) == {one.name for one in stack.outputs}
    assert emulator.ignored() == {}
    client = Stacks(emulator)
    for stack in stacks(lab):
        assert drifted(client, stack) == set(), stack.key
    for one in emulator.client("rds").describe_db_instances()["DBInstances"]:
        emulator.client("rds").modify_db_instance(
            DBInstanceIdentifier=one["DBInstanceIdentifier"], DeletionProtection=False
        )
    for stack in reversed(stacks(lab)):
        assert client.delete(stack.name) == "DELETE_COMPLETE", client.failures(stack.name)


def drifted(client: Stacks, stack: Stack) -> set[str]:
    """What differs from the template."""
    found = client.drift(stack.name).items()
    return {title for title, how in found if how not in {"IN_SYNC", "NOT_CHECKED"}}


CHANGES: dict[str, dict[str, Any]] = {
    "other levels of the budget": {"budget": {"alerts": [10, 90], "mail": ["owner@example.com"]}},
    "another mail": {"budget": {"alerts": [25, 50, 80, 100], "mail": ["other@example.com"]}},
    "a person less, and one more": {
        "people": {"olga": {"groups": ["admins"]}, "zoe": {"groups": ["data-scientists"]}}
    },
    "an address less": {"access": {"addresses": ["198.51.100.0/24"]}},
    "a zone more": {"environments": {"prod": {"zones": 3, "database": {}}, "dev": {}}},
    "a NAT for each zone": {"environments": {"prod": {"nat": "per-zone", "database": {}}, "dev": {}}},
    "all flows logged": {"environments": {"prod": {"flow_logs": "all", "database": {}}, "dev": {}}},
    "another port of the database": {"environments": {"prod": {"database": {"port": 16543}}, "dev": {}}},
    "a larger disk, a newer version, more backups": {
        "environments": {"prod": {"database": {"storage": 100, "version": "18", "backups": 30}}, "dev": {}}
    },
    "no database": {"environments": {"prod": {}, "dev": {}}},
    "endpoints": {"environments": {"prod": {"endpoints": "all", "database": {}}, "dev": {}}},
    "other machines": {
        "compute": {"spare": {"kind": "ec2", "max_vcpus": 8, "disk": 60}, "sure": {"kind": "gpu"}},
        "queues": {"large": {"compute": ["sure", "spare"], "priority": 2}, "small": {"kind": "fargate"}},
    },
    "machines in place of Fargate": {
        "compute": {"spare": {"kind": "fargate"}},
        "queues": {"large": {"compute": ["spare"]}, "small": {"kind": "spot"}},
    },
    "a tag": {"lab": {**SAMPLES["standard"]["lab"], "tags": {"team": "x"}}},
    "hardened": {"lab": {**SAMPLES["standard"]["lab"], "profile": "hardened"}},
    "a key for each use": {"security": {"keys": "each"}},
}
"""What an owner may change in a lab that stands, by its words."""


@pytest.mark.timeout(300)
def test_a_lab_that_stands_can_be_changed_and_changed_back(emulator: Emulator) -> None:
    """No name, range or rule of the old is in the way of the new. Each change is made to what the one before left."""
    tables = {key: part for key, part in SAMPLES["standard"].items() if key != "tracking"}
    # without applications: the secret of one that leaves is kept, and is in the way of its return
    tables["environments"] = {"prod": {"database": {"tunnel": True}}, "dev": {}}
    first = in_account(emulator, tables)
    deployed(emulator, first)
    stands = first
    for change, changed in CHANGES.items():
        whole = {**tables, **changed}
        after = lab_from_mapping({**whole, "lab": {**whole["lab"], "zone": first.lab.zone}}, change)
        deployed_where_changed(emulator, stands, after)
        stands = after
    deployed_where_changed(emulator, stands, first)


def deployed_where_changed(emulator: Emulator, old: LabConfig, new: LabConfig) -> None:
    client = ByBucket(emulator)
    known = {stack.key: stack for stack in stacks(old)}
    outputs = {stack.key: client.outputs(stack.name) for stack in stacks(old)}
    changed = 0
    for stack in stacks(new):
        same = stack.key in known and known[stack.key].template == stack.template
        if not same:
            assert client.bring(stack, outputs) == "UPDATE_COMPLETE", (stack.key, client.failures(stack.name))
            changed += 1
        outputs[stack.key] = client.outputs(stack.name)
    assert changed
