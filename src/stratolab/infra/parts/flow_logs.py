"""The log of a network's connections: who wrote to whom, and what was refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import GetAtt, Ref
from troposphere.ec2 import FlowLog

from stratolab.infra.arns import regional
from stratolab.infra.blocks.logs import log_group
from stratolab.infra.blocks.policies import Statement, allow, managed
from stratolab.infra.blocks.roles import service_role
from stratolab.infra.stacks import foundation
from stratolab.infra.values import taken

if TYPE_CHECKING:
    from stratolab.config.labs.models import LabConfig
    from stratolab.config.labs.networks import EnvironmentConfig

SECONDS = 600  # of flows that one line of the log sums up; 60 would make six times as many lines


def flow_logs(lab: LabConfig, environment: str, options: EnvironmentConfig) -> list[Any]:
    """A log of connections, or of those that were refused."""
    if options.flow_logs == "none":
        return []
    name = lab.lab.name
    key = taken(foundation.LOGS_KEY) if foundation.has_keys(lab) else None
    return [
        log_group("FlowLogGroup", name, environment, "flows", days=lab.security.log_days, key=key),
        managed("FlowLogPolicy", name, f"{environment}-flow-logs", write_flows()),
        service_role(
            "FlowLogRole",
            name,
            f"{environment}-flow-logs",
            f"Writes the log of connections of {environment}",
            trusts="vpc-flow-logs",
            boundary=taken(foundation.BOUNDARY),
            policies=[Ref("FlowLogPolicy")],
            sources=[regional("ec2", "vpc-flow-log/*")],
        ),
        FlowLog(
            "FlowLog",
            ResourceId=Ref("Vpc"),
            ResourceType="VPC",
            TrafficType="ALL" if options.flow_logs == "all" else "REJECT",
            LogDestinationType="cloud-watch-logs",
            LogDestination=GetAtt("FlowLogGroup", "Arn"),
            DeliverLogsPermissionArn=GetAtt("FlowLogRole", "Arn"),
            MaxAggregationInterval=SECONDS,
        ),
    ]


def write_flows() -> Statement:
    """Write to the one log group."""
    actions = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    return allow("WriteFlows", actions, GetAtt("FlowLogGroup", "Arn"))
