from __future__ import annotations

import pytest

from stratolab.core.errors import InputError
from stratolab.sweeps import stop
from stratolab.sweeps.models import TrialState
from stratolab.sweeps.stop import Progress, Verdict, rules_of


def progress(losses, **known):
    """A snapshot of these losses, None being failures."""
    best_at, best = 0, None
    for place, loss in enumerate(losses, start=1):
        if loss is not None and (best is None or loss < best):
            best_at, best = place, loss
    failed = sum(loss is None for loss in losses)
    counts = {TrialState.FAILED: failed, TrialState.SUCCEEDED: len(losses) - failed}
    return Progress(losses=losses, **{"best_at": best_at, "counts": counts, **known})


def verdicts(config, snapshot):
    return [verdict.why for rule in rules_of(config) if (verdict := rule(snapshot))]


def test_nothing_known_stops_nothing():
    config = {"trials": 1, "hours": 1, "dollars": 1, "patience": 1, "expected_gain": 1}
    assert verdicts(config, Progress(losses=())) == []


@pytest.mark.parametrize(
    ("config", "before", "after", "why"),
    [
        ({"trials": 3}, {"losses": [1, None]}, {"losses": [1, None, 2]}, "all 3 trials have ended"),
        (
            {"hours": 2},
            {"losses": [1.0], "seconds": 7199},
            {"losses": [1.0], "seconds": 7325},
            "the time is used up: 2h 02m of 2h 00m",
        ),
        (
            {"dollars": 10},
            {"losses": [1.0], "dollars": 9.99},
            {"losses": [1.0], "dollars": 10.004},
            "the money is used up: $10.00 of $10.00",
        ),
        (
            {"expected_gain": 0.01},
            {"losses": [1.0], "expected_gain": 0.01},
            {"losses": [1.0], "expected_gain": 0.0042},
            "one more trial is expected to gain 0.0042, less than 0.01",
        ),
        (
            {"patience": 3},
            {"losses": [2, 1, 3, None]},
            {"losses": [2, 1, 3, None, 1]},
            "no gain in the last 3 trials; the best was number 2 to end",
        ),
        (
            {"failures": 2},
            {"losses": [None]},
            {"losses": [None, None]},
            "both trials so far failed; look at one with `stratolab jobs logs`",
        ),
    ],
)
def test_each_rule_holds_from_its_limit_on(config, before, after, why):
    assert verdicts(config, progress(**before)) == []
    assert verdicts(config, progress(**after)) == [why]


def test_a_rule_that_holds_says_why():
    assert stop.trials(1)(progress([1.0])) == Verdict("all 1 trials have ended")


def test_a_gain_below_the_least_is_none():
    losses = [10, 9, 8.5, 8.2, 8.0]
    assert verdicts({"patience": 3}, progress(losses)) == []
    assert verdicts({"patience": 3, "gain": 0.9}, progress(losses)) == []
    assert verdicts({"patience": 3, "gain": 1}, progress(losses)) == [
        "no gain of more than 1 in the last 3 trials; the best was number 5 to end"
    ]


def test_the_first_success_is_a_gain_however_late():
    losses = [None, None, 7.0, None]
    assert verdicts({"patience": 2, "gain": 1, "failures": 0}, progress(losses)) == []
    assert verdicts({"patience": 2, "failures": 0}, progress(losses)) == []
    assert verdicts({"patience": 2, "gain": 1, "failures": 0}, progress([None, None, None])) == [
        "no gain of more than 1 in the last 2 trials"
    ]


def test_five_failures_from_the_start_end_a_sweep_unless_turned_off():
    assert verdicts({}, progress([None] * 4)) == []
    assert verdicts({}, progress([None] * 5)) == [
        "all 5 trials so far failed; look at one with `stratolab jobs logs`"
    ]
    assert verdicts({"failures": 0}, progress([None] * 50)) == []
    assert verdicts({}, progress([1.0, *[None] * 50])) == []


def test_a_pruned_trial_is_no_failure():
    counts = {TrialState.FAILED: 4, TrialState.PRUNED: 1}
    assert verdicts({}, progress([None] * 5, counts=counts)) == []


def test_a_sweep_resumed_after_failures_gets_as_many_trials_again():
    assert verdicts({}, progress([None] * 9, began_with=5)) == []
    assert verdicts({}, progress([None] * 10, began_with=5)) != []


def test_an_expected_gain_that_nobody_knows_stops_nothing():
    assert verdicts({"expected_gain": 1}, progress([1.0])) == []


def test_what_was_not_given_is_no_rule():
    assert verdicts({"hours": None, "dollars": None}, progress([1.0], seconds=1e9, dollars=1e9)) == []


def test_an_unknown_rule_and_a_senseless_limit_are_refused():
    with pytest.raises(InputError) as caught:
        rules_of({"hour": 2})
    assert caught.value.hint == "did you mean 'hours'?"
    for value in (-1, float("nan"), True, "2"):
        with pytest.raises(InputError, match="at least 0"):
            rules_of({"hours": value})
