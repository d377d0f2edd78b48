"""What CloudFormation and IAM take at most, held against the largest configuration there may be."""

from __future__ import annotations

import re
from typing import Any

import pytest

from stratolab.infra.blocks.policies import SIZE_MOST
from stratolab.infra.body import BODY_MOST, INLINE_MOST, OUTPUTS_MOST, PARAMETERS_MOST, RESOURCES_MOST
from stratolab.infra.catalogue import Stack, stacks
from stratolab.infra.names import LIMITS
from stratolab.infra.parts.packing import GROUP_POLICIES, size
from stratolab.testing.labs import every_kind_of_lab, largest

NAMED = {
    "AWS::AccessAnalyzer::Analyzer": ("AnalyzerName", "analyzer"),
    "AWS::Batch::ComputeEnvironment": ("ComputeEnvironmentName", "compute environment"),
    "AWS::AutoScaling::AutoScalingGroup": ("AutoScalingGroupName", "group"),
    "AWS::Lambda::Function": ("FunctionName", "function"),
    "AWS::Batch::JobDefinition": ("JobDefinitionName", "job definition"),
    "AWS::Batch::JobQueue": ("JobQueueName", "queue"),
    "AWS::CloudTrail::Trail": ("TrailName", "trail"),
    "AWS::CloudWatch::Alarm": ("AlarmName", "alarm"),
    "AWS::CodeBuild::Project": ("Name", "build"),
    "AWS::CodeCommit::Repository": ("RepositoryName", "source"),
    "AWS::ECR::Repository": ("RepositoryName", "repository"),
    "AWS::ECS::Cluster": ("ClusterName", "cluster"),
    "AWS::ECS::Service": ("ServiceName", "cluster"),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ("Name", "load balancer"),
    "AWS::ElasticLoadBalancingV2::TargetGroup": ("Name", "target group"),
    "AWS::ApplicationAutoScaling::ScalingPolicy": ("PolicyName", "policy"),
    "AWS::WAFv2::WebACL": ("Name", "ip set"),
    "AWS::Events::Rule": ("Name", "rule"),
    "AWS::IAM::Group": ("GroupName", "group"),
    "AWS::IAM::InstanceProfile": ("InstanceProfileName", "role"),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName", "policy"),
    "AWS::IAM::Role": ("RoleName", "role"),
    "AWS::KMS::Alias": ("AliasName", "alias"),
    "AWS::Logs::LogGroup": ("LogGroupName", "log group"),
    "AWS::RDS::DBInstance": ("DBInstanceIdentifier", "database"),
    "AWS::SNS::Topic": ("TopicName", "topic"),
    "AWS::SQS::Queue": ("QueueName", "message queue"),
    "AWS::SecretsManager::Secret": ("Name", "secret"),
    "AWS::SSM::Parameter": ("Name", "parameter"),
    "AWS::WAFv2::IPSet": ("Name", "ip set"),
}
"""Where a type has its name, and which limit that has."""
SSM_VALUE = 4096  # characters of a parameter that costs nothing
DESCRIPTION = 1024


def check_limits(stack: Stack) -> None:
    """Hold a stack against every limit that a template can break."""
    made = stack.template
    resources = made["Resources"]
    assert len(resources) <= RESOURCES_MOST
    assert len(made.get("Outputs", {})) <= OUTPUTS_MOST
    assert len(made.get("Parameters", {})) <= PARAMETERS_MOST
    assert len(stack.body.encode()) <= (INLINE_MOST if stack.key == "foundation" else BODY_MOST)
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,127}", stack.name)
    assert len(stack.tags) <= 50
    assert all(
        re.fullmatch(r"[A-Za-z0-9]{1,255}", title) for title in (*resources, *made.get("Parameters", {}))
    )
    for resource in resources.values():
        check_name(resource)
        check_policies(resource)


def check_name(resource: dict[str, Any]) -> None:
    properties = resource.get("Properties", {})
    key, kind = NAMED.get(resource["Type"], (None, None))
    if key is not None:
        assert len(properties[key]) <= LIMITS[kind], properties[key]
    if resource["Type"] == "AWS::Budgets::Budget":
        assert len(properties["Budget"]["BudgetName"]) <= LIMITS["budget"]
    for text in (properties.get("Description", ""), properties.get("GroupDescription", "")):
        assert len(text) <= (255 if "GroupDescription" in properties else DESCRIPTION)


def check_policies(resource: dict[str, Any]) -> None:
    properties = resource.get("Properties", {})
    if resource["Type"] == "AWS::IAM::ManagedPolicy":
        assert size(*properties["PolicyDocument"]["Statement"]) <= SIZE_MOST
        sids = [one["Sid"] for one in properties["PolicyDocument"]["Statement"]]
        assert len(set(sids)) == len(sids)
        assert all(re.fullmatch(r"[A-Za-z0-9]+", sid) for sid in sids)
    if resource["Type"] == "AWS::IAM::Group":
        assert len(properties["ManagedPolicyArns"]) <= GROUP_POLICIES
    if resource["Type"] == "AWS::IAM::User":
        assert len(properties["Groups"]) <= 10


@pytest.mark.parametrize("lab", every_kind_of_lab(), ids=lambda lab: f"{lab.lab.profile}-{lab.lab.name}")
def test_every_kind_of_lab_fits(lab: Any) -> None:
    for stack in stacks(lab):
        check_limits(stack)


def test_the_largest_lab_is_large() -> None:
    """So that what fits here fits."""
    made = {stack.key: stack for stack in stacks(largest())}
    assert len(made["account"].template["Resources"]) > 200
    assert len(made["network.prod"].template["Resources"]) > 200
    assert len(made["foundation"].body) > INLINE_MOST * 0.9


def test_every_kind_of_name_is_known_to_this_test() -> None:
    """A type that is given a name must stand in NAMED, or nobody looks at its limit."""
    unnamed = {"AWS::S3::Bucket", "AWS::IAM::User", "AWS::Route53::HostedZone", "AWS::Route53::RecordSet"}
    unnamed |= {"AWS::AutoScaling::ScheduledAction", "AWS::Lambda::EventSourceMapping"}  # they name others
    unnamed |= {"AWS::Lambda::Permission"}  # it names the function that it is about
    for lab in every_kind_of_lab():
        for stack in stacks(lab):
            for resource in stack.template["Resources"].values():
                names = {
                    key for key in resource.get("Properties", {}) if key.endswith("Name") or key == "Name"
                }
                kept = names - {
                    "LogGroupName",
                    "MetricName",
                    "ServiceName",
                    "DomainName",
                    "S3BucketName",
                    "DisplayName",
                }
                if kept and resource["Type"] not in unnamed:
                    assert resource["Type"] in NAMED, (resource["Type"], kept)
