"""`stratolab tracking status`: where MLflow keeps things, what is there, what is not there yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from stratolab.lab.tracking import Standing

EXAMPLES = """\
  stratolab tracking status
  stratolab tracking status --json
"""
_HOW = {
    "direct": "written directly",
    "client": "written by MLflow's client, more slowly",
    "none": "there is none yet",
}


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.lab import open_lab

    found = open_lab().tracking.standing()
    if options.json:
        ui.document(_document(found))
        return 0
    ui.fields(
        [
            ("store", f"{found.store} ({_HOW[found.how]})"),
            ("MLflow", found.version or "not installed: pip install 'stratolab[tracking]'"),
            ("schema", found.revision),
            (
                "runs",
                ui.plural(sum(one.runs for one in found.experiments), "run") if found.experiments else "",
            ),
            (
                "waiting",
                f"{ui.plural(found.backlog, 'change')}: stratolab tracking sync" if found.backlog else "",
            ),
        ]
    )
    if found.experiments:
        ui.say()
        rows = [(one.id, str(one.runs), one.name) for one in found.experiments]
        ui.table(("id", "runs", "experiment"), rows, right=("id", "runs"))
    return 0


def _document(found: Standing) -> dict[str, object]:
    return {
        "store": found.store,
        "how": found.how,
        "mlflow": found.version or None,
        "revision": found.revision or None,
        "experiments": [{"id": one.id, "name": one.name, "runs": one.runs} for one in found.experiments],
        "backlog": found.backlog,
    }
