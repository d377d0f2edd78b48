"""A deployment as it is shown: the tree of a terminal, the lines of a pipe."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from stratolab.aws.stacks import StackEvent
from stratolab.cli.deploylive import Lines, Tree, kind, still
from stratolab.deploy.models import Began, Change, Effect, Ended, Failed, Moved, Plan, StackPlan
from stratolab.deploy.states import Step


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def event(key, logical, status, type_="AWS::EC2::NatGateway", reason=""):
    moment = datetime(2026, 11, 28, tzinfo=UTC)
    return Moved(key, StackEvent("1", moment, f"acme-{key}", logical, "x", type_, status, reason))


def of_stack(key, status):
    return event(key, f"acme-{key}", status, "AWS::CloudFormation::Stack")


def stack(key, *logicals, needs=(), step=Step.CREATE):
    changes = tuple(Change(one, "AWS::EC2::NatGateway", Effect.CREATE) for one in logicals)
    return StackPlan(key, f"acme-{key}", step, changes, needs=needs)


PLAN = Plan(
    "acme",
    "eu-central-1",
    "1",
    (
        stack("foundation", "A", "B"),
        stack("network", "Nat1", "Nat2", "Vpc", needs=("foundation",)),
        stack("database", "D", needs=("network",)),
        stack("account", step=Step.NOTHING),
    ),
)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def tree(clock):
    return Tree(PLAN, resources=False, clock=clock)


def drawn(tree, width=80):
    console = Console(file=io.StringIO(), width=width)
    console.print(tree.draw())
    return [" ".join(line.split()) for line in console.file.getvalue().splitlines()]


def test_stacks_wait_work_and_end_each_with_its_time(tree, clock):
    assert drawn(tree) == [
        "acme in eu-central-1 0.0s",
        "├─ foundation waits",
        "├─ network waits for foundation",
        "└─ database waits for network",
    ]
    tree(Began("foundation", Step.CREATE))
    tree(event("foundation", "A", "CREATE_COMPLETE"))
    tree(Ended("foundation", 2.0, changed=True))
    tree(Began("network", Step.CREATE))
    tree(event("network", "Vpc", "CREATE_IN_PROGRESS", "AWS::EC2::VPC"))
    tree(event("network", "Vpc", "CREATE_COMPLETE", "AWS::EC2::VPC"))
    tree(event("network", "Nat1", "CREATE_IN_PROGRESS"))
    clock.now += 75
    tree(event("network", "Nat2", "CREATE_IN_PROGRESS"))
    clock.now += 5
    assert drawn(tree) == [
        "acme in eu-central-1 1m 20s",
        "├─ foundation made, 1 resource 2.0s",
        "├─ network creating, 1 of 3 1m 20s",
        "│ ├─ Nat1 creating NAT gateway 1m 20s",
        "│ └─ Nat2 creating NAT gateway 5.0s",
        "└─ database waits for network",
    ]
    assert still(tree.moving) == "AWS is still creating network"


def test_what_outlived_a_stack_is_taken_in_before_the_rest_is_made(tree):
    tree(Began("network", Step.TAKE_IN, "Token"))
    tree(event("network", "Token", "IMPORT_IN_PROGRESS", "AWS::SecretsManager::Secret"))
    shown = drawn(tree)
    assert "├─ network taking in what was kept 0.0s" in shown
    assert "│ └─ Token taking in secret 0.0s" in shown
    assert still(tree.moving) == "AWS is still taking in network"
    tree(event("network", "Token", "IMPORT_COMPLETE", "AWS::SecretsManager::Secret"))
    assert "├─ network taking in what was kept, 1 of 3 0.0s" in drawn(tree)


def test_a_failure_is_told_at_once_and_that_it_is_taken_back(tree, capsys):
    tree(Began("network", Step.CREATE))
    tree(event("network", "Nat1", "CREATE_FAILED", reason="no room"))
    assert capsys.readouterr().err == "network: Nat1 (AWS::EC2::NatGateway): no room\n"
    tree(of_stack("network", "ROLLBACK_IN_PROGRESS"))
    assert "├─ network failed; AWS is taking it back 0.0s" in drawn(tree)
    tree(Failed("network", 30, "no room"))
    assert "├─ network failed 30s" in drawn(tree)
    assert still(tree.moving) == "AWS is at work on nothing"


def test_many_at_work_leave_the_terminal_its_height(tree):
    tree(Began("network", Step.CREATE))
    for number in range(50):
        tree(event("network", f"N{number}", "CREATE_IN_PROGRESS"))
    shown = drawn(tree)
    assert len(shown) == 11
    assert "│ └─ and 44 more" in shown


def test_no_line_is_wider_than_the_terminal(tree):
    tree(Began("network", Step.CREATE))
    tree(event("network", "A" * 100, "CREATE_IN_PROGRESS"))
    console = Console(file=io.StringIO(), width=60)
    console.print(tree.draw())
    assert max(len(line.rstrip()) for line in console.file.getvalue().splitlines()) <= 60


def test_a_pipe_gets_a_line_for_each_step(capsys, clock):
    lines = Lines(resources=True, clock=clock)
    lines(Began("network", Step.CLEAR, "its creation failed"))
    lines(Began("network", Step.CREATE))
    lines(event("network", "Nat1", "CREATE_IN_PROGRESS"))
    clock.now += 3
    lines(event("network", "Nat1", "CREATE_COMPLETE"))
    lines(of_stack("network", "UPDATE_ROLLBACK_IN_PROGRESS"))
    lines(Failed("network", 4, "no room"))
    lines(Ended("account", 0, changed=False))
    assert capsys.readouterr().err.splitlines() == [
        "network: clearing what a failed creation left (its creation failed)",
        "network: creating",
        "  + network: Nat1 (AWS::EC2::NatGateway) made in 3.0s",
        "network: AWS is taking it back",
        "network: failed after 4.0s",
        "account: as it is wanted",
    ]


@pytest.mark.parametrize(
    ("type_", "words"),
    [
        ("AWS::EC2::NatGateway", "NAT gateway"),
        ("AWS::RDS::DBInstance", "database instance"),
        ("AWS::EC2::VPC", "VPC"),
        ("AWS::WAFv2::IPSet", "IP set"),
        ("AWS::EC2::SubnetRouteTableAssociation", "subnet route table association"),
        ("AWS::S3::Bucket", "bucket"),
    ],
)
def test_kinds_of_resources_have_words(type_, words):
    assert kind(type_) == words


def test_what_goes_on_is_told_by_what_is_done():
    moving = {"a": Step.CREATE, "b": Step.UPDATE, "c": Step.CREATE, "d": Step.WAIT}
    assert still(moving) == "AWS is still creating a, c and changing b and at work on d"
