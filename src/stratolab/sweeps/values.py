"""From the end of a job to the result of its trial: the value, or the reason why there is none.

The value is the last number that the script gave for the sweep's metric, by any of four ways: the report
file (`stratolab.report` writes it), a line of JSON on standard output, MLflow; the first of these
that speaks of the metric is believed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.core.names import nearest
from stratolab.core.numbers import is_number
from stratolab.jobs.ends import ended_badly
from stratolab.jobs.models import Reason
from stratolab.jobs.reports import describe
from stratolab.sweeps.models import Result, TrialState

if TYPE_CHECKING:
    from collections.abc import Callable

    from stratolab.jobs.models import Outcome, Resources
    from stratolab.jobs.reports import Reports, Series

_NAMES_SHOWN = 6


def judge(
    outcome: Outcome,
    reports: Reports,
    metric: str,
    *,
    resources: Resources,
    pruned: str = "",
    elsewhere: Callable[[], float | None] = lambda: None,
    hide: Callable[[str], str] = lambda text: text,
) -> Result:
    """The result of a trial whose job ended so.

    `pruned` says why we stopped it, if we did; `elsewhere` looks for the metric outside the job's folder
    (MLflow) and is asked last; `hide` takes secrets out of a reason, which may repeat what the script said.
    """
    reports.finish()
    series = reports.metric(metric)
    steps = tuple(series.steps) if series else ()

    def result(state: TrialState, value: float | None, reason: str = "") -> Result:
        return Result(
            state=state,
            value=value,
            ended=outcome.ended,
            started=outcome.started,
            reason=hide(reason) if reason else "",
            steps=steps,
        )

    if pruned and outcome.reason is Reason.PRUNED:
        return result(TrialState.PRUNED, _last_number(series), pruned)
    if outcome.reason is not Reason.DONE:
        return result(TrialState.FAILED, None, _badly(outcome, resources, reports.last_line))
    if series is None:
        found = elsewhere()
        if found is not None and is_number(found):
            return result(TrialState.SUCCEEDED, found)
        return result(TrialState.FAILED, None, _silent(metric, reports, found))
    if not is_number(series.last):
        return result(TrialState.FAILED, None, f"its last {metric} is {describe(series.last)}")
    return result(TrialState.SUCCEEDED, float(series.last))  # type: ignore[arg-type]


def _badly(outcome: Outcome, resources: Resources, last_line: str) -> str:
    told = ended_badly(
        outcome.reason,
        resources,
        exit_code=outcome.exit_code,
        signal_number=outcome.signal,
        peak_memory=outcome.peak_memory,
        message=outcome.message,
    )
    return f"{told}: {last_line}" if outcome.reason is Reason.EXIT and last_line else told


def _silent(metric: str, reports: Reports, elsewhere: float | None) -> str:
    if elsewhere is not None:
        return f"its last {metric} in MLflow is {describe(elsewhere)}"
    names = reports.names()
    if not names:
        lines = f"{reports.too_long} {'line' if reports.too_long == 1 else 'lines'}"
        too_long = f" ({lines} too long to be reports)" if reports.too_long else ""
        stray = f": {reports.last_line!r} is no report" if reports.last_line else ""
        return f"exit code 0, but it reported nothing{too_long}{stray}"
    near = nearest(metric, names)
    shown = ", ".join(names[:_NAMES_SHOWN])
    return f"exit code 0, but it reported no {metric}, only {shown}" + (f"; is it {near}?" if near else "")


def _last_number(series: Series | None) -> float | None:
    return series.steps[-1][1] if series and series.steps else None
