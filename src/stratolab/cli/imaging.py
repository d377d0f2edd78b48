"""What commands that make images share: what is told while one is built, and a stack that is given it."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from stratolab.cli import planshow, ui
from stratolab.cli.deploying import bring
from stratolab.core.errors import Interrupted
from stratolab.core.units import format_duration
from stratolab.deploy.obstacles import refuse
from stratolab.lab import images
from stratolab.lab.appraising import appraise

if TYPE_CHECKING:
    from collections.abc import Callable

    from stratolab.deploy.images import Built, Told
    from stratolab.lab.aws import AwsLab

_STEP = re.compile(r"^#\d+ \[[^\]]*\d+/\d+\] ")
ABOUT = "about five minutes"
"""How long the first image takes, as far as its packages decide."""


class BuildTeller:
    """Tells of a build on standard error: its phases and Docker's steps; with `verbose`, every line."""

    def __init__(self, *, verbose: bool, quiet: bool = False) -> None:
        self._verbose, self._quiet = verbose, quiet

    def __call__(self, told: Told) -> None:
        """Tell of one event."""
        if self._quiet or (told.line and not self._verbose and not _STEP.match(told.text)):
            return
        ui.note(f"  {told.text}" if told.line else told.text)


def built(make: Callable[[BuildTeller], Built], *, verbose: bool, quiet: bool = False) -> Built:
    """Have an image made, telling of it. Ctrl-C leaves the build to go on; the same command then follows it."""
    began = time.monotonic()
    try:
        image = make(BuildTeller(verbose=verbose, quiet=quiet))
    except KeyboardInterrupt:
        raise Interrupted(
            "stopped watching; the build goes on", doing="image", hint="the same command again follows it"
        ) from None
    if not quiet:
        how = f"built in {format_duration(time.monotonic() - began)}" if image.fresh else "is there already"
        ui.note(f"{image.address} {how}")
    return image


def use(
    lab: AwsLab, key: str, address: str, *, doing: str, yes: bool, quiet: bool, verbose: bool = False
) -> None:
    """Give a stack this image: the plan is shown and agreed to, then carried out; nothing if it has it."""
    changed = images.given(lab, key, address)
    plan = changed.plan([key])
    if plan.quiet:
        if not quiet:
            ui.note(f"{key} has it already")
        return
    outlook = changed.outlook(plan, [key])
    if not quiet:
        chosen = changed.chosen([key])
        planshow.show(appraise(plan, chosen, changed.template, changed.rates, outlook), whole=False)
    refuse(outlook.obstacles)
    ui.confirm(f"make it so in account {plan.account}?", yes=yes, doing=doing)
    bring(changed, plan, [key], outlook, doing=doing, resources=verbose)
