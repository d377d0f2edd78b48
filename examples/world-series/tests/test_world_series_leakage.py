"""No prediction moves when what was not yet known is scrambled; and it does when what was known is."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from worldseries import data, evaluate, settings

if TYPE_CHECKING:
    from conftest import Table

YEARS = (1905, 1930, 1981, 1994, 2015, 2020)
BEFORE_SEASON: list[dict[str, object]] = [
    {"features": "runs"},
    {"features": "full"},
    {"features": "full", "basis": "splines", "knots": 2},
]
REGULAR_SEASON: list[dict[str, object]] = [
    {"regular_season": True, "features": "qualified"},
    {"regular_season": True, "features": "full", "basis": "splines", "knots": 2},
]
POST_SEASON = ("DivWin", "WCWin", "LgWin", "WSWin")
NOT_RESULTS = ("yearID", "lgID", "teamID", "franchID", "divID", "name")


def scrambled(table: Table, *, results_from: int, all_from: int) -> Table:
    """The table with other post-season results from one season on, and other numbers from another."""
    chance = random.Random(8)  # noqa: S311 (no secret)
    champions = {year: chance.choice(franchises) for year, franchises in _franchises(table).items()}
    changed = []
    for row in table:
        year, copy = int(row["yearID"]), dict(row)
        if year >= results_from:
            copy |= {name: chance.choice("YN") for name in POST_SEASON}
            copy["WSWin"] = "Y" if champions[year] == row["franchID"] else "N"
        if year >= all_from:
            others = [name for name in row if name not in (*NOT_RESULTS, *POST_SEASON)]
            copy |= {name: str(chance.randint(20, 900)) for name in others}
        changed.append(copy)
    return changed


def _franchises(table: Table) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for row in table:
        if row["lgID"] in data.LEAGUES:
            found.setdefault(int(row["yearID"]), []).append(row["franchID"])
    return found


@pytest.mark.parametrize("year", YEARS)
def test_before_the_season_nothing_of_it_or_later_is_seen(table: Table, grid: data.Grid, year: int) -> None:
    other = data.parse(scrambled(table, results_from=year, all_from=year))
    assert not np.array_equal(other.champion, grid.champion)
    for chosen in map(settings.build, BEFORE_SEASON):
        here, there = evaluate.season(grid, chosen, year), evaluate.season(other, chosen, year)
        assert np.array_equal(here, there), chosen


@pytest.mark.parametrize("year", YEARS)
def test_after_the_regular_season_no_post_season_or_later_is_seen(
    table: Table, grid: data.Grid, year: int
) -> None:
    other = data.parse(scrambled(table, results_from=year, all_from=year + 1))
    assert not np.array_equal(other.champion, grid.champion)
    for chosen in map(settings.build, REGULAR_SEASON):
        here, there = evaluate.season(grid, chosen, year), evaluate.season(other, chosen, year)
        assert np.array_equal(here, there), chosen


@pytest.mark.parametrize("regular_season", [False, True])
def test_the_baseline_sees_no_more_than_the_model(
    table: Table, grid: data.Grid, *, regular_season: bool
) -> None:
    year = 1975
    other = data.parse(scrambled(table, results_from=year, all_from=year + regular_season))
    here = evaluate.best_record(grid, regular_season=regular_season)[grid.row(year)]
    there = evaluate.best_record(other, regular_season=regular_season)[grid.row(year)]
    assert np.array_equal(here, there)


def test_earlier_seasons_do_count(table: Table, grid: data.Grid) -> None:
    other = data.parse(scrambled(table, results_from=1960, all_from=2000))
    chosen = settings.build({"features": "runs"})
    assert np.array_equal(evaluate.season(grid, chosen, 1960), evaluate.season(other, chosen, 1960))
    assert not np.allclose(evaluate.season(grid, chosen, 1961), evaluate.season(other, chosen, 1961))


def test_the_regular_season_does_count_where_it_is_known(table: Table, grid: data.Grid) -> None:
    other = data.parse(scrambled(table, results_from=2015, all_from=2015))
    chosen = settings.build({"regular_season": True})
    assert not np.allclose(evaluate.season(grid, chosen, 2015), evaluate.season(other, chosen, 2015))
