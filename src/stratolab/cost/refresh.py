"""Which products of AWS's price list the unit prices are.

A product is told by its usage type, which begins with a code of the region in most of them (`EU-NatGateway-Hours`), so
its end is compared. Sources: the service's offer file, and what public tools ask for the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stratolab.cost import rates

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Product:
    """A product: its service's code, what narrows it, the ends that its usage type may have."""

    service: str
    usage: tuple[str, ...]
    narrow: tuple[tuple[str, str], ...] = ()


PRODUCTS: Final[Mapping[str, Product]] = {
    rates.NAT: Product("AmazonEC2", ("NatGateway-Hours",), (("productFamily", "NAT Gateway"),)),
    rates.ENDPOINT: Product("AmazonVPC", ("VpcEndpoint-Hours",), (("productFamily", "VpcEndpoint"),)),
    rates.ADDRESS: Product("AmazonVPC", ("PublicIPv4:InUseAddress",)),
    rates.KEY: Product("awskms", ("KMS-Keys",)),
    rates.SECRET: Product("AWSSecretsManager", ("AWSSecretsManager-Secrets", "AWSSecretsManager-Secret")),
    rates.ALARM: Product("AmazonCloudWatch", ("CW:AlarmMonitorUsage",)),
}


def refreshed(
    find: Callable[[str, Mapping[str, str], tuple[str, ...]], float | None], region: str, *, today: str
) -> rates.Rates:
    """Rates with what the price list has. `find` gives the price of a product; what it does not know stays as it is."""
    found = {
        name: find(product.service, {"regionCode": region, **dict(product.narrow)}, product.usage)
        for name, product in PRODUCTS.items()
    }
    return rates.Rates(region, {name: price for name, price in found.items() if price is not None}, today)
