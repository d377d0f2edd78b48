"""The web application firewall of a load balancer: listed addresses come through, all others meet a closed door."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import GetAtt, Ref
from troposphere.logs import LogGroup
from troposphere.wafv2 import (
    AllowAction,
    BlockAction,
    DefaultAction,
    IPSetReferenceStatement,
    LoggingConfiguration,
    LoggingConfigurationFieldToMatch,
    ManagedRuleGroupStatement,
    OrStatement,
    OverrideAction,
    RateBasedStatement,
    RuleAction,
    SingleHeader,
    Statement,
    VisibilityConfig,
    WebACL,
    WebACLAssociation,
    WebACLRule,
)

from stratolab.infra import names

if TYPE_CHECKING:
    from collections.abc import Sequence

KNOWN_BAD = "AWSManagedRulesKnownBadInputsRuleSet"
MOST_CALLS = 20_000
"""Calls of one address in five minutes, beyond the lab's own jobs: 66 a second is no person and no notebook."""


def firewall(title: str, name: str, *, jobs: Sequence[Any], people: Sequence[Any]) -> Any:
    """A firewall that lets two kinds of callers in: `jobs` as often as they like, `people` as often as people call.

    Both are ARNs of sets of addresses.
    """
    rules = [
        _rule("known-bad-inputs", _managed(KNOWN_BAD), OverrideAction=OverrideAction(**{"None": {}})),
        *([_rule("own-jobs", _within(jobs), Action=RuleAction(Allow=AllowAction()))] if jobs else []),
        _rule("too-many", _too_many(), Action=RuleAction(Block=BlockAction())),
        *([_rule("people", _within(people), Action=RuleAction(Allow=AllowAction()))] if people else []),
    ]
    for number, rule in enumerate(rules):
        rule.Priority = number
    return WebACL(
        title,
        Name=name,
        Scope="REGIONAL",
        DefaultAction=DefaultAction(Block=BlockAction()),
        Rules=rules,
        VisibilityConfig=_seen(name),
    )


def before(title: str, firewall_title: str, balancer_title: str) -> Any:
    """Put the firewall before a load balancer."""
    return WebACLAssociation(title, WebACLArn=GetAtt(firewall_title, "Arn"), ResourceArn=Ref(balancer_title))


def firewall_log(title: str, name: str, firewall_title: str, *, days: int, key: Any | None) -> list[Any]:
    """What it saw, without what callers signed in with. Its group's name begins as AWS wants it."""
    group = f"{title}Group"
    return [
        LogGroup(
            group,
            LogGroupName=f"{names.FIREWALL_LOGS}{name}",
            RetentionInDays=days,
            DeletionPolicy="Delete",
            UpdateReplacePolicy="Delete",
            **({"KmsKeyId": key} if key is not None else {}),
        ),
        LoggingConfiguration(
            title,
            ResourceArn=GetAtt(firewall_title, "Arn"),
            LogDestinationConfigs=[GetAtt(group, "Arn")],
            RedactedFields=[
                LoggingConfigurationFieldToMatch(SingleHeader=SingleHeader(Name=one))
                for one in ("authorization", "cookie")
            ],
        ),
    ]


def _rule(name: str, statement: Any, **what: Any) -> Any:
    return WebACLRule(Name=name, Priority=0, Statement=statement, VisibilityConfig=_seen(name), **what)


def _managed(name: str) -> Any:
    return Statement(ManagedRuleGroupStatement=ManagedRuleGroupStatement(VendorName="AWS", Name=name))


def _too_many() -> Any:
    return Statement(RateBasedStatement=RateBasedStatement(AggregateKeyType="IP", Limit=MOST_CALLS))


def _within(sets: Sequence[Any]) -> Any:
    each = [Statement(IPSetReferenceStatement=IPSetReferenceStatement(Arn=one)) for one in sets]
    return each[0] if len(each) == 1 else Statement(OrStatement=OrStatement(Statements=each))


def _seen(name: str) -> Any:
    return VisibilityConfig(CloudWatchMetricsEnabled=True, MetricName=name, SampledRequestsEnabled=True)
