"""Spending: budgets at rising levels, the signal of too little, and the topic that programs listen to.

It stands alone since CloudFormation has budgets in some regions only: elsewhere it lies in the one where the bill is
made. Its template is small enough to be sent without a bucket.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import Ref

from stratolab.config.labs.regions import budgets_region
from stratolab.infra.arns import everywhere
from stratolab.infra.blocks.topics import topic
from stratolab.infra.body import Body
from stratolab.infra.parts.budgets import budgets
from stratolab.infra.stacks import foundation
from stratolab.infra.values import Output, taken

if TYPE_CHECKING:
    from stratolab.config.labs.models import LabConfig
    from stratolab.infra.values import Taken

SPENDING = Output("spending", "Spending", "ARN of the topic of budgets, for programs that act on them")


def build(lab: LabConfig) -> Body:
    """The stack for this lab."""
    return Body(
        about=f"stratolab {lab.lab.name}: budgets",
        inputs=inputs(lab),
        resources=(*listeners(lab), *budgets(lab, "Spending")),
        outputs={SPENDING: Ref("Spending")},
    )


def inputs(lab: LabConfig) -> tuple[Taken, ...]:
    """The key of notices, if the stack is in its region: a key serves no other."""
    return (foundation.LOGS_KEY,) if _has_key(lab) else ()


def listeners(lab: LabConfig) -> list[Any]:
    """The topic that budgets write to. People get their mails from the budgets themselves."""
    name = lab.lab.name
    return topic(
        "Spending",
        name,
        "spending",
        f"{name} spending",
        key=taken(foundation.LOGS_KEY) if _has_key(lab) else None,
        writers={"budgets": everywhere("budgets", "*")},
        mail=(),
    )


def _has_key(lab: LabConfig) -> bool:
    return foundation.has_keys(lab) and budgets_region(lab.lab.region) == lab.lab.region
