"""What is lost by asking before answers are in."""

import pytest

from benchmarks.samplers.parallel import later, way


def loss(alone, parallel):
    return way(alone, parallel, pending=4).share


def halving(trials, every):
    return [2.0 ** -(number // every) for number in range(trials)]


def test_the_same_curve_loses_nothing():
    assert loss(halving(100, 5), halving(100, 5)) == 0


def test_a_search_that_needs_twice_the_trials_loses_about_that():
    assert loss(halving(200, 5), halving(200, 10)) == pytest.approx(1.0, abs=0.2)
    assert loss(halving(200, 10), halving(200, 5)) == pytest.approx(-0.5, abs=0.1)


def test_the_same_is_told_in_trials_and_what_of_it_is_answers_that_are_not_in():
    alone = halving(100, 5)
    late = way(alone, [1.0, 1.0, 1.0, *alone[:-3]], pending=4)
    assert late.trials == 3
    assert late.share == pytest.approx(late.unseen)
    assert way(alone, alone, pending=4).unseen == late.unseen


def test_only_the_way_that_both_went_counts():
    ahead, behind = halving(100, 2), halving(100, 4)
    assert loss(ahead, behind) == pytest.approx(1.0, abs=0.2)


def test_a_curve_that_does_not_fall_tells_nothing():
    assert way([1.0] * 100, [1.0] * 100, pending=4) is None
    assert way([float("inf")] * 100, [1.0] * 100, pending=4) is None


def test_how_much_later_one_at_a_time_is_caught_up_with():
    alone = halving(100, 5)
    behind = [1.0, 1.0, 1.0, *alone]
    assert later(alone, behind, 21) == 3
    assert later(behind, alone, 24) == 0
    assert later(alone, [1.0] * 125, 21) is None


def test_a_difference_beyond_three_digits_is_none():
    assert later([3.0, 1.0], [3.0, 1.0005], 2) == 0
