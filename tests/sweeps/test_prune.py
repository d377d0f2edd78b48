from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratolab.core.errors import InputError
from stratolab.sweeps.models import Goal
from stratolab.sweeps.prune import Curve, Halving, Median, curve_of, make

MIN, MAX = Goal.MINIMIZE, Goal.MAXIMIZE
NAN, INF = math.nan, math.inf


def falling(start, count=27, first=1, every=1):
    """A trial whose value falls from `start`, `count` reports long."""
    return tuple((first + step * every, start / (step + 1)) for step in range(count))


OTHERS = [falling(level) for level in (1.0, 2.0, 3.0, 4.0, 5.0)]


def upside_down(steps):
    return tuple((step, -value) for step, value in steps)


# -- cleaning -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([], ([], [])),
        ([(0, 3.0), (1, 4.0), (2, 1.0)], ([0, 1, 2], [3.0, 3.0, 1.0])),
        ([(0, NAN), (1, 4.0), (2, INF), (3, -INF), (4, 2.0)], ([1, 4], [4.0, 2.0])),
        ([(1, 4.0), (1, 3.0), (2, 5.0), (2, 6.0)], ([1, 2], [3.0, 3.0])),
        ([(2, 5.0), (1, 4.0), (3, 2.0)], ([1, 3], [4.0, 2.0])),
        ([(0, 1.0), (1, 0.5), (0, 3.0), (1, 2.0)], ([0, 1], [3.0, 2.0])),
        ([(5, 0.1), (6, 0.1), (5, 3.0), (6, 2.0), (5, 9.0)], ([5], [9.0])),
        ([(0, 1.0), (10, 0.5), (20, 0.4), (10, 0.6), (20, 0.3)], ([0, 10, 20], [1.0, 0.6, 0.3])),
    ],
    ids=["none", "best so far", "odd values", "twice", "jitter", "again", "again twice", "from a checkpoint"],
)
def test_reports_are_taken_as_they_come(steps, expected):
    curve = curve_of(steps, MIN)
    assert (list(curve.steps), list(curve.best)) == expected


def test_a_curve_is_known_between_its_steps_but_not_before_them():
    curve = Curve((10, 20), (3.0, 1.0))
    assert [curve.at(step) for step in (9, 10, 15, 20, 99)] == [None, 3.0, 3.0, 1.0, 1.0]


# -- both -----------------------------------------------------------------------------------------


@pytest.fixture(params=["median", "halving"])
def pruner(request):
    return make(request.param)


def test_a_hopeless_trial_is_stopped_with_the_reason(pruner):
    told = {
        "median": "at step 9 its best value, 1, is worse than 0.333333, the median of 5 trials there",
        "halving": "by step 9 its best value, 1, is not among the best 2 of 6 trials, which reach 0.222222",
    }
    assert pruner.should_stop(falling(9.0, 9), OTHERS, MIN) == told[pruner.name]


def test_the_best_trial_is_never_stopped(pruner):
    for count in range(1, 28):
        assert pruner.should_stop(falling(0.5, count), OTHERS, MIN) is None


def test_more_is_better_the_other_way_round(pruner):
    others = [upside_down(steps) for steps in OTHERS]
    assert "its best value, -1, is" in pruner.should_stop(upside_down(falling(9.0, 9)), others, MAX)
    assert pruner.should_stop(upside_down(falling(0.5, 10)), others, MAX) is None
    assert pruner.should_stop(falling(9.0, 10), OTHERS, MAX) is None


def test_few_trials_and_first_reports_are_let_alone(pruner):
    assert pruner.should_stop(falling(9.0, 10), OTHERS[:4], MIN) is None
    assert pruner.should_stop(falling(9.0, 3), OTHERS, MIN) is None
    assert pruner.should_stop([], OTHERS, MIN) is None
    assert pruner.should_stop(falling(9.0, 10), [], MIN) is None


def test_equal_trials_all_go_on(pruner):
    assert pruner.should_stop(falling(1.0, 10), [falling(1.0)] * 9, MIN) is None


def test_others_that_reported_nothing_of_use_do_not_count(pruner):
    empty = [(), ((1, NAN),), ((500, NAN), (501, INF))]
    assert pruner.should_stop(falling(9.0, 10), [*OTHERS[:4], *empty], MIN) is None
    assert pruner.should_stop(falling(9.0, 10), [*OTHERS, *empty], MIN)


