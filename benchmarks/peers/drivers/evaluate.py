"""Run one trial as a process and read its loss: for the peers whose trials are function calls."""

import json
import subprocess


def evaluate(order, point):
    """The loss that the script prints for `point`, a dictionary with x, y and z."""
    words = [order["python"], order["trial"], "--witness", order["witness"]]
    for name in ("x", "y", "z"):
        words += [f"--{name}", repr(float(point[name]))]
    done = subprocess.run(words, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)["loss"]
