"""A small lab on the emulator: stacks of the real catalogue's type, with templates that fit on a page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from tests.emulator.control import ACCOUNT, REGION

from stratolab.aws.clients import Clients
from stratolab.aws.cloudformation import CloudFormation
from stratolab.aws.databases import Databases
from stratolab.aws.existing import Existing
from stratolab.aws.s3 import Objects
from stratolab.deploy import planner
from stratolab.deploy.executor import Applied, apply
from stratolab.deploy.tools import Tools
from stratolab.infra import tags
from stratolab.infra.catalogue import Input, Stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stratolab.deploy.models import Consent, Event, Plan

LAB = "acme"


def bucket(name: str, **more: Any) -> dict[str, Any]:
    return {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}, **more}


def topic(name: str) -> dict[str, Any]:
    return {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name}}


def stack(key: str, resources: dict[str, Any], *, needs: Sequence[str] = ()) -> Stack:
    """A stack whose outputs are its resources, and which takes the output `Name` of each that it needs."""
    inputs = tuple(Input(f"{need.capitalize()}Name", "String", "a name", need, "Name") for need in needs)
    first = next(iter(resources))
    template = {
        "Parameters": {one.parameter: {"Type": one.type} for one in inputs},
        "Resources": resources,
        "Outputs": {"Name": {"Value": {"Ref": first}}},
    }
    return Stack(
        key=key,
        concern="network",
        environment=None,
        name=f"{LAB}-{key}",
        region=REGION,
        about=key,
        inputs=inputs,
        outputs=(),
        template={part: value for part, value in template.items() if value},
        tags={tags.LAB: LAB, tags.ENVIRONMENT: "shared"},
    )


@dataclass
class Account:
    """The emulated account, and what the deployment told."""

    tools: Tools
    told: list[Event] = field(default_factory=list)

    @property
    def cloud(self) -> CloudFormation:
        return self.tools.cloud

    def plan(self, stacks: Sequence[Stack]) -> Plan:
        return planner.plan(LAB, REGION, ACCOUNT, stacks, self.tools)

    def up(self, stacks: Sequence[Stack], *, consent: Consent = frozenset()) -> Applied:
        return apply(stacks, self.tools, consent=consent)

    def statuses(self) -> dict[str, str]:
        """Every stack of the lab and its state."""
        return {one.name: str(one.status) for one in self.cloud.stacks({tags.LAB: LAB})}


@pytest.fixture
def account(emulator):
    clients = Clients(REGION)
    told: list[Event] = []
    tools = Tools(
        CloudFormation(clients.of("cloudformation"), sleep=lambda _: None),
        Objects(clients.of("s3"), ACCOUNT),
        Databases(clients.of("rds")),
        Existing(clients.of),
        told.append,
        sleep=lambda _: None,
        elsewhere=(CloudFormation(clients.of("cloudformation", region="us-east-1"), sleep=lambda _: None),),
    )
    return Account(tools, told)
