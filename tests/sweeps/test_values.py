from __future__ import annotations

from dataclasses import replace

import pytest

from stratolab.jobs.models import Outcome, Reason, Resources
from stratolab.jobs.reports import Reports
from stratolab.sweeps.models import TrialState
from stratolab.sweeps.values import judge

DONE = Outcome(
    job="j", fence=1, reason=Reason.DONE, exit_code=0, signal=None, started=0.0, ended=5.0,
    wall_seconds=5.0, cpu_seconds=1.0, peak_memory=3 * 2**30,
)  # fmt: skip
LIMITS = Resources(cpus=1, memory=2 * 2**30, timeout=60)


def result(tmp_path, output="", outcome=DONE, **more):
    (tmp_path / "log").write_text(output)
    return judge(outcome, Reports(tmp_path), "loss", resources=LIMITS, **more)


def test_the_last_number_is_the_value(tmp_path):
    found = result(tmp_path, '{"loss": 2, "step": 1}\n{"loss": 1, "step": 2}\n')
    assert (found.state, found.value, found.steps) == (TrialState.SUCCEEDED, 1.0, ((1, 2.0), (2, 1.0)))


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("", "exit code 0, but it reported nothing"),
        ("loss: 3\n\n", "exit code 0, but it reported nothing: 'loss: 3' is no report"),
        ('{"loss": }\n', "exit code 0, but it reported nothing: '{\"loss\": }' is no report"),
        ("\x1b[31m\xff\n", "exit code 0, but it reported nothing: '\\x1b[31mÿ' is no report"),
        ('{"acc": 1, "f1": 2}\n', "exit code 0, but it reported no loss, only acc, f1"),
        ('{"los": 1}\n', "exit code 0, but it reported no loss, only los; is it los?"),
        ('{"loss": NaN}\n', "its last loss is NaN"),
        ('{"loss": 1}\n{"loss": Infinity}\n', "its last loss is infinite"),
        ('{"loss": "low"}\n', 'its last loss is "low", which is no number'),
        (
            '{"loss": "' + "x" * 70_000 + '"}\n',
            "exit code 0, but it reported nothing (1 line too long to be reports)",
        ),
    ],
)
def test_each_way_to_give_no_value_has_its_own_reason(tmp_path, output, reason):
    found = result(tmp_path, output)
    assert (found.state, found.value, found.reason) == (TrialState.FAILED, None, reason)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"reason": Reason.EXIT, "exit_code": 3}, "exit code 3"),
        ({"reason": Reason.SIGNAL, "exit_code": None, "signal": 11}, "killed by signal 11 (SIGSEGV)"),
        ({"reason": Reason.TIMEOUT, "exit_code": None, "signal": 9}, "ran longer than its 1m 00s"),
        ({"reason": Reason.OUT_OF_MEMORY, "exit_code": None}, "out of memory: used 3GiB of 2GiB"),
        ({"reason": Reason.CANCELLED}, "cancelled"),
        (
            {"reason": Reason.NOT_STARTED, "message": "no such file: x"},
            "could not be started (no such file: x)",
        ),
        ({"reason": Reason.LOST}, "lost: what ran it died"),
    ],
)
def test_a_job_that_ended_badly_fails_its_trial_even_with_a_value(tmp_path, change, reason):
    found = result(tmp_path, '{"loss": 1}\n', replace(DONE, **change))
    assert (found.state, found.value, found.reason) == (TrialState.FAILED, None, reason)
    assert found.steps == ((1, 1.0),)


def test_a_pruned_trial_keeps_the_last_number_it_gave(tmp_path):
    ended = replace(DONE, reason=Reason.PRUNED, exit_code=None)
    found = result(tmp_path, '{"loss": 4, "step": 1}\n', ended, pruned="worse than the median at step 1")
    assert (found.state, found.value, found.reason) == (
        TrialState.PRUNED,
        4.0,
        "worse than the median at step 1",
    )


def test_mlflow_is_asked_last(tmp_path):
    assert result(tmp_path, elsewhere=lambda: 7.0).value == 7.0
    assert result(tmp_path, '{"loss": 1}\n', elsewhere=lambda: 7.0).value == 1.0
    assert result(tmp_path, elsewhere=lambda: float("nan")).reason == "its last loss in MLflow is NaN"
