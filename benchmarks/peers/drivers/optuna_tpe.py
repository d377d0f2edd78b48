"""Optuna's TPE with its own threads, in memory, with a journal file, or with SQLite."""

import json
import sys

import optuna
from evaluate import evaluate


def storage(order):
    if order["variant"] == "journal":
        from optuna.storages.journal import JournalFileBackend

        return optuna.storages.JournalStorage(JournalFileBackend(order["folder"] + "/journal.log"))
    if order["variant"] == "sqlite":
        return f"sqlite:///{order['folder']}/optuna.db"
    return None


def main():
    order = json.loads(sys.argv[1])
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=1), storage=storage(order))

    def objective(trial):
        return evaluate(order, {name: trial.suggest_float(name, 0, 1) for name in ("x", "y", "z")})

    study.optimize(objective, n_trials=order["count"], n_jobs=order["workers"])


main()
