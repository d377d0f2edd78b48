"""Statements packed into as few managed policies as they need: one has 6,144 characters, a group takes ten."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from troposphere import encode_to_dict

from stratolab.infra import names
from stratolab.infra.blocks.policies import SIZE_MOST, Statement, document, managed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

GROUP_POLICIES = 10
"""Managed policies that a group takes. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
_LENGTHS = {"AWS::AccountId": 12, "AWS::Region": 16, "AWS::Partition": 12, "AWS::URLSuffix": 24}
_UNKNOWN = 63  # characters; the values that policies name besides are buckets
_VARIABLE = re.compile(r"\$\{([A-Za-z0-9:]+)\}")


def packed(title: str, lab: str, name: str, statements: Sequence[Statement]) -> list[Any]:
    """Managed policies of people that hold these statements, each within the limit: `operators-batch-1`, `-2`."""
    return [
        managed(f"{title}{number}", lab, f"{name}-{number}", *part, path=names.people_path(lab))
        for number, part in enumerate(_fitting(statements), 1)
    ]


def size(*statements: Statement) -> int:
    """Characters that a policy of these statements has at most, once CloudFormation has put in what it knows."""
    return len(json.dumps(_longest(encode_to_dict(document(*statements))), separators=(",", ":")))


def _fitting(statements: Sequence[Statement]) -> Iterator[list[Statement]]:
    around = size()
    part: list[Statement] = []
    taken = around
    for statement in (piece for whole in statements for piece in _pieces(whole)):
        more = size(statement) - around
        if part and taken + len(",") + more > SIZE_MOST:
            yield part
            part, taken = [], around
        taken += more + (len(",") if part else 0)
        part.append(statement)
    yield part


def _pieces(statement: Statement) -> Iterator[Statement]:
    """The statement, in halves of its actions where it alone is too long."""
    actions = statement.get("Action")
    if size(statement) <= SIZE_MOST or not isinstance(actions, list) or len(actions) < 2:
        yield statement
        return
    middle = len(actions) // 2
    for number, half in enumerate((actions[:middle], actions[middle:]), 1):
        yield from _pieces({**statement, "Sid": f"{statement['Sid']}{number}", "Action": half})


def _longest(value: Any) -> Any:
    """The value with texts of the greatest length that functions of CloudFormation can give."""
    if isinstance(value, list):
        return [_longest(part) for part in value]
    if not isinstance(value, dict):
        return value
    if "Fn::Sub" in value:
        text = value["Fn::Sub"]
        return _VARIABLE.sub(_filled, text if isinstance(text, str) else text[0])
    if "Ref" in value:
        return "x" * _LENGTHS.get(value["Ref"], _UNKNOWN)
    if "Fn::GetAtt" in value or "Fn::Join" in value:
        return "x" * 2 * _UNKNOWN
    return {key: _longest(part) for key, part in value.items()}


def _filled(variable: re.Match[str]) -> str:
    return "x" * _LENGTHS.get(variable[1], _UNKNOWN)
