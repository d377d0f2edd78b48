"""The audit trail's name and ARN: the foundation has to know them before the account's stack makes the trail."""

from __future__ import annotations

from typing import Any

from stratolab.infra import names
from stratolab.infra.arns import regional


def trail_name(lab: str) -> str:
    """The trail's name."""
    return names.named("trail", lab, "trail")


def trail_arn(lab: str) -> Any:
    """The trail's ARN, for policies that let CloudTrail in for this trail only."""
    return regional("cloudtrail", f"trail/{trail_name(lab)}")
