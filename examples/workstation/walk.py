"""A walk through what a lab holds: its clock, its files, its tables.

    python walk.py            at your desk, in a project's folder
    stratolab run walk        the same as a job

Nothing here names a server: the database is the one that stratolab.toml calls "default", SQLite until it says more.
"""

from __future__ import annotations

import csv
import math
import tempfile
from pathlib import Path

import stratolab

STATIONS = {"north": 4.0, "south": 11.5, "coast": 8.5}  # mean temperature of a year, in degrees
DAYS = 365


def main() -> None:
    """Say what time it is there, put files in, compute, write a table, read it back."""
    with stratolab.connect() as database:
        print("the database's clock:", database.execute("SELECT NOW()").fetchone()[0])

    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder))
        put = stratolab.upload(folder, "data/temperatures")
        print(f"files in data/temperatures: {put.copied} new, {put.unchanged} as they were")

    with tempfile.TemporaryDirectory() as folder:
        stratolab.download("data/temperatures", folder)
        rows = [summary(path) for path in sorted(Path(folder).glob("*.csv"))]
    stratolab.write_table(rows, "temperatures", if_exists="replace")

    found = stratolab.read_query(
        "SELECT station, mean FROM temperatures WHERE frost > :days ORDER BY frost DESC",
        {"days": 30},
        into="columns",
    )
    for station, mean in zip(found["station"], found["mean"], strict=True):
        print(f"more than 30 days of frost: {station}, {mean:.1f} degrees in the mean")


def measure(folder: Path) -> None:
    """A file of daily temperatures for each station, the same each time."""
    for name, mean in STATIONS.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="ascii") as file:
            writer = csv.writer(file)
            writer.writerow(["day", "degrees"])
            for day in range(1, DAYS + 1):
                season = -10.0 * math.cos(2 * math.pi * (day - 20) / DAYS)
                writer.writerow([day, round(mean + season + 3.0 * math.sin(day * 1.7), 1)])


def summary(path: Path) -> dict[str, object]:
    """What a station's file says: its mean, its coldest day, its days of frost."""
    with path.open(newline="", encoding="ascii") as file:
        degrees = [float(row["degrees"]) for row in csv.DictReader(file)]
    coldest = min(range(len(degrees)), key=degrees.__getitem__)
    frost = sum(one < 0 for one in degrees)
    return {"station": path.stem, "mean": sum(degrees) / len(degrees), "coldest": coldest + 1, "frost": frost}


if __name__ == "__main__":
    main()
