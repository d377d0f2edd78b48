"""The scores and baselines have the values that can be worked out by hand, and features mean what they say."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from worldseries import data, evaluate, features, settings

EVERY_KIND = [
    {"regular_season": after, "features": chosen, "basis": basis}
    for after, sets in settings.FEATURE_SETS.items()
    for chosen in sets
    for basis in settings.BASES
]


@pytest.mark.parametrize("chosen", EVERY_KIND, ids=lambda chosen: "-".join(map(str, chosen.values())))
def test_chances_sum_to_one_in_every_season(grid: data.Grid, chosen: dict[str, object]) -> None:
    walked = list(evaluate.walk(grid, settings.build({**chosen, "refit": 20})))
    assert [year for year, _ in walked] == list(range(1905, 2021))
    for year, chance in walked:
        assert math.isclose(chance.sum(), 1, abs_tol=1e-9)
        assert (chance[~grid.played[grid.row(year)]] == 0).all()


def test_a_season_is_the_same_wherever_the_walk_began(grid: data.Grid) -> None:
    chosen = settings.build({"refit": 7})
    walked = dict(evaluate.walk(grid, chosen))
    for year in (1905, 1906, 1911, 1912, 2015):
        assert np.allclose(evaluate.season(grid, chosen, year), walked[year], atol=1e-9)


def test_the_uniform_baseline_is_the_mean_logarithm_of_the_number_of_teams(grid: data.Grid) -> None:
    teams = {1905: 16, 1961: 18, 1962: 20, 1969: 24, 1977: 26, 1993: 28, 1998: 30}
    counts = [teams[max(start for start in teams if start <= year)] for year in range(1905, 1991)]
    found = evaluate.score(grid, evaluate.uniform(grid), (1905, 1990))
    assert found.seasons == 86
    assert math.isclose(found.log_loss, sum(map(math.log, counts)) / 86)
    assert math.isclose(found.top_three, sum(3 / count for count in counts) / 86)
    assert math.isclose(found.brier, sum(1 - 1 / count for count in counts) / 86)


def test_a_strike_season_does_not_count(grid: data.Grid) -> None:
    said = evaluate.uniform(grid)
    assert evaluate.score(grid, said, (1991, 2020)).seasons == 29
    around = [evaluate.score(grid, said, (year, year)) for year in (1993, 1995)]
    over = evaluate.score(grid, said, (1993, 1995))
    assert over.seasons == 2
    assert math.isclose(over.log_loss, sum(one.log_loss for one in around) / 2)


def test_who_was_certain_and_right_scores_best(grid: data.Grid) -> None:
    found = evaluate.score(grid, grid.champion.astype(float), (2010, 2020))
    assert (found.log_loss, found.top_three, found.brier) == (0, 1, 0)


@pytest.mark.parametrize(
    ("chances", "expected"),
    [((0.4, 0.3, 0.2, 0.1), 0), ((0.3, 0.3, 0.2, 0.2), 1 / 2), ((0.25, 0.25, 0.25, 0.25), 3 / 4)],
)
def test_teams_with_equal_chances_share_the_places_left(
    grid: data.Grid, chances: tuple[float, ...], expected: float
) -> None:
    row = grid.row(2015)
    said = np.zeros(grid.played.shape)
    others = np.flatnonzero(~grid.champion[row])[:3]
    said[row, [*others, int(np.flatnonzero(grid.champion[row])[0])]] = chances
    assert math.isclose(evaluate.score(grid, said, (2015, 2015)).top_three, expected)


@pytest.mark.parametrize("regular_season", [False, True])
def test_the_record_baseline_orders_by_record_alone(grid: data.Grid, *, regular_season: bool) -> None:
    row = grid.row(1998)  # two newcomers
    said = evaluate.best_record(grid, regular_season=regular_season)[row]
    record = features.winning(grid)[row if regular_season else row - 1]
    known = grid.played[row] & grid.played[row - 1]
    assert (np.diff(said[known][np.argsort(record[known], kind="stable")]) >= 0).all()
    if not regular_season:
        assert np.allclose(said[grid.played[row] & ~known], said[known].min())


def test_the_model_beats_both_baselines_where_it_was_tuned(grid: data.Grid) -> None:
    for chosen in (settings.BEFORE, settings.AFTER):
        said = evaluate.everything(grid, chosen)
        found = evaluate.report(grid, said, regular_season=chosen.regular_season)
        assert found["log_loss"] < found["record_log_loss"] < found["uniform_log_loss"]


def test_as_many_qualify_as_the_rules_of_the_season_say(grid: data.Grid) -> None:
    qualified = features.standings(grid)["qualified"].sum(axis=1)
    known = {1905: 2, 1968: 2, 1969: 4, 1993: 4, 1995: 8, 2011: 8, 2012: 10, 2019: 10, 2020: 16}
    assert {year: int(qualified[grid.row(year)]) for year in known} == known


def test_every_champion_but_that_of_the_split_season_had_qualified(grid: data.Grid) -> None:
    qualified = features.standings(grid)["qualified"] > 0
    missed = [int(year) for year in grid.years[(grid.champion & ~qualified).any(axis=1)]]
    assert missed == [1981]


def test_last_record_is_last_seasons(grid: data.Grid) -> None:
    made = features.build(grid, settings.build({"features": "record"}))
    last = made.values[:, :, made.names.index("last_record")]
    row, column = grid.row(2015), int(np.flatnonzero(grid.franchises == "KCR")[0])
    won = {year: grid.counts["W"][grid.row(year), column] for year in (2014, 2015)}
    assert won == {2014: 89, 2015: 95}
    assert math.isclose(last[row, column], (89 / 162 - 0.5) / 0.1, abs_tol=0.01)


def test_a_newcomer_is_marked_and_has_no_past(grid: data.Grid) -> None:
    made = features.build(grid, settings.build({"features": "full"}))
    row, column = grid.row(1998), int(np.flatnonzero(grid.franchises == "ARI")[0])
    own = dict(zip(made.names, made.values[row, column], strict=True))
    assert own.pop("debut") == 1
    assert set(own.values()) == {0.0}


def test_splines_are_the_excess_over_each_knot(grid: data.Grid) -> None:
    linear = features.build(grid, settings.build({"features": "record"}))
    bent = features.build(grid, settings.build({"features": "record", "basis": "splines", "knots": 1}))
    assert bent.names == (*linear.names, "last_record>+0.00", "form>+0.00")
    assert np.array_equal(bent.values[:, :, 3], np.maximum(linear.values[:, :, 0], 0))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"features": "qualified"}, "features must be one of record, runs, titles, full"),
        ({"regular_season": True, "features": "titles"}, "features must be one of record, qualified"),
        ({"basis": "cubic"}, "basis must be one of linear, splines"),
        ({"knots": 2}, "knots must be left out unless basis is splines"),
        ({"basis": "splines", "knots": 9}, "knots must be from 1 to 5"),
        ({"l2": 0}, "l2 must be from 0.001"),
        ({"l2": math.nan}, "l2 must be from 0.001"),
        ({"mix": 1.0}, "mix must be from 0 to 0.99"),
        ({"halflife": 2.5}, "halflife must be of type int"),
        ({"memory": "8"}, "memory must be of type float"),
        ({"refit": True}, "refit must be of type int"),
        ({"depth": 3}, "no setting is called 'depth'"),
    ],
)
def test_wrong_settings_are_named(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(settings.SettingsError, match=message):
        settings.build(wrong)


def test_splines_bring_their_knots_and_a_whole_number_may_be_a_float() -> None:
    assert settings.build({"basis": "splines", "l2": 2}) == replace(
        settings.BEFORE, basis="splines", knots=2, l2=2.0
    )
