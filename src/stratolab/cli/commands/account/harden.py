"""`stratolab account harden`: set what the account itself should be set to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stratolab.cli import hardenshow, ui
from stratolab.cli import options as opt

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Mapping, Sequence

    from stratolab.aws.settings import Setting
    from stratolab.lab.account.hardening import Change, Done, Plan
    from stratolab.lab.aws import AwsLab

EXAMPLES = """\
  stratolab account harden             show what is and what should be, ask once, and set it
  stratolab account harden --dry-run   show it, and change nothing
  stratolab account harden --yes --json
  stratolab account harden --undo account-111122223333-eu-west-1-20261124T093000.undo.json

It sets what no template can: rules for passwords, the name to sign in with, blocks and defaults of the account.
Nothing is made looser than it is. What was there before is kept in an undo file beside lab.toml.
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--undo", metavar="FILE", type=Path, help="put back what was there before")
    parser.add_argument(
        "-n", "--dry-run", action="store_true", help="show what would be set, and set nothing"
    )
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.lab.account import hardening
    from stratolab.lab.aws import AwsLab

    lab = AwsLab.around()
    if lab.caller.is_root:
        ui.warn("these are the root user's credentials, which are for nothing but opening the account")
    settings = hardening.of(lab)
    plan = _undoing(lab, options.undo, settings) if options.undo else hardening.plan(settings, lab.config)
    if not options.json:
        hardenshow.plan(plan, _place(lab))
    done: list[Done] = []
    kept: Path | None = None
    if plan.needed and not options.dry_run:
        count = ui.plural(len(plan.needed), "setting")
        ui.confirm(f"set {count} of {_place(lab)}?", yes=options.yes, doing="account harden")
        kept = None if options.undo else _kept(lab, plan.needed)
        done = _carried_out(plan.needed, settings, kept)
    if options.json:
        ui.document(hardenshow.document(lab, plan, done, kept))
    return _ended(plan, done)


def _place(lab: AwsLab) -> str:
    return f"account {lab.caller.account} in {lab.region}"


def _undoing(lab: AwsLab, path: Path, settings: Mapping[str, Setting]) -> Plan:
    from stratolab.lab.account import undo

    found = undo.read(path)
    undo.check(found, lab.caller.account, lab.region)
    plan, since, gone = undo.plan(found, settings)
    for name in since:
        ui.warn(f"{name} was changed again after {path.name} was written; that change would be lost too")
    for name in gone:
        ui.warn(f"{name}: the network is gone, so there is nothing to put back")
    return plan


def _kept(lab: AwsLab, changes: Sequence[Change]) -> Path:
    from datetime import UTC, datetime

    from stratolab.lab.account import undo

    return undo.write(lab.file.parent, lab.caller.account, lab.region, changes, datetime.now(UTC))


def _carried_out(changes: Sequence[Change], settings: Mapping[str, Setting], kept: Path | None) -> list[Done]:
    """Do it, tell of each, and say how to go back, wherever it stops."""
    from stratolab.lab.account import hardening

    done: list[Done] = []
    try:
        for one in hardening.carry_out(changes, settings):
            done.append(one)
            if one.error is None:
                ui.note(f"{one.change.name}: set")
            else:
                ui.warn(f"{one.change.name}: {one.error.what}")
    finally:
        made = sum(one.error is None for one in done)
        if made < len(changes):
            ui.warn(f"{made} of {len(changes)} set; the same command again goes on with the rest")
        if kept:
            ui.note(f"to go back: stratolab account harden --undo {kept}")
    return done


def _ended(plan: Plan, done: Sequence[Done]) -> int:
    """The exit code. Raises the first error, naming every right that was missing."""
    from stratolab.aws.errors import DeniedError

    errors = [*plan.unread.values(), *(one.error for one in done if one.error)]
    if not errors:
        return 0
    first = errors[0]
    missing = sorted({one.action for one in errors if isinstance(one, DeniedError) and one.action})
    if isinstance(first, DeniedError) and len(missing) > 1:
        rights = ", ".join(missing)
        first.hint = f"it takes the rights {rights}; what the lab's admins have: stratolab lab policy admins"
    raise first
