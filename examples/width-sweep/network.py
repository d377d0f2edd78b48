"""A small network: two hidden layers of `width` units with ReLU, trained by gradient descent with momentum."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from spirals import ARMS, Array, Labels

MOMENTUM = 0.9
FLOOR = (
    1e-6  # the least probability that is counted: what is surely wrong costs 13.8, and not infinitely much
)
WORST = -float(np.log(FLOOR))
STEEPEST = 5.0  # norm to which a longer gradient is cut


@dataclass
class Network:
    """Weights and biases of each layer, and their velocities."""

    width: int
    seed: int
    weights: list[Array] = field(init=False)
    biases: list[Array] = field(init=False)
    speeds: list[Array] = field(init=False)

    def __post_init__(self) -> None:
        draw = np.random.default_rng(self.seed)
        sizes = (2, self.width, self.width, ARMS)
        self.weights = [
            draw.normal(0.0, np.sqrt(2 / above), size=(above, below)) for above, below in pairwise(sizes)
        ]
        self.biases = [np.zeros(below) for below in sizes[1:]]
        self.speeds = [np.zeros_like(part) for part in (*self.weights, *self.biases)]

    def probabilities(self, places: Array) -> Array:
        """The chance of each arm (N, ARMS) for points (N, 2)."""
        return _softmax(self._layers(places)[-1])

    def step(self, places: Array, labels: Labels, rate: float) -> None:
        """One step down the gradient of the mean cross-entropy of a batch."""
        found = self.slopes(places, labels)
        length = float(np.sqrt(sum(float((slope**2).sum()) for slope in found)))
        scale = rate * min(1.0, STEEPEST / length) if length else 0.0
        for part, speed, slope in zip((*self.weights, *self.biases), self.speeds, found, strict=True):
            speed[:] = MOMENTUM * speed - scale * slope
            part[:] = part + speed

    def slopes(self, places: Array, labels: Labels) -> list[Array]:
        """The gradient: of each layer's weights, then of each layer's biases."""
        values = self._layers(places)
        back = _softmax(values[-1])
        back[np.arange(len(labels)), labels] -= 1.0
        back /= len(labels)
        of_weights: list[Array] = []
        of_biases: list[Array] = []
        for number in reversed(range(len(self.weights))):
            into = values[number] if number == 0 else np.maximum(values[number], 0.0)
            of_weights.insert(0, into.T @ back)
            of_biases.insert(0, back.sum(axis=0))
            back = (back @ self.weights[number].T) * (values[number] > 0)
        return [*of_weights, *of_biases]

    def _layers(self, places: Array) -> list[Array]:
        """What goes into each layer, and what comes out of the last."""
        values = [places]
        for weights, biases in zip(self.weights, self.biases, strict=True):
            into = values[-1] if len(values) == 1 else np.maximum(values[-1], 0.0)
            values.append(into @ weights + biases)
        return values


def loss(probabilities: Array, labels: Labels) -> float:
    """The mean cross-entropy in nats, from 0 to WORST. What is no number counts as the worst."""
    right = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.clip(np.nan_to_num(right), FLOOR, 1.0)).mean())


def accuracy(probabilities: Array, labels: Labels) -> float:
    """The share of points whose likeliest arm is the right one."""
    return float((probabilities.argmax(axis=1) == labels).mean())


def _softmax(values: Array) -> Array:
    odds = np.exp(values - values.max(axis=1, keepdims=True))
    chances: Array = odds / odds.sum(axis=1, keepdims=True)
    return chances
