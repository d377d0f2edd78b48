"""What planning, making and deleting use of an account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from stratolab.aws.cloudformation import CloudFormation
    from stratolab.aws.databases import Databases
    from stratolab.aws.existing import Existing
    from stratolab.aws.s3 import Objects
    from stratolab.deploy.models import Event


@dataclass(frozen=True, slots=True)
class Tools:
    """CloudFormation in the lab's region and `elsewhere`, the lab's buckets, its databases, and what has its names.

    `tell` is called in the caller's thread only; `sleep` is for tests that own the time.
    """

    cloud: CloudFormation
    objects: Objects
    databases: Databases
    existing: Existing
    tell: Callable[[Event], None]
    sleep: Callable[[float], object] | None = None
    elsewhere: tuple[CloudFormation, ...] = ()

    @property
    def clouds(self) -> tuple[CloudFormation, ...]:
        """Every region in which the lab may have stacks, its own first."""
        return (self.cloud, *self.elsewhere)

    def at(self, region: str) -> CloudFormation:
        """CloudFormation in one of these regions. Raises `LookupError` for any other, which no stack of a lab is in."""
        found = next((cloud for cloud in self.clouds if cloud.region == region), None)
        if found is None:
            raise LookupError(f"no stack of this lab can be in {region}")
        return found
