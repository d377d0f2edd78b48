"""Security groups by role, and who may call whom: the table by which only an environment's own reach its database."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stratolab.infra import names
from stratolab.infra.blocks.security_groups import between, from_address, group
from stratolab.infra.flows import APP, HTTP, HTTPS, MAIL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_WORLD = {HTTPS: "Services and packages over TLS"}
_PACKAGES = {**_WORLD, HTTP: "Package indexes that sign instead of encrypting"}
_MAIL = {**_PACKAGES, MAIL: "Mail with results"}


@dataclass(frozen=True, slots=True)
class RoleGroup:
    """A role: its title in templates, what it is for, what it may call in the world and in the network."""

    title: str
    role: str
    about: str
    world: Mapping[int, str] = field(default_factory=dict)
    calls: tuple[str, ...] = ()


BALANCER = RoleGroup("BalancerGroup", "balancer", "Load balancers that listed addresses reach")
SERVICE = RoleGroup(
    "ServiceGroup", "service", "Containers behind a load balancer", _WORLD, ("DatabaseGroup", "EndpointGroup")
)
JOB = RoleGroup(
    "JobGroup", "job", "Jobs", _MAIL, ("DatabaseGroup", "EndpointGroup", "BalancerGroup", "JobGroup")
)
FUNCTION = RoleGroup("FunctionGroup", "function", "Functions", _WORLD, ("DatabaseGroup", "EndpointGroup"))
EGRESS_ONLY = RoleGroup(
    "EgressOnlyGroup", "egress-only", "Builds and whatever only calls out", _PACKAGES, ("EndpointGroup",)
)
DATABASE = RoleGroup("DatabaseGroup", "database", "Databases, which call nobody")
ENDPOINT = RoleGroup("EndpointGroup", "endpoint", "Private ways to services of AWS")
ROLE_GROUPS = (BALANCER, SERVICE, JOB, FUNCTION, EGRESS_ONLY, DATABASE, ENDPOINT)


def role_groups(lab: str, environment: str, vpc: Any, *, database_ports: Sequence[int]) -> list[Any]:
    """Every role's group, and the rules between them."""
    groups = [
        group(one.title, lab, environment, one.role, one.about, vpc=vpc, out_to_world=dict(one.world))
        for one in ROLE_GROUPS
    ]
    ports = {
        "DatabaseGroup": tuple(sorted(set(database_ports))),
        "EndpointGroup": (HTTPS,),
        "BalancerGroup": (HTTPS,),
    }
    rules = [
        rule
        for one in ROLE_GROUPS
        for target in one.calls
        for port in ports.get(target, ())
        for rule in between(one.title, target, (port, port), f"{one.role} calls {_role(target)}")
    ]
    behind = between("BalancerGroup", "ServiceGroup", (APP, APP), "balancer calls service, over TLS")
    together = between("JobGroup", "JobGroup", (1024, 65_535), "nodes of one job call one another")
    return [*groups, *behind, *rules, *together]


def people_in(addresses: Sequence[str]) -> list[Any]:
    """Let the lab's people reach the load balancers."""
    return [
        from_address(
            names.title("PeopleToBalancer", address),
            "BalancerGroup",
            address,
            port=HTTPS,
            why="The lab's people",
        )
        for address in dict.fromkeys(addresses)
    ]


def own_jobs_in(addresses: Sequence[Any]) -> list[Any]:
    """Let what comes from the NAT's addresses reach the load balancers: the environment's own jobs and builds."""
    return [
        from_address(
            f"NatToBalancer{number}", "BalancerGroup", address, port=HTTPS, why="The environment's own jobs"
        )
        for number, address in enumerate(addresses, 1)
    ]


def _role(title: str) -> str:
    return next(one.role for one in ROLE_GROUPS if one.title == title)
