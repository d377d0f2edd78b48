"""What a stack costs in a busy hour: dollars an hour for each resource of a template, and what that assumes.

A busy hour is one in which everything runs at the upper limit that its template sets, and data flows as the constants
below say.
What costs money by merely being there (`standing`) goes on costing it and is in the sum. One function for each type
whose use is billed by the hour or by what flows through it; a type without one adds nothing beyond standing.

Prices: those of `prices` (Fargate, EC2) and `rates` (NAT gateways), and https://aws.amazon.com/cloudwatch/pricing/.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from stratolab.core.errors import InputError
from stratolab.cost import computing, prices
from stratolab.cost import rates as units
from stratolab.cost.standing import HOURS, Item, standing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from stratolab.cost.rates import Rates

NAT_GB: Final = 10.0  # that flow through a NAT gateway in a busy hour: packages, images, calls
ENDPOINT_GB: Final = 1.0  # through each interface endpoint
LOG_GB: Final = 0.01  # into each log group
_ENDPOINT_GB: Final = 0.01  # dollars; every region
_LOG_GB: Final = 0.50  # dollars, us-east-1


@dataclass(frozen=True, slots=True)
class Busy:
    """What templates cost in a busy hour. `idle` of it is there when nothing happens too."""

    idle: float
    items: tuple[Item, ...]

    @property
    def dollars(self) -> float:
        """An hour, in US dollars."""
        return self.idle + sum(item.dollars for item in self.items)


def busy(templates: Iterable[Mapping[str, Any]], rates: Rates) -> Busy:
    """What the resources of these templates cost in a busy hour. Items are dollars an hour, the dearest first."""
    known = list(templates)
    found: dict[str, list[tuple[float, str]]] = {}
    for template in known:
        for logical, resource in template.get("Resources", {}).items():
            price = _EXTRA.get(resource["Type"])
            if price is not None:
                found.setdefault(resource["Type"], []).append(price(logical, template, rates))
    items = [
        Item(kind, len(several), sum(dollars for dollars, _ in several), max(several)[1])
        for kind, several in found.items()
        if any(dollars for dollars, _ in several)
    ]
    return Busy(
        idle=standing(known, rates).dollars / HOURS,
        items=tuple(sorted(items, key=lambda item: (-item.dollars, item.type))),
    )


def _properties(logical: str, template: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = template["Resources"][logical].get("Properties", {})
    return found


def _nat(_logical: str, _template: Mapping[str, Any], rates: Rates) -> tuple[float, str]:
    return rates.of(units.NAT) * NAT_GB, f"{NAT_GB:g} GB through each"  # a GB costs what an hour does


def _endpoint(logical: str, template: Mapping[str, Any], _rates: Rates) -> tuple[float, str]:
    gateway = _properties(logical, template).get("VpcEndpointType", "Gateway") == "Gateway"
    return (0.0 if gateway else ENDPOINT_GB * _ENDPOINT_GB), f"{ENDPOINT_GB:g} GB through each"


def _logs(_logical: str, _template: Mapping[str, Any], _rates: Rates) -> tuple[float, str]:
    return LOG_GB * _LOG_GB, f"{LOG_GB * 1000:g} MB into each"


def _compute(logical: str, template: Mapping[str, Any], rates: Rates) -> tuple[float, str]:
    return computing.full(_properties(logical, template), rates.region)


def _service(logical: str, template: Mapping[str, Any], rates: Rates) -> tuple[float, str]:
    """The tasks of a service of ECS beyond those that always run."""
    given = _properties(logical, template)
    named = given.get("TaskDefinition", {})
    task = template["Resources"].get(named.get("Ref", "") if isinstance(named, dict) else "", {})
    size = task.get("Properties", {})
    if not {"Cpu", "Memory"} <= size.keys():
        return 0.0, "the size of its tasks is not known"
    tops = [
        int(one["Properties"].get("MaxCapacity", 0))
        for one in template["Resources"].values()
        if one["Type"] == "AWS::ApplicationAutoScaling::ScalableTarget"
        and f"'{logical}" in str(one["Properties"].get("ResourceId"))
    ]
    more = max([0, *tops]) - int(given.get("DesiredCount", 1))
    rate = _fargate(rates.region)
    each = int(size["Cpu"]) / 1024 * rate.vcpu + int(size["Memory"]) / 1024 * rate.gb
    return max(0, more) * each, f"{max(0, more)} tasks more than when it is idle"


def _fargate(region: str) -> prices.FargateRate:
    """The rate of a region, or of the table's own one."""
    try:
        return prices.fargate(region)
    except InputError:
        return prices.fargate(prices.DEFAULT_REGION)


_EXTRA: Final[Mapping[str, Callable[[str, Mapping[str, Any], Rates], tuple[float, str]]]] = {
    computing.KIND: _compute,
    "AWS::EC2::NatGateway": _nat,
    "AWS::EC2::VPCEndpoint": _endpoint,
    "AWS::ECS::Service": _service,
    "AWS::Logs::LogGroup": _logs,
}
