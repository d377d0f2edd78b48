"""Comparing a job with its replay."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratolab.jobs.models import Reason
from stratolab.jobs.replay import Difference, JobView, comparison, reproduced, verdict

THEN = JobView("a", Reason.DONE, 0, {"log_loss": 0.5, "auc": 0.75}, output="11")


def now(**changes):
    return JobView(
        **(
            {"job": "b", "reason": Reason.DONE, "exit_code": 0, "metrics": THEN.metrics, "output": "11"}
            | changes
        )
    )


def test_the_same_is_the_same():
    assert comparison(THEN, now()) == []
    assert verdict([]) == "same values"
    assert reproduced([])


def test_a_value_is_compared_exactly_and_told_relatively():
    found = comparison(THEN, now(metrics={"log_loss": 0.5 * (1 + 2e-9), "auc": 0.75}))
    assert [(difference.name, difference.old) for difference in found] == [("log_loss", 0.5)]
    assert found[0].relative == pytest.approx(2e-9, rel=1e-6)
    assert not reproduced(found)
    assert verdict(found).startswith("log_loss differs by 2e-09 (relative): 0.5 then, 0.500000001 now")


def test_the_last_bit_counts():
    found = comparison(THEN, now(metrics={"log_loss": math.nextafter(0.5, 1), "auc": 0.75}))
    assert len(found) == 1


def test_output_alone_does_not_decide():
    found = comparison(THEN, now(output="22"))
    assert [str(difference) for difference in found] == ["the printed output differs"]
    assert reproduced(found)
    assert verdict(found) == "same values, other output"
    assert comparison(THEN, now(output="")) == []


def test_how_it_ended_is_compared():
    found = comparison(THEN, now(reason=Reason.EXIT, exit_code=3, metrics={}))
    assert [str(difference) for difference in found] == [
        "end done then, exit now",
        "exit code 0 then, 3 now",
        "auc 0.75 then, not given now",
        "log_loss 0.5 then, not given now",
    ]


def test_nan_equals_nan_and_infinities_have_no_relative_difference():
    old = JobView("a", Reason.DONE, 0, {"x": math.nan, "y": math.inf})
    assert comparison(old, JobView("b", Reason.DONE, 0, {"x": math.nan, "y": math.inf})) == []
    found = comparison(old, JobView("b", Reason.DONE, 0, {"x": 1.0, "y": -math.inf}))
    assert [(difference.name, difference.relative) for difference in found] == [("x", None), ("y", None)]


def test_the_verdict_names_what_else_differs():
    found = [Difference("log_loss", 0.5, 0.6, relative=0.1667)]
    assert verdict(found).endswith("(same code, data, Python and packages)")
    assert verdict(found, ["Python 3.11.7 then, 3.12.1 now"]).endswith("(but Python 3.11.7 then, 3.12.1 now)")
    assert verdict(found, ["train.py changed", "numpy 1 then, 2 now"]).endswith(
        "(but train.py changed and 1 more)"
    )


numbers = st.floats(allow_nan=True, allow_infinity=True)


@given(numbers, numbers)
def test_relative_differences_are_finite_symmetric_and_at_most_two(one, other):
    there = comparison(JobView("a", Reason.DONE, 0, {"x": one}), JobView("b", Reason.DONE, 0, {"x": other}))
    back = comparison(JobView("a", Reason.DONE, 0, {"x": other}), JobView("b", Reason.DONE, 0, {"x": one}))
    assert len(there) == len(back)
    for difference, mirrored in zip(there, back, strict=True):
        assert difference.relative == mirrored.relative
        assert difference.relative is None or 0 <= difference.relative <= 2
