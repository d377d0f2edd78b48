"""A plan for a reader: on the terminal, as Markdown for a pull request, as JSON. The same plan, the same bytes."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from stratolab.cli import ui
from stratolab.core.findings import Level
from stratolab.core.units import format_money
from stratolab.deploy.models import Data, Effect
from stratolab.deploy.states import Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stratolab.deploy.models import Change, Plan, StackPlan
    from stratolab.deploy.preflight import Outlook
    from stratolab.lab.appraising import Appraisal

SIGNS = {
    Effect.CREATE: ("+", "green"),
    Effect.CHANGE: ("~", "yellow"),
    Effect.REPLACE: ("±", "red"),
    Effect.PERHAPS: ("±?", "red"),
    Effect.DELETE: ("-", "red"),
    Effect.IMPORT: ("<", "blue"),
}
_VERBS = {
    Effect.CREATE: "to create",
    Effect.CHANGE: "to change in place",
    Effect.REPLACE: "to replace",
    Effect.PERHAPS: "perhaps to replace",
    Effect.DELETE: "to delete",
    Effect.IMPORT: "to import",
}
_DATA = {
    Data.LOST: "its data is lost",
    Data.KEPT: "the old one is kept",
    Data.SNAPSHOT: "a snapshot is kept",
}
_LONG = 320  # letters of a line that are shown unless all is asked for
_MANY = 12  # lines of one kind that are shown unless all are asked for


def show(appraisal: Appraisal, *, whole: bool) -> None:
    """On the terminal. `whole` names every resource and every right."""
    plan = appraisal.plan
    where = f"account {plan.account}" if plan.account else "an account that is still empty"
    ui.tell(f"lab {plan.lab} in {plan.region}, {where}")
    for stack in plan.stacks:
        _stack(stack, plan.region, _dearer(appraisal.by_stack.get(stack.key, 0.0)), whole=whole)
    _lines("Data that would be lost", _losses(plan), "red", whole=True)
    _lines("Changed by hand, which up leaves as it is", appraisal.drifted, "yellow", whole=True)
    _obstacles(appraisal.outlook)
    _rights("Rights that it gives", appraisal.granted, appraisal.granted_in_short, whole=whole)
    _rights("Rights that it takes away", appraisal.revoked, appraisal.revoked_in_short, whole=whole)
    _lines("What it opens to the internet", appraisal.opened, "yellow", whole=whole)
    _lines("What it closes", appraisal.closed, "", whole=whole)
    _price(appraisal, whole=whole)
    ui.say()
    ui.tell(total(plan))


def price_line(appraisal: Appraisal) -> str:
    """What it costs a month while nothing runs and by how much that is more than now, and in a busy hour."""
    now = f"{format_money(appraisal.price.dollars)} a month while nothing runs"
    busy = f"; {format_money(appraisal.busy.dollars)} in an hour in which everything is at work"
    if not round(appraisal.dearer, 2):
        return now + busy
    more = "more" if appraisal.dearer > 0 else "less"
    return f"{now}, {format_money(abs(appraisal.dearer))} {more} than now{busy}"


def total(plan: Plan) -> str:
    """The sum of a plan in a line."""
    if plan.quiet:
        return "nothing to do: everything is as it is wanted"
    parts = [f"{plan.count(effect)} {words}" for effect, words in _VERBS.items() if plan.count(effect)]
    return f"{', '.join(parts) or 'it cannot be told yet'} in {ui.plural(_busy(plan), 'stack')}"


def markdown(appraisal: Appraisal) -> str:
    """For a pull request."""
    plan = appraisal.plan
    lines = [f"### Plan for the lab `{plan.lab}` in {plan.region}", "", f"**{total(plan)}**", ""]
    lines += [price_line(appraisal), ""]
    lines += ["| stack | what | resources | price |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {stack.key} | {_step(stack)} | {_counts(stack)} | {_dearer(appraisal.by_stack.get(stack.key, 0.0))} |"
        for stack in plan.stacks
    ]
    lines += _fold("Data that would be lost", _losses(plan), is_open=True)
    lines += _fold("Changed by hand", appraisal.drifted, is_open=True)
    for level, title in ((Level.ERROR, "It would fail on"), (Level.WARNING, "To look at first")):
        found = [str(one) for one in appraisal.outlook.obstacles if one.level is level]
        lines += _fold(title, found, is_open=True)
    lines += _fold("Service-linked roles made first", appraisal.outlook.roles)
    changes = [
        f"{stack.key}: {_change(change)}"
        for stack in plan.stacks
        for change in stack.changes
        if not _new(stack)
    ]
    lines += _fold("Changes", changes, is_open=True)
    lines += _fold("Opened to the internet", appraisal.opened, is_open=True)
    lines += _fold("Closed", appraisal.closed)
    lines += _fold("Rights given", appraisal.granted_in_short)
    lines += _fold("Rights taken away", appraisal.revoked_in_short)
    return "\n".join(lines)


def document(appraisal: Appraisal) -> dict[str, Any]:
    """For a program."""
    plan = appraisal.plan
    return {
        "lab": plan.lab,
        "region": plan.region,
        "account": plan.account or None,
        "quiet": plan.quiet,
        "stacks": [asdict(stack) for stack in plan.stacks],
        "at_risk": _losses(plan),
        "drifted": appraisal.drifted,
        "obstacles": [asdict(one) for one in appraisal.outlook.obstacles],
        "service_roles": appraisal.outlook.roles,
        "price": {
            "busy_hour": round(appraisal.busy.dollars, 4),
            "monthly": round(appraisal.price.dollars, 2),
            "change": round(appraisal.dearer, 2),
            "currency": "USD",
            "rates": appraisal.rates.about,
            "changes": {key: round(dollars, 2) for key, dollars in appraisal.by_stack.items()},
            "items": [asdict(item) for item in appraisal.price.items],
            "busy_items": [asdict(item) for item in appraisal.busy.items],
            "notes": appraisal.price.notes,
        },
        "rights": {"given": appraisal.granted, "taken": appraisal.revoked},
        "internet": {"opened": appraisal.opened, "closed": appraisal.closed},
    }


def _price(appraisal: Appraisal, *, whole: bool) -> None:
    ui.say()
    ui.tell(f"{ui.paint('Price', 'bold')}: {price_line(appraisal)} ({appraisal.rates.about})")
    for item in appraisal.price.items:
        if item.dollars:
            each = f"{item.count} x " if item.count > 1 else ""
            ui.tell(f"  {format_money(item.dollars):>8}  {each}{item.type}: {item.why}")
    for item in appraisal.busy.items if whole else ():
        each = f"{item.count} x " if item.count > 1 else ""
        ui.tell(f"  {format_money(item.dollars):>8}  in a busy hour: {each}{item.type}: {item.why}")
    for note in appraisal.price.notes if whole else ():
        ui.tell(ui.paint(f"  {note}", "dim"))
    if not whole and appraisal.price.notes:
        ui.tell(
            ui.paint(f"  {ui.plural(len(appraisal.price.notes), 'remark')} on it; --all shows them", "dim")
        )


def _obstacles(outlook: Outlook) -> None:
    for level, title, colour in (
        (Level.ERROR, "What it would fail on", "red"),
        (Level.WARNING, "What to look at first", "yellow"),
    ):
        lines = [
            line
            for one in outlook.obstacles
            if one.level is level
            for line in (one.what, *((f"  {one.fix}",) if one.fix else ()))
        ]
        _lines(title, lines, colour, whole=True, counted=False)
    _lines("Service-linked roles that are made first", outlook.roles, "", whole=True)


def _rights(title: str, exact: Sequence[str], short: Sequence[str], *, whole: bool) -> None:
    _lines(title, exact if whole else short, "", whole=whole)
    if not whole and len(short) <= _MANY and len(short) < len(exact):
        ui.tell(ui.paint("  in short; --all names every action and what it is on", "dim"))


def _dearer(dollars: float) -> str:
    """By how much a stack's month gets dearer or cheaper; empty if it does not."""
    sign = "+" if dollars > 0 else "-"
    return f"{sign}{format_money(abs(dollars))} a month" if round(dollars, 2) else ""


