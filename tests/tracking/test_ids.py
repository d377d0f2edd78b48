from __future__ import annotations

import re
import subprocess
import sys

from stratolab.tracking.ids import run_id, sweep_run_id


def test_a_run_is_named_by_its_job_alone_and_in_every_process():
    program = "from stratolab.tracking.ids import run_id; print(run_id('t42pb0dexpb125tt'))"
    elsewhere = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert elsewhere.stdout.strip() == run_id("t42pb0dexpb125tt") == "e2d2531a75bd09baa1dc9dc72b535392"


def test_a_name_is_one_that_mlflow_gives():
    assert re.fullmatch(r"[0-9a-f]{32}", run_id("a"))
    assert re.fullmatch(r"[0-9a-f]{32}", sweep_run_id("a"))


def test_jobs_and_sweeps_never_share_a_run():
    names = ["a", "b", "tune-1", "tune-11", ""]
    assert len({run_id(name) for name in names} | {sweep_run_id(name) for name in names}) == 2 * len(names)
