"""Train a small network on three spirals and print its loss on held-out points after each epoch, as JSON lines.

    python train.py --width 64 --rate 0.1

The last line also holds the accuracy. A search looks for the width and the learning rate with the least `loss`.
"""

from __future__ import annotations

import argparse
import json

import network
import numpy as np
import spirals

TRAINING, HELD_OUT = 600, 1000  # points
EPOCHS, BATCH = 60, 50
SEED = 1903


def main() -> None:
    """Read the flags, train, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--width", type=int, default=32, help="units in each hidden layer (default 32)")
    parser.add_argument(
        "--rate", type=float, default=0.05, help="learning rate, which falls to 0 (default 0.05)"
    )
    parser.add_argument(
        "--epochs", type=int, default=EPOCHS, help=f"passes over the points (default {EPOCHS})"
    )
    parser.add_argument(
        "--seed", type=int, default=SEED, help="of the first weights and of the order of the points"
    )
    given = parser.parse_args()
    if given.width < 1 or given.rate <= 0 or given.epochs < 1:
        parser.error("--width and --epochs must be 1 at least, and --rate above 0")
    with np.errstate(over="ignore", invalid="ignore"):  # a rate that is too high may lead anywhere
        train(given.width, given.rate, epochs=given.epochs, seed=given.seed)


def train(width: int, rate: float, *, epochs: int, seed: int) -> None:
    """Train, telling the loss on the held-out points after each epoch."""
    places, labels = spirals.make(TRAINING, seed=0)
    held_out, truth = spirals.make(HELD_OUT, seed=1)
    net = network.Network(width, seed)
    order = np.random.default_rng(seed)
    for epoch in range(1, epochs + 1):
        slower = rate * (1 - (epoch - 1) / epochs)  # so that the last steps settle
        for batch in np.split(order.permutation(TRAINING), TRAINING // BATCH):
            net.step(places[batch], labels[batch], slower)
        guess = net.probabilities(held_out)
        tell(loss=network.loss(guess, truth), step=epoch)
    tell(loss=network.loss(guess, truth), accuracy=network.accuracy(guess, truth))


def tell(**values: float) -> None:
    """Print one line at once: whoever stops hopeless trials reads along."""
    print(json.dumps({name: round(value, 6) for name, value in values.items()}), flush=True)


if __name__ == "__main__":
    main()