def _stack(stack: StackPlan, region: str, price: str, *, whole: bool) -> None:
    colour = {Step.NOTHING: "dim", Step.REFUSE: "red", Step.DELETE: "red"}.get(stack.step, "bold")
    counted = "".join(f"  {part}" for part in (_counts(stack), price) if part)
    ui.say()
    where = f" in {stack.region}" if stack.region != region else ""
    ui.tell(f"{ui.paint(stack.key, colour)}  {_step(stack)}{where}{counted}")
    if stack.means and not stack.quiet:
        ui.tell(ui.paint(f"  {ui.clean(stack.means)}", "dim"))
    if whole or not _new(stack):
        for change in stack.changes:
            sign, tint = SIGNS[change.effect]
            ui.tell(f"  {ui.paint(sign.rjust(2), tint)} {ui.clean(_change(change))}")


def _change(change: Change) -> str:
    why = f": {'; '.join(change.why)}" if change.why else ""
    data = f" ({_DATA[change.data]})" if change.data else ""
    return f"{change.logical} {change.type}, {change.effect}{why}{data}"


def _counts(stack: StackPlan) -> str:
    counts = {effect: sum(change.effect is effect for change in stack.changes) for effect in _VERBS}
    return ", ".join(f"{count} {_VERBS[effect]}" for effect, count in counts.items() if count)


def _step(stack: StackPlan) -> str:
    return "as it is wanted" if stack.quiet else str(stack.step)


def _new(stack: StackPlan) -> bool:
    return stack.step in {Step.CREATE, Step.CLEAR}


def _busy(plan: Plan) -> int:
    return sum(not stack.quiet for stack in plan.stacks)


def _losses(plan: Plan) -> list[str]:
    return [
        f"{stack.key}: {change.logical} ({change.type}, {change.effect})" for stack, change in plan.at_risk()
    ]


def _lines(title: str, lines: Sequence[str], colour: str, *, whole: bool, counted: bool = True) -> None:
    if not lines:
        return
    ui.say()
    ui.tell(ui.paint(f"{title}: {len(lines)}" if counted else f"{title}:", colour or "bold"))
    for line in lines if whole else lines[:_MANY]:
        ui.tell(f"  {ui.clean(line if whole or len(line) <= _LONG else line[: _LONG - 2] + ' …')}")
    if not whole and len(lines) > _MANY:
        ui.tell(ui.paint(f"  and {len(lines) - _MANY} more; --all shows every one", "dim"))


def _fold(title: str, lines: Sequence[str], *, is_open: bool = False) -> list[str]:
    if not lines:
        return []
    head = f"<details{' open' if is_open else ''}><summary>{title}: {len(lines)}</summary>"
    return ["", head, "", *(f"- {_escaped(line)}" for line in lines), "", "</details>"]


def _escaped(text: str) -> str:
    return "".join(f"\\{letter}" if letter in "\\`*_<>[]|" else letter for letter in text)
