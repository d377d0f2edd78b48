"""Jobs and sweeps as a person runs them, read back from MLflow."""

from __future__ import annotations

import base64
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from stratolab.lab import open_lab
from stratolab.tracking.ids import run_id, sweep_run_id

if TYPE_CHECKING:
    from pathlib import Path

SLOW = pytest.mark.timeout(400)  # MLflow takes seconds to import, on a busy machine many

PRINTS = """\
import json, os, sys, time
x = float(sys.argv[sys.argv.index("--x") + 1])
for step in range(3):
    print(json.dumps({"loss": (x - 0.3) ** 2 + 2 - step, "step": step}), flush=True)
with open(os.environ["STRATOLAB_REPORT"], "a") as file:
    file.write('{"auc": NaN}\\n')
time.sleep(float(os.environ.get("TRIAL_SECONDS", "0")))
"""
LOGS = """\
import sys
import mlflow
x = float(sys.argv[sys.argv.index("--x") + 1])
with mlflow.start_run():
    for step in range(3):
        mlflow.log_metric("loss", (x - 0.3) ** 2 + 2 - step, step=step)
    mlflow.log_param("from_script", x)
    mlflow.log_text("hello", "notes/hello.txt")
"""
CONFIG = """
[jobs.train]
command = "python train.py"
[sweeps.tune]
job = "train"
metric = "loss"
trials = {trials}
parallel = {parallel}
sampler = "quasi"
[sweeps.tune.space]
x = {{ float = [0.0, 1.0] }}
"""


def config(trials=3, parallel=2):
    return CONFIG.format(trials=trials, parallel=parallel)


class Read:
    """What is in a lab's MLflow store."""

    def __init__(self, root: Path) -> None:
        self.path = root / ".stratolab" / "mlflow.db"

    def rows(self, query, *values):
        if not self.path.exists():
            return []
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(query, values).fetchall()

    def runs(self, experiment):
        """(name, status) by run."""
        return {
            row[0]: row[1:]
            for row in self.rows(
                "SELECT run_uuid, runs.name, status FROM runs JOIN experiments USING (experiment_id) "
                "WHERE experiments.name = ? AND runs.lifecycle_stage = 'active' ORDER BY start_time, runs.name",
                experiment,
            )
        }

    def tags(self, run):
        return dict(self.rows("SELECT key, value FROM tags WHERE run_uuid = ?", run))

    def params(self, run):
        return dict(self.rows("SELECT key, value FROM params WHERE run_uuid = ?", run))

    def curve(self, run, key):
        return self.rows(
            "SELECT step, value, is_nan FROM metrics WHERE run_uuid = ? AND key = ? ORDER BY step", run, key
        )


def document(cli, *words, **given):
    answer = cli(*words, "--json", **given)
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


# -- jobs ----------------------------------------------------------------------------------------


def test_a_job_is_a_run_of_its_project(cli, project):
    root = project(config(), {"train.py": PRINTS})
    answer = cli("run", "train", "--seed", "3", "--json", "--", "--x", "0.5", folder=root)
    job = json.loads(answer.out)
    read = Read(root)
    run = run_id(job["id"])
    assert read.runs("sample")[run] == ("train", "FINISHED")
    assert [step for step, _, _ in read.curve(run, "loss")] == [0, 1, 2]
    assert read.curve(run, "auc") == [(1, 0.0, 1)]
    tags = read.tags(run)
    assert tags["stratolab.job"] == job["id"]
    assert tags["stratolab.capsule"] == job["capsule"]
    assert float(tags["stratolab.price"]) > 0
    assert (tags["stratolab.seed"], tags["stratolab.kind"]) == ("3", "job")
    assert (tags["mlflow.source.name"], tags["mlflow.runName"]) == ("train.py", "train")
    assert tags["mlflow.user"]


def test_a_job_that_fails_says_why(cli, project):
    root = project(files={"fail.py": "import sys; sys.exit(3)"})
    cli("run", "fail.py", folder=root)
    read = Read(root)
    ((run, told),) = read.runs("sample").items()
    assert told == ("fail", "FAILED")
    assert read.tags(run)["stratolab.reason"] == "exit"


