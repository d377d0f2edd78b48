from __future__ import annotations

import math

from stratolab.sweeps.pace import AHEAD_LIMIT, GATHER, HORIZON, SHARE, SHORT, Pace


def after(pace: Pace, seconds: float, *, cpu: float | None = None, trials: int = 30) -> Pace:
    for _ in range(trials):
        pace.took(seconds, seconds if cpu is None else cpu)
    return pace


def test_nothing_is_done_ahead_before_a_trial_has_ended():
    pace = Pace(2)
    assert (pace.quick, pace.short, pace.ahead, pace.gather) == (False, False, 0, 0.0)
    assert pace.allowance == pace.interval == math.inf


def test_long_trials_are_begun_with_all_that_is_known_and_written_at_once():
    pace = after(Pace(2), SHORT)
    assert (pace.short, pace.ahead, pace.gather, pace.allowance) == (False, 0, 0.0, math.inf)


def test_short_trials_wait_at_the_engine_and_their_ends_for_one_another():
    pace = after(Pace(2), 0.1)
    assert math.isclose(pace.interval, 0.05)
    assert pace.ahead == round(HORIZON / 0.05)
    assert 0 < pace.gather < pace.ahead * pace.interval / 2


def test_what_is_ahead_is_a_small_part_of_what_is_known():
    assert after(Pace(2), 0.001).ahead == AHEAD_LIMIT
    assert after(Pace(2), 0.001, trials=200).ahead == 20
    assert after(Pace(64), 0.02).ahead == 64


def test_where_nothing_is_learnt_all_that_fits_is_sent_ahead_at_once():
    pace = after(Pace(2, learns=False), 0.02, trials=1)
    assert pace.ahead == round(HORIZON / pace.interval) > AHEAD_LIMIT
    assert math.isclose(pace.gather, GATHER)


def test_one_trial_at_a_time_stays_sequential():
    pace = after(Pace(1, spare=1), 0.001)
    assert (pace.quick, pace.short, pace.ahead, pace.allowance) == (True, False, 0, math.inf)


def test_an_engine_without_lanes_gets_nothing_ahead_but_the_sampler_is_held_back():
    pace = after(Pace(2, lanes=False), 0.02)
    assert (pace.ahead, pace.gather) == (0, 0.0)
    assert math.isfinite(pace.allowance)


def test_the_sampler_gets_a_share_of_what_trials_use_where_they_use_all_cpus():
    assert math.isclose(after(Pace(2), 0.04, cpu=0.03).allowance, SHARE * 0.03)


def test_the_sampler_may_use_a_cpu_that_trials_leave_free():
    busy, idle = after(Pace(2), 0.04), after(Pace(2, spare=2), 0.04)
    assert math.isclose(idle.allowance, 0.9 * idle.interval)
    assert idle.allowance > 4 * busy.allowance


def test_the_pace_follows_trials_that_become_longer():
    pace = after(Pace(2), 0.02)
    assert pace.short
    assert pace.quick
    assert not after(pace, 3.0).short
    assert not pace.quick
