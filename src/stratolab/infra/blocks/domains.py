"""Zones of the DNS, their delegation, and certificates that prove themselves by an entry in the zone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import GetAtt
from troposphere.certificatemanager import Certificate, DomainValidationOption
from troposphere.route53 import HostedZone, HostedZoneConfiguration, RecordSetType

if TYPE_CHECKING:
    from collections.abc import Sequence

DELEGATION_SECONDS = 3600


def zone(title: str, name: str, about: str) -> Any:
    """A public zone."""
    return HostedZone(title, Name=name, HostedZoneConfig=HostedZoneConfiguration(Comment=about))


def delegation(title: str, zone_title: str, name: str, parent: Any) -> Any:
    """The entry in the parent's zone that says where the zone is."""
    return RecordSetType(
        title,
        HostedZoneId=parent,
        Name=name,
        Type="NS",
        TTL=str(DELEGATION_SECONDS),
        ResourceRecords=GetAtt(zone_title, "NameServers"),
    )


def certificate(title: str, name: str, *, zone_id: Any, also: Sequence[str] = (), **attributes: Any) -> Any:
    """A certificate for a name and others. AWS issues it when the zone answers to the world, and renews it itself."""
    names = [name, *also]
    return Certificate(
        title,
        DomainName=name,
        ValidationMethod="DNS",
        DomainValidationOptions=[
            DomainValidationOption(DomainName=one, HostedZoneId=zone_id) for one in names
        ],
        **({"SubjectAlternativeNames": list(also)} if also else {}),
        **attributes,
    )
