"""The Python API of sweeps: what `stratolab sweep` does, for notebooks and programs.

from stratolab import Sweep

result = Sweep("tune").run()                                   # [sweeps.tune] of this folder's project
    result = Sweep(command="python train.py", metric="loss", trials=20, space={"x": {"float": [0, 1]}}).run()
print(result.best.params, result.best.value)
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import InputError
from stratolab.lab import open_lab, sweeping
from stratolab.sweeps.events import Noted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stratolab.sweeps.events import Event
    from stratolab.sweeps.models import Sweep as Record
    from stratolab.sweeps.models import Trial


@dataclass(frozen=True, slots=True)
class SweepResult:
    """How a sweep stands: its record, all trials by number, the best of those that succeeded (None if none did)."""

    sweep: Record
    trials: tuple[Trial, ...]
    best: Trial | None


class Sweep:
    """A sweep of the project in `folder`: one that its stratolab.toml describes, or one described here.

    With a `name` alone the configuration describes it. With `command`, `metric` and `space` no configuration is
    needed; the other arguments are the keys of a `[sweeps.NAME]` table.

    Raises `InputError`, with all findings, if the description is wrong.
    """

    def __init__(
        self,
        name: str = "sweep",
        *,
        folder: str | Path = ".",
        command: str | Sequence[str] | None = None,
        metric: str | None = None,
        space: Mapping[str, Mapping[str, Any]] | None = None,
        cpus: float = 1.0,
        memory: str | None = None,
        timeout: str | None = None,
        **settings: Any,
    ) -> None:
        self.name = name
        self._lab = open_lab(Path(folder))
        if command is None:
            if metric is not None or space is not None:
                raise InputError(
                    "metric and space describe a sweep only together with a command", doing="Sweep"
                )
            self._wanted = sweeping.wanted(self._lab, name, settings)
            return
        from stratolab.config.load import from_mapping

        job = {"command": command if isinstance(command, str) else list(command), "cpus": cpus}
        job |= {key: value for key, value in (("memory", memory), ("timeout", timeout)) if value is not None}
        table = {"job": name, "metric": metric, "space": dict(space or {}), **settings}
        project = {"name": self._lab.project_name if self._lab.configured else "project"}
        self._lab.config = from_mapping(
            {"project": project, "jobs": {name: job}, "sweeps": {name: table}}, "Sweep(...)"
        )
        self._wanted = sweeping.wanted(self._lab, name)

    def run(self, *, new: bool = False, tell: Callable[[Event], None] | None = None) -> SweepResult:
        """Run it to its end; go on with an unfinished one of this name unless `new`.

        `tell` hears what happens (`stratolab.sweeps.events`). Ctrl-C stops cleanly and raises `KeyboardInterrupt`;
        run it again to go on.

        Raises `RefusedError` if the unfinished one was begun with another configuration.
        """
        lab, wanted = self._lab, self._wanted
        sweep, _ = sweeping.start(lab, wanted, new=new)
        hears = tell or _unheard
        with lab.tracking.feed(lambda text: hears(Noted(text))):
            sweeping.driver(lab, sweep, wanted, hears).run()
        return self.result(sweep.id)

    def result(self, sweep: str = "") -> SweepResult:
        """How the sweep stands: the one with this id, else the latest of this name."""
        from stratolab.sweeps import ledger
        from stratolab.sweeps.models import Goal, TrialState

        record = self._lab.database.read(
            lambda tx: ledger.find(tx, sweep or self.name, self._lab.project_name)
        )
        trials = self._lab.database.read(lambda tx: ledger.trials(tx, record.id))
        sign = 1 if record.config["goal"] == Goal.MINIMIZE else -1
        good = [trial for trial in trials if trial.state is TrialState.SUCCEEDED]
        return SweepResult(
            record, tuple(trials), min(good, key=lambda trial: sign * (trial.value or 0.0), default=None)
        )


def _unheard(_event: Event) -> None:
    """What happens when nobody listens."""
