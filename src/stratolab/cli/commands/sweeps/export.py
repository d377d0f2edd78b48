"""`stratolab sweeps export`: write the trials as CSV or JSON lines."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from stratolab.cli import find, sweepshow, ui
from stratolab.cli import options as opt

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from stratolab.sweeps.models import Sweep, Trial

EXAMPLES = """\
  stratolab sweeps export > trials.csv
  stratolab sweeps export tune-3 --format jsonl -o trials.jsonl
  stratolab sweeps export --json -o sweep.json      one document, as of sweeps show --json
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    opt.sweep_argument(parser)
    parser.add_argument("--format", choices=("csv", "jsonl"), default="csv", help="how (default: csv)")
    parser.add_argument(
        "--json",
        dest="format",
        action="store_const",
        const="json",
        help="one JSON document: the sweep and its trials",
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="where (default: standard output)")


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.core.errors import InputError
    from stratolab.lab import open_lab

    lab = open_lab()
    sweep = find.sweep(lab, options.sweep)
    trials = sweepshow.trials(lab, sweep)
    write = {"csv": _csv, "jsonl": _lines, "json": _document}[options.format]
    if options.output is None:
        write(sys.stdout, sweep, trials)
        return 0
    try:
        with Path(options.output).open("w", encoding="utf-8", newline="") as file:
            write(file, sweep, trials)
    except OSError as error:
        raise InputError(f"cannot write {options.output}: {error.strerror}", doing="export") from error
    ui.note(f"{ui.plural(len(trials), 'trial')} written to {options.output}")
    return 0


def _csv(file: TextIO, sweep: Sweep, trials: Sequence[Trial]) -> None:
    names = list(
        dict.fromkeys([*sweep.config["space"], *(name for trial in trials for name in trial.params)])
    )
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["number", "state", "value", *names, "reason", "job", "started", "ended"])
    for trial in trials:
        params = [trial.params.get(name, "") for name in names]
        value = "" if trial.value is None else repr(trial.value)
        writer.writerow(
            [trial.number, trial.state, value, *params, trial.reason, trial.job, trial.started, trial.ended]
        )


def _lines(file: TextIO, _sweep: Sweep, trials: Sequence[Trial]) -> None:
    file.writelines(json.dumps(sweepshow.trial_document(trial)) + "\n" for trial in trials)


def _document(file: TextIO, sweep: Sweep, trials: Sequence[Trial]) -> None:
    json.dump(sweepshow.document_of(sweep, trials), file, indent=2, ensure_ascii=False)
    file.write("\n")
