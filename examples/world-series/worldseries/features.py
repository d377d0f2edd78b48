"""Numbers per season and team, from what was known when the season is judged.

Before the season that is everything up to the last one. With the regular season known it is that, and the
season's own games. Of a season's own row the post-season's results are never read in either setting: they
enter only as titles of *earlier* seasons, shifted down by a row.

Everything is measured against the season's average in a fixed unit (100 points of winning percentage, 10
per cent of the runs) rather than in standard deviations: teams have grown more alike, and the model should
see it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from worldseries.data import Grid
    from worldseries.settings import Settings

    Cells = NDArray[np.float64]  # (S, F): a number per season and franchise, 0 where it did not play

PYTHAGORAS = 1.83
"""Exponent of runs scored and allowed in the expected winning percentage (Baseball-Reference's value)."""

WILD_CARDS = ((1901, 0), (1995, 1), (2012, 2))
"""From which season on how many teams of a league went on beside the leaders of its divisions."""

SHORT_SEASON = 2020
"""In this season the two best of every division went on, and two more of each league."""


@dataclass(frozen=True)
class Features:
    """`values` has shape (S, F, P), 0 where a team did not play. `numeric` marks those that may bend."""

    names: tuple[str, ...]
    values: NDArray[np.float64]
    numeric: NDArray[np.bool_]


def build(grid: Grid, settings: Settings) -> Features:
    """The features that the settings name. The first is a winning percentage: the prior leans on it."""
    columns = (_after if settings.regular_season else _before)(grid, settings)
    flags = {"debut", "was_champion", "leads_league", "leads_division", "qualified"}
    names = tuple(columns)
    linear = Features(
        names=names,
        values=np.stack([columns[name] for name in names], axis=2),
        numeric=np.array([name not in flags for name in names]),
    )
    return bent(linear, grid, settings.knots) if settings.basis == "splines" else linear


def bent(features: Features, grid: Grid, knots: int) -> Features:
    """The features and, for each number, its excess over every knot: a linear spline.

    The knots divide [-1, 1] evenly, which is where most teams are; they do not depend on the data.
    """
    places = np.linspace(-1, 1, knots + 2)[1:-1]
    numbers = features.values[:, :, features.numeric]
    hinges = [np.maximum(numbers - place, 0) * grid.played[:, :, None] for place in places]
    named = [name for name, numeric in zip(features.names, features.numeric, strict=True) if numeric]
    return Features(
        names=features.names + tuple(f"{name}>{place:+.2f}" for place in places for name in named),
        values=np.concatenate([features.values, *hinges], axis=2),
        numeric=np.concatenate([features.numeric, np.ones(len(named) * knots, dtype=bool)]),
    )


def _before(grid: Grid, settings: Settings) -> dict[str, Cells]:
    """What is known before the first game: earlier seasons of the same franchise, and who plays."""
    season, memory = _season(grid), settings.memory
    columns = {
        "last_record": _shifted(season["record"], grid),
        "form": _form(season["record"], grid, memory),
        "debut": _debut(grid),
    }
    if settings.features in ("runs", "titles", "full"):
        columns["last_expected"] = _shifted(season["expected"], grid)
        columns["attack"] = _form(season["attack"], grid, memory)
        columns["defence"] = _form(season["defence"], grid, memory)
    if settings.features in ("titles", "full"):
        columns |= _titles(grid, memory)
    if settings.features == "full":
        for name in ("homers", "walks", "strikeouts", "errors"):
            columns[f"last_{name}"] = _shifted(season[name], grid)
    return columns


def _after(grid: Grid, settings: Settings) -> dict[str, Cells]:
    """What is known after the last regular game: the season's own games, and all that went before."""
    season = _season(grid)
    columns = {"record": season["record"], "lead": _lead(season["record"], grid)}
    if settings.features in ("qualified", "runs", "full"):
        columns |= standings(grid)
    if settings.features in ("runs", "full"):
        columns |= {name: season[name] for name in ("expected", "attack", "defence")}
    if settings.features == "full":
        columns["form"] = _form(season["record"], grid, settings.memory)
        columns |= _titles(grid, settings.memory)
    return columns


def winning(grid: Grid) -> Cells:
    """Winning percentage of each regular season, as a fraction."""
    won, lost = _filled(grid, "W"), _filled(grid, "L")
    return won / np.maximum(won + lost, 1)


def _season(grid: Grid) -> dict[str, Cells]:
    """Each season's own regular games, measured against the season's average."""
    won, lost = _filled(grid, "W"), _filled(grid, "L")
    games = np.maximum(won + lost, 1)
    scored, allowed = _filled(grid, "R"), _filled(grid, "RA")
    expected = scored**PYTHAGORAS / np.maximum(scored**PYTHAGORAS + allowed**PYTHAGORAS, 1)

    def rate(name: str) -> Cells:
        return np.log(np.maximum(_filled(grid, name), 1) / games)

    return {
        "record": _against_average(winning(grid), grid, unit=0.1),
        "expected": _against_average(expected, grid, unit=0.1),
        "attack": _against_average(rate("R"), grid, unit=0.1),
        "defence": _against_average(-rate("RA"), grid, unit=0.1),
        "homers": _against_average((_filled(grid, "HR") - _filled(grid, "HRA")) / games, grid, unit=0.3),
        "walks": _against_average((_filled(grid, "BB") - _filled(grid, "BBA")) / games, grid, unit=0.5),
        "strikeouts": _against_average(rate("SOA"), grid, unit=0.1),
        "errors": _against_average(-rate("E"), grid, unit=0.1),
    }


def _filled(grid: Grid, name: str) -> Cells:
    return np.where(grid.played, grid.counts[name], 0.0)


def _against_average(cells: Cells, grid: Grid, *, unit: float) -> Cells:
    total = np.where(grid.played, cells, 0.0).sum(axis=1, keepdims=True)
    average = total / grid.played.sum(axis=1, keepdims=True)
    return np.where(grid.played, (cells - average) / unit, 0.0)


def _shifted(cells: Cells, grid: Grid) -> Cells:
    """Last season's number; 0, the average, for a team that had none."""
    return _last(cells) * grid.played


def _last(cells: Cells) -> Cells:
    return np.vstack([np.zeros_like(cells[:1]), cells[:-1]])


def _form(cells: Cells, grid: Grid, memory: float) -> Cells:
    """The weighted mean of the franchise's earlier seasons, the weight halving every `memory` seasons.

    One average season is counted in, so that a short past says little.
    """
    keep = 0.5 ** (1 / memory)
    total, weight = np.zeros(cells.shape[1]), np.zeros(cells.shape[1])
    form = np.zeros_like(cells)
    for row, played in enumerate(grid.played):
        form[row] = np.where(played, total / (weight + 1), 0.0)
        total = total * keep + cells[row] * played
        weight = weight * keep + played
    return form


def _titles(grid: Grid, memory: float) -> dict[str, Cells]:
    """Earlier seasons' results: how often the pennant was won (times 4), and last season's champion."""
    return {
        "pennants": 4 * _form(grid.pennant.astype(float), grid, memory),
        "was_champion": _shifted(grid.champion.astype(float), grid),
    }


def _debut(grid: Grid) -> Cells:
    """1 for a franchise in its first season; the founders of 1901 are not marked."""
    before = np.vstack([grid.played[:1], grid.played[:-1]])
    return (grid.played & ~before).astype(float)


def _lead(record: Cells, grid: Grid) -> Cells:
    """How far a team is ahead of its league's next best, or behind its best."""
    lead = np.zeros_like(record)
    for row, member in _groups(grid, divisions=False):
        ordered = np.sort(record[row, member])
        own = record[row, member]
        lead[row, member] = np.where(own == ordered[-1], own - ordered[-2], own - ordered[-1])
    return lead


def standings(grid: Grid) -> dict[str, Cells]:
    """Who leads the league, who the division, and who goes on to the post-season by that season's rules.

    Worked out from wins, losses and the rules, which are public before the first game, not read from the
    table. Equal records are parted by runs. The split season of 1981 went by halves, which the table does not
    hold: its champion is not marked as qualified here.
    """
    place = winning(grid) + 1e-6 * _season(grid)["expected"]
    league, division = np.zeros_like(place), np.zeros_like(place)
    for row, member in _groups(grid, divisions=False):
        league[row, _best(place, row, member, 1)] = 1
    qualified = np.zeros_like(place)
    for row, member in _groups(grid, divisions=True):
        division[row, _best(place, row, member, 1)] = 1
        qualified[row, _best(place, row, member, 2 if grid.years[row] == SHORT_SEASON else 1)] = 1
    for row, member in _groups(grid, divisions=False):
        others = member[qualified[row, member] == 0]
        wild = [count for since, count in WILD_CARDS if since <= grid.years[row]][-1]
        qualified[row, _best(place, row, others, wild)] = 1
    return {"leads_league": league, "leads_division": division, "qualified": qualified}


def _groups(grid: Grid, *, divisions: bool) -> list[tuple[int, NDArray[np.int64]]]:
    """(row, columns of its teams) for each league of each season, or each division."""
    group = grid.league * 3 + grid.division if divisions else grid.league
    found: list[tuple[int, NDArray[np.int64]]] = []
    for row, played in enumerate(grid.played):
        labels = np.unique(group[row, played])
        found.extend((row, np.flatnonzero(played & (group[row] == label))) for label in labels)
    return found


def _best(place: Cells, row: int, member: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    return member[np.argsort(-place[row, member], kind="stable")[:count]]


def last_or_own_record(grid: Grid, *, regular_season: bool) -> Cells:
    """The record that the baseline goes by, in 100 points of winning percentage.

    With the regular season known its own, else last season's, where a newcomer gets the season's worst.
    """
    own = winning(grid) * 10
    if regular_season:
        return np.where(grid.played, own, 0.0)
    there = np.vstack([np.zeros_like(grid.played[:1]), grid.played[:-1]])
    last = np.where(there, _last(own), np.inf)
    worst = np.where(there.any(axis=1, keepdims=True), last.min(axis=1, keepdims=True), 0.0)
    return np.where(grid.played, np.where(there, last, worst), 0.0)
