"""`stratolab sweeps ls`: list sweeps, latest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import sweepshow, ui
from stratolab.sweeps.models import TrialState

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from stratolab.sweeps.models import Sweep

EXAMPLES = """\
  stratolab sweeps ls
  stratolab sweeps ls --json
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("-n", "--limit", type=opt.count, default=20, help="how many at the most (default 20)")
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.lab import open_lab

    lab = open_lab()
    sweeps: list[Sweep] = []
    if lab.exists:
        from stratolab.sweeps import ledger

        sweeps = lab.database.read(lambda tx: ledger.listing(tx, lab.project_name, limit=options.limit))
    found = [(sweep, sweepshow.standing(lab, sweep)) for sweep in sweeps]
    if options.json:
        ui.document({"sweeps": [sweepshow.sweep_document(sweep, stands.counts) for sweep, stands in found]})
        return 0
    if not found:
        ui.note("no sweeps yet: stratolab sweep NAME")
        return 0
    rows = []
    for sweep, stands in found:
        best = stands.best
        ended = stands.trials - stands.counts[TrialState.RUNNING]
        of = f"/{sweep.config['trials']}" if sweep.config.get("trials") else ""
        value = f"{sweep.config['metric']}={ui.number(best.value)}" if best else ""
        why = sweepshow.why(lab, sweep)
        rows.append((sweep.id, str(sweep.state), f"{ended}{of}", value, ui.ago(sweep.created), why))
    ui.table(("sweep", "state", "trials", "best", "age", "why"), rows, right=("trials", "age"))
    return 0
