"""The table of calls that CloudFormation makes for each type: whole, up to date, and narrowed as it should be."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from stratolab.infra.permissions import Call, Permissions, service_of, shipped

TOOL = Path(__file__).parents[2] / "tools" / "write_permissions.py"


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("write_permissions", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.timeout(300)
def test_the_table_is_the_one_that_the_schemas_give(tool):
    made = tool.rendered(tool.table())
    assert tool.TABLE.read_text(encoding="utf-8") == made, (
        "run `python tools/write_permissions.py`, read the difference"
    )


def test_every_call_is_one_that_iam_knows(tool):
    reference = tool._reference()
    for calls in shipped().types.values():
        for call in calls:
            assert reference[call.name.lower()] == (call.name, call.level, call.narrows)


def test_a_type_that_is_not_in_the_table():
    with pytest.raises(KeyError, match="AWS::New::Thing"):
        shipped().calls(["AWS::New::Thing"])


def test_calls_of_services_that_nothing_is_made_of_do_not_count():
    put, policy = (
        Call("logs:PutLogEvents", "write", narrows=True),
        Call("s3:PutBucketPolicy", "write", narrows=True),
    )
    passing = Call("iam:PassRole", "write", narrows=True)
    table = Permissions({"AWS::Logs::A": (put, policy, passing), "AWS::S3::B": ()})
    assert table.calls(["AWS::Logs::A"]) == [passing, put]
    assert table.calls(["AWS::Logs::A", "AWS::S3::B"]) == [passing, put, policy]


@pytest.mark.parametrize(
    ("kind", "service"),
    [
        ("AWS::EC2::VPC", "ec2"),
        ("AWS::CertificateManager::Certificate", "acm"),
        ("AWS::AccessAnalyzer::Analyzer", "access-analyzer"),
    ],
)
def test_the_service_of_a_type(kind, service):
    assert service_of(kind) == service


def test_every_type_calls_its_own_service():
    for kind, calls in shipped().types.items():
        assert service_of(kind) in {call.service for call in calls}, kind
