"""Syne Tune's local backend, polling every 50 ms, with random search or a model-based searcher."""

import json
import logging
import sys

from syne_tune import Tuner
from syne_tune.backend import LocalBackend
from syne_tune.config_space import uniform
from syne_tune.optimizer.baselines import CQR, TPE, RandomSearch


def main():
    order = json.loads(sys.argv[1])
    logging.getLogger().setLevel(logging.ERROR)
    space = {name: uniform(0, 1) for name in ("x", "y", "z")}
    space |= {"witness": order["witness"], "tell": "syne-tune"}
    schedulers = {
        "random": lambda: RandomSearch(space, metrics=["loss"], random_seed=1),
        "tpe": lambda: TPE(space, metric="loss", random_seed=1),
        "cqr": lambda: CQR(space, metric="loss", random_seed=1),
    }
    scheduler = schedulers[order["variant"]]()
    suggest, asked = scheduler.suggest, iter(range(order["count"]))
    scheduler.suggest = lambda: (
        suggest() if next(asked, None) is not None else None
    )  # its stop rules overshoot
    Tuner(
        trial_backend=LocalBackend(entry_point=order["trial"], binary=order["python"]),
        scheduler=scheduler,
        stop_criterion=lambda status: status.num_trials_finished >= order["count"],
        wait_trial_completion_when_stopping=True,
        n_workers=order["workers"],
        sleep_time=0.05,
        results_update_interval=60,
        print_update_interval=3600,
        save_tuner=False,
        tuner_name="bench",
    ).run()


main()
