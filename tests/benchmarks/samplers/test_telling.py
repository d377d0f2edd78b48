"""What the table of the samplers says, and which of its bars hold."""

from __future__ import annotations

import pytest

from benchmarks.samplers.cells import Cell
from benchmarks.samplers.telling import Found, section

BUDGET = 40


def reaching(best: float, at: int, trials: int = BUDGET) -> Cell:
    """A search that stands at 9 until trial `at`, then at `best`."""
    curve = [9.0] * (at - 1) + [best] * (trials - at + 1)
    return Cell(curve, worst=best, milliseconds=1.0, seeds=20)


def found(alone: Cell, together: Cell, rival: Cell) -> Found:
    cells = {("branin", "gp", 4): together, ("branin", "gp", 1): alone, ("branin", "optuna-tpe", 4): rival}
    return Found(cells, costs={}, bills={}, absent={}, pending=4, budget=BUDGET, seeds=20, known=(100,))


@pytest.mark.parametrize(
    ("together", "told", "holds"),
    [
        (reaching(1.0, at=30, trials=50), "+0 %", True),
        (reaching(1.0, at=42, trials=50), "+2 %", True),
        (reaching(1.0, at=48, trials=50), "+10 %", False),
        (reaching(1.5, at=20, trials=50), "more than measured: branin after 40", False),
    ],
)
def test_four_pending_catch_up_with_one_at_a_time_or_do_not(together: Cell, told: str, holds: bool):  # noqa: FBT001
    page = section(found(reaching(1.0, at=30), together, reaching(2.0, at=10)))
    (bar,) = (bar for bar in page.bars if "to what alone has after 20 and 40" in bar.asked)
    assert (bar.measured, bar.holds) == (told, holds)


def test_what_is_lost_on_the_way_has_a_bar_of_its_own():
    page = section(found(reaching(1.0, at=20), reaching(1.0, at=25, trials=50), reaching(2.0, at=10)))
    (way,) = (bar for bar in page.bars if bar.asked.endswith("on the way there"))
    assert (way.measured, way.holds) == ("+25 %, 15 of them unseen", False)
    assert "| branin | gp | 5 / 0 | +25 % | 15 % | +5.0 | 1 / 1 | 9 / 1 |" in page.body


def test_trials_beyond_the_budget_decide_no_first_place():
    late = found(reaching(1.0, at=30), reaching(1.0, at=45, trials=50), reaching(2.0, at=10))
    page = section(late)
    (bar,) = (bar for bar in page.bars if bar.asked.endswith("tasks of the page"))
    assert (bar.measured, bar.holds) == ("0 of 2; not on branin after 20, branin after 40", False)
    assert "| branin (dev) | 0.3979 | 9 / 9 (1) | **2** / **2** (2) |" in page.body


def test_a_loss_that_is_equal_to_three_digits_is_first():
    close = found(reaching(1.0, at=10), reaching(2.001, at=10), reaching(2.0, at=10))
    (bar,) = (bar for bar in section(close).bars if bar.asked.endswith("tasks of the page"))
    assert (bar.measured, bar.holds) == ("2 of 2", True)


def test_a_table_without_races_alone_has_no_such_bars():
    cells = {("branin", "gp", 4): reaching(1.0, at=5)}
    page = section(Found(cells, {}, {}, {}, pending=4, budget=BUDGET, seeds=20, known=(100,)))
    assert [bar.asked for bar in page.bars if "alone" in bar.asked] == []
