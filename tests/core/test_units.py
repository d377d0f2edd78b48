from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratolab.core import units


@pytest.mark.parametrize(
    ("text", "count"),
    [("2GiB", 2 * 2**30), ("512MiB", 512 * 2**20), ("1.5g", 1.5 * 2**30), ("10 MB", 10**7), ("7b", 7)],
)
def test_sizes_are_read_as_people_write_them(text, count):
    assert units.parse_size(text) == count


@pytest.mark.parametrize("text", ["", "2", "GiB", "2 gigs", "-1GiB", "1e3MB", "2GiB2"])
def test_what_is_no_size_says_how_one_is_written(text):
    with pytest.raises(ValueError, match="write one like '512MiB' or '2GiB'"):
        units.parse_size(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30m", 1800), ("1h30m", 5400), ("45s", 45), ("250ms", 0.25), ("2d", 172800), ("1h 5m", 3900)],
)
def test_durations_are_read_as_people_write_them(text, seconds):
    assert units.parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "30", "m", "30 minutes", "-5s", "1h30"])
def test_what_is_no_duration_says_how_one_is_written(text):
    with pytest.raises(ValueError, match="write one like '30m', '1h30m' or '45s'"):
        units.parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0s"),
        (0.34, "0.3s"),
        (9.96, "10s"),
        (59.7, "1m 00s"),
        (245, "4m 05s"),
        (7800, "2h 10m"),
        (273600, "3d 4h"),
    ],
)
def test_durations_are_written_for_a_reader(seconds, text):
    assert units.format_duration(seconds) == text


@pytest.mark.parametrize(
    ("dollars", "text"),
    [
        (0, "$0"),
        (12.3, "$12.30"),
        (1234.5, "$1,234.50"),
        (0.01, "$0.01"),
        (0.00042, "$0.00042"),
        (1e-9, "<$0.000001"),
    ],
)
def test_money_keeps_the_digits_that_matter(dollars, text):
    assert units.format_money(dollars) == text


@given(st.integers(0, 2**45))
def test_a_size_for_a_reader_reads_back_within_its_digits(count):
    assert units.parse_size(units.format_size(count)) == pytest.approx(count, rel=0.01, abs=1)
