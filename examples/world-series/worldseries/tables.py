"""What was said and what came of it, as a value for `--json` and as lines for a person."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from worldseries import data, evaluate, settings

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from worldseries.settings import Settings


@dataclass(frozen=True)
class Team:
    """One team's chance in a season, and whether it won."""

    franchise: str
    name: str
    chance: float
    champion: bool


@dataclass(frozen=True)
class Season:
    """A season as predicted: all teams, likeliest first. `note` says why there is no `champion`."""

    year: int
    setting: str
    known: str
    champion: str | None
    note: str
    teams: tuple[Team, ...]


def add_year(parser: argparse.ArgumentParser) -> None:
    """Add the flags of the season and of its table."""
    last = evaluate.HELD_OUT[1]
    parser.add_argument("--year", type=int, required=True, help=f"the season, {evaluate.FIRST} to {last}")
    parser.add_argument("--top", type=int, default=10, help="how many teams the table shows (default 10)")
    parser.add_argument("--json", action="store_true", help="print one JSON document with every team")


def check_year(year: int, top: int) -> None:
    """Raises SettingsError unless the year is one to predict and the table has a line."""
    first, last = evaluate.FIRST, evaluate.HELD_OUT[1]
    if not first <= year <= last:
        raise settings.SettingsError(f"year must be from {first} to {last}, not {year}")
    if top < 1:
        raise settings.SettingsError(f"top must be at least 1, not {top}")


def predicted(grid: data.Grid, chosen: Settings, year: int) -> Season:
    """One season as the settings' model sees it."""
    row = grid.row(year)
    chance = evaluate.season(grid, chosen, year)
    order = [int(column) for column in np.argsort(-chance, kind="stable") if grid.played[row, column]]
    teams = tuple(
        Team(
            franchise=str(grid.franchises[column]),
            name=str(grid.names[row, column]),
            chance=float(chance[column]),
            champion=bool(grid.champion[row, column]),
        )
        for column in order
    )
    after = f"the seasons to {year - 1} and the regular games of {year}"
    return Season(
        year=year,
        setting="regular-season" if chosen.regular_season else "before-season",
        known=after if chosen.regular_season else f"the seasons to {year - 1}",
        champion=next((team.name for team in teams if team.champion), None),
        note=data.NO_SERIES.get(year, ""),
        teams=teams,
    )


def document(season: Season) -> dict[str, object]:
    """The season for JSON."""
    return asdict(season)


def favourites(season: Season, top: int) -> list[str]:
    """The season as lines: its likeliest teams, and its champion."""
    shown = season.teams[:top]
    width = max(len(team.name) for team in shown)
    lines = [f"World Series {season.year}: favourites, judged from {season.known}"]
    for place, team in enumerate(shown, start=1):
        mark = "  champion" if team.champion else ""
        lines.append(f"{place:4}  {team.name:<{width}}  {100 * team.chance:5.1f} %{mark}")
    return [*lines, _outcome(season)]


def _outcome(season: Season) -> str:
    for place, team in enumerate(season.teams, start=1):
        if team.champion:
            said = f"place {place} of {len(season.teams)}, {100 * team.chance:.1f} %"
            return f"Champion: {team.name} ({said}; an even chance is {100 / len(season.teams):.1f} %)"
    return f"No champion: {season.note}"


def scores(found: Mapping[str, float]) -> list[str]:
    """`evaluate.report`'s record as lines: the model beside its baselines, tuning and held-out seasons."""
    spans = [
        f"{first}-{last} ({int(found[count])} Series)"
        for (first, last), count in ((evaluate.TUNING, "seasons"), (evaluate.HELD_OUT, "holdout_seasons"))
    ]
    rows = {"this model": "", "best record": "record_", "every team alike": "uniform_"}
    if "qualified_log_loss" in found:
        rows = rows | {"who qualified": "qualified_"}
    lines = [
        f"{'':18}{spans[0]:>24}{spans[1]:>24}",
        f"{'':18}{'log loss   top three':>24}{'log loss   top three':>24}",
    ]
    for title, prefix in rows.items():
        cells = "".join(
            f"{found[f'{prefix}{span}log_loss']:>12.3f}{100 * found[f'{prefix}{span}top_three']:>10.0f} %"
            for span in ("", "holdout_")
        )
        lines.append(f"{title:<18}{cells}")
    return lines
