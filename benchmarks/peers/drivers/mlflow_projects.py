"""MLflow projects without an environment of their own, from two threads; runs are kept in SQLite, its default."""

import json
import os
import random
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ENTRY = """\
name: bench
entry_points:
  main:
    parameters:
      x: float
      y: float
      z: float
    command: "{python} {trial} --witness {witness} --x {{x}} --y {{y}} --z {{z}}"
"""


def main():
    order = json.loads(sys.argv[1])
    folder = Path(order["folder"])
    (folder / "MLproject").write_text(ENTRY.format(**order))
    os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{folder}/mlflow.db"
    import mlflow

    experiment = mlflow.create_experiment("bench", artifact_location=str(folder / "artifacts"))
    dice = random.Random(1)
    points = [{name: dice.random() for name in ("x", "y", "z")} for _ in range(order["count"])]

    def run(point):
        mlflow.projects.run(str(folder), parameters=point, env_manager="local", experiment_id=experiment)

    with ThreadPoolExecutor(order["workers"]) as pool:
        list(pool.map(run, points))


main()