def test_what_a_detached_job_did_is_written_by_the_next_command(cli, project):
    root = project(config(), {"train.py": PRINTS})
    job = cli("run", "train", "-d", "--", "--x", "0.5", folder=root).out.strip()
    cli("jobs", "logs", "-f", job, folder=root)
    told = document(cli, "tracking", "sync", folder=root)
    assert (told["left"], Read(root).runs("sample")[run_id(job)]) == (0, ("train", "FINISHED"))


def test_the_log_of_a_job_with_secrets_is_not_shown(cli, project):
    root = project(
        '[jobs.train]\ncommand = "python train.py"\n[jobs.train.secrets]\nTOKEN = "token"\n',
        {"train.py": "import os; print(os.environ['TOKEN']); raise SystemExit(1)", "plain.py": "print(1)"},
    )
    assert cli("secrets", "set", "token", folder=root, typed="canary-value").code == 0
    assert cli("run", "train", folder=root).code == 1
    assert cli("run", "plain.py", folder=root).code == 0
    assert [path.name for path in (root / ".stratolab").glob("jobs/*/artifacts/*")] == ["log.txt"]
    assert b"canary-value" not in Read(root).path.read_bytes()


# -- sweeps --------------------------------------------------------------------------------------


def test_trials_are_nested_under_their_sweep_with_its_best(cli, project):
    root = project(config(trials=4), {"train.py": PRINTS})
    told = document(cli, "sweep", "tune", folder=root)
    read = Read(root)
    parent = sweep_run_id("tune-1")
    runs = read.runs("tune")
    assert runs.pop(parent) == ("tune-1", "FINISHED")
    assert runs == {run_id(t["job"]): (f"trial {t['number']}", "FINISHED") for t in told["trials"]}
    for trial in told["trials"]:
        run = run_id(trial["job"])
        assert read.tags(run)["mlflow.parentRunId"] == parent
        assert read.params(run) == {"x": str(trial["params"]["x"])}
        assert read.curve(run, "loss")[-1] == (2, trial["value"], 0)
    best = told["best"]
    assert read.params(parent)["best.x"] == str(best["params"]["x"])
    assert read.tags(parent)["stratolab.best.trial"] == str(best["number"])
    assert read.curve(parent, "best_loss")[-1] == (4, best["value"], 0)  # it may have been shown before
    assert read.params(parent)["sampler"] == "quasi"


def test_failed_and_pruned_trials_are_told_apart(cli, project):
    script = PRINTS + "if x > 0.5:\n    sys.exit(4)\n"
    root = project(config(trials=4), {"train.py": script})
    told = document(cli, "sweep", "tune", folder=root)
    read = Read(root)
    runs = read.runs("tune")
    for trial in told["trials"]:
        run = run_id(trial["job"])
        assert runs[run][1] == {"succeeded": "FINISHED", "failed": "FAILED"}[trial["state"]]
        assert read.tags(run)["stratolab.state"] == trial["state"]
        if trial["state"] == "failed":
            assert read.tags(run)["stratolab.reason"] == trial["reason"]
    assert {trial["state"] for trial in told["trials"]} == {"succeeded", "failed"}
    tags = read.tags(sweep_run_id("tune-1"))
    states = [trial["state"] for trial in told["trials"]]
    for state in ("running", "succeeded", "failed", "pruned"):  # none is left as an earlier page had it
        assert tags[f"stratolab.trials.{state}"] == str(states.count(state))


def test_a_stopped_sweep_goes_on_in_the_same_runs(cli, project):
    root = project(config(trials=4), {"train.py": PRINTS})
    env = {"TRIAL_SECONDS": "0.7"}
    driver = cli.start("sweep", "tune", folder=root, env=env)
    _until(lambda: len(list((root / ".stratolab").glob("jobs/*/outcome.json"))) >= 1)
    driver.send_signal(signal.SIGINT)
    driver.communicate(timeout=60)
    read = Read(root)
    parent = sweep_run_id("tune-1")
    assert read.runs("tune")[parent] == ("tune-1", "KILLED")
    told = document(cli, "sweeps", "resume", "tune-1", folder=root)
    runs = read.runs("tune")
    assert runs.pop(parent) == ("tune-1", "FINISHED")
    assert sorted(runs.values()) == [(f"trial {number}", "FINISHED") for number in range(4)]
    for trial in told["trials"]:
        curve = read.curve(run_id(trial["job"]), "loss")
        assert [step for step, _, _ in curve] == [0, 1, 2]
        assert curve[-1][1] == trial["value"]


