"""What is measured already, kept after every single measurement, so that an interrupted run goes on.

Records belong to one benchmark. After its section was written (`finish`), or when they are older than a day, the next
run begins afresh. The file is replaced as a whole, so that a kill leaves either the old one or the new one.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_A_DAY = 86_400.0


@dataclass
class Records:
    """Values by key, JSON. `path` is None for a short run, which keeps nothing."""

    path: Path | None
    name: str
    values: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def open(cls, path: Path | None, name: str, *, fresh: bool = False, now: float | None = None) -> Records:
        """The records of an interrupted run, or none; `now` is the time, in seconds since the epoch."""
        kept = _read(path).get(name)
        young = kept is not None and (time.time() if now is None else now) - kept["saved"] < _A_DAY
        return cls(path, name, kept["values"] if kept and young and not fresh else {})

    def once(self, key: str, make: Callable[[], Any]) -> Any:
        """The value of this key: as it was kept, or made now and kept."""
        if key not in self.values:
            self.keep(key, make())
        return self.values[key]

    def keep(self, key: str, value: Any) -> None:
        """Keep a value."""
        self.values[key] = value
        self._write({"saved": time.time(), "values": self.values})

    def finish(self) -> None:
        """What was measured is told: the next run measures again."""
        self._write(None)

    def _write(self, mine: dict[str, Any] | None) -> None:
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        everything = _read(self.path)
        everything.pop(self.name, None)
        if mine is not None:
            everything[self.name] = mine
        beside = self.path.with_suffix(".part")
        beside.write_text(json.dumps(everything), encoding="utf-8")
        beside.replace(self.path)


def _read(path: Path | None) -> dict[str, Any]:
    if path is None or not path.exists():
        return {}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
