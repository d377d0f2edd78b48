"""R7, R8, R9 and the copy on another machine: several drivers, stopped ones, interrupted ones."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys

import pytest
from tests.chaos.checker import Expected, executions, processes_of, violations
from tests.chaos.harness import FULL, RESUME, kill, until

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]


def some_done(project, count=2):
    assert until(lambda: len(executions(project.folder)) >= count), "no trial ended"


def stopped_outside_a_transaction(project, driver):
    """Stop a driver where it does not hold SQLite's one lock, which nobody could take from it."""
    driver.send_signal(signal.SIGSTOP)
    database = sqlite3.connect(project.folder / ".stratolab" / "store.db", timeout=0.1, isolation_level=None)
    try:
        database.execute("BEGIN IMMEDIATE")
        database.execute("ROLLBACK")
    except sqlite3.OperationalError:
        driver.send_signal(signal.SIGCONT)
        return False
    finally:
        database.close()
    return True


def fence(project, table):
    """How often the first trial, or its job, was handed out."""
    with contextlib.closing(sqlite3.connect(project.folder / ".stratolab" / "store.db")) as database:
        return database.execute(f"SELECT fence FROM {table}").fetchone()[0]  # noqa: S608 - a constant


@pytest.mark.parametrize("count", [2, 5] if FULL else [2])
def test_drivers_share_the_work(chaos, count, store_url):
    project = chaos(trials=24, store=store_url, trial_seconds=0.1)
    first = project.driver()
    some_done(project, 1)
    # By its id: on a busy machine the sweep may have ended before they start, and `sweep` would begin another.
    others = [project.driver(*RESUME) for _ in range(count - 1)]
    for driver in [first, *others]:
        _, err = driver.communicate(timeout=120)
        assert driver.returncode == 0, err
    project.quiet()
    assert violations(project.folder, project.show(), Expected(24, 0)) == []


def test_a_driver_killed_among_two_is_taken_over(chaos, store_url):
    project = chaos(trials=20, store=store_url, trial_seconds=0.15)
    first, second = project.driver(), project.driver()
    some_done(project)
    kill(first)
    _, err = second.communicate(timeout=120)
    assert second.returncode == 0, err
    project.quiet()
    assert violations(project.folder, project.show(), Expected(20, 1)) == []


def test_a_driver_stopped_past_its_lease_cannot_write_when_it_wakes(chaos):
    project = chaos(trials=6, trial_seconds=0.6, lease=1.0)
    sleeper = project.driver()
    some_done(project, 1)
    assert until(lambda: stopped_outside_a_transaction(project, sleeper))
    shown = project.finish()
    before = {trial["number"]: (trial["value"], trial["ended"]) for trial in shown["trials"]}
    sleeper.send_signal(signal.SIGCONT)
    sleeper.communicate(timeout=60)
    project.quiet()
    after = project.show()
    assert {trial["number"]: (trial["value"], trial["ended"]) for trial in after["trials"]} == before
    assert violations(project.folder, after, Expected(6, 1)) == []


def test_a_host_killed_with_its_driver_loses_no_trial(chaos):
    project = chaos(trials=8, trial_seconds=0.3)
    driver = project.driver()
    some_done(project, 1)
    hosts = [pid for pid, command in processes_of(project.folder) if "host" in command]
    kill(driver)
    for pid in hosts:
        os.kill(pid, signal.SIGKILL)
    shown = project.finish()
    project.quiet()
    assert violations(project.folder, shown, Expected(8, 4)) == []


def test_ctrl_c_stops_cleanly_and_resuming_completes(chaos):
    project = chaos(trials=10, trial_seconds=0.3)
    driver = project.driver()
    some_done(project, 2)
    driver.send_signal(signal.SIGINT)
    out, err = driver.communicate(timeout=10)
    assert driver.returncode == 130, err
    assert json.loads(out)["sweep"]["state"] == "stopped"
    assert "stratolab sweeps resume tune-1" in err
    project.quiet()
    assert processes_of(project.folder) == []
    shown = project.finish()
    project.quiet()
    assert violations(project.folder, shown, Expected(10, 2)) == []


def test_ctrl_c_twice_leaves_at_once(chaos):
    project = chaos(trials=4, trial_seconds=1.0)
    driver = project.driver()
    assert until(lambda: any("trial.py" in command for _, command in processes_of(project.folder)))
    driver.send_signal(signal.SIGINT)
    driver.send_signal(signal.SIGTERM)
    driver.communicate(timeout=8)
    assert driver.returncode == 130
    shown = project.finish()
    project.quiet()
    assert violations(project.folder, shown, Expected(4, 2)) == []


def test_a_closed_terminal_stops_cleanly(chaos):
    project = chaos(trials=10, trial_seconds=0.3)
    driver = project.driver()
    some_done(project, 1)
    driver.send_signal(signal.SIGHUP)
    driver.communicate(timeout=10)
    assert driver.returncode == 130
    assert project.show()["sweep"]["state"] == "stopped"


