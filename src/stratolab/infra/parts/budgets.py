"""Budgets: mails at rising levels, when the forecast passes the budget, and when there is suspiciously little."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from troposphere import Ref, encode_to_dict
from troposphere.budgets import (
    Budget,
    BudgetData,
    Notification,
    NotificationWithSubscribers,
    Spend,
    Subscriber,
)

from stratolab.infra import names, tags

if TYPE_CHECKING:
    from stratolab.config.labs.models import LabConfig


def budgets(lab: LabConfig, topic: str) -> list[Any]:
    """The lab's budgets. `topic` is the title of the topic that programs listen to."""
    limit = lab.budget
    made = [_budget(lab, "monthly", [_spent_more(level, lab, topic) for level in limit.alerts])]
    if limit.forecast:
        made.append(_budget(lab, "forecast", [_will_spend("GREATER_THAN", limit.forecast, lab, topic)]))
    if limit.low:
        made.append(_budget(lab, "low", [_will_spend("LESS_THAN", limit.low, lab, topic)]))
    return made


def _budget(lab: LabConfig, purpose: str, notices: list[Any]) -> Any:
    scope = {"TagKeyValue": [f"user:{tags.LAB}${lab.lab.name}"]} if lab.budget.scope == "lab" else None
    return Budget(
        f"{purpose.capitalize()}Budget",
        Budget=BudgetData(
            BudgetName=names.named("budget", lab.lab.name, purpose, _digest(notices)),
            BudgetType="COST",
            TimeUnit="MONTHLY",
            BudgetLimit=Spend(Amount=lab.budget.monthly, Unit="USD"),
            **({"CostFilters": scope} if scope else {}),
        ),
        NotificationsWithSubscribers=notices,
    )


def _digest(notices: list[Any]) -> str:
    """A part of the name that changes with the notices: those of a budget cannot be changed, only made anew with it."""
    text = json.dumps(encode_to_dict(notices), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:6]


def _spent_more(level: int, lab: LabConfig, topic: str) -> Any:
    return _notice("ACTUAL", "GREATER_THAN", level, lab, topic)


def _will_spend(comparison: str, level: int, lab: LabConfig, topic: str) -> Any:
    """About the forecast. "Less" is asked of it alone: at the start of a month every sum is small."""
    return _notice("FORECASTED", comparison, level, lab, topic)


def _notice(kind: str, comparison: str, level: int, lab: LabConfig, topic: str) -> Any:
    """A mail to each address, which needs no confirmation, and a message to programs."""
    return NotificationWithSubscribers(
        Notification=Notification(
            NotificationType=kind, ComparisonOperator=comparison, Threshold=level, ThresholdType="PERCENTAGE"
        ),
        Subscribers=[
            Subscriber(SubscriptionType="SNS", Address=Ref(topic)),
            *(Subscriber(SubscriptionType="EMAIL", Address=address) for address in lab.budget.mail),
        ],
    )
