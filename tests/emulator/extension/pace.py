"""How fast the emulator's clocks run: a test of a limit of one minute need not wait for one."""

from __future__ import annotations

_factor = 1.0


def factor() -> float:
    """Emulated seconds in one real second."""
    return _factor


def set_factor(value: float) -> None:
    global _factor
    _factor = value


def real(seconds: float) -> float:
    """Real seconds in which so many emulated ones pass."""
    return seconds / _factor
