"""What is shown while stacks are made or deleted: plain words, each with its time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from stratolab.cli import ui
from stratolab.core.errors import InputError, Interrupted
from stratolab.core.units import format_duration
from stratolab.deploy import linked
from stratolab.deploy.executor import apply
from stratolab.deploy.models import Began, Ended, Failed, Moved, Noted
from stratolab.deploy.states import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stratolab.deploy.executor import Applied
    from stratolab.deploy.models import Consent, Event, Left, Plan
    from stratolab.deploy.preflight import Outlook
    from stratolab.infra.catalogue import Stack
    from stratolab.lab.aws import AwsLab

_DOING = {
    Step.CREATE: "creating",
    Step.UPDATE: "changing",
    Step.DELETE: "deleting",
    Step.CLEAR: "clearing what a failed creation left",
    Step.ROLL_BACK: "going on with a rollback",
    Step.WAIT: "waiting for AWS",
}
_DONE = {
    "CREATE_COMPLETE": ("+", "made"),
    "UPDATE_COMPLETE": ("~", "changed"),
    "DELETE_COMPLETE": ("-", "deleted"),
}


def show_left(left: list[Left]) -> None:
    """What outlives its stack."""
    ui.table(("type", "name", "of", "why"), [(one.type, one.physical, one.stack, one.why) for one in left])


def bring(
    lab: AwsLab,
    plan: Plan,
    keys: Sequence[str],
    outlook: Outlook,
    *,
    doing: str = "up",
    consent: Consent = frozenset(),
    resources: bool = False,
) -> Applied:
    """Carry out a plan for the stacks of these keys (all for none), telling of it. Raises the first error."""
    teller = Teller(resources=resources)
    busy = {stack.key for stack in plan.stacks if not stack.quiet}
    wanted = [stack for stack in lab.chosen(keys) if stack.key in busy]
    others = [stack for stack in lab.stacks if stack.key not in busy]
    try:
        with lab.alone(doing):
            linked.make(outlook.roles, lab.linked_roles(), teller)
            done = apply(
                wanted,
                lab.tools(teller),
                consent=consent,
                outputs=lab.outputs(others) if others else {},
                unwanted=[stack for stack in plan.stacks if stack.unwanted],
            )
    except KeyboardInterrupt:
        at_work = ", ".join(teller.moving) or "nothing"
        raise Interrupted(
            f"stopped watching; AWS goes on with {at_work}",
            doing=doing,
            hint="stratolab status shows it; the same command again goes on",
        ) from None
    if done.errors:
        raise next(iter(done.errors.values()))
    if done.not_begun:
        raise _lacking(wanted, done, doing)
    return done


def _lacking(wanted: Sequence[Stack], done: Applied, doing: str) -> InputError:
    """Why stacks were not begun although nothing failed: they take what others give that are not there."""
    left = [stack for stack in wanted if stack.key in done.not_begun]
    there = {*done.outputs, *done.not_begun}
    needs = list(dict.fromkeys(need for stack in left for need in stack.needs if need not in there))
    return InputError(
        f"{', '.join(done.not_begun)} cannot be made without {', '.join(needs)}, which is not there",
        doing=doing,
        hint=f"stratolab up {' '.join([*needs, *done.not_begun])}",
    )


class Teller:
    """Tells of a deployment on standard error. With `resources`, of every resource too."""

    def __init__(self, *, resources: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self.moving: dict[str, Step] = {}
        self._resources = resources
        self._clock = clock
        self._began: dict[tuple[str, str], float] = {}

    def __call__(self, event: Event) -> None:
        """Tell of one event."""
        if isinstance(event, Began):
            self.moving[event.key] = event.step
            means = f" ({event.means})" if event.means else ""
            ui.note(f"{event.key}: {_DOING.get(event.step, event.step)}{means}")
        elif isinstance(event, Moved):
            self._moved(event)
        elif isinstance(event, Noted):
            ui.note(event.text)
        else:
            self.moving.pop(event.key, None)
            self._ended(event)

    def _moved(self, event: Moved) -> None:
        one = event.event
        place = (event.key, one.logical)
        if one.failed:
            ui.warn(f"{event.key}: {one.logical} ({one.type}): {one.reason or one.status}")
        elif one.status.endswith("_IN_PROGRESS"):
            self._began.setdefault(place, self._clock())
        elif self._resources and not one.of_stack and one.status in _DONE:
            sign, word = _DONE[one.status]
            took = self._clock() - self._began.pop(place, self._clock())
            ui.note(f"  {sign} {event.key}: {one.logical} ({one.type}) {word} in {format_duration(took)}")

    def _ended(self, event: Ended | Failed) -> None:
        took = format_duration(event.seconds)
        if isinstance(event, Failed):
            ui.warn(f"{event.key}: failed after {took}")
        else:
            ui.note(f"{event.key}: {'done in ' + took if event.changed else 'as it is wanted'}")
