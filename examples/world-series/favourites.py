"""Print how good some settings are beside the baselines, and the favourites of one season.

Meant for the end of a search: `python favourites.py --params best.json --year 2015`.
"""

from __future__ import annotations

import argparse
import json

from worldseries import data, evaluate, settings, tables


def main() -> None:
    """Read the flags, walk through all seasons, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    tables.add_year(parser)
    settings.add_flags(parser)
    given = parser.parse_args()
    try:
        tables.check_year(given.year, given.top)
        chosen = settings.settings_of(given)
        grid = data.load()
    except settings.SettingsError as error:
        parser.error(str(error))
    except data.DataError as error:
        raise SystemExit(f"favourites.py: {error}") from error
    said = evaluate.everything(grid, chosen)
    found = evaluate.report(grid, said, regular_season=chosen.regular_season)
    season = tables.predicted(grid, chosen, given.year)
    if given.json:
        print(json.dumps({"scores": found, "season": tables.document(season)}))
    else:
        print("\n".join([*tables.scores(found), "", *tables.favourites(season, given.top)]))


if __name__ == "__main__":
    main()
