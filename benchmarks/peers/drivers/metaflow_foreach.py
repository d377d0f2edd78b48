"""Metaflow: a foreach over the points; each task is a process of Metaflow's own, and the trial runs within it.

python metaflow_foreach.py run --max-workers 2 --max-num-splits 1001       ORDER is in BENCH_ORDER
"""

import json
import os
import random
import time

from metaflow import FlowSpec, step

ORDER = json.loads(os.environ["BENCH_ORDER"])


class Sweep(FlowSpec):
    """Start, a task a point, and a join that finds the best."""

    @step
    def start(self):
        """Draw the points."""
        dice = random.Random(1)
        self.points = [[dice.random() for _ in range(3)] for _ in range(ORDER["count"])]
        self.next(self.trial, foreach="points")

    @step
    def trial(self):
        """What `trial.py` does, in this process."""
        began = time.time()
        x, y, z = self.input
        self.loss = (x - 0.3) ** 2 + (y - 0.6) ** 2 + 0.1 * (z - 0.5) ** 2
        with open(ORDER["witness"], "ab", buffering=0) as note:
            note.write(b"%d %.6f %.6f\n" % (os.getpid(), began, time.time()))
        self.next(self.join)

    @step
    def join(self, inputs):
        """The best of all."""
        self.best = min(one.loss for one in inputs)
        self.next(self.end)

    @step
    def end(self):
        """Nothing more."""


if __name__ == "__main__":
    Sweep()
