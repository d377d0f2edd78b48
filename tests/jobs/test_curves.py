from __future__ import annotations

import json
import math

import pytest

from stratolab.jobs import curves
from stratolab.jobs.curves import Curve


def read(home):
    return {name: list(zip(curve.steps, curve.values, strict=True)) for name, curve in curves.read(home)}


def test_every_point_of_every_metric_is_kept(tmp_path):
    lines = [json.dumps({"loss": 1 / (step + 1), "acc": step, "step": step}) for step in range(10_000)]
    (tmp_path / "log").write_text("\n".join(["starting", *lines, "done"]) + "\n")
    found = read(tmp_path)
    assert found["loss"] == [(step, 1 / (step + 1)) for step in range(10_000)]
    assert len(found["acc"]) == 10_000


def test_the_report_file_goes_before_the_log(tmp_path):
    (tmp_path / "log").write_text('{"loss": 9, "step": 1}\n{"auc": 0.5}\n')
    (tmp_path / "report.jsonl").write_text('{"loss": 1, "step": 4}\n')
    assert read(tmp_path) == {"loss": [(4, 1.0)], "auc": [(1, 0.5)]}


def test_numbers_that_are_not_finite_count_and_what_is_no_number_does_not(tmp_path):
    (tmp_path / "log").write_text(
        '{"a": NaN}\n{"a": Infinity}\n{"a": true}\n{"a": "x"}\n{"a": 1' + "0" * 400 + '}\n{"b": null}\n'
    )
    ((_, first), *rest) = read(tmp_path)["a"]
    assert math.isnan(first)
    assert rest == [(2, math.inf), (3, math.inf)]
    assert set(read(tmp_path)) == {"a"}


def test_a_step_that_comes_again_begins_the_curve_again_from_there(tmp_path):
    steps = [0, 1, 2, 3, 1, 2]
    (tmp_path / "log").write_text(
        "".join(f'{{"loss": {n}, "step": {step}}}\n' for n, step in enumerate(steps))
    )
    assert read(tmp_path)["loss"] == [(0, 0.0), (1, 4.0), (2, 5.0)]


def test_without_steps_reports_are_counted(tmp_path):
    (tmp_path / "log").write_text('{"loss": 3}\n{"loss": 2}\n')
    assert read(tmp_path)["loss"] == [(1, 3.0), (2, 2.0)]


def test_very_long_curves_are_thinned_evenly(monkeypatch):
    monkeypatch.setattr(curves, "POINTS_LIMIT", 100)
    curve = Curve()
    for step in range(1000):
        curve.add(float(step), step)
    assert 50 <= len(curve.steps) <= 100
    gaps = {later - earlier for earlier, later in zip(curve.steps, curve.steps[1:], strict=False)}
    assert max(gaps) <= 2 * min(gaps)
    assert curve.last == 999.0


@pytest.mark.parametrize("step", [2**70, -(2**70)])
def test_steps_beyond_every_column_are_kept_in_bounds(step):
    curve = Curve()
    curve.add(1.0, step)
    assert abs(curve.steps[0]) == 2**62


def test_a_job_without_reports_has_no_curves(tmp_path):
    assert read(tmp_path) == {}
