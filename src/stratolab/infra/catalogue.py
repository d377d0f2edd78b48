"""The stacks of a lab, in the order in which they can be made, with all that a planner needs to make them.

    for stack in stacks(lab):                       # lab: a LabConfig, from config.labs.load.load_lab
        stack.name, stack.body                      # CloudFormation's name, and the template as JSON
        stack.needs                                 # keys of stacks whose outputs it takes
        stack.parameters({"foundation": {...}})     # its parameters, from outputs by the key of their stack

The same configuration gives the same stacks, byte for byte. Nothing is read and nothing is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, get_args

from stratolab.config.fields import Environment
from stratolab.config.labs.regions import budgets_region
from stratolab.core.errors import InputError
from stratolab.core.names import did_you_mean
from stratolab.infra import body, names, tags
from stratolab.infra.permissions import shipped
from stratolab.infra.segments import made_of
from stratolab.infra.stacks import (
    account,
    compute,
    database,
    foundation,
    network,
    project,
    spending,
    tracking,
)
from stratolab.infra.values import Given, Kept, Output

if TYPE_CHECKING:
    from stratolab.config.labs.models import LabConfig
    from stratolab.infra.body import Body
    from stratolab.infra.code import Code
    from stratolab.infra.permissions import Permissions
    from stratolab.infra.scripts import Scripts, Sent
    from stratolab.infra.values import Concern, Taken

CAPABILITIES = ("CAPABILITY_NAMED_IAM",)
"""What CloudFormation wants to be told: our roles have names."""

Outputs = Mapping[str, Mapping[str, str]]
"""Outputs of stacks: by the stack's key, then by the output's name."""


@dataclass(frozen=True, slots=True)
class Input:
    """A parameter of a stack: from an output of the stack `stack`, or with a `value` from `lab.toml`.

    One that is `kept` has its `value` when the stack is made, and from then on what it has.
    """

    parameter: str
    type: str
    about: str
    stack: str = ""
    output: str = ""
    value: str = ""
    kept: bool = False


@dataclass(frozen=True)
class Stack:
    """One stack: what it is called, made of, and takes."""

    key: str
    """What people and programs call it: `foundation`, `network.prod`."""
    concern: Concern
    environment: str | None
    name: str
    """CloudFormation's name of it."""
    region: str
    """Where it is: the lab's region, but for what AWS has in few regions only."""
    about: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    template: dict[str, Any]
    tags: Mapping[str, str]
    capabilities: tuple[str, ...] = CAPABILITIES
    code: tuple[Code | Sent, ...] = ()
    """The code of its functions and the scripts that they run, which must be in the bucket of code before it."""

    @cached_property
    def body(self) -> str:
        """The template as it is sent; the same stack, the same text."""
        return body.rendered(self.template)

    @property
    def needs(self) -> tuple[str, ...]:
        """The keys of stacks whose outputs it takes, in the order of the catalogue."""
        return tuple(dict.fromkeys(taken.stack for taken in self.inputs if taken.stack))

    def given(self, values: Mapping[str, str]) -> Stack:
        """The stack with these values of parameters that it would otherwise keep as they are."""
        return replace(
            self,
            inputs=tuple(
                replace(one, value=values[one.parameter], kept=False) if one.parameter in values else one
                for one in self.inputs
            ),
        )

    def parameters(self, outputs: Outputs, standing: Mapping[str, str] | None = None) -> dict[str, str]:
        """The values of its parameters; `standing` are those that the stack has now, if it is there.

        Raises `InputError` that names an output that is not there yet.
        """
        now = standing or {}
        return {
            taken.parameter: now[taken.parameter]
            if taken.kept and taken.parameter in now
            else _value(taken, outputs)
            for taken in self.inputs
        }


def stacks(
    lab: LabConfig, *, table: Permissions | None = None, scripts: Scripts | None = None
) -> tuple[Stack, ...]:
    """All stacks of a lab, each after those that it needs.

    `table` says which calls deployers need for which types; without it, the one that is shipped. `scripts` are those
    that set databases up, which are in no configuration but in folders that it names.
    """
    bodies = _bodies(lab, shipped() if table is None else table, scripts or {})
    return tuple(_stack(lab, concern, part, made) for (concern, part), made in bodies.items())


