"""Load balancers: TLS 1.2 or newer only, TLS behind them too, each call in the log, and a name that leads to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import GetAtt, Ref
from troposphere.elasticloadbalancingv2 import (
    Action,
    Certificate,
    Condition,
    FixedResponseConfig,
    HostHeaderConfig,
    Listener,
    ListenerRule,
    ListenerRuleAction,
    LoadBalancer,
    LoadBalancerAttributes,
    Matcher,
    TargetGroup,
    TargetGroupAttribute,
)
from troposphere.route53 import AliasTarget, RecordSetType

from stratolab.infra.flows import APP, HTTPS

if TYPE_CHECKING:
    from collections.abc import Sequence

TLS = "ELBSecurityPolicy-TLS13-1-2-2021-06"
"""TLS 1.3 and 1.2. https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html"""
HOSTS_MOST = 5  # values of all conditions of a rule
DRAIN = 60  # seconds that calls under way have when a copy is stopped
IDLE = 300  # seconds: large artifacts take their time


def balancer(
    title: str, name: str, *, public: bool, subnets: Any, groups: Sequence[Any], logs: Any, prefix: str
) -> Any:
    """A load balancer on the internet, or in the network alone."""
    attributes = {
        "access_logs.s3.enabled": "true",
        "access_logs.s3.bucket": logs,
        "access_logs.s3.prefix": prefix,
        "deletion_protection.enabled": "false",  # its stack is protected as a whole
        "idle_timeout.timeout_seconds": str(IDLE),
        "routing.http.desync_mitigation_mode": "strictest",
        "routing.http.drop_invalid_header_fields.enabled": "true",
    }
    return LoadBalancer(
        title,
        Name=name,
        Type="application",
        Scheme="internet-facing" if public else "internal",
        IpAddressType="ipv4",
        Subnets=subnets,
        SecurityGroups=list(groups),
        LoadBalancerAttributes=[
            LoadBalancerAttributes(Key=key, Value=value) for key, value in attributes.items()
        ],
    )


def targets(title: str, name: str, *, vpc: Any, health: str) -> Any:
    """What stands behind it: containers by their address, over TLS, asked for their `health` every 15 seconds."""
    return TargetGroup(
        title,
        Name=name,
        VpcId=vpc,
        TargetType="ip",
        Protocol="HTTPS",
        Port=APP,
        HealthCheckEnabled=True,
        HealthCheckProtocol="HTTPS",
        HealthCheckPath=health,
        HealthCheckIntervalSeconds=15,
        HealthCheckTimeoutSeconds=10,
        HealthyThresholdCount=2,
        UnhealthyThresholdCount=4,
        Matcher=Matcher(HttpCode="200"),
        TargetGroupAttributes=[
            TargetGroupAttribute(Key="deregistration_delay.timeout_seconds", Value=str(DRAIN))
        ],
    )


def listener(title: str, balancer_title: str, certificate: Any) -> Any:
    """The listener, which answers nobody by itself: rules say which names lead where."""
    refusal = FixedResponseConfig(StatusCode="403", ContentType="text/plain", MessageBody="No such host")
    return Listener(
        title,
        LoadBalancerArn=Ref(balancer_title),
        Port=HTTPS,
        Protocol="HTTPS",
        SslPolicy=TLS,
        Certificates=[Certificate(CertificateArn=certificate)],
        DefaultActions=[Action(Type="fixed-response", FixedResponseConfig=refusal)],
    )


def for_hosts(title: str, listener_title: str, targets_title: str, hosts: Sequence[Any]) -> list[Any]:
    """Rules that let calls by these names through, and no others: a foreign name in our address leads nowhere."""
    parts = [hosts[begin : begin + HOSTS_MOST] for begin in range(0, len(hosts), HOSTS_MOST)]
    return [
        ListenerRule(
            f"{title}{number}",
            ListenerArn=Ref(listener_title),
            Priority=number,
            Conditions=[Condition(Field="host-header", HostHeaderConfig=HostHeaderConfig(Values=list(part)))],
            Actions=[ListenerRuleAction(Type="forward", TargetGroupArn=Ref(targets_title))],
        )
        for number, part in enumerate(parts, 1)
    ]


def alias(title: str, host: str, zone: Any, balancer_title: str) -> Any:
    """The name in the zone that leads to it."""
    return RecordSetType(
        title,
        HostedZoneId=zone,
        Name=host,
        Type="A",
        AliasTarget=AliasTarget(
            DNSName=GetAtt(balancer_title, "DNSName"),
            HostedZoneId=GetAtt(balancer_title, "CanonicalHostedZoneID"),
        ),
    )
