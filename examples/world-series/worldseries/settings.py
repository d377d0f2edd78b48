"""What a run may choose, as one checked value; the flags and the JSON file that it comes from."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

FEATURE_SETS = {
    False: ("record", "runs", "titles", "full"),
    True: ("record", "qualified", "runs", "full"),
}
"""By `regular_season`; each set holds the one before it (`features` says what is in them)."""

BASES = ("linear", "splines")
MOST_KNOTS = 5
RANGES = {
    "memory": (0.1, 1000),
    "halflife": (1, 10_000),
    "l2": (0.001, 1_000_000),
    "prior": (-10, 10),
    "pennant": (0, 10),
    "mix": (0, 0.99),
    "refit": (1, 200),
}
"""Both ends included. Below the lowest `l2` a handful of seasons has no finite best fit."""


class SettingsError(ValueError):
    """A setting is wrong; the text names it and says what would be right."""


@dataclass(frozen=True)
class Settings:
    """The features and the model of one run. Raises SettingsError unless everything is in its range."""

    regular_season: bool = False  # judge after the season's last regular game, not before its first
    features: str = "runs"
    basis: str = "linear"
    knots: int = 0  # of each spline; 0 unless the basis is splines
    memory: float = 8.0  # half-life in seasons of a franchise's past in its form
    halflife: int = 32  # half-life in seasons of the training seasons' weights
    l2: float = 1.0  # pull of the weights towards the prior
    prior: float = 0.75  # prior weight of 100 points of winning percentage
    pennant: float = 1.0  # weight of the two pennant winners beside the champion in training
    mix: float = 0.0  # share of the uniform distribution in the chances
    refit: int = 1  # seasons between two fits

    def __post_init__(self) -> None:
        sets = FEATURE_SETS[self.regular_season]
        _demand(self.features in sets, "features", f"one of {', '.join(sets)}", self.features)
        _demand(self.basis in BASES, "basis", f"one of {', '.join(BASES)}", self.basis)
        if self.basis == "splines":
            _demand(1 <= self.knots <= MOST_KNOTS, "knots", f"from 1 to {MOST_KNOTS}", self.knots)
        else:
            _demand(self.knots == 0, "knots", "left out unless basis is splines", self.knots)
        for name, (lowest, highest) in RANGES.items():
            value = getattr(self, name)
            _demand(lowest <= value <= highest, name, f"from {lowest:g} to {highest:g}", value)


def _demand(fine: bool, name: str, wanted: str, found: object) -> None:  # noqa: FBT001 (a predicate's answer)
    if not fine:
        raise SettingsError(f"{name} must be {wanted}, not {found!r}")


BEFORE = Settings()
AFTER = replace(BEFORE, regular_season=True, features="qualified", l2=0.25, pennant=1.5)
"""The defaults in either setting, rounded from the best of random searches on the tuning seasons."""


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add a flag per setting. None of them has a default here: what is not given keeps `settings_of`'s."""
    parser.add_argument(
        "--regular-season",
        action="store_true",
        default=None,
        help="judge with the season's regular games known (default: before its first game)",
    )
    parser.add_argument(
        "--features", help="record, runs, titles, full; with --regular-season: record, qualified, runs, full"
    )
    parser.add_argument("--basis", help="linear, or splines in each number")
    parser.add_argument("--knots", type=int, help=f"with --basis splines: 1 to {MOST_KNOTS} (default 2)")
    parser.add_argument("--memory", type=float, help="half-life of a franchise's past, in seasons")
    parser.add_argument("--halflife", type=int, help="half-life of the training seasons' weights, in seasons")
    parser.add_argument("--l2", type=float, help="pull of the weights towards the prior")
    parser.add_argument("--prior", type=float, help="prior weight of 100 points of winning percentage")
    parser.add_argument("--pennant", type=float, help="weight of the pennant winners in training")
    parser.add_argument("--mix", type=float, help="share of the uniform distribution in the chances")
    parser.add_argument("--refit", type=int, help="seasons between two fits (default 1)")
    parser.add_argument(
        "--params", metavar="FILE", help="JSON object of settings, or - for standard input; flags win over it"
    )


def settings_of(given: argparse.Namespace) -> Settings:
    """The settings of parsed flags, over those of the file they name, over the defaults."""
    flags = {field.name: getattr(given, field.name) for field in fields(Settings)}
    chosen = read(given.params) if given.params else {}
    return build(chosen | {name: value for name, value in flags.items() if value is not None})


def read(path: str) -> dict[str, object]:
    """The settings in a JSON file: an object of them, or one that holds them as `params`."""
    try:
        document = json.loads(sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"cannot read settings from {path}: {error}") from error
    if isinstance(document, dict):
        document = document.get("params", document)
    if not isinstance(document, dict):
        raise SettingsError(f'{path} must hold a JSON object of settings, like {{"l2": 1.5}}')
    return document


def build(chosen: Mapping[str, object]) -> Settings:
    """Settings from what was chosen, over the defaults of the setting that it names.

    Knots belong to splines: their default is 2 there. Raises SettingsError for an unknown name or type.
    """
    defaults = AFTER if chosen.get("regular_season") else BEFORE
    kinds = {name: type(value) for name, value in asdict(defaults).items()}
    checked = {name: _typed(name, value, kinds) for name, value in chosen.items()}
    if checked.get("basis", defaults.basis) == "splines":
        checked.setdefault("knots", defaults.knots or 2)
    elif "basis" in checked:
        checked.setdefault("knots", 0)
    return replace(defaults, **checked)  # type: ignore[arg-type]


def _typed(name: str, value: object, kinds: Mapping[str, type]) -> object:
    if name not in kinds:
        raise SettingsError(f"no setting is called {name!r}; there are {', '.join(kinds)}")
    kind = kinds[name]
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise SettingsError(f"{name} must be of type {kind.__name__}, not {value!r}")
    return value
