"""Rules that end a sweep: each a function of what is known, none a watcher with a life of its own.

A rule looks at a `Progress` and gives a `Verdict`, whose sentence is for the reader, or None. After a verdict
no further trial begins; those that run are let finish unless it says `now`. As everything in `Progress` comes
from the ledger, a sweep that is resumed after its end ends again for the same reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from stratolab.core.errors import InputError
from stratolab.core.names import did_you_mean
from stratolab.core.units import format_duration, format_money
from stratolab.sweeps.models import TrialState

FAILURES = 5  # the same mistake five times is not the parameters' fault


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sweep has come.

    `losses` are those of all ended trials in the order of their ends, less is better, None where one failed or
    was pruned. `best_at` is how many had ended when the best one did (0: none succeeded). `seconds` of wall time and
    `dollars` count all sittings. `began_with` is how many trials had ended when this sitting began.
    `expected_gain` is what the sampler hopes for from one more trial, in the metric's units, if it can say.
    """

    losses: Sequence[float | None]
    best_at: int = 0
    seconds: float = 0.0
    dollars: float = 0.0
    counts: Mapping[TrialState, int] = field(default_factory=dict)
    began_with: int = 0
    expected_gain: float | None = None

    @property
    def ended(self) -> int:
        """How many trials have ended."""
        return len(self.losses)


@dataclass(frozen=True, slots=True)
class Verdict:
    """No further trial begins; `why` says so in one sentence. Those that run end by themselves."""

    why: str


StopRule = Callable[[Progress], Verdict | None]


def rules_of(config: Mapping[str, float | None]) -> tuple[StopRule, ...]:
    """The rules of a `[sweeps.NAME.stop]` table.

    Keys: `trials`, `hours`, `dollars`, `patience` with `gain` (the least that counts as one, in the metric's
    units), `expected_gain`, and `failures`, which is on by default (5) and turned off by 0.
    Raises `InputError` for any other key and for a negative limit.
    """
    given = {key: value for key, value in config.items() if value is not None}
    known = {*_MAKERS, "gain"}
    for key, value in given.items():
        if key not in known:
            raise InputError(f"{key!r} is no stop rule", doing="reading stop", hint=did_you_mean(key, known))
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
            raise InputError(f"{key} is a number of at least 0, not {value!r}", doing="reading stop")
    given.setdefault("failures", FAILURES)
    gain = float(given.pop("gain", 0.0))
    rules = [_MAKERS[key](value) for key, value in given.items() if key not in {"patience", "failures"}]
    if "patience" in given:
        rules.append(patience(int(given["patience"]), gain=gain))
    if given["failures"]:
        rules.append(failures(int(given["failures"])))
    return tuple(rules)


def trials(limit: int) -> StopRule:
    """Enough trials have ended, however they did."""

    def rule(progress: Progress) -> Verdict | None:
        return Verdict(f"all {limit} trials have ended") if progress.ended >= limit else None

    return rule


def hours(limit: float) -> StopRule:
    """The sweep has run this long, all sittings together."""

    def rule(progress: Progress) -> Verdict | None:
        if progress.seconds < limit * 3600:
            return None
        spent, allowed = format_duration(progress.seconds), format_duration(limit * 3600)
        return Verdict(f"the time is used up: {spent} of {allowed}")

    return rule


def dollars(limit: float) -> StopRule:
    """Its trials have cost this much. What runs may still add to it."""

    def rule(progress: Progress) -> Verdict | None:
        if progress.dollars < limit:
            return None
        return Verdict(f"the money is used up: {format_money(progress.dollars)} of {format_money(limit)}")

    return rule


def patience(limit: int, *, gain: float = 0.0) -> StopRule:
    """The last `limit` trials together brought no gain over all before them.

    A gain is a best value better by more than `gain`, in the metric's units. Failed and pruned trials count
    as trials without gain.
    """

    def rule(progress: Progress) -> Verdict | None:
        if progress.ended < limit or (progress.ended - progress.best_at < limit and not gain):
            return None
        if gain and _improved(progress.losses, limit, gain):
            return None
        beyond = f" of more than {gain:g}" if gain else ""
        told = f"no gain{beyond} in the last {limit} trials"
        return Verdict(f"{told}; the best was number {progress.best_at} to end" if progress.best_at else told)

    return rule


def expected_gain(least: float) -> StopRule:
    """The sampler expects less than `least` from one more trial; silent for samplers that cannot say."""

    def rule(progress: Progress) -> Verdict | None:
        expected = progress.expected_gain
        if expected is None or expected >= least:
            return None
        return Verdict(f"one more trial is expected to gain {expected:.2g}, less than {least:g}")

    return rule


def failures(limit: int = FAILURES) -> StopRule:
    """None has succeeded yet and `limit` trials of this sitting have failed: the fault is not in the parameters.

    It counts anew with each sitting, so that a sweep can be resumed once the fault is mended.
    """

    def rule(progress: Progress) -> Verdict | None:
        ended_now = progress.ended - progress.began_with
        failed = progress.counts.get(TrialState.FAILED, 0)
        if ended_now < limit or failed < progress.ended:
            return None
        every = "both" if failed == 2 else f"all {failed}"
        told = "the first trial" if failed == 1 else f"{every} trials so far"
        return Verdict(f"{told} failed; look at one with `stratolab jobs logs`")

    return rule


def _improved(losses: Sequence[float | None], window: int, gain: float) -> bool:
    """Whether the last `window` brought a best that is better by more than `gain`."""
    split = len(losses) - window
    before = min((loss for loss in losses[:split] if loss is not None), default=None)
    since = min((loss for loss in losses[split:] if loss is not None), default=None)
    if since is None:
        return False
    return before is None or since < before - gain


_MAKERS: Mapping[str, Callable[[float], StopRule]] = {
    "trials": lambda limit: trials(int(limit)),
    "hours": hours,
    "dollars": dollars,
    "patience": lambda limit: patience(int(limit)),
    "expected_gain": expected_gain,
    "failures": lambda limit: failures(int(limit)),
}
