"""`stratolab doctor`: check this machine, this project and the lab's account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from stratolab.lab.doctor import Check

EXAMPLES = """\
  stratolab doctor             exit code 1 if anything is wrong; a warning alone is none
  stratolab doctor --offline   without a look into the account
  stratolab doctor --json

Where there is a lab.toml, it looks into the account as well, and changes nothing there.
"""
_MARKS = {"ok": ("ok", "green"), "warning": ("warning", "yellow"), "error": ("error", "red")}


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--offline", action="store_true", help="do not look into the account")
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    checks = []
    for check in _checks(offline=options.offline):
        checks.append(check)
        if not options.json:
            _show(check)
    failed = any(check.level == "error" for check in checks)
    if options.json:
        ui.document({"ok": not failed, "checks": [check.document() for check in checks]})
    return int(failed)


def _checks(*, offline: bool) -> Iterator[Check]:
    from stratolab.core.errors import InputError
    from stratolab.lab import open_lab
    from stratolab.lab.aws import AwsLab
    from stratolab.lab.doctor import examine

    yield from examine(open_lab())
    try:
        lab = AwsLab.around(patient=False)
    except InputError:
        return
    from stratolab.lab.account import doctor

    yield from doctor.examine(lab, offline=offline)


def _show(check: Check) -> None:
    mark, colour = _MARKS[check.level]
    ui.tell(f"{ui.paint(mark.ljust(7), colour)}  {ui.clean(check.name)}: {ui.clean(check.found)}", hang=11)
    if check.level != "ok":
        ui.tell(f"         why: {ui.clean(check.matters)}", hang=5)
        ui.say(f"         fix: {ui.clean(check.fix)}")
