"""What the verbs of `stratolab project` share: a change to lab.toml, shown, agreed to, written and carried out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import planshow, ui
from stratolab.cli.deploying import bring
from stratolab.deploy.obstacles import refuse
from stratolab.lab import projects
from stratolab.lab.appraising import appraise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stratolab.lab.aws import AwsLab


def carry_out(lab: AwsLab, text: str, keys: Sequence[str], *, doing: str, yes: bool, quiet: bool) -> AwsLab:
    """Make a changed lab.toml true for the stacks of these keys; the lab that it describes.

    The file is written once somebody has agreed, before AWS is asked: what is broken off goes on. `quiet` shows
    no plan.
    """
    changed = projects.with_text(lab, text)
    plan = changed.plan(keys)
    outlook = changed.outlook(plan, keys)
    if not plan.quiet:
        if not quiet:
            planshow.show(
                appraise(plan, changed.chosen(keys), changed.template, changed.rates, outlook), whole=False
            )
        refuse(outlook.obstacles)
        ui.confirm(f"make it so in account {plan.account}?", yes=yes, doing=doing)
    if text != lab.file.read_text(encoding="utf-8"):
        lab.file.write_text(text, encoding="utf-8")
        ui.note(f"{lab.file.name} is changed")
    if not plan.quiet:
        bring(changed, plan, keys, outlook, doing=doing)
    return changed
