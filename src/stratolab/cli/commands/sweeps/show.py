"""`stratolab sweeps show`: show a sweep and its trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import find, sweepshow, ui
from stratolab.cli import options as opt

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab sweeps show                   the latest sweep, its best trials first
  stratolab sweeps show tune-3 --all --by number
  stratolab sweeps show --json
"""
_SHOWN = 20


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    opt.sweep_argument(parser)
    parser.add_argument(
        "--by", choices=("value", "number"), default="value", help="order of the trials (default: best first)"
    )
    parser.add_argument("-a", "--all", action="store_true", help=f"all trials, not only {_SHOWN}")
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.lab import open_lab
    from stratolab.sweeps import standing

    lab = open_lab()
    sweep = find.sweep(lab, options.sweep)
    if options.json:
        ui.document(sweepshow.document(lab, sweep))
        return 0
    stands, why = sweepshow.standing(lab, sweep), sweepshow.why(lab, sweep)
    ui.fields(
        [
            ("sweep", sweep.id),
            ("state", f"{sweep.state} ({why})" if why else str(sweep.state)),
            (
                "begun",
                f"{ui.moment(sweep.created)}{f', from {sweep.forked_from}' if sweep.forked_from else ''}",
            ),
            *sweepshow.summary(sweep, stands),
            ("command", " ".join(map(str, sweep.config["command"]))),
            ("goal", f"{sweep.config['goal']} {sweep.config['metric']}"),
            ("seed", str(sweep.config["seed"])),
            ("MLflow run", lab.tracking.run_of_sweep(sweep.id)),
        ]
    )
    if not stands.trials:
        return 0
    ui.say()
    limit = None if options.all else _SHOWN
    shown = lab.database.read(lambda tx: standing.first(tx, sweep, by=options.by, limit=limit))
    sweepshow.trial_table(sweep, shown)
    if len(shown) < stands.trials:
        ui.note(f"and {stands.trials - len(shown)} more (--all)")
    return 0
