"""A stack as its module writes it - inputs, resources, outputs - and the template that this makes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from troposphere import Output as TemplateOutput
from troposphere import Parameter
from troposphere.ssm import Parameter as PublishedParameter

from stratolab.infra import names, tags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from troposphere import AWSObject

    from stratolab.infra.code import Code
    from stratolab.infra.scripts import Sent
    from stratolab.infra.values import Output, Taken

VERSION = "2010-09-09"
RESOURCES_MOST, OUTPUTS_MOST, PARAMETERS_MOST = 500, 200, 200
BODY_MOST, INLINE_MOST = 1_000_000, 51_200
"""Limits of CloudFormation; bytes of a template by way of a bucket, and of one in the call itself.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""


@dataclass(frozen=True, slots=True)
class Body:
    """What a stack is: in the order in which one reads it."""

    about: str
    """What it is for, in a line: CloudFormation shows it."""
    inputs: tuple[Taken, ...]
    resources: tuple[AWSObject, ...]
    outputs: Mapping[Output, Any]
    conditions: Mapping[str, Any] = field(default_factory=dict)
    """What some of the resources depend on, by the name that they give."""
    code: tuple[Code | Sent, ...] = ()
    """The code of its functions and what they read, which must be in the bucket of code before the stack is made."""
    beside: str | None = None
    """The environment whose stacks it takes outputs of, where it is itself of none."""


def template(body: Body, *, lab: str, environment: str | None, own_tags: Mapping[str, str]) -> dict[str, Any]:
    """The template as a dictionary of plain values, its published outputs and all tags included."""
    resources = all_resources(body, lab, environment)
    titles = [resource.title for resource in resources]
    if twice := {title for title in titles if titles.count(title) > 1}:
        raise ValueError(f"two resources of one stack have the same title: {', '.join(sorted(twice))}")
    made = {
        "AWSTemplateFormatVersion": VERSION,
        "Description": body.about,
        "Parameters": {taken.parameter: _parameter(taken) for taken in body.inputs},
        "Conditions": {name: one.to_dict() for name, one in body.conditions.items()},
        "Resources": {resource.title: _resource(resource, own_tags) for resource in resources},
        "Outputs": {output.name: _output(output, value) for output, value in body.outputs.items()},
    }
    return {key: value for key, value in made.items() if value}


def all_resources(body: Body, lab: str, environment: str | None = None) -> list[AWSObject]:
    """The resources of the stack, and a parameter in SSM for each output that programs look for."""
    return [*body.resources, *_published(body, lab, environment)]


def rendered(made: Mapping[str, Any]) -> str:
    """The template as it is sent: the same template, the same text."""
    return json.dumps(made, sort_keys=True, separators=(",", ":"))


def _parameter(taken: Taken) -> Any:
    return Parameter(taken.parameter, Type=taken.type, Description=taken.about).to_dict()


def _output(output: Output, value: Any) -> Any:
    return TemplateOutput(output.name, Value=value, Description=output.about).to_dict()


def _resource(resource: AWSObject, own_tags: Mapping[str, str]) -> dict[str, Any]:
    made: dict[str, Any] = resource.to_dict()
    properties = tags.put_on(made.get("Properties", {}), made["Type"], resource.props, own_tags)
    return {**made, "Properties": properties} if properties else made


def _published(body: Body, lab: str, environment: str | None) -> list[AWSObject]:
    return [
        PublishedParameter(
            f"Published{output.name}",
            Name=names.pathed("parameter", lab, environment or "", output.published),
            Type="StringList" if output.type.startswith(("List<", "Comma")) else "String",
            Value=value,
            Description=output.about,
        )
        for output, value in body.outputs.items()
        if output.published
    ]
