"""Which calls CloudFormation makes for a type of resource, on behalf of who deploys it.

The table comes from CloudFormation's own schemas (tools/write_permissions.py), so a policy for deployers follows from
the templates: what no template needs, nobody may call.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Level = Literal["list", "read", "write", "tagging", "permissions management"]


ALWAYS = frozenset({"iam", "kms"})
"""Services that handlers call for what a resource is given: a role to be passed, a key to encrypt with."""
_OTHER_NAME = {
    "accessanalyzer": "access-analyzer",
    "applicationautoscaling": "application-autoscaling",
    "certificatemanager": "acm",
    "elasticloadbalancingv2": "elasticloadbalancing",
}


def service_of(kind: str) -> str:
    """The service of a type of resource, as policies name it: `AWS::EC2::VPC` is of `ec2`, `Custom::X` of `lambda`."""
    if kind.startswith("Custom::"):
        return "lambda"
    name = kind.split("::")[1].lower()
    return _OTHER_NAME.get(name, name)


@dataclass(frozen=True, slots=True, order=True)
class Call:
    """One call of an API: `s3:CreateBucket`."""

    name: str
    level: Level
    narrows: bool
    """Whether a policy can name the resources that it may be about."""

    @property
    def service(self) -> str:
        """The service as policies name it."""
        return self.name.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Permissions:
    """The table: the calls of each type of resource."""

    types: Mapping[str, tuple[Call, ...]]

    def calls(self, types: Iterable[str]) -> list[Call]:
        """Every call that these types need, once. Raises `KeyError` for a type that the table has not.

        A handler also names calls to services that only some uses of its type need, such as a bucket's policy for a
        log that goes to a bucket. Such a call counts if the service's own types are among the given ones.
        """
        given = list(types)
        services = {service_of(kind) for kind in given} | ALWAYS
        return sorted({call for kind in given for call in self.types[kind] if call.service in services})


@cache
def shipped() -> Permissions:
    """The table that comes with stratolab."""
    text = (resources.files("stratolab.infra") / "permissions.json").read_text(encoding="utf-8")
    table = json.loads(text)
    calls = {name: Call(name, level, narrows) for name, (level, narrows) in table["calls"].items()}
    return Permissions({kind: tuple(calls[name] for name in names) for kind, names in table["types"].items()})
