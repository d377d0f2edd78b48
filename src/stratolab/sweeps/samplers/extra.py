"""What the samplers of the extra `stratolab[optuna]` need beside their libraries."""

from __future__ import annotations

import hashlib
import math
from importlib.util import find_spec
from typing import TYPE_CHECKING

from stratolab.core.errors import InputError

if TYPE_CHECKING:
    from stratolab.sweeps.sampler import Observation


def need(library: str, *, sampler: str) -> None:
    """Raise `InputError`, naming the extra, if `library` is not installed."""
    if find_spec(library) is None:
        raise InputError(
            f"it needs the package {library}, which is not installed",
            doing=f"making the sampler {sampler}",
            hint="pip install 'stratolab[optuna]', or take sampler = 'gp'",
        )


def seed_of(seed: int, number: int, attempt: int) -> int:
    """A seed of 32 bits for one attempt at one trial, as NumPy's `RandomState` takes it."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{number}/{attempt}".encode()).digest()[:4], "big")


def usable(one: Observation) -> bool:
    """Whether it has a loss that a model can learn from."""
    return one.loss is not None and math.isfinite(one.loss)
