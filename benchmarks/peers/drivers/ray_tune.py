"""Ray Tune with random search; its workers stay, and run the script as a process, for it is not written for Ray."""

import json
import os
import sys

import ray
from evaluate import evaluate
from ray import tune


def main():
    order = json.loads(sys.argv[1])
    os.environ["PYTHONPATH"] = os.path.dirname(os.path.abspath(__file__))  # the workers find `evaluate` there
    ray.init(num_cpus=order["workers"], include_dashboard=False, log_to_driver=False)

    def trainable(config):
        return {"loss": evaluate(order, config)}

    tuner = tune.Tuner(
        tune.with_resources(trainable, {"cpu": 1}),
        param_space={name: tune.uniform(0, 1) for name in ("x", "y", "z")},
        tune_config=tune.TuneConfig(
            metric="loss",
            mode="min",
            num_samples=order["count"],
            max_concurrent_trials=order["workers"],
            reuse_actors=True,  # else each trial waits for a worker that imports Ray anew: seconds
        ),
        run_config=tune.RunConfig(storage_path=order["folder"], verbose=0),
    )
    if len(tuner.fit()) != order["count"]:
        raise SystemExit("Ray Tune lost trials")
    ray.shutdown()


main()
