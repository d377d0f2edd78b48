"""The data: three spirals that wind into one another, and a blur that no network can see through."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Labels = NDArray[np.int64]

ARMS = 3
TURNS = 1.25
BLUR = 0.55  # standard deviation of the angle, in radians


def make(count: int, *, seed: int) -> tuple[Array, Labels]:
    """`count` points: their places (N, 2) in the unit disc, and the arm (N,) that each belongs to."""
    draw = np.random.default_rng(seed)
    labels = draw.integers(ARMS, size=count)
    radius = np.sqrt(draw.uniform(0.01, 1.0, size=count))
    angle = 2 * np.pi * (TURNS * radius + labels / ARMS) + draw.normal(0.0, BLUR, size=count)
    places = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return places, labels
