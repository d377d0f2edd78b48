"""What counts as a number in what people and programs write."""

from __future__ import annotations

import math


def is_number(value: object) -> bool:
    """Whether `value` is a number that a finite float can hold, and no boolean."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an int beyond every float
        return False
