"""Walking forward through the seasons, and the scores of what was said.

A season is predicted by a model that was fitted on the seasons before it, and on nothing else. The baselines
walk the same way.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from worldseries import features, model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from worldseries.data import Grid
    from worldseries.settings import Settings

    Array = NDArray[np.float64]

FIRST = 1905
"""The first season to predict: there was one World Series before it, in 1903."""

TUNING = (FIRST, 1990)
"""The seasons, both ends included, that a search over settings may look at."""

HELD_OUT = (1991, 2020)
"""The seasons that it may not: for one honest look at the end."""


@dataclass(frozen=True)
class Score:
    """Of a range of seasons: how many had a World Series, and means over these.

    `log_loss`: minus the natural logarithm of the champion's chance. `top_three`: whether the champion was
    among the three likeliest; teams with equal chances share what places are left. `brier`: squared error
    summed over the teams.
    """

    seasons: int
    log_loss: float
    top_three: float
    brier: float


def walk(grid: Grid, settings: Settings, *, first: int = FIRST) -> Iterator[tuple[int, Array]]:
    """(year, chances (F,)) of each season from `first` on.

    The seasons in which the model is fitted anew are counted from 1905 whatever `first` is, so that a
    season's chances do not depend on where the walk began.
    """
    made = features.build(grid, settings)
    prior = np.zeros(made.values.shape[2])
    prior[0] = settings.prior
    credit = grid.champion + settings.pennant / 2 * grid.pennant
    weights, fitted = prior, -1
    for row in range(grid.row(first), len(grid.years)):
        cut = row - (int(grid.years[row]) - FIRST) % settings.refit
        if cut != fitted:
            sample = _until(cut, made.values, grid, credit, settings.halflife)
            weights, fitted = model.fit(sample, l2=settings.l2, prior=prior, start=weights), cut
        chance = model.chances(made.values[row : row + 1], grid.played[row : row + 1], weights)
        yield int(grid.years[row]), model.mixed(chance, grid.played[row : row + 1], settings.mix)[0]


def _until(cut: int, values: Array, grid: Grid, credit: Array, halflife: float) -> model.Sample:
    """The seasons before row `cut`, the last one with weight 1, those before it with less."""
    age = cut - 1 - np.arange(cut)
    return model.Sample(values[:cut], grid.played[:cut], credit[:cut], 0.5 ** (age / halflife))


def everything(grid: Grid, settings: Settings) -> Array:
    """The chances (S, F) of every season from 1905 on; before it every team's chance is the same."""
    said = uniform(grid)
    for year, chance in walk(grid, settings):
        said[grid.row(year)] = chance
    return said


def season(grid: Grid, settings: Settings, year: int) -> Array:
    """Each franchise's chance (F,) in one season. Raises DataError for one that the table does not hold."""
    return next(walk(grid, settings, first=year))[1]


def uniform(grid: Grid) -> Array:
    """The first baseline (S, F): every team of a season has the same chance."""
    even: Array = grid.played / grid.played.sum(axis=1, keepdims=True)
    return even


def best_record(grid: Grid, *, regular_season: bool) -> Array:
    """The second baseline (S, F): the better the record, the likelier, and nothing else.

    The record is last season's, or the season's own with the regular season known. How much 100 points of it
    are worth is one number, fitted on the champions of all earlier seasons.
    """
    record = features.last_or_own_record(grid, regular_season=regular_season)[:, :, None]
    prior = np.ones(1)
    said = uniform(grid)
    credit = grid.champion.astype(float)
    for row in range(grid.row(FIRST), len(grid.years)):
        sample = _until(row, record, grid, credit, np.inf)
        weight = model.fit(sample, l2=0.5, prior=prior)
        said[row] = model.chances(record[row : row + 1], grid.played[row : row + 1], weight)[0]
    return said


def qualifiers(grid: Grid) -> Array:
    """What the rules alone tell once the regular season is over (S, F): equal chances for who goes on.

    One per cent goes to all teams, because `features.standings` is wrong about 1981.
    """
    gone_on = features.standings(grid)["qualified"]
    return model.mixed(gone_on / gone_on.sum(axis=1, keepdims=True), grid.played, 0.01)


def score(grid: Grid, said: Array, span: tuple[int, int]) -> Score:
    """The score of chances (S, F) in a range of seasons. Those without a World Series do not count."""
    rows = slice(grid.row(span[0]), grid.row(span[1]) + 1)
    held = grid.champion[rows].any(axis=1)
    chance, champion = said[rows][held], grid.champion[rows][held]
    won = chance[champion]
    return Score(
        seasons=int(held.sum()),
        log_loss=float(-np.log(won).mean()),
        top_three=float(_among_three(chance, won).mean()),
        brier=float(((chance - champion) ** 2).sum(axis=1).mean()),
    )


def _among_three(chance: Array, won: Array) -> Array:
    above = (chance > won[:, None]).sum(axis=1)
    level = (chance == won[:, None]).sum(axis=1)
    share: Array = np.clip((3 - above) / level, 0, 1)
    return share


def report(grid: Grid, said: Array, *, regular_season: bool) -> dict[str, float]:
    """All scores as one flat record: the model's own names bare, the baselines' behind their name.

    `log_loss` is of the tuning seasons, `holdout_log_loss` of the held-out ones; `uniform_` and `record_`
    stand before the baselines' and, with the regular season known, `qualified_` before that of the rules.
    """
    found = _both(grid, said, "")
    found |= _both(grid, uniform(grid), "uniform_")
    found |= _both(grid, best_record(grid, regular_season=regular_season), "record_")
    if regular_season:
        found |= _both(grid, qualifiers(grid), "qualified_")
    return found


def _both(grid: Grid, said: Array, whose: str) -> dict[str, float]:
    spans = {whose: TUNING, f"{whose}holdout_": HELD_OUT}
    return {
        f"{prefix}{name}": value
        for prefix, span in spans.items()
        for name, value in asdict(score(grid, said, span)).items()
        if name != "seasons" or not whose
    }
