"""The price list: a few products in AWS's form, at prices that no table of ours has, to tell them apart."""

from __future__ import annotations

import json
from typing import Any

from tests.emulator.extension.services.json_api import serve

# service, fields, usage type without its region's code, tiers as (from, dollars)
_PRODUCTS: tuple[tuple[str, dict[str, str], str, tuple[tuple[int, float], ...]], ...] = (
    ("AmazonEC2", {"productFamily": "NAT Gateway"}, "NatGateway-Hours", ((0, 0.0611),)),
    ("AmazonEC2", {"productFamily": "NAT Gateway"}, "NatGateway-Bytes", ((0, 0.0522),)),
    ("AmazonEC2", {"productFamily": "NAT Gateway"}, "RegionalNatGateway-Hours", ((0, 0.0133),)),
    ("AmazonVPC", {"productFamily": "VpcEndpoint"}, "VpcEndpoint-Hours", ((0, 0.0111),)),
    ("AmazonVPC", {}, "PublicIPv4:InUseAddress", ((0, 0.0055),)),
    ("awskms", {}, "KMS-Keys", ((0, 0.0), (1, 1.1))),
    ("AmazonCloudWatch", {}, "CW:AlarmMonitorUsage", ((0, 0.11),)),
    ("AmazonCloudWatch", {}, "CW:HighResAlarmMonitorUsage", ((0, 0.33),)),
)
_PAGE = 2


def _get(asked: dict[str, Any]) -> dict[str, Any]:
    wanted = {one["Field"]: one["Value"] for one in asked.get("Filters", ())}
    region = wanted.pop("regionCode", "us-east-1")
    found = [
        _product(region, fields, usage, tiers)
        for service, fields, usage, tiers in _PRODUCTS
        if service == asked["ServiceCode"] and wanted.items() <= fields.items()
    ]
    start = int(asked.get("NextToken", 0))
    more = {"NextToken": str(start + _PAGE)} if start + _PAGE < len(found) else {}
    return {"FormatVersion": "aws_v1", "PriceList": found[start : start + _PAGE], **more}


def _product(region: str, fields: dict[str, str], usage: str, tiers: tuple[tuple[int, float], ...]) -> str:
    prefix = "" if region == "us-east-1" else "XYZ1-"
    dimensions = {
        f"SKU.TERM.{start}": {"beginRange": str(start), "pricePerUnit": {"USD": f"{dollars:.10f}"}}
        for start, dollars in tiers
    }
    return json.dumps(
        {
            "product": {"attributes": {**fields, "regionCode": region, "usagetype": prefix + usage}},
            "terms": {"OnDemand": {"SKU.TERM": {"priceDimensions": dimensions}}},
        }
    )


serve("pricing", {"GetProducts": _get})
