"""Walk forward through the seasons with one choice of settings, and print how good it is.

Prints JSON lines: while it walks one every five seasons of the tuning range, with the mean log loss so far
and the season as `step`; at the end one with all scores. A search minimises `log_loss`.
"""

from __future__ import annotations

import argparse
import json

from worldseries import data, evaluate, settings

EVERY = 5


def main() -> None:
    """Read the flags, walk, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    settings.add_flags(parser)
    given = parser.parse_args()
    try:
        run(data.load(), settings.settings_of(given))
    except settings.SettingsError as error:
        parser.error(str(error))
    except data.DataError as error:
        raise SystemExit(f"train.py: {error}") from error


def run(grid: data.Grid, chosen: settings.Settings) -> None:
    """Walk through all seasons and print the lines."""
    said = evaluate.uniform(grid)
    for year, chance in evaluate.walk(grid, chosen):
        said[grid.row(year)] = chance
        if year % EVERY == 0 and evaluate.FIRST < year <= evaluate.TUNING[1]:
            so_far = evaluate.score(grid, said, (evaluate.FIRST, year))
            tell({"step": year, "log_loss": so_far.log_loss})
    tell(evaluate.report(grid, said, regular_season=chosen.regular_season))


def tell(values: dict[str, float]) -> None:
    """Print one line at once: whoever prunes reads along."""
    print(json.dumps({name: round(value, 6) for name, value in values.items()}), flush=True)


if __name__ == "__main__":
    main()
