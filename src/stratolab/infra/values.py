"""What stacks give to one another: outputs of one, parameters of the other, and how the value gets from here to there.

An output is a constant in the module of the stack that gives it; whoever takes it names that constant. So a
misspelt one is an error of types, and a stack's needs follow from what it takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from troposphere import Ref

Concern = Literal[
    "foundation", "account", "spending", "network", "database", "compute", "project", "tracking"
]
Type = Literal[
    "String",
    "AWS::EC2::VPC::Id",
    "AWS::EC2::SecurityGroup::Id",
    "List<AWS::EC2::Subnet::Id>",
    "AWS::Route53::HostedZone::Id",
    "CommaDelimitedList",
]


@dataclass(frozen=True, slots=True)
class Output:
    """A value that a stack gives. Lists are texts with commas, as CloudFormation has no other outputs."""

    concern: Concern
    name: str
    """CloudFormation's name of it: letters and digits."""
    about: str
    type: Type = "String"
    """What CloudFormation checks a parameter for that takes it."""
    published: str = ""
    """Where programs find it: the path of an SSM parameter, after the lab and the environment; empty for nowhere."""

    @property
    def parameter(self) -> str:
        """The name of the parameter in stacks that take it."""
        return f"{self.concern.capitalize()}{self.name}"


@dataclass(frozen=True, slots=True)
class Given:
    """A parameter whose value the owner gave in `lab.toml`: the id of something that exists already."""

    parameter: str
    about: str
    value: str
    type: Type = "String"


@dataclass(frozen=True, slots=True)
class Kept:
    """A parameter whose value is the stack's own and not the file's: `up` leaves it as it is."""

    parameter: str
    about: str
    first: str
    """Its value when the stack is made."""
    type: Type = "String"


Taken = Output | Given | Kept


def taken(value: Taken) -> Any:
    """The value in the template of a stack that takes it."""
    return Ref(value.parameter)
