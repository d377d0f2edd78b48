"""A stand-in for training: descends a curve whose best depth is 7 and best rate 0.1. Only the standard library.

Parameters come as flags. Results go out as lines of JSON on standard output: one per step, which lets a sweep stop
hopeless trials early, and a last one with the final loss. Replace the middle with your own work.
"""

import argparse
import json
import math


def main() -> None:
    """Read the flags, train, tell."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--depth", type=int, default=4)
    parser.add_argument("--rate", type=float, default=0.01)
    parser.add_argument("--model", choices=["steady", "bold"], default="steady")
    parser.add_argument("--boldness", type=float, default=1.0)
    parser.add_argument("--steps", type=int, default=20)
    given = parser.parse_args()

    floor = 0.2 + 0.02 * (given.depth - 7) ** 2
    speed = math.exp(-(math.log10(given.rate / 0.1) ** 2))
    if given.model == "bold":
        floor += 0.1 * (given.boldness - 1.2) ** 2 - 0.05
        speed *= given.boldness
    loss = 2.0
    for step in range(1, given.steps + 1):
        loss += (floor - loss) * min(speed * 0.4, 1.0)
        print(json.dumps({"loss": round(loss, 6), "step": step}), flush=True)
    print(json.dumps({"loss": round(loss, 6)}), flush=True)


if __name__ == "__main__":
    main()