@pytest.mark.parametrize("moment", ["after the first trial", "at once"])
def test_the_backlog_of_a_killed_driver_is_written_by_the_next_command(cli, project, moment):
    root = project(config(trials=6), {"train.py": PRINTS})
    crash = {"STRATOLAB_CRASH_AT": "sweep.committed:4"} if moment == "at once" else {}
    driver = cli.start("sweep", "tune", folder=root, env=crash | {"TRIAL_SECONDS": "0.1"})
    if not crash:
        _until(lambda: len(list((root / ".stratolab").glob("jobs/*/outcome.json"))) >= 3)
        os.killpg(driver.pid, signal.SIGKILL)
    driver.communicate(timeout=60)
    assert driver.returncode == -signal.SIGKILL
    status = document(cli, "tracking", "status", folder=root)
    told = document(cli, "tracking", "sync", folder=root)
    assert told["left"] == 0
    if crash:  # else it may have been written just before the kill
        assert status["backlog"] > 0 < told["written"]
    before = Read(root).runs("tune")
    assert before[sweep_run_id("tune-1")] == ("tune-1", "RUNNING")
    ended = document(cli, "sweep", "tune", folder=root)
    runs = Read(root).runs("tune")
    assert set(runs) == {sweep_run_id("tune-1")} | {run_id(trial["job"]) for trial in ended["trials"]}
    assert {status for _, status in runs.values()} == {"FINISHED"}
    assert document(cli, "tracking", "status", folder=root)["backlog"] == 0


def test_two_drivers_of_one_sweep_write_each_run_once(cli, project):
    root = project(config(trials=10), {"train.py": PRINTS})
    env = {"TRIAL_SECONDS": "0.2"}
    drivers = [cli.start("sweep", "tune", "--json", folder=root, env=env) for _ in range(2)]
    for driver in drivers:
        _, err = driver.communicate(timeout=90)
        assert driver.returncode == 0, err
    document(cli, "tracking", "sync", folder=root)
    runs = Read(root).runs("tune")
    assert sorted(name for name, _ in runs.values()) == sorted(["tune-1", *(f"trial {n}" for n in range(10))])
    assert {status for _, status in runs.values()} == {"FINISHED"}


def test_a_trial_that_takes_longer_is_seen_while_it_runs(cli, project):
    root = project(config(trials=1, parallel=1), {"train.py": PRINTS})
    driver = cli.start("sweep", "tune", folder=root, env={"TRIAL_SECONDS": "9"})
    read = Read(root)
    _until(lambda: read.rows("SELECT 1 FROM runs JOIN metrics USING (run_uuid) WHERE status = 'RUNNING'"))
    ((run, told),) = ((run, told) for run, told in read.runs("tune").items() if told[0] == "trial 0")
    assert told == ("trial 0", "RUNNING")
    assert len(read.curve(run, "loss")) == 3
    driver.communicate(timeout=60)
    assert read.runs("tune")[run] == ("trial 0", "FINISHED")
    assert len(read.curve(run, "loss")) == 3


# -- scripts that use MLflow themselves ----------------------------------------------------------


@SLOW
def test_a_script_that_logs_to_mlflow_lands_in_its_own_trials_run(cli, project):
    root = project(config(trials=2), {"train.py": LOGS})
    told = document(cli, "sweep", "tune", folder=root, timeout=300)
    read = Read(root)
    runs = read.runs("tune")
    assert sorted(runs.values()) == [("trial 0", "FINISHED"), ("trial 1", "FINISHED"), ("tune-1", "FINISHED")]
    for trial in told["trials"]:
        run = run_id(trial["job"])
        assert abs(trial["value"] - (trial["params"]["x"] - 0.3) ** 2) < 1e-12
        assert read.params(run) == {"x": str(trial["params"]["x"]), "from_script": str(trial["params"]["x"])}
        assert [step for step, _, _ in read.curve(run, "loss")] == [0, 1, 2]
        artifacts = root / ".stratolab" / "jobs" / trial["job"] / "artifacts"
        assert sorted(path.name for path in artifacts.iterdir()) == ["log.txt", "notes"]
    assert not (root / "mlruns").exists()


