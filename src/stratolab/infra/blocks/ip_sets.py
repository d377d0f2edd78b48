"""Lists of addresses for the web application firewall, to be named by every rule that needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere.wafv2 import IPSet

from stratolab.infra import names

if TYPE_CHECKING:
    from collections.abc import Sequence


def ip_set(
    title: str, lab: str, *parts: str, about: str, addresses: Sequence[Any], version: str = "IPV4"
) -> Any:
    """A set of ranges, for load balancers of this region."""
    return IPSet(
        title,
        Name=names.named("ip set", lab, *parts),
        Description=about,
        Scope="REGIONAL",
        IPAddressVersion=version,
        Addresses=list(addresses),
    )