def find(lab: LabConfig, key: str) -> Stack:
    """The stack of this key. Raises `InputError` with the nearest one."""
    known = {stack.key: stack for stack in stacks(lab)}
    if key not in known:
        raise InputError(f"there is no stack {key!r}", doing="look up a stack", hint=did_you_mean(key, known))
    return known[key]


def stack_key(concern: str, part: str | None) -> str:
    """What a stack is called: its concern, and its environment or its project if it has one."""
    return f"{concern}.{part}" if part else concern


def environments(lab: LabConfig) -> list[Environment]:
    """The lab's environments, from the one where mistakes cost least."""
    return [name for name in get_args(Environment) if name in lab.environments]


def _bodies(lab: LabConfig, table: Permissions, scripts: Scripts) -> dict[tuple[Concern, str | None], Body]:
    """What every stack is, in the order of the catalogue: what stands on nothing first."""
    base, money = foundation.build(lab), spending.build(lab)
    networks = {name: network.build(lab, name) for name in environments(lab)}
    databases = {
        name: database.build(lab, name, scripts.get(name, {}))
        for name in environments(lab)
        if lab.environments[name].database
    }
    computing = {name: compute.build(lab, name) for name in environments(lab) if compute.wanted(lab, name)}
    projects = {name: project.build(lab, name) for name in sorted(lab.projects)}
    home = tracking.home(lab)
    servers = {home: tracking.build(lab, home)} if home else {}
    name = lab.lab.name
    made = {
        "foundation": made_of(body.all_resources(base, name)),
        "spending": made_of(body.all_resources(money, name)),
        "network": made_of(part for one in networks.values() for part in body.all_resources(one, name)),
        "database": made_of(part for one in databases.values() for part in body.all_resources(one, name)),
        "compute": made_of(part for one in computing.values() for part in body.all_resources(one, name)),
        "project": made_of(part for one in projects.values() for part in body.all_resources(one, name)),
        "tracking": made_of(part for one in servers.values() for part in body.all_resources(one, name)),
    }
    return {
        ("foundation", None): base,
        ("account", None): account.build(lab, made, table),
        **({("spending", None): money} if budgets_region(lab.lab.region) else {}),
        **{("network", name): one for name, one in networks.items()},
        **{("database", name): one for name, one in databases.items()},
        **{("compute", name): one for name, one in computing.items()},
        **{("project", name): one for name, one in projects.items()},
        **{("tracking", name): one for name, one in servers.items()},
    }


def _stack(lab: LabConfig, concern: Concern, part: str | None, made: Body) -> Stack:
    """`part` is the environment or the project that the stack is of."""
    environment, owner = (None, part) if concern == "project" else (part, None)
    own_tags = tags.of_resources(lab, environment=environment, project=owner)
    return Stack(
        key=stack_key(concern, part),
        concern=concern,
        environment=environment,
        name=names.stack(lab.lab.name, concern, environment, owner),
        region=(budgets_region(lab.lab.region) if concern == "spending" else None) or lab.lab.region,
        about=made.about,
        inputs=tuple(_input(taken, environment or made.beside) for taken in made.inputs),
        outputs=tuple(made.outputs),
        template=body.template(made, lab=lab.lab.name, environment=environment, own_tags=own_tags),
        tags=tags.of_stack(lab, environment=environment, project=owner),
        code=made.code,
    )


_OF_ENVIRONMENTS: frozenset[Concern] = frozenset({"network", "database", "compute", "tracking"})
"""Concerns of which every environment has its own; the others are the lab's."""


def _input(taken: Taken, environment: str | None) -> Input:
    if isinstance(taken, Kept):
        return Input(taken.parameter, taken.type, taken.about, value=taken.first, kept=True)
    if isinstance(taken, Given):
        return Input(taken.parameter, taken.type, taken.about, value=taken.value)
    owner = stack_key(taken.concern, environment if taken.concern in _OF_ENVIRONMENTS else None)
    return Input(taken.parameter, taken.type, taken.about, stack=owner, output=taken.name)


def _value(taken: Input, outputs: Outputs) -> str:
    if not taken.stack:
        return taken.value
    try:
        return outputs[taken.stack][taken.output]
    except KeyError:
        raise InputError(
            f"{taken.stack} has not given its output {taken.output} yet",
            doing=f"find the value of {taken.parameter}",
            hint=f"stratolab up {taken.stack}",
        ) from None
