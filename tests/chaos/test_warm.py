"""kill -9 of whoever has a part in warm trials: the fork server, its spare, the host, the driver."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import pytest
from tests.chaos.checker import Expected, executions, violations
from tests.chaos.harness import FULL, ended_within, kill, until

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600 if FULL else 180)]
TRIALS = 200 if FULL else 24
KILLS = 60 if FULL else 6
WARM = ("json", "decimal", "sqlite3")


def processes(project, told):
    """The processes of a project whose environment holds `told`, the oldest first."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                environment = (folder / "environ").read_bytes().split(b"\0")
                if told in environment and f"CHAOS_PROJECT={project.folder}".encode() in environment:
                    found.append(int(folder.name))
    return sorted(found)


def forked(project):
    return processes(project, b"STRATOLAB_HOME=a fork server")


def host(project):
    wanted = str(project.folder / ".stratolab").encode()
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if int(folder.name) and wanted in words and any(word.endswith(b"host.py") for word in words):
                return int(folder.name)
    return None


def end(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def killed_while_it_runs(project, chance, victims):
    """Drive a sweep and kill one of the victims now and then: what was shown at its end, and how many were killed."""
    driver, kills = project.driver(), 0
    while len(executions(project.folder)) < TRIALS and kills < KILLS:
        if ended_within(driver, chance.uniform(0.05, 0.4)):
            break
        found = victims()
        if found:
            end(chance.choice(found))
            kills += 1
    return project.shown_by(driver), kills


def test_warm_trials_are_sound(chaos):
    project = chaos(trials=TRIALS, warm=WARM)
    shown = project.finish()
    project.quiet()
    assert violations(project.folder, shown, Expected(TRIALS, 0)) == []


def test_fork_servers_and_spares_killed_at_random(chaos, chance):
    """No trial is lost by it, or run again: a forked trial stands by itself."""
    project = chaos(trials=TRIALS, warm=WARM)
    shown, kills = killed_while_it_runs(project, chance, lambda: forked(project))
    project.quiet()
    assert violations(project.folder, shown, Expected(TRIALS, 0)) == []
    print(f"{kills} kills")
    assert kills


def test_hosts_killed_at_random(chaos, chance):
    project = chaos(trials=TRIALS, warm=WARM)
    shown, kills = killed_while_it_runs(project, chance, lambda: [pid for pid in [host(project)] if pid])
    project.quiet()
    assert violations(project.folder, shown, Expected(TRIALS, 2 * kills)) == []  # two trials run at a time
    assert kills


def test_drivers_killed_at_random(chaos, chance):
    project = chaos(trials=TRIALS, warm=WARM)
    shown, kills = project.driven_through_kills(chance, KILLS, soonest=0.4)
    project.quiet()
    assert violations(project.folder, shown, Expected(TRIALS, kills)) == []


def test_all_at_once(chaos, chance):
    project = chaos(trials=TRIALS, warm=WARM)
    first = project.driver()
    assert until(lambda: len(executions(project.folder)) >= 3)
    victims = [*forked(project), host(project)]
    kill(first)
    for pid in chance.sample(victims, len(victims)):
        end(pid)
    shown = project.finish()
    project.quiet()
    assert violations(project.folder, shown, Expected(TRIALS, 3)) == []
