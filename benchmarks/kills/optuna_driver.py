"""Optuna's side: `python optuna_driver.py WHAT ORDER`, ORDER as JSON.

WHAT is one of

    make     a study with all points in its queue
    drive    evaluate what waits until nothing does
    tell     the points that are complete, as JSON

With the variant `retry`, heartbeats and the callback that puts a dead driver's trial back into the queue are on,
as Optuna's documentation has it; with `sqlite` and `journal` they are off (a journal file has none).
"""

import json
import os
import sys
import time
import warnings

import optuna
from optuna.storages import JournalStorage, RDBStorage, RetryHeartbeatStaleTrialCallback
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

_BEAT, _GRACE = 1, 2  # seconds; the shortest that it takes
_GIVE_UP = 12.0  # seconds without a change before a driver stops waiting for others' trials


def storage(order):
    if order["variant"] == "journal":
        return JournalStorage(JournalFileBackend(order["folder"] + "/journal.log"))
    beats = {}
    if order["variant"] == "retry":
        callback = RetryHeartbeatStaleTrialCallback(max_retry=None)
        beats = {
            "heartbeat_interval": _BEAT,
            "grace_period": _GRACE,
            "heartbeat_stale_trial_callback": callback,
        }
    return RDBStorage(f"sqlite:///{order['folder']}/optuna.db", **beats)


def make(order):
    study = optuna.create_study(study_name="kills", storage=storage(order))
    for point in range(order["points"]):
        study.enqueue_trial({"x": point})


def drive(order):
    study = optuna.load_study(study_name="kills", storage=storage(order))

    def objective(trial):
        point = trial.suggest_int("x", 0, 10**6)
        time.sleep(order["seconds"])
        file = os.open(order["note"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(file, b"%d\n" % point)
        os.close(file)
        return point

    quiet_since = time.monotonic()
    while time.monotonic() - quiet_since < _GIVE_UP:
        if study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
            study.optimize(objective, n_trials=1)
            quiet_since = time.monotonic()
        elif order["variant"] == "retry" and study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            optuna.storages.fail_stale_trials(study)
            time.sleep(0.3)
        else:
            return


def tell(order):
    study = optuna.load_study(study_name="kills", storage=storage(order))
    trials = study.get_trials(deepcopy=False)
    complete = [trial.params["x"] for trial in trials if trial.state == TrialState.COMPLETE]
    running = sum(trial.state == TrialState.RUNNING for trial in trials)
    print(json.dumps({"complete": complete, "running": running}))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    {"make": make, "drive": drive, "tell": tell}[sys.argv[1]](json.loads(sys.argv[2]))
