"""Service Quotas: what a new account may have of the things that labs run out of. A test can set others.

The numbers are AWS's published defaults; nothing enforces them here.
"""

from __future__ import annotations

from typing import Any

from ministack.core.responses import get_account_id, get_region
from tests.emulator.extension.services.json_api import ServiceError, serve

_DEFAULTS: dict[tuple[str, str], tuple[str, float]] = {
    ("vpc", "L-F678F1CE"): ("VPCs per Region", 5),
    ("vpc", "L-A4707A72"): ("Internet gateways per Region", 5),
    ("vpc", "L-FE5A380F"): ("NAT gateways per Availability Zone", 5),
    ("vpc", "L-407747CB"): ("Subnets per VPC", 200),
    ("vpc", "L-1B52E74A"): ("Gateway VPC endpoints per Region", 20),
    ("vpc", "L-E79EC296"): ("VPC security groups per Region", 2500),
    ("ec2", "L-0263D0A3"): ("EC2-VPC Elastic IPs", 5),
    ("ec2", "L-1216C47A"): ("Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 5),
    ("ec2", "L-34B43A08"): ("All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests", 5),
    ("ec2", "L-DB2E81BA"): ("Running On-Demand G and VT instances", 0),
    ("ec2", "L-3819A6DF"): ("All G and VT Spot Instance Requests", 0),
    ("ec2", "L-417A185B"): ("Running On-Demand P instances", 0),
    ("ec2", "L-7212CCBC"): ("All P4, P3 and P2 Spot Instance Requests", 0),
    ("fargate", "L-3032A538"): ("Fargate On-Demand vCPU resource count", 6),
    ("fargate", "L-36FBB829"): ("Fargate Spot vCPU resource count", 6),
    ("rds", "L-7B6409FD"): ("DB instances", 40),
    ("cloudformation", "L-0485CB21"): ("Stack count", 2000),
    ("elasticloadbalancing", "L-53DA6B97"): ("Application Load Balancers per Region", 50),
    ("iam", "L-FE177D64"): ("Roles per account", 1000),
}
_set: dict[tuple[str, str], float] = {}


def set_value(service: str, code: str, value: float) -> None:
    """Give this account another quota than AWS's default."""
    _set[service, code] = value


def clear() -> None:
    _set.clear()


def _told(service: str, code: str, *, default: bool) -> dict[str, Any]:
    name, value = _DEFAULTS.get((service, code), (code, None))
    if not default:
        value = _set.get((service, code), value)
    if value is None:
        raise ServiceError(
            "NoSuchResourceException",
            f"The request failed because the specified quota {code} does not exist.",
        )
    return {
        "ServiceCode": service,
        "ServiceName": service,
        "QuotaCode": code,
        "QuotaName": name,
        "Value": float(value),
        "Adjustable": True,
        "GlobalQuota": service == "iam",
        "Unit": "None",
        "QuotaArn": f"arn:aws:servicequotas:{get_region()}:{get_account_id()}:{service}/{code}",
    }


def _listed(request: dict[str, Any], *, default: bool) -> dict[str, Any]:
    codes = sorted({code for service, code in [*_DEFAULTS, *_set] if service == request["ServiceCode"]})
    known = [code for code in codes if not default or (request["ServiceCode"], code) in _DEFAULTS]
    return {"Quotas": [_told(request["ServiceCode"], code, default=default) for code in known]}


serve(
    "service-quotas",
    {
        "GetServiceQuota": lambda asked: {
            "Quota": _told(asked["ServiceCode"], asked["QuotaCode"], default=False)
        },
        "GetAWSDefaultServiceQuota": lambda asked: {
            "Quota": _told(asked["ServiceCode"], asked["QuotaCode"], default=True)
        },
        "ListServiceQuotas": lambda asked: _listed(asked, default=False),
        "ListAWSDefaultServiceQuotas": lambda asked: _listed(asked, default=True),
    },
)
