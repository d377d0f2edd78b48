"""Load balancers and firewalls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.emulator.control import ACCOUNT, REGION
from tests.emulator.types import TAGS, Case, Cases, World, live

if TYPE_CHECKING:
    from tests.emulator.control import Emulator

case = Cases()


def _balancer(world: World, ref: str) -> Any:
    elb = world.client("elbv2")
    found = elb.describe_load_balancers(LoadBalancerArns=[ref])["LoadBalancers"][0]
    settings = {
        one["Key"]: one["Value"]
        for one in elb.describe_load_balancer_attributes(LoadBalancerArn=ref)["Attributes"]
    }
    return found["Scheme"], settings["idle_timeout.timeout_seconds"]


def _balancer_properties(seconds: str) -> Any:
    return lambda world: {
        "Name": "lb",
        "Scheme": "internal",
        "Subnets": world.subnets,
        "SecurityGroups": [world.group],
        "Tags": TAGS,
        "LoadBalancerAttributes": [{"Key": "idle_timeout.timeout_seconds", "Value": seconds}],
    }


case(
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    _balancer_properties("120"),
    _balancer,
    ("internal", "120"),
    _balancer_properties("60"),
    ("internal", "60"),
    "arn:aws:elasticloadbalancing:",
    attributes={"DNSName": "", "LoadBalancerFullName": "app/lb/", "CanonicalHostedZoneID": "Z"},
)


def _targets(path: str) -> Any:
    return lambda world: {
        "Name": "tg",
        "Port": 5000,
        "Protocol": "HTTP",
        "VpcId": world.vpc,
        "TargetType": "ip",
        "HealthCheckPath": path,
        "Tags": TAGS,
    }


case(
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    _targets("/health"),
    lambda world, ref: world.client("elbv2").describe_target_groups(TargetGroupArns=[ref])["TargetGroups"][0][
        "HealthCheckPath"
    ],
    "/health",
    _targets("/ready"),
    "/ready",
    "arn:aws:elasticloadbalancing:",
)


def _listener(message: str) -> Any:
    def make(world: World) -> dict[str, Any]:
        return {
            "LoadBalancerArn": world.balancer,
            "Port": 443,
            "Protocol": "HTTPS",
            "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
            "Certificates": [{"CertificateArn": world.certificate}],
            "DefaultActions": [
                {
                    "Type": "fixed-response",
                    "FixedResponseConfig": {
                        "StatusCode": "403",
                        "ContentType": "text/plain",
                        "MessageBody": message,
                    },
                }
            ],
        }

    return make


def _listening(world: World, ref: str) -> Any:
    found = world.client("elbv2").describe_listeners(ListenerArns=[ref])["Listeners"][0]
    return found["SslPolicy"], found["DefaultActions"][0]["FixedResponseConfig"]["MessageBody"]


case(
    "AWS::ElasticLoadBalancingV2::Listener",
    _listener("no"),
    _listening,
    ("ELBSecurityPolicy-TLS13-1-2-2021-06", "no"),
    _listener("never"),
    ("ELBSecurityPolicy-TLS13-1-2-2021-06", "never"),
    "arn:aws:elasticloadbalancing:",
)


def _rule(path: str) -> Any:
    return lambda world: {
        "ListenerArn": world.listener,
        "Priority": 5,
        "Actions": [{"Type": "forward", "TargetGroupArn": world.targets}],
        "Conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": [path]}}],
    }


case(
    "AWS::ElasticLoadBalancingV2::ListenerRule",
    _rule("/x"),
    lambda world, ref: world.client("elbv2").describe_rules(RuleArns=[ref])["Rules"][0]["Conditions"][0][
        "PathPatternConfig"
    ]["Values"],
    ["/x"],
    _rule("/y"),
    ["/y"],
    "arn:aws:elasticloadbalancing:",
)
_VISIBLE = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "m"}


def _firewall(action: str) -> Any:
    return lambda _: {
        "Name": "acl",
        "Scope": "REGIONAL",
        "DefaultAction": {action: {}},
        "VisibilityConfig": _VISIBLE,
        "Tags": TAGS,
        "Rules": [
            {
                "Name": "common",
                "Priority": 0,
                "OverrideAction": {"None": {}},
                "VisibilityConfig": _VISIBLE,
                "Statement": {
                    "ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet"}
                },
            }
        ],
    }


case(
    "AWS::WAFv2::WebACL",
    _firewall("Block"),
    lambda world, ref: list(
        world.client("wafv2").get_web_acl(**dict(zip(("Name", "Id", "Scope"), ref.split("|"), strict=True)))[
            "WebACL"
        ]["DefaultAction"]
    ),
    ["Block"],
    _firewall("Allow"),
    ["Allow"],
    "acl|",
    attributes={"Arn": "arn:aws:wafv2:"},
)


def _guarded(world: World) -> dict[str, Any]:
    acl = world.client("wafv2").create_web_acl(
        Name="base", Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=_VISIBLE
    )["Summary"]["ARN"]
    return {"ResourceArn": world.balancer, "WebACLArn": acl}


case(
    "AWS::WAFv2::WebACLAssociation",
    _guarded,
    lambda world, _: (
        world.client("wafv2")
        .get_web_acl_for_resource(ResourceArn=world.balancer)
        .get("WebACL", {})
        .get("Name")
    ),
    "base",
)


def _redacted(world: World, ref: str) -> list[str]:
    found = world.client("wafv2").get_logging_configuration(ResourceArn=ref)["LoggingConfiguration"]
    return [one["SingleHeader"]["Name"] for one in found["RedactedFields"]]


def _logged(field: str) -> Any:
    def make(world: World) -> dict[str, Any]:
        return {
            "ResourceArn": _guarded(world)["WebACLArn"],
            "LogDestinationConfigs": [f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:aws-waf-logs-base"],
            "RedactedFields": [{"SingleHeader": {"Name": field}}],
        }

    return make


case(
    "AWS::WAFv2::LoggingConfiguration",
    _logged("authorization"),
    _redacted,
    ["authorization"],
    attributes={},
    ref="",
)


@pytest.mark.parametrize("one", case, ids=str)
def test_its_life(one: Case, emulator: Emulator) -> None:
    live(one, emulator)
