"""What has a name of ours can be changed later: CloudFormation makes the new one beside the old, which has the name.

So nothing besides the name may be of a kind that only a new resource can have. What may is listed here with its reason.
"""

from __future__ import annotations

from typing import Any

import pytest

from stratolab.infra.catalogue import stacks
from stratolab.testing.labs import every_kind_of_lab

FIXED = {
    "AWS::Batch::ComputeEnvironment": {"Tags", "Type"},  # the name follows them: see the test below
    "AWS::IAM::InstanceProfile": {"Path"},  # the lab's, whose name cannot be changed
    "AWS::AccessAnalyzer::Analyzer": {"Type"},  # always ACCOUNT
    "AWS::ECR::Repository": {"EncryptionConfiguration"},  # always KMS with AWS's own key
    "AWS::IAM::ManagedPolicy": {"Path"},  # the lab's, whose name cannot be changed
    "AWS::IAM::Role": {"Path"},  # the same
    "AWS::WAFv2::IPSet": {"Scope", "IPAddressVersion"},  # always REGIONAL; its name follows the version
    "AWS::WAFv2::WebACL": {"Scope"},
    "AWS::ApplicationAutoScaling::ScalingPolicy": {"ScalingTargetId"},  # another target is another service
    "AWS::ECS::Service": {"Cluster"},  # the only one of its stack, whose name cannot be changed
    "AWS::ElasticLoadBalancingV2::LoadBalancer": {
        "Scheme",
        "Type",
    },  # the name follows the one: see the test below
    "AWS::ElasticLoadBalancingV2::TargetGroup": {
        "Port",
        "Protocol",
        "TargetType",
        "VpcId",
    },  # always the same
    "AWS::Budgets::Budget": {"NotificationsWithSubscribers"},  # the name follows it: see the test below
    "AWS::RDS::DBInstance": {
        "DBInstanceIdentifier",  # follows the others: see the test below
        "KmsKeyId",
        "MasterUsername",  # always the same
        "StorageEncrypted",  # always
    },
    "AWS::RDS::DBParameterGroup": {"Description", "Family"},  # has no name of ours
    "AWS::Lambda::Permission": {"Action", "Principal", "SourceAccount"},  # always the same
    "AWS::Logs::MetricFilter": {"LogGroupName"},  # has no name of ours
}
NAMES = ("Name", "BucketName", "BudgetName", "UserName", "DomainName")


def parts() -> dict[str, set[str]]:
    """The properties that are set, by type."""
    found: dict[str, set[str]] = {}
    for lab in every_kind_of_lab():
        for stack in stacks(lab):
            for one in stack.template["Resources"].values():
                found.setdefault(one["Type"], set()).update(one.get("Properties", {}))
    return found


@pytest.mark.timeout(300)
def test_only_the_name_needs_a_new_one() -> None:
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER as SCHEMAS  # noqa: PLC0415

    blocking = {}
    for kind, given in parts().items():
        schema = SCHEMAS.get_resource_schema("us-east-1", kind).schema
        fixed = {
            path.rpartition("/")[2] for path in schema.get("createOnlyProperties", ()) if path.count("/") == 2
        }
        named = {one for one in given if one in NAMES or one.endswith("Name")} & fixed
        others = (fixed & given) - named - FIXED.get(kind, set())
        if (named or kind == "AWS::Budgets::Budget") and kind != "AWS::EC2::VPCEndpoint" and others:
            blocking[kind] = others
    blocking.pop(
        "AWS::CertificateManager::Certificate"
    )  # its name is the domain's, of which there may be many
    assert blocking == {}


def test_a_budget_with_other_levels_has_another_name() -> None:
    def name(**budget: Any) -> str:
        tables = {"lab": {"name": "a", "region": "us-east-1"}, "budget": {"mail": ["a@b.example"], **budget}}
        (spending,) = [one for one in stacks(lab_from_mapping(tables, "here")) if one.key == "spending"]
        return str(spending.template["Resources"]["MonthlyBudget"]["Properties"]["Budget"]["BudgetName"])

    from stratolab.config.labs.load import lab_from_mapping  # noqa: PLC0415

    assert name(alerts=[10]) == name(alerts=[10], monthly=5)
    assert len({name(), name(alerts=[10]), name(mail=["c@d.example"])}) == 3


def test_a_compute_environment_with_other_tags_has_another_name() -> None:
    """Nothing else of it that an owner may change needs another one."""

    def names(compute: dict[str, Any], **lab: Any) -> set[str]:
        tables = {"lab": {"name": "a", "region": "us-east-1", **lab}, "compute": {"one": compute}}
        (stack,) = [one for one in stacks(lab_from_mapping(tables, "here")) if one.concern == "compute"]
        kind = "AWS::Batch::ComputeEnvironment"
        made = [one for one in stack.template["Resources"].values() if one["Type"] == kind]
        return {str(one["Properties"]["ComputeEnvironmentName"]) for one in made}

    from stratolab.config.labs.load import lab_from_mapping  # noqa: PLC0415

    plain = names({"kind": "spot"})
    assert plain == names({"kind": "gpu", "disk": 99, "max_vcpus": 8, "instance_types": ["g5"]})
    assert len(plain | names({"kind": "fargate"}) | names({"kind": "spot"}, tags={"team": "x"})) == 3
    assert names({"kind": "ec2"}) != names({"kind": "ec2", "managed": False})
