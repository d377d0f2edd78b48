"""Cron lines: which are sound, and what is said of the others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratolab.config.cron import complaints


@pytest.mark.parametrize(
    "line",
    [
        "* * * * *",
        "0 6 * * MON",
        "*/15 0-6,18-23 * * mon-fri",
        "0 0 1,15 jan,JUL *",
        "5/10 * * * *",
        "0 0 * * 7",
        "0 0 29 2 *",
        "0 0 31 2 MON",
        "0 0 31 1-2 *",
        "0 0 31 */2 *",
        " 0\t0  1 1 0 ",
    ],
)
def test_sound_lines(line: str) -> None:
    assert list(complaints(line)) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "wants five fields (minute, hour, day of month, month, day of week), not 0"),
        ("0 0 * * * *", "wants five fields (minute, hour, day of month, month, day of week), not 6"),
        ("60 * * * *", "minute: 60 is outside 0 to 59"),
        ("* 24 * * *", "hour: 24 is outside 0 to 23"),
        ("* * 0 * *", "day of month: 0 is outside 1 to 31"),
        ("* * * 13 *", "month: 13 is outside 1 to 12"),
        ("* * * * 8", "day of week: 8 is outside 0 to 7"),
        (
            "* * * foo *",
            "month: 'foo' is not known; use 1 to 12, or JAN, FEB, MAR, APR, MAY, JUN, JUL, AUG, SEP, OCT, NOV, DEC",
        ),
        ("mon * * * *", "minute: 'mon' is not known; use 0 to 59"),
        ("30-10 * * * *", "minute: '30-10' runs backwards"),
        ("*/0 * * * *", "minute: a step is 1 to 59, not 0"),
        ("*/60 * * * *", "minute: a step is 1 to 59, not 60"),
        ("*-5 * * * *", "minute: '*-5' is no number, range, list or step"),
        ("1,,2 * * * *", "minute: '' is no number, range, list or step"),
        ("-1 * * * *", "minute: '-1' is no number, range, list or step"),
        ("1.5 * * * *", "minute: '1.5' is no number, range, list or step"),
        ("٣ * * * *", "minute: '٣' is no number, range, list or step"),
        ("0 0 30 2 *", "never comes: no month in it has a day 30"),
        ("0 0 31 4,6,9,nov *", "never comes: no month in it has a day 31"),
    ],
)
def test_what_is_said(line: str, said: str) -> None:
    assert list(complaints(line)) == [said]


def test_every_field_is_looked_at() -> None:
    assert len(list(complaints("60 24 32 13 8"))) == 5


@given(st.text(st.sampled_from("0123456789*/,- LMONjan\t?#W²٣"), max_size=30))
def test_any_line_is_judged(line: str) -> None:
    assert all(complaints(line))


numbers = st.tuples(
    *(st.integers(*bounds) for bounds in [(0, 59), (0, 23), (1, 28), (1, 12), (0, 7), (1, 5)])
)


@given(numbers)
def test_any_numbers_within_bounds_are_sound(numbers: tuple[int, ...]) -> None:
    minute, hour, day, month, weekday, step = numbers
    assert list(complaints(f"{minute} {hour} {day} {month} {weekday}")) == []
    assert list(complaints(f"{minute}-59/{step} */{step} {day},{day} {month}-12 0-{weekday}")) == []
