"""What `account harden` shows: the settings that would change, value by value, and the same as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stratolab.cli import ui

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from stratolab.lab.account.hardening import Change, Done
    from stratolab.lab.account.hardening import Plan as Settings
    from stratolab.lab.aws import AwsLab

_NONE = "-"


def plan(found: Settings, place: str) -> None:
    """On the terminal: what is, and what should be."""
    if found.needed:
        ui.say(place)
        ui.table(("setting", "what", "now", "after"), [row for one in found.needed for row in _rows(one)])
        for kind, about in {one.name.partition(":")[0]: one.about for one in found.needed}.items():
            ui.note(f"{kind}: {about}")
    kept = [one.name for one in found.changes if not one.needed]
    if not found.needed and not found.unread:
        ui.say(f"{place}: nothing to do, {ui.plural(len(kept), 'setting')} as wanted")
    elif kept:
        ui.note(f"as wanted: {', '.join(kept)}")
    for name, error in found.unread.items():
        ui.warn(f"{name}: not looked at: {error.what}")


def document(lab: AwsLab, found: Settings, done: Sequence[Done], kept: Path | None) -> dict[str, Any]:
    """The same as JSON. `state` is one of as wanted, to change, changed, failed, unread."""
    ended = {one.change.name: one for one in done}
    rows = [_entry(change, ended.get(change.name)) for change in found.changes]
    rows += [
        {
            "name": name,
            "about": "",
            "before": None,
            "after": None,
            "state": "unread",
            "error": error.what,
            "right": getattr(error, "action", None),
        }
        for name, error in found.unread.items()
    ]
    return {
        "lab": lab.name,
        "account": lab.caller.account,
        "region": lab.region,
        "settings": rows,
        "undo": str(kept) if kept else None,
    }


def _entry(change: Change, done: Done | None) -> dict[str, Any]:
    state = "to change" if change.needed else "as wanted"
    if done:
        state = "failed" if done.error else "changed"
    return {
        "name": change.name,
        "about": change.about,
        "before": change.before,
        "after": change.after,
        "state": state,
        "error": done.error.what if done and done.error else None,
        "right": getattr(done.error, "action", None) if done and done.error else None,
    }


def _rows(change: Change) -> Iterator[tuple[str, str, str, str]]:
    """A row for each value that differs; the setting is named in the first."""
    before, after = change.before, change.after
    if not isinstance(before, dict) and not isinstance(after, dict):
        yield change.name, "", _word(before), _word(after)
        return
    old, new = (one if isinstance(one, dict) else {} for one in (before, after))
    name = change.name
    for key in dict.fromkeys((*new, *old)):
        if old.get(key) != new.get(key):
            yield name, key, _word(old.get(key)), _word(new.get(key))
            name = ""


def _word(value: Any) -> str:
    if value is None or value == "":
        return _NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ui.plural(len(value), "rule") if value else "none"
    return str(value)
