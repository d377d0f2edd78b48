"""Interleaved rounds and medians of pair-wise ratios."""

import pytest

from benchmarks.measuring.rounds import median, order, ratio


def test_the_first_stays_first_and_the_rest_moves_round():
    assert order("bxyz", 0) == list("bxyz")
    assert order("bxyz", 1) == list("byzx")
    assert order("bxyz", 4) == list("byzx")
    assert order("b", 3) == ["b"]
    assert order("", 3) == []


def test_a_ratio_is_the_median_of_the_ratios_within_rounds():
    # A machine that is twice as slow in the second round changes nothing; the ratio of the medians would be 1.2.
    rounds = [{"bare": 1.0, "x": 1.1}, {"bare": 2.0, "x": 2.2}, {"bare": 1.0, "x": 1.2}]
    assert ratio(rounds, "x", "bare") == pytest.approx(1.1)
    assert ratio(rounds, "bare", "bare") == 1


def test_rounds_in_which_one_is_missing_do_not_count():
    rounds = [{"bare": 1.0}, {"bare": 2.0, "x": 3.0}, {"x": 100.0}]
    assert ratio(rounds, "x", "bare") == pytest.approx(1.5)
    assert ratio(rounds, "y", "bare") is None
    assert median(rounds, "x") == pytest.approx(51.5)
    assert median(rounds, "y") is None
