"""R1 and R2: kill -9 of the driver, at random and at every labelled point, on three databases."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from tests.chaos.checker import Expected, violations
from tests.chaos.harness import FULL

import stratolab.sweeps.crew
import stratolab.sweeps.driver

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900 if FULL else 180)]
KILLS = 200 if FULL else 6
TRIALS = 400 if FULL else 16
SOURCES = [Path(module.__file__).read_text() for module in (stratolab.sweeps.driver, stratolab.sweeps.crew)]
LABELS = sorted(set(re.findall(r'crash_point\("(sweep\.[a-z-]+)"\)', "".join(SOURCES))))


def test_kills_at_random(chaos, chance, store_url):
    project = chaos(trials=TRIALS, store=store_url)
    soonest = 1.0 if store_url else 0.3  # seconds: importing what talks to a server takes longer
    shown, kills = project.driven_through_kills(chance, KILLS, soonest)
    project.quiet()
    assert violations(project.folder, shown, Expected(TRIALS, kills)) == []
    print(f"{kills} kills, {TRIALS} trials: 0 lost, 0 twice")


@pytest.mark.parametrize("label", LABELS)
def test_a_kill_at_each_labelled_point(chaos, label, store_url):
    undisturbed = chaos(trials=6, parallel=1, store=store_url).finish()
    values = {trial["number"]: trial["value"] for trial in undisturbed["trials"]}
    project = chaos(trials=6, parallel=1, store=store_url)
    crashing = {"sweep.reclaimed": "sweep.before-commit:2"}.get(label, f"{label}:3")
    first = project.driver(STRATOLAB_CRASH_AT=crashing)
    first.communicate(timeout=60)
    assert first.returncode == -9
    kills = 1
    if label == "sweep.reclaimed":
        second = project.driver(STRATOLAB_CRASH_AT=label)
        second.communicate(timeout=60)
        assert second.returncode == -9
        kills = 2
    began = time.monotonic()
    shown = project.finish()
    assert (
        time.monotonic() - began < project.lease + 5 + 10
    )  # I6: work starts within the lease and five seconds
    project.quiet()
    assert violations(project.folder, shown, Expected(6, kills, values)) == []
