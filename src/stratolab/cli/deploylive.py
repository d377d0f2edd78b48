"""A deployment as it goes: a tree on a terminal, a line for each thing that happens where output is piped.

Stacks are the branches, what AWS is at work on in them the leaves; each has its time. Both hear the same events.
"""

from __future__ import annotations

import re
import sys
import time
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from stratolab.aws.failures import plain
from stratolab.cli import ui
from stratolab.core.units import format_duration
from stratolab.deploy.models import Began, Ended, Failed, Moved, Noted
from stratolab.deploy.states import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rich.table import Table

    from stratolab.aws.stacks import StackEvent
    from stratolab.deploy.models import Event, Plan, StackPlan

DOING = {
    Step.CREATE: "creating",
    Step.UPDATE: "changing",
    Step.DELETE: "deleting",
    Step.CLEAR: "clearing what a failed creation left",
    Step.TAKE_IN: "taking in what was kept",
    Step.ROLL_BACK: "going on with a rollback",
    Step.WAIT: "waiting for AWS",
}
_STILL = {
    **DOING,
    Step.CLEAR: "deleting",
    Step.TAKE_IN: "taking in",
    Step.ROLL_BACK: "taking back",
    Step.WAIT: "at work on",
}
_VERBS = {"CREATE": "creating", "UPDATE": "changing", "DELETE": "deleting", "IMPORT": "taking in"}
_DONE = {
    "CREATE_COMPLETE": ("+", "made"),
    "UPDATE_COMPLETE": ("~", "changed"),
    "DELETE_COMPLETE": ("-", "deleted"),
    "IMPORT_COMPLETE": ("<", "taken in"),
}
_ENDED = {Step.CREATE: "made", Step.UPDATE: "changed", Step.DELETE: "deleted"}
_TAKING_BACK = "AWS is taking it back"
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z]|\b)|[A-Z][a-z0-9]*|[a-z0-9]+")
_ACRONYMS = {
    "db": "database",
    "ip": "IP",
    "nat": "NAT",
    "vpc": "VPC",
    "acl": "ACL",
    "iam": "IAM",
    "eip": "elastic IP",
}
_LEAVES = 6  # resources at work that are shown for each stack; the longest at it first
_PER_SECOND = 4
_NAMES, _SAYINGS = 32, 28  # columns of a terminal at least, so that little jumps about


class Teller(Protocol):
    """Something that hears what a deployment tells. `moving` is what AWS is at work on, by the stack's key."""

    moving: dict[str, Step]

    def __call__(self, event: Event) -> None:
        """Hear one event."""


@contextmanager
def view(plan: Plan, *, resources: bool) -> Iterator[Teller]:
    """The teller that fits where standard error goes. With `resources`, each that is done is told of."""
    if not (sys.stderr.isatty() and ui.colours(sys.stderr)):
        yield Lines(resources=resources)
        return
    from rich.console import Console
    from rich.live import Live

    tree = Tree(plan, resources=resources)
    console = Console(stderr=True, highlight=False)
    with Live(get_renderable=tree.draw, console=console, refresh_per_second=_PER_SECOND):
        yield tree


def still(moving: Mapping[str, Step]) -> str:
    """What AWS does though nobody watches: `AWS is still creating network.dev and changing account`."""
    keys: dict[str, list[str]] = defaultdict(list)
    for key, step in moving.items():
        keys[_STILL[step]].append(key)
    doing = " and ".join(f"{word} {', '.join(many)}" for word, many in keys.items())
    return f"AWS is {f'still {doing}' if doing else 'at work on nothing'}"


def kind(type_: str) -> str:
    """A resource type in words: `AWS::EC2::NatGateway` is a `NAT gateway`."""
    words = (word.lower() for word in _WORDS.findall(type_.rpartition("::")[2]))
    return " ".join(_ACRONYMS.get(word, word) for word in words)


