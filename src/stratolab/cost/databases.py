"""What a database costs by being there: its machine and its disk, twice where another zone stands by.

List prices of PostgreSQL in us-east-1, checked 2026-11-24: https://aws.amazon.com/rds/postgresql/pricing/, by way of
https://infratally.com/articles/aws-rds-pricing-explained-2026.html; the two `large` classes, checked 2026-11-28, as
most public price tables have them. What could not be found has no price here, and is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KIND: Final = "AWS::RDS::DBInstance"
HOURS: Final = 730.0  # in a month, as AWS's own calculator has it
MACHINES: Final = {  # an hour
    "db.t4g.micro": 0.016,
    "db.t4g.small": 0.032,
    "db.t4g.medium": 0.065,
    "db.t4g.large": 0.129,
    "db.m7g.large": 0.168,
}
_DISK: Final = {"gp2": 0.115, "gp3": 0.115}  # a GiB and month
_IOPS: Final = 0.02  # an operation a second and month of gp3, beyond
_IOPS_INCLUDED: Final = 12_000  # which 400 GiB have; none can be asked for below that size


def idle(properties: Mapping[str, Any]) -> tuple[float, str]:
    """Dollars a month of an instance, and the sum in words. What has no price here counts as nothing."""
    hourly = MACHINES.get(str(properties.get("DBInstanceClass")), 0.0)
    disk = _DISK.get(str(properties.get("StorageType")), 0.0)
    asked = max(0, int(properties.get("Iops", 0)) - _IOPS_INCLUDED) if disk else 0
    once = hourly * HOURS + float(properties.get("AllocatedStorage", 0)) * disk + asked * _IOPS
    twice = properties.get("MultiAZ") is True
    where = ", in each of two zones" if twice else ""
    return once * (2 if twice else 1), f"${hourly:g} an hour and ${disk:g} for each GiB{where}"


def unpriced(databases: Iterable[Mapping[str, Any]]) -> list[str]:
    """Classes of machines and kinds of disks without a price here."""
    given = list(databases)
    classes = {str(one.get("DBInstanceClass")) for one in given} - MACHINES.keys()
    disks = {str(one.get("StorageType")) for one in given} - _DISK.keys()
    return [*sorted(classes), *(f"disks of type {disk}" for disk in sorted(disks))]
