"""`stratolab sweeps best`: print the best parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import find, sweepshow, ui
from stratolab.cli import options as opt

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab sweeps best                          of the latest sweep
  stratolab sweeps best tune --json > best.json
  python train.py $(stratolab sweeps best --flags)
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    opt.sweep_argument(parser)
    parser.add_argument("--flags", action="store_true", help="print them as the flags that the script got")
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.core.errors import WorkFailedError
    from stratolab.jobs.reports import Reports
    from stratolab.lab import open_lab
    from stratolab.sweeps import standing

    lab = open_lab()
    sweep = find.sweep(lab, options.sweep)
    best = lab.database.read(lambda tx: standing.best(tx, sweep))
    if best is None:
        raise WorkFailedError(
            f"no trial of {sweep.id} has succeeded", hint=f"stratolab sweeps show {sweep.id}"
        )
    params = {**sweep.config["fixed"], **best.params}
    if options.flags:
        import shlex

        from stratolab.jobs.command import with_params

        ui.say(shlex.join(with_params((), params)))
        return 0
    reports = Reports(lab.home(best.job))
    reports.finish()
    metrics = reports.numbers()
    if options.json:
        document = {"sweep": sweep.id, "metric": sweep.config["metric"], **sweepshow.trial_document(best)}
        ui.document({**document, "params": params, "metrics": metrics})
        return 0
    ui.fields(
        [
            ("sweep", sweep.id),
            (str(sweep.config["metric"]), f"{ui.number(best.value)} in trial {best.number}"),
            *(
                (f"  {name}", ui.number(value) if isinstance(value, float) else str(value))
                for name, value in params.items()
            ),
            ("metrics", ", ".join(f"{name}={ui.number(value)}" for name, value in metrics.items())),
            ("job", best.job),
        ]
    )
    return 0