@SLOW
@pytest.mark.parametrize(
    "how", ["it chooses its experiment", "it is started by a program that hides it", "it begins two runs"]
)
def test_a_run_that_a_script_begins_by_itself_becomes_its_jobs(cli, project, how):
    chooses = LOGS.replace("import mlflow\n", "import mlflow\nmlflow.set_experiment('mine')\n")
    second = "with mlflow.start_run(run_name='second'):\n    mlflow.log_metric('loss', 9.0)\n"
    hides = "import base64, sys\nexec(base64.b64decode(open('hidden').read()))\n"
    hidden = base64.b64encode(LOGS.encode()).decode()
    experiment, script = {
        "it chooses its experiment": ("mine", chooses),
        "it is started by a program that hides it": ("sample", hides),
        "it begins two runs": ("mine", chooses + second),
    }[how]
    root = project(config(), {"train.py": script, "hidden": hidden})
    answer = cli("run", "train", "--json", "--", "--x", "0.5", folder=root, timeout=300)
    assert answer.code == 0, answer.err
    job = json.loads(answer.out)["id"]
    assert cli("tracking", "sync", folder=root).code == 0  # what a busy machine left for the next command
    read = Read(root)
    runs = read.runs(experiment)
    assert run_id(job) not in runs
    assert {status for _, status in runs.values()} == {"FINISHED"}
    (own,) = (run for run in runs if "stratolab.adopted" in read.tags(run))
    assert open_lab(root).tracking.run_of(job) == own
    assert read.tags(own)["stratolab.state"] == "succeeded"
    others = set(runs) - {own}
    assert len(others) == (how == "it begins two runs")
    assert all(read.tags(other)["mlflow.parentRunId"] == own for other in others)
    assert not (root / "mlruns").exists()


@SLOW
def test_a_store_elsewhere_is_written_through_mlflows_client(cli, project, tmp_path):
    root = project(config(trials=2), {"train.py": PRINTS})
    elsewhere = tmp_path / "else where" / "mlflow.db"
    elsewhere.parent.mkdir()
    uri = {"MLFLOW_TRACKING_URI": f"sqlite:///{elsewhere}"}
    document(cli, "sweep", "tune", folder=root, env=uri, timeout=300)
    told = document(cli, "tracking", "sync", folder=root, env=uri, timeout=300)
    assert told["left"] == 0
    with closing(sqlite3.connect(elsewhere)) as connection:
        assert connection.execute("SELECT COUNT(*) FROM runs").fetchone() == (3,)
    assert not (root / ".stratolab" / "mlflow.db").exists()


# -- without MLflow ------------------------------------------------------------------------------

WITHOUT = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "mlflow":
            raise ModuleNotFoundError(name)
import importlib.util
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == "mlflow" else real(name, package)
from stratolab.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def without_mlflow(root, *words):
    return subprocess.run(
        [sys.executable, "-c", WITHOUT, *words],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_without_mlflow_the_backlog_waits_and_one_hint_says_how_to_get_it(cli, project):
    root = project(config(), {"train.py": PRINTS})
    first = without_mlflow(root, "sweep", "tune")
    assert first.returncode == 0, first.stderr
    assert first.stderr.count("pip install 'stratolab[tracking]'") == 1
    second = without_mlflow(root, "run", "train", "--", "--x", "0.1")
    assert "stratolab[tracking]" not in second.stderr
    refused = without_mlflow(root, "tracking", "sync")
    assert (refused.returncode, "pip install" in refused.stderr) == (2, True)
    assert not (root / ".stratolab" / "mlflow.db").exists()
    told = document(cli, "tracking", "sync", folder=root)
    assert (told["written"] >= 5, told["left"]) == (True, 0)


def test_everything_can_be_written_again(cli, project):
    root = project(config(trials=3), {"train.py": PRINTS})
    document(cli, "sweep", "tune", folder=root)
    for file in (root / ".stratolab").glob("mlflow.db*"):
        file.unlink()
    assert document(cli, "tracking", "sync", folder=root)["written"] == 0
    assert document(cli, "tracking", "sync", "--all", folder=root)["written"] >= 4
    assert len(Read(root).runs("tune")) == 4


def _until(holds, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
