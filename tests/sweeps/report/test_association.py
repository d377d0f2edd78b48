from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratolab.sweeps.report.association import LEAST, bins, correlation, explained, measure, ranks
from stratolab.sweeps.report.axes import Categories, Numbers

NUMBERS = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=LEAST, max_size=40)


def test_ranks_begin_at_one_and_equal_values_share_theirs():
    assert ranks([30.0, 10.0, 20.0, 20.0]) == [4.0, 1.0, 2.5, 2.5]


@given(NUMBERS)
def test_ranks_add_up(values):
    assert sum(ranks(values)) == pytest.approx(len(values) * (len(values) + 1) / 2)


def test_the_share_is_the_textbook_s():
    # H = 12 / (n (n + 1)) * sum(R_i^2 / n_i) - 3 (n + 1), Kruskal and Wallis's own form where nothing is tied.
    groups = ["a"] * 4 + ["b"] * 4 + ["c"] * 4
    values = [1.0, 2, 4, 5, 3, 6, 8, 9, 7, 10, 11, 12]
    sums = [sum(values[:4]), sum(values[4:8]), sum(values[8:])]
    h = 12 / (12 * 13) * sum(total**2 / 4 for total in sums) - 3 * 13
    assert explained(groups, values) == pytest.approx((h - 3 + 1) / (12 - 3))


def test_spearman_is_that_of_its_short_form():
    one, other = [1.0, 2, 3, 4, 5], [2.0, 1, 4, 3, 5]
    squares = sum((a - b) ** 2 for a, b in zip(one, other, strict=True))
    assert correlation(one, other) == pytest.approx(1 - 6 * squares / (5 * 24))


def test_an_optimum_in_the_middle_is_seen_though_there_is_no_trend():
    places = [index / 50 for index in range(51)]
    found = measure("x", Numbers(0, 1), [{"x": place} for place in places], [(p - 0.5) ** 2 for p in places])
    assert found.share is not None
    assert found.share > 0.7
    assert abs(found.trend) < 0.01


def test_noise_explains_nothing_whatever_the_number_of_categories():
    chance = random.Random(1)  # noqa: S311
    shares = []
    for _ in range(60):
        names = [chance.choice("abcdefgh") for _ in range(60)]
        shares.append(explained(names, ranks([chance.random() for _ in names])) or 0.0)
    assert sum(shares) / len(shares) < 0.05


def test_the_units_of_the_metric_do_not_matter():
    points = [{"x": float(index)} for index in range(20)]
    values = [float((index * 7) % 20) for index in range(20)]
    axis = Numbers(0, 19)
    assert measure("x", axis, points, values) == measure("x", axis, points, [math.exp(v) for v in values])


def test_too_few_trials_or_a_parameter_that_never_varies_give_no_share():
    few = [{"x": 1.0, "c": "a"}] * (LEAST - 1)
    assert measure("x", Numbers(0, 1), few, [1.0] * len(few)).share is None
    same = [{"c": "a"}] * LEAST
    assert measure("c", Categories(("a", "b")), same, [float(v) for v in range(LEAST)]).share is None


def test_only_trials_that_have_the_parameter_count():
    points = [{"x": float(index)} if index % 2 else {} for index in range(24)]
    assert measure("x", Numbers(0, 23), points, [float(index) for index in range(24)]).trials == 12


@given(NUMBERS, st.data())
def test_every_share_and_trend_is_in_its_range(numbers, data):
    values = data.draw(
        st.lists(
            st.floats(allow_nan=False, allow_infinity=False), min_size=len(numbers), max_size=len(numbers)
        )
    )
    found = measure("x", Numbers(min(numbers), max(numbers)), [{"x": number} for number in numbers], values)
    assert found.share is None or 0 <= found.share <= 1
    assert found.trend is None or -1 <= found.trend <= 1


@given(NUMBERS)
def test_equal_numbers_are_in_one_group_and_groups_keep_the_order(numbers):
    groups = bins(numbers)
    pairs = sorted(zip(numbers, groups, strict=True))
    assert [group for _, group in pairs] == sorted(groups)
    assert len({(number, group) for number, group in pairs}) == len(set(numbers))
