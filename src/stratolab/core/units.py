"""Sizes, durations and money as people write and read them.

Inside the program a size is an `int` of bytes, a duration a `float` of seconds, money a `float` of
US dollars.
"""

from __future__ import annotations

import math
import re

_SIZES = {
    "b": 1,
    "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12,
    "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40,
    "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40,
}  # fmt: skip
_DURATIONS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]+)\s*")
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|[smhdw])\s*")


def parse_size(text: str) -> int:
    """Bytes in `text`: "2GiB", "512 MB", "1.5g". Raises `ValueError` that says what is wanted."""
    match = _SIZE.fullmatch(text)
    unit = match and _SIZES.get(match[2].lower())
    if not match or not unit:
        raise ValueError(f"{text!r} is not a size; write one like '512MiB' or '2GiB'")
    return int(float(match[1]) * unit)


def parse_duration(text: str) -> float:
    """Seconds in `text`: "30m", "1h30m", "45s". Raises `ValueError` that says what is wanted."""
    stripped = text.strip()
    parts = _DURATION_PART.findall(stripped)
    if not parts or _DURATION_PART.sub("", stripped):
        raise ValueError(f"{text!r} is not a duration; write one like '30m', '1h30m' or '45s'")
    return sum(float(number) * _DURATIONS[unit] for number, unit in parts)


def format_size(count: float) -> str:
    """`count` bytes for a reader: "1.5GiB"."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f}{unit}" if unit == "B" or count >= 100 else f"{count:.3g}{unit}"
        count /= 1024
    return f"{count:.3g}TiB"


def format_duration(seconds: float) -> str:
    """`seconds` for a reader: "0.3s", "12s", "4m 05s", "2h 10m", "3d 4h"."""
    if seconds < 9.95:
        return f"{max(seconds, 0.0):.1f}s"
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes_left = divmod(minutes, 60)
    days, hours_left = divmod(hours, 24)
    if days:
        return f"{days}d {hours_left}h"
    if hours:
        return f"{hours}h {minutes_left:02d}m"
    return f"{minutes}m {rest:02d}s" if minutes else f"{rest}s"


def format_money(dollars: float) -> str:
    """US dollars for a reader: "$12.30"; below a cent, two digits that matter: "$0.00042"."""
    if dollars == 0:
        return "$0"
    if abs(dollars) >= 0.01:
        return f"${dollars:,.2f}"
    if abs(dollars) < 0.000001:
        return "<$0.000001"
    return f"${dollars:.{1 - math.floor(math.log10(abs(dollars)))}f}"
