"""joblib: two threads that each run a process a trial, at points drawn beforehand."""

import json
import random
import sys

from evaluate import evaluate
from joblib import Parallel, delayed


def main():
    order = json.loads(sys.argv[1])
    dice = random.Random(1)
    points = [{name: dice.random() for name in ("x", "y", "z")} for _ in range(order["count"])]
    Parallel(n_jobs=order["workers"], backend="threading")(
        delayed(evaluate)(order, point) for point in points
    )


main()
