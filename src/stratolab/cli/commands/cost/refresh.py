"""`stratolab cost refresh`: unit prices from AWS's own price list, kept beside lab.toml with the day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab cost refresh          needs credentials that may read prices (pricing:GetProducts)
  stratolab cost refresh --json

Prices that the list does not tell stay those of the dated table. Delete lab-prices.json to go back to it.
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from datetime import UTC, datetime

    from stratolab.aws.pricelist import HOME, PriceList
    from stratolab.cost import rates
    from stratolab.cost.refresh import refreshed
    from stratolab.lab.aws import AwsLab

    lab = AwsLab.around()
    prices = PriceList(lab.clients.of("pricing", region=HOME))
    dated = rates.Rates(lab.region)
    fresh = refreshed(prices.price, lab.region, today=f"{datetime.now(UTC):%Y-%m-%d}")
    rates.write(lab.prices_file, fresh)
    if options.json:
        ui.document({"region": fresh.region, "read": fresh.read, "prices": fresh.fresh})
        return 0
    ui.table(
        ("price", "dollars", "in the table"),
        [
            (name, f"{fresh.of(name):g}" if name in fresh.fresh else "not told", f"{dated.of(name):g}")
            for name in rates.TABLE
        ],
        right=("dollars", "in the table"),
    )
    ui.say(f"kept in {lab.prices_file.name}, of {fresh.read}, {fresh.region}")
    return 0
