"""What is wrong with a list of address ranges in CIDR notation."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from stratolab.config.problems import Problem, clipped, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stratolab.config.problems import Path

_LENGTH = 60  # characters; no range is written with more
_COMPARED = 200  # ranges; among more of them, overlaps are not looked for


def address_problems(path: Path, entries: Sequence[object]) -> Iterator[Problem]:
    """What is wrong with each entry, and which lie within others."""
    known: list[tuple[int, ipaddress.IPv4Network | ipaddress.IPv6Network]] = []
    for index, entry in enumerate(entries):
        if not isinstance(entry, str):
            continue
        here = (*path, index)
        network = _network(entry)
        if network is None:
            yield Problem(here, f'"{clipped(entry)}" is no range of addresses', _hint(entry))
            continue
        if network.prefixlen == 0:
            yield warning(here, "lets everybody in", "name your own addresses")
        yield from _overlaps(here, network, known)
        known.append((index, network))


def _overlaps(
    path: Path,
    network: ipaddress.IPv4Network | ipaddress.IPv6Network,
    known: Sequence[tuple[int, ipaddress.IPv4Network | ipaddress.IPv6Network]],
) -> Iterator[Problem]:
    for other, one in known[:_COMPARED]:
        if one.version == network.version and one.overlaps(network):
            yield warning(path, f"{network} overlaps with {one} in [{other}]", "keep the wider one")
            return


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    if "/" not in text or len(text) > _LENGTH or not text.isascii():
        return None
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


def _hint(text: str) -> str:
    """The range that was probably meant."""
    try:
        return f'did you mean "{ipaddress.ip_network(text, strict=False)}"?'
    except ValueError:
        return 'for example: "203.0.113.0/24"'
