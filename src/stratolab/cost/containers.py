"""What services of ECS cost: the copies that always run, and each copy more.

A task definition has the size, the scaling in the same template how many copies there are at least and at most, the
service whether they run on spare capacity. Prices as in `prices`; where a region has none, those of us-east-1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from stratolab.core.errors import InputError
from stratolab.core.units import format_money
from stratolab.cost import prices

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

KIND: Final = "AWS::ECS::TaskDefinition"
_BASE: Final = "us-east-1"
BALANCERS: Final = {"us-east-1": 0.0225, "us-east-2": 0.0225, "us-west-2": 0.0225, "eu-west-1": 0.0252}
"""Dollars an hour of a load balancer. https://aws.amazon.com/elasticloadbalancing/pricing/, 2026-11-23"""
_UNITS, _MIB = 1024, 1024  # CPU units of a vCPU, MiB of a GB


@dataclass(frozen=True, slots=True)
class Copies:
    """Copies of a task: at least and at most so many, and dollars an hour for one."""

    family: str
    least: int
    most: int
    hourly: float

    @property
    def words(self) -> str:
        """The sum in words."""
        return f"{self.least} always run, at {format_money(self.hourly)} an hour each"

    @property
    def busy(self) -> str:
        """What more copies cost."""
        return f"{self.family}: up to {self.most} copies, {format_money(self.hourly)} an hour each"


def copies(templates: Iterable[Mapping[str, Any]], region: str) -> Iterator[Copies]:
    """The copies of every template that has a task and its scaling."""
    for template in templates:
        tasks, targets, services = (
            _all(template, kind)
            for kind in (KIND, "AWS::ApplicationAutoScaling::ScalableTarget", "AWS::ECS::Service")
        )
        if tasks and targets:
            spot = any("SPOT" in str(one.get("CapacityProviderStrategy")) for one in services)
            yield Copies(
                family=str(tasks[0].get("Family", "a task")),
                least=int(targets[0].get("MinCapacity", 0)),
                most=int(targets[0]["MaxCapacity"]),
                hourly=hourly(int(tasks[0]["Cpu"]), int(tasks[0]["Memory"]), region, spot=spot),
            )


def hourly(cpu: int, memory: int, region: str, *, spot: bool) -> float:
    """Dollars an hour for one copy of `cpu` units and `memory` MiB."""
    price = prices.fargate_spot if spot else prices.fargate
    try:
        rate = price(region)
    except InputError:
        rate = price(_BASE)
    return cpu / _UNITS * rate.vcpu + memory / _MIB * rate.gb


def _all(template: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    return [
        one.get("Properties", {}) for one in template.get("Resources", {}).values() if one["Type"] == kind
    ]