def test_a_copy_of_the_project_goes_on_elsewhere(chaos, tmp_path):
    project = chaos(trials=8, trial_seconds=0.2)
    driver = project.driver()
    some_done(project, 3)
    kill(driver)
    project.quiet()
    copy = chaos(trials=8, trial_seconds=0.05)
    shutil.rmtree(copy.folder)
    shutil.copytree(project.folder, copy.folder, ignore=shutil.ignore_patterns("*.sock"))
    done_before = {trial["number"] for trial in project.show()["trials"] if trial["ended"]}
    shown = copy.finish()
    copy.quiet()
    assert violations(copy.folder, shown, Expected(8, 2)) == []
    assert done_before <= {trial["number"] for trial in shown["trials"] if trial["state"] == "succeeded"}


def test_a_full_disk_is_named_and_nothing_written_before_is_lost(chaos):
    project = chaos(trials=40, trial_seconds=0.01)
    limited = ["bash", "-c", 'ulimit -f 160; exec "$@"', "limited"]  # blocks of 1,024 bytes, for each file
    driver = project.driver(prefix=limited)
    _, err = driver.communicate(timeout=90)
    assert driver.returncode == 4, err
    assert "store.db" in err
    assert "free" in err
    shown = project.finish()
    project.quiet()
    assert violations(project.folder, shown, Expected(40, 3)) == []


def test_trials_left_behind_when_a_stop_rule_holds_are_taken_up(chaos):
    project = chaos(trials=30, parallel=2, trial_seconds=1.5)
    text = (
        (project.folder / "stratolab.toml")
        .read_text()
        .replace("seed = 7", "seed = 7\nstop = { patience = 1 }")
    )
    (project.folder / "stratolab.toml").write_text(text)
    driver = project.driver()
    some_done(project, 3)
    kill(driver)
    shown = project.finish()
    project.quiet()
    assert shown["sweep"]["state"] == "finished"
    assert {trial["state"] for trial in shown["trials"]} == {"succeeded"}


def test_a_stopped_sweep_goes_on_in_a_folder_that_was_moved(chaos, tmp_path):
    project = chaos(trials=6, trial_seconds=0.5)
    driver = project.driver()
    some_done(project, 1)
    driver.send_signal(signal.SIGINT)
    driver.communicate(timeout=20)
    project.quiet()
    moved = tmp_path / "moved"
    project.folder.rename(moved)
    project.folder = moved
    shown = project.finish()
    project.quiet()
    assert violations(moved, shown, Expected(6, 2)) == []


def test_a_closed_pipe_stops_the_sweep_cleanly(chaos):
    project = chaos(trials=10, trial_seconds=0.2)
    command = f"{sys.executable} -m stratolab sweep tune 2>&1 | head -3"
    environment = project.environment()
    subprocess.run(["sh", "-c", command], cwd=project.folder, env=environment, timeout=60, check=False)
    project.quiet()
    assert project.show()["sweep"]["state"] == "stopped"
    assert processes_of(project.folder) == []


def test_a_result_that_comes_late_is_refused_while_another_driver_has_the_trial(chaos):
    project = chaos(trials=2, parallel=1, trial_seconds=3.0, lease=1.0)
    sleeper = project.driver()
    assert until(lambda: any("trial.py" in command for _, command in processes_of(project.folder)))
    assert until(lambda: stopped_outside_a_transaction(project, sleeper))
    other = project.driver(*RESUME)
    assert until(lambda: fence(project, "trial") == 2)
    assert until(lambda: stopped_outside_a_transaction(project, other))
    assert until(lambda: list(project.folder.glob(".stratolab/jobs/*/outcome.json")))
    sleeper.send_signal(signal.SIGCONT)
    assert until(lambda: "trial 0 was taken over by another driver" in sleeper.stderr.readline())
    other.send_signal(signal.SIGCONT)
    for driver in (sleeper, other):
        driver.communicate(timeout=60)
        assert driver.returncode == 0
    project.quiet()
    assert violations(project.folder, project.show(), Expected(2, 0)) == []


def test_a_driver_that_wakes_does_not_run_again_what_another_runs(chaos):
    project = chaos(trials=1, parallel=1, trial_seconds=6.0, lease=1.0)
    sleeper = project.driver()
    assert until(lambda: any("trial.py" in command for _, command in processes_of(project.folder)))
    assert until(lambda: stopped_outside_a_transaction(project, sleeper))
    for pid, command in processes_of(project.folder):
        if "host" in command:
            os.kill(pid, signal.SIGKILL)
    other = project.driver(*RESUME)
    assert until(lambda: fence(project, "trial") == 2)
    assert until(lambda: fence(project, "job") == 2)  # its end was not seen, so it runs again
    sleeper.send_signal(signal.SIGCONT)
    for driver in (sleeper, other):
        _, err = driver.communicate(timeout=60)
        assert driver.returncode == 0, err
    project.quiet()
    assert violations(project.folder, project.show(), Expected(1, 1)) == []
