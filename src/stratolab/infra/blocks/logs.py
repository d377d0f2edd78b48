"""Log groups that end: each has a time after which it forgets, and the lab's key where there is one."""

from __future__ import annotations

from typing import Any

from troposphere.logs import LogGroup

from stratolab.infra import names


def log_group(title: str, lab: str, *path: str, days: int, key: Any | None) -> Any:
    """The log group `/stratolab/LAB/...`, which keeps events for so many days."""
    return named_log_group(title, names.pathed("log group", lab, *path), days=days, key=key)


def named_log_group(title: str, name: str, *, days: int, key: Any | None) -> Any:
    """The same for a log group whose name is its service's choice: one made beforehand, which has an end."""
    return LogGroup(
        title,
        LogGroupName=name,
        RetentionInDays=days,
        DeletionPolicy="Delete",  # what must outlive the stack is in the audit trail
        UpdateReplacePolicy="Delete",
        **({"KmsKeyId": key} if key is not None else {}),
    )
