"""Print the favourites of one season: each team's chance to win the World Series, and who won it.

The model is fitted on the seasons before that one, with the settings of --params and the flags.
"""

from __future__ import annotations

import argparse
import json

from worldseries import data, settings, tables


def main() -> None:
    """Read the flags, predict, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    tables.add_year(parser)
    settings.add_flags(parser)
    given = parser.parse_args()
    try:
        tables.check_year(given.year, given.top)
        season = tables.predicted(data.load(), settings.settings_of(given), given.year)
    except settings.SettingsError as error:
        parser.error(str(error))
    except data.DataError as error:
        raise SystemExit(f"predict.py: {error}") from error
    lines = [json.dumps(tables.document(season))] if given.json else tables.favourites(season, given.top)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
