"""What AWS itself watches for: threats, what others can reach, and the mail when something is found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import Ref
from troposphere.accessanalyzer import Analyzer
from troposphere.events import Rule, Target
from troposphere.guardduty import CFNFeatureConfiguration, Detector
from troposphere.securityhub import Hub

from stratolab.infra import names

if TYPE_CHECKING:
    from stratolab.config.labs.models import SecurityConfig

FEATURES = ("S3_DATA_EVENTS", "RDS_LOGIN_EVENTS", "LAMBDA_NETWORK_LOGS")
"""What GuardDuty looks at beside calls, names and connections; each is charged by what it sees."""
SERIOUS = 4  # of GuardDuty's ten: medium. Below lie attempts that were blocked.


def watching(lab: str, security: SecurityConfig, topic: str) -> list[Any]:
    """Everything that is switched on, and the rules that send what it finds to the topic with this title."""
    made: list[Any] = []
    if security.threat_detection:
        made += [detector(), finding_rule("Threats", lab, topic, threats())]
    if security.analyzer:
        made += [analyzer(lab), finding_rule("Reach", lab, topic, reach())]
    if security.hub:
        made.append(hub())
    return made


def detector() -> Any:
    """GuardDuty for the region."""
    return Detector(
        "Detector",
        Enable=True,
        FindingPublishingFrequency="FIFTEEN_MINUTES",
        Features=[CFNFeatureConfiguration(Name=name, Status="ENABLED") for name in FEATURES],
    )


def analyzer(lab: str) -> Any:
    """The analyzer of what others than this account can reach."""
    return Analyzer("Analyzer", AnalyzerName=names.named("analyzer", lab, "access"), Type="ACCOUNT")


def hub() -> Any:
    """Security Hub with AWS's usual standards."""
    return Hub("SecurityHub", EnableDefaultStandards=True, ControlFindingGenerator="SECURITY_CONTROL")


def threats() -> dict[str, Any]:
    """The pattern of threats that are worth a mail."""
    return {
        "source": ["aws.guardduty"],
        "detail-type": ["GuardDuty Finding"],
        "detail": {"severity": [{"numeric": [">=", SERIOUS]}]},
    }


def reach() -> dict[str, Any]:
    """The pattern of things that others can newly reach."""
    return {
        "source": ["aws.access-analyzer"],
        "detail-type": ["Access Analyzer Finding"],
        "detail": {"status": ["ACTIVE"]},
    }


def finding_rule(title: str, lab: str, topic: str, pattern: dict[str, Any]) -> Any:
    """A rule that sends findings to a topic."""
    return Rule(
        f"{title}Rule",
        Name=names.named("rule", lab, title.lower()),
        Description=f"Sends findings to {topic}",
        EventPattern=pattern,
        State="ENABLED",
        Targets=[Target(Arn=Ref(topic), Id="mail")],
    )
