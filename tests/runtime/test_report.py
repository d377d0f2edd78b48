from __future__ import annotations

import json
import stat

import pytest

from stratolab.runtime.mlflow_tags import JobTags
from stratolab.runtime.report import report


def test_a_report_is_one_line_in_the_file_that_the_job_was_given(tmp_path, monkeypatch):
    path = tmp_path / "report.jsonl"
    monkeypatch.setenv("STRATOLAB_REPORT", str(path))
    report(log_loss=0.41, step=3)
    report(log_loss=0.4)
    assert [json.loads(line) for line in path.read_text().splitlines()] == [
        {"log_loss": 0.41, "step": 3},
        {"log_loss": 0.4},
    ]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_outside_a_job_it_goes_to_standard_output(capsys, monkeypatch):
    monkeypatch.delenv("STRATOLAB_REPORT", raising=False)
    report(accuracy=1)
    assert json.loads(capsys.readouterr().out) == {"accuracy": 1}


@pytest.mark.parametrize("value", ["0.4", None, True, [1.0]])
def test_what_is_no_number_is_refused_by_name(value, monkeypatch):
    monkeypatch.delenv("STRATOLAB_REPORT", raising=False)
    with pytest.raises(TypeError, match=r"report\(loss=\.\.\.\) wants a number"):
        report(loss=value)


def test_mlflow_runs_of_a_job_carry_its_name(monkeypatch):
    monkeypatch.setenv("STRATOLAB_JOB", "j1")
    monkeypatch.setenv("STRATOLAB_TRIAL", "7")
    monkeypatch.delenv("STRATOLAB_SWEEP", raising=False)
    assert JobTags().in_context()
    assert JobTags().tags() == {"stratolab.job": "j1", "stratolab.trial": "7"}
    monkeypatch.delenv("STRATOLAB_JOB")
    assert not JobTags().in_context()
