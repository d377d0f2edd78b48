"""Markdown tables and their numbers."""

import pytest

from benchmarks.measuring.tables import number, ratio, table


def test_a_table():
    assert table(("a", "b"), [("1", "x|y"), ("2", "")]).splitlines() == [
        "| a | b |",
        "| --- | --- |",
        "| 1 | x\\|y |",
        "| 2 |  |",
    ]


def test_a_row_of_another_width_is_a_mistake():
    with pytest.raises(ValueError, match="3 cells below a head of 2"):
        table(("a", "b"), [("1", "2", "3")])


@pytest.mark.parametrize(
    ("value", "text"), [(1.0666, "1.07"), (3.52, "3.5"), (12.3, "12"), (1234.5, "1,234"), (None, "")]
)
def test_a_ratio_has_the_digits_that_tell_something(value, text):
    assert ratio(value) == text


def test_numbers():
    assert (number(1234.56), number(0.5, 0), number(None)) == ("1,234.6", "0", "")
