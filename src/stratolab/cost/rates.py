"""Unit prices of what stands: the dated table, and over it what was read from AWS's own price list.

The table is what everybody has. `stratolab cost refresh` asks the price list for the lab's region and writes
`lab-prices.json` beside `lab.toml`; whoever plans with that file there plans with its prices, until it is deleted.

List prices, checked on the day in `CHECKED`: https://aws.amazon.com/vpc/pricing/ (NAT gateway, public IPv4),
/privatelink/pricing/, /kms/pricing/, /secrets-manager/pricing/, /route53/pricing/, /cloudwatch/pricing/, /waf/pricing/;
NAT by region also https://cloudpipelines.pages.dev/guides/aws-nat-gateway-pricing-2026/. Where a region has no figure
of its own, that of us-east-1 is taken, which is among the cheapest, and said.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from stratolab.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CHECKED: Final = "2026-11-23"
BASE: Final = "us-east-1"
FILE: Final = "lab-prices.json"

NAT: Final = "NAT gateway, an hour"
ENDPOINT: Final = "interface endpoint, an hour and zone"
ADDRESS: Final = "public IPv4 address, an hour"
KEY: Final = "key, a month"
SECRET: Final = "secret, a month"  # noqa: S105 - the name of a price
ZONE: Final = "hosted zone, a month"
ALARM: Final = "alarm, a month"
WEB_ACL: Final = "web ACL, a month"
RULE: Final = "rule of a web ACL, a month"

TABLE: Final[Mapping[str, Mapping[str, float]]] = {
    NAT: {
        "us-east-1": 0.045,
        "us-east-2": 0.045,
        "us-west-2": 0.045,
        "eu-west-1": 0.048,
        "eu-central-1": 0.052,
    },
    ENDPOINT: {"us-east-1": 0.01, "us-east-2": 0.01, "us-west-2": 0.01},
    ADDRESS: {"*": 0.005},
    KEY: {"*": 1.0},
    SECRET: {"*": 0.40},
    ZONE: {"*": 0.50},
    ALARM: {"*": 0.10},
    WEB_ACL: {"*": 5.0},
    RULE: {"*": 1.0},
}
"""US dollars by name and region; `*` is every region."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Unit prices for a region: the table's, and `fresh` ones of the price list in their place.

    `read` is the day on which those were read, empty without any.
    """

    region: str
    fresh: Mapping[str, float] = field(default_factory=dict)
    read: str = ""

    def of(self, name: str) -> float:
        """A unit price, in US dollars."""
        if name in self.fresh:
            return self.fresh[name]
        known = TABLE[name]
        return known.get("*", known.get(self.region, known.get(BASE, 0.0)))

    def borrowed(self, name: str) -> bool:
        """Whether it is the price of another region."""
        return name not in self.fresh and "*" not in TABLE[name] and self.region not in TABLE[name]

    @property
    def about(self) -> str:
        """What they rest on: `list prices of 2026-11-23, eu-west-1`."""
        day = f"list prices of {CHECKED}, {self.region}"
        return f"prices of AWS's list of {self.read}, else {day}" if self.fresh else day


def read(file: Path, region: str) -> Rates:
    """The rates for a region: with those in `file`, if it is there and of that region.

    Raises `InputError` for a file that is not ours or damaged.
    """
    if not file.exists():
        return Rates(region)
    try:
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        fresh = {str(name): float(value) for name, value in found["prices"].items() if name in TABLE}
        return Rates(region, fresh, str(found["read"])) if found["region"] == region else Rates(region)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{file} holds no prices: {error}",
            doing="reading prices",
            hint="stratolab cost refresh, or delete it",
        ) from error


def write(file: Path, rates: Rates) -> None:
    """Keep fresh prices. The same prices of the same day, the same bytes."""
    kept = {"read": rates.read, "region": rates.region, "prices": dict(sorted(rates.fresh.items()))}
    file.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
