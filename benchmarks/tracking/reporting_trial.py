"""A trial that reports `--steps` times: what a training loop does, without the training."""

import sys

from stratolab import report


def main():
    given = dict(zip(sys.argv[1::2], sys.argv[2::2], strict=True))
    for step in range(int(given["--steps"])):
        report(step=step, loss=float(given["--x"]) / (step + 1))


main()
