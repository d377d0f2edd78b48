"""Replay: whether running a job again gave the same, and if not, what else was different.

Pure. The caller restores the capsule, runs the command with the same parameters, seed and data, and hands in what the
two jobs left behind. Exit code and reported values decide; the printed output is compared too, but a script that prints
the time of day is not a different result.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stratolab.jobs.models import Reason

EXIT_CODE: Final = "exit code"
END: Final = "end"
OUTPUT: Final = "output"


@dataclass(frozen=True, slots=True)
class JobView:
    """What a job left behind.

    `metrics` holds the last number given for each name; `output` is the sha256 of what was printed, empty if that is
    not to be compared.
    """

    job: str
    reason: Reason
    exit_code: int | None
    metrics: Mapping[str, float] = field(default_factory=dict)
    output: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not the same. `relative` is |new - old| / max(|old|, |new|), for two finite values."""

    name: str
    old: object
    new: object
    relative: float | None = None

    def __str__(self) -> str:
        if self.relative is not None:
            return (
                f"{self.name} differs by {self.relative:.2g} (relative): {self.old!r} then, {self.new!r} now"
            )
        if self.name == OUTPUT:
            return "the printed output differs"
        then = "not given" if self.old is None else str(self.old)
        now = "not given" if self.new is None else str(self.new)
        return f"{self.name} {then} then, {now} now"


def comparison(old: JobView, new: JobView) -> list[Difference]:
    """All that differs: how it ended, exit code, each value (exactly), output. Empty if nothing does."""
    found = []
    if old.reason is not new.reason:
        found.append(Difference(END, old.reason.value, new.reason.value))
    if old.exit_code != new.exit_code:
        found.append(Difference(EXIT_CODE, old.exit_code, new.exit_code))
    for name in sorted(old.metrics.keys() | new.metrics.keys()):
        difference = _value(name, old.metrics.get(name), new.metrics.get(name))
        if difference:
            found.append(difference)
    if old.output and new.output and old.output != new.output:
        found.append(Difference(OUTPUT, old.output, new.output))
    return found


def reproduced(found: Sequence[Difference]) -> bool:
    """Whether the job ended the same and gave exactly the same values, whatever it printed."""
    return all(difference.name == OUTPUT for difference in found)


def verdict(found: Sequence[Difference], elsewhere: Sequence[str] = ()) -> str:
    """One sentence: "same values", "log_loss differs by 2e-09 (relative): ...".

    `elsewhere` are the differences of code, data and environment, of which the first is named as a possible cause.
    """
    decisive = [str(difference) for difference in found if difference.name != OUTPUT]
    if not decisive:
        return "same values, other output" if found else "same values"
    told = "; ".join(decisive)
    if not elsewhere:
        return f"{told} (same code, data, Python and packages)"
    more = f" and {len(elsewhere) - 1} more" if len(elsewhere) > 1 else ""
    return f"{told} (but {elsewhere[0]}{more})"


def _value(name: str, old: float | None, new: float | None) -> Difference | None:
    if old == new or (old is not None and new is not None and math.isnan(old) and math.isnan(new)):
        return None
    if old is None or new is None or not (math.isfinite(old) and math.isfinite(new)):
        return Difference(name, old, new)
    scale = max(abs(old), abs(new))
    return Difference(name, old, new, relative=abs(new / scale - old / scale))