class Lines:
    """A line for each thing that happens: for logs and pipes."""

    def __init__(self, *, resources: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self.moving: dict[str, Step] = {}
        self._resources = resources
        self._clock = clock
        self._began: dict[tuple[str, str], float] = {}

    def __call__(self, event: Event) -> None:
        """Tell of one event."""
        match event:
            case Began():
                self.moving[event.key] = event.step
                means = f" ({event.means})" if event.means else ""
                ui.note(f"{event.key}: {DOING.get(event.step, event.step)}{means}")
            case Moved():
                self._moved(event.key, event.event)
            case Noted():
                ui.note(event.text)
            case Ended():
                self.moving.pop(event.key, None)
                took = f"done in {format_duration(event.seconds)}"
                ui.note(f"{event.key}: {took if event.changed else 'as it is wanted'}")
            case Failed():
                self.moving.pop(event.key, None)
                ui.warn(f"{event.key}: failed after {format_duration(event.seconds)}")

    def _moved(self, key: str, one: StackEvent) -> None:
        place = (key, one.logical)
        if one.failed:
            ui.warn(_failure(key, one))
        elif one.of_stack:
            if _turns_back(one):
                ui.note(f"{key}: {_TAKING_BACK}")
        elif one.status.endswith("_IN_PROGRESS"):
            self._began.setdefault(place, self._clock())
        elif self._resources and one.status in _DONE:
            ui.note(_done(key, one, self._clock() - self._began.pop(place, self._clock())))


class Tree:
    """What the terminal shows: the stacks of a plan, what is at work in each, and how long."""

    def __init__(self, plan: Plan, *, resources: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self.moving: dict[str, Step] = {}
        self._title = f"{plan.lab} in {plan.region}"
        self._resources = resources
        self._clock = clock
        self._since = clock()
        self._branches = {one.key: _Branch(one) for one in plan.stacks if not one.quiet}

    def __call__(self, event: Event) -> None:
        """Hear one event; called from the thread that deploys."""
        if isinstance(event, Noted):
            ui.note(event.text)
            return
        branch, now = self._branches[event.key], self._clock()
        match event:
            case Began():
                self.moving[event.key] = event.step
                branch.begins(event.step, now)
            case Moved():
                self._moved(event.key, branch, event.event, now)
            case Ended():
                self.moving.pop(event.key, None)
                branch.ends(event.seconds, changed=event.changed)
            case Failed():
                self.moving.pop(event.key, None)
                branch.fails(event.seconds)

    def _moved(self, key: str, branch: _Branch, one: StackEvent, now: float) -> None:
        if one.failed:
            ui.warn(_failure(key, one))
        if one.of_stack:
            branch.turned |= _turns_back(one)
            return
        began = branch.moves(one, now)
        if self._resources and one.status in _DONE:
            ui.note(_done(key, one, now - began))

    def draw(self) -> Table:
        """The tree as it now is; called from the thread that draws."""
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2, 0, 0), expand=False)
        table.add_column(no_wrap=True, min_width=_NAMES, overflow="ellipsis")
        table.add_column(no_wrap=True, min_width=_SAYINGS, overflow="ellipsis")
        table.add_column(no_wrap=True, justify="right")
        now = self._clock()
        took = format_duration(now - self._since)
        table.add_row(Text(self._title, style="bold"), "", Text(took, style="dim"))
        branches = list(self._branches.items())
        for number, (key, branch) in enumerate(branches, 1):
            last = number == len(branches)
            what, style = branch.says()
            table.add_row(
                Text.assemble(("└─ " if last else "├─ ", "dim"), key),
                Text(what, style=style),
                Text(branch.took(now), style="dim"),
            )
            for corner, name, words, time_ in branch.leaves(now):
                guide = f"{'   ' if last else '│  '}{corner} "
                table.add_row(
                    Text.assemble((guide, "dim"), name), Text(words, style="blue"), Text(time_, style="dim")
                )
        return table


class _Branch:
    """One stack of the tree."""

    def __init__(self, stack: StackPlan) -> None:
        self.turned = False
        self._stack = stack
        self._step: Step | None = None
        self._began = 0.0
        self._seconds: float | None = None
        self._end = ("", "")
        self._done: set[str] = set()
        self._at_work: dict[str, tuple[str, str, float]] = {}

    def begins(self, step: Step, now: float) -> None:
        if self._step is None:
            self._began = now
        self._step, self._done, self._at_work, self.turned = step, set(), {}, False

    def moves(self, one: StackEvent, now: float) -> float:
        """Take in what happened to a resource; when that began."""
        _, _, began = self._at_work.get(one.logical, ("", "", now))
        if one.status.endswith("_IN_PROGRESS"):
            word = _VERBS.get(one.status.partition("_")[0], "")
            self._at_work[one.logical] = (kind(one.type), word, began)
        else:
            self._at_work.pop(one.logical, None)
            self._done |= {one.logical} if one.status in _DONE else set()
        return began

    def ends(self, seconds: float, *, changed: bool) -> None:
        self._seconds, self._at_work = seconds, {}
        word = _ENDED.get(self._step or Step.NOTHING, "done") if changed else "as it is wanted"
        self._end = (f"{word}, {ui.plural(len(self._done), 'resource')}" if self._done else word, "green")

    def fails(self, seconds: float) -> None:
        self._seconds, self._at_work = seconds, {}
        self._end = ("failed", "red")

    def says(self) -> tuple[str, str]:
        """What it is about, and the colour of that."""
        if self._seconds is not None:
            return self._end
        if self._step is None:
            return (f"waits for {', '.join(self._stack.needs)}" if self._stack.needs else "waits", "dim")
        if self.turned:
            return f"failed; {_TAKING_BACK}", "yellow"
        total = len(self._stack.changes)
        counted = f", {len(self._done)} of {total}" if total and self._done else ""
        return f"{DOING.get(self._step, self._step)}{counted}", "yellow"

    def took(self, now: float) -> str:
        if self._seconds is not None:
            return format_duration(self._seconds)
        return format_duration(now - self._began) if self._step else ""

    def leaves(self, now: float) -> Iterator[tuple[str, str, str, str]]:
        """What AWS is at work on here: corner, name, words, time."""
        work = sorted(self._at_work.copy().items(), key=lambda item: item[1][2])
        shown, hidden = work[:_LEAVES], len(work) - _LEAVES
        for number, (name, (words, doing, began)) in enumerate(shown, 1):
            corner = "└─" if number == len(shown) and hidden <= 0 else "├─"
            yield corner, name, f"{doing} {words}".strip(), format_duration(now - began)
        if hidden > 0:
            yield "└─", f"and {hidden} more", "", ""


def _turns_back(one: StackEvent) -> bool:
    return one.status in {"ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"}


def _failure(key: str, one: StackEvent) -> str:
    return f"{key}: {one.logical} ({one.type}): {plain(one.reason) or one.status}"


def _done(key: str, one: StackEvent, seconds: float) -> str:
    sign, word = _DONE[one.status]
    return f"  {sign} {key}: {one.logical} ({one.type}) {word} in {format_duration(seconds)}"
