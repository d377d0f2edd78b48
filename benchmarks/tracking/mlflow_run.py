"""One process that logs runs with MLflow: `python mlflow_run.py URI RUNS`. Prints JSON, milliseconds."""

import json
import os
import sys
import time


def main(uri, runs):
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"  # given up by MLflow 3, and still its quickest
    began = time.process_time()
    import mlflow
    from mlflow.entities import Metric, Param

    imported = time.process_time() - began
    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment("bench")
    with mlflow.start_run():
        mlflow.log_metric("warm", 1.0)
    calls, whole, batch = [], [], []
    for _ in range(int(runs)):
        began = time.perf_counter()
        with mlflow.start_run():
            for number in range(10):
                mlflow.log_param(f"p{number}", number)
            first = time.perf_counter()
            for step in range(100):
                mlflow.log_metric("loss", 1 / (step + 1), step=step)
            calls.append((time.perf_counter() - first) / 100)
        whole.append(time.perf_counter() - began)
        began = time.perf_counter()
        with mlflow.start_run() as run:
            now = int(time.time() * 1000)
            metrics = [Metric("loss", 1 / (step + 1), now, step) for step in range(100)]
            params = [Param(f"p{number}", str(number)) for number in range(10)]
            mlflow.MlflowClient().log_batch(run.info.run_id, metrics=metrics, params=params)
        batch.append(time.perf_counter() - began)
    print(
        json.dumps({"call": mean(calls), "run": mean(whole), "batch": mean(batch), "import": 1000 * imported})
    )


def mean(seconds):
    return 1000 * sum(seconds) / len(seconds)


main(*sys.argv[1:])
