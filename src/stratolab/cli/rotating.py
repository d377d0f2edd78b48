"""What `secrets rotate` and `secrets rehearse` share: one secret after another, each followed to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import ui
from stratolab.core.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stratolab.secrets.rotations.models import Progress, Rotated
    from stratolab.secrets.rotations.protocol import Rotator


def exchange(rotator: Rotator, names: Sequence[str], *, rehearse: bool, as_json: bool) -> int:
    """Exchange or rehearse them in turn; the first that fails ends it."""
    done = []
    for name in dict.fromkeys(names):
        ui.note(f"{name}: {'rehearsing' if rehearse else 'exchanging'}")
        done.append((rotator.rehearse if rehearse else rotator.rotate)(name, _tell))
        if not as_json:
            ui.say(_ended(done[-1]))
    if as_json:
        ui.document({"rotations": [_as_document(one) for one in done]})
    return 0


def _tell(progress: Progress) -> None:
    ui.note(f"  {progress.step.ljust(7)} {progress.text}")


def _ended(one: Rotated) -> str:
    took = format_duration(one.seconds)
    if one.rehearsed:
        return (
            f"{one.name}: it can be exchanged ({one.who} was let in and is gone, {took}); nothing has changed"
        )
    return f"{one.name}: exchanged in {took}{f'; current is the {one.who}' if one.who else ''}"


def _as_document(one: Rotated) -> dict[str, object]:
    return {
        "name": one.name,
        "version": one.version,
        "who": one.who,
        "seconds": round(one.seconds, 3),
        "rehearsed": one.rehearsed,
    }
