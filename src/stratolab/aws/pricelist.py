"""AWS's price list: what a product costs on demand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from stratolab.aws.errors import calling

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HOME = "us-east-1"  # one of the three regions that answer for all


class PriceList:
    """The price list, by a client of one of its regions."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def price(self, service: str, fields: Mapping[str, str], usage: tuple[str, ...]) -> float | None:
        """US dollars for a unit of the product with these fields whose usage type ends with one of `usage`.

        The price of the first units that cost anything, where it falls with their number. None if there is none.
        """
        found = [
            dollars
            for product in self._products(service, fields)
            if _is(str(product["product"]["attributes"].get("usagetype", "")), usage)
            for dollars in _tiers(product)
        ]
        return min(found)[1] if found else None

    def _products(self, service: str, fields: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        filters = [{"Type": "TERM_MATCH", "Field": key, "Value": value} for key, value in fields.items()]
        mark: dict[str, str] = {}
        while True:
            with calling(f"reading prices of {service}"):
                page = self._client.get_products(
                    ServiceCode=service, Filters=filters, FormatVersion="aws_v1", **mark
                )
            yield from (json.loads(one) for one in page["PriceList"])
            if not page.get("NextToken"):
                return
            mark = {"NextToken": page["NextToken"]}


def _is(found: str, wanted: tuple[str, ...]) -> bool:
    """Whether a usage type is one of these, perhaps with a region's code in front."""
    return any(found == one or found.endswith(f"-{one}") for one in wanted)


def _tiers(product: Mapping[str, Any]) -> Iterator[tuple[float, float]]:
    """From how many units on, and the price of one, of those that are not free."""
    for term in product["terms"].get("OnDemand", {}).values():
        for dimension in term["priceDimensions"].values():
            dollars = float(dimension["pricePerUnit"].get("USD", 0))
            if dollars:
                yield float(dimension.get("beginRange", 0)), dollars