def test_trials_may_report_at_different_steps(pruner):
    others = [falling(level, 9, first=3, every=3) for level in (1.0, 2.0, 3.0, 4.0, 5.0)]
    assert pruner.should_stop(falling(90.0, 10), others, MIN)
    assert pruner.should_stop(falling(0.5, 10), others, MIN) is None


def test_a_trial_that_began_again_is_judged_by_its_new_beginning(pruner):
    hopeless, fine = falling(9.0, 10), falling(0.5, 10)
    assert pruner.should_stop([*fine, *hopeless], OTHERS, MIN)
    assert pruner.should_stop([*hopeless, *fine], OTHERS, MIN) is None


def test_the_answer_does_not_depend_on_what_was_asked_before(pruner):
    others = [list(steps) for steps in OTHERS]
    for count in range(4, 20):
        for level in (0.5, 2.5, 3.5, 9.0):
            trial = falling(level, count)
            told = pruner.should_stop(trial, OTHERS, MIN)
            assert told == make(pruner.name).should_stop(trial, others, MIN)


reports = st.lists(st.tuples(st.integers(0, 40), st.floats()), max_size=40)


@given(reports, st.lists(reports, max_size=9), st.sampled_from(list(Goal)))
def test_whatever_is_reported_gets_an_answer(trial, others, goal):
    for name in ("median", "halving"):
        told = make(name).should_stop(trial, others, goal)
        assert told is None or "its best value" in told


@given(st.lists(st.lists(st.floats(-9, 9), min_size=9, max_size=9), min_size=6, max_size=12))
def test_never_are_all_stopped(rows):
    trials = [tuple(enumerate(row)) for row in rows]
    for name in ("median", "halving"):
        for length in range(1, 10):
            verdicts = [
                make(name).should_stop(trial[:length], [*trials[:place], *trials[place + 1 :]], MIN)
                for place, trial in enumerate(trials)
            ]
            assert None in verdicts


# -- each -----------------------------------------------------------------------------------------


def test_median_compares_with_the_middle_of_those_that_came_as_far():
    assert Median().should_stop(falling(3.0, 10), OTHERS, MIN) is None
    assert Median().should_stop(falling(3.1, 10), OTHERS, MIN) == (
        "at step 10 its best value, 0.31, is worse than 0.3, the median of 5 trials there"
    )
    short = [*OTHERS, *[falling(0.01, 9)] * 20]
    assert Median().should_stop(falling(3.0, 10), short, MIN) is None


def test_median_forgives_a_bad_step_after_a_good_one():
    trial = [*falling(2.0, 10), (11, 99.0)]
    assert Median().should_stop(trial, OTHERS, MIN) is None


def test_halving_keeps_the_best_third_at_a_rung():
    others = [falling(level) for level in range(1, 9)]
    assert [bool(Halving().should_stop(falling(x - 0.5, 10), others, MIN)) for x in range(1, 10)] == [
        *[False] * 3,
        *[True] * 6,
    ]
    assert Halving().should_stop(falling(5.5, 10), others, MIN) == (
        "by step 9 its best value, 0.611111, is not among the best 3 of 9 trials, which reach 0.333333"
    )


def test_halving_judges_at_rungs_and_leaves_the_last_stretch_alone():
    stopped = [count for count in range(1, 28) if Halving().should_stop(falling(9.0, count), OTHERS, MIN)]
    assert stopped == list(range(9, 18))
    longer = [falling(level, 81) for level in (1.0, 2.0, 3.0, 4.0, 5.0)]
    stopped = [count for count in range(1, 82) if Halving().should_stop(falling(9.0, count), longer, MIN)]
    assert stopped == [*range(9, 18), *range(27, 54)]


def test_halving_takes_the_length_that_several_have_come():
    one_long = [*OTHERS, falling(1.0, 2700)]
    assert "by step 9 " in Halving().should_stop(falling(9.0, 10), one_long, MIN)
    four_short = [*[falling(1.0, 12)] * 4, falling(1.0, 2700)]
    assert "by step 4 " in Halving().should_stop(falling(9.0, 6), four_short, MIN)


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(InputError) as caught:
        make("medain")
    assert caught.value.hint == "did you mean 'median'?"
