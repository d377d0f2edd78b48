from __future__ import annotations

import queue
from dataclasses import replace

import pytest

from stratolab.sweeps.observed import Observed
from stratolab.sweeps.pace import SHARE, Pace
from stratolab.sweeps.sampler import Observation
from stratolab.sweeps.samplers import filler, make
from stratolab.sweeps.space import Float, Int, Space
from stratolab.sweeps.suggester import BATCH_LIMIT, CREDIT_LIMIT, FIRST_CREDIT, Known, Suggester

LINE = Space({"x": Float(0.0, 1.0)})
PAIR = Space({"x": Int(0, 1)})


class Broken:
    """A sampler that fails: what it raises must reach the one who asked."""

    name = "broken"

    def ask(self, numbers, _finished, _pending):
        raise ZeroDivisionError(f"asked for {list(numbers)}")


class Marked:
    """A sampler whose points say who made them."""

    def __init__(self, name) -> None:
        self.name = name
        self.numbers = []

    def ask(self, numbers, _finished, _pending):
        self.numbers += numbers
        return [{"by": self.name, "number": number} for number in numbers]


def pace_of(seconds, *, parallel=2, spare=0, trials=30):
    pace = Pace(parallel, spare=spare)
    for _ in range(trials):
        pace.took(seconds, seconds)
    return pace


def knowing(number=0, observed=(), running=()):
    return lambda: Known(number, Observed(observed), list(running))


@pytest.fixture
def suggester():
    made = []

    def start(sampler, *, pace=None, **settings):
        answers = queue.SimpleQueue()
        made.append(Suggester(sampler, answers.put, pace=pace or Pace(2), **settings))
        return made[-1], answers

    yield start
    for one in made:
        one.close()


def test_points_are_asked_ahead_and_numbered_on_from_those_that_are_ready(suggester):
    one, answers = suggester(make("quasi", LINE, 1))
    one.want(10, knowing())
    first = answers.get(timeout=10)
    one.take(first)
    one.want(10, knowing())
    expected = make("quasi", LINE, 1).ask(range(len(first.points)), [], [])
    assert list(one.ready)[: len(expected)] == expected


def test_never_more_than_the_sweep_may_begin(suggester):
    one, answers = suggester(make("quasi", LINE, 1))
    one.want(1, knowing())
    assert len(answers.get(timeout=10).points) == 1
    two, nothing = suggester(make("quasi", LINE, 1))
    two.want(0, knowing())
    two.close()
    assert nothing.empty()


def test_without_ahead_one_point_at_a_time_is_kept(suggester):
    one, answers = suggester(make("quasi", LINE, 1), ahead=False)
    one.want(10, knowing())
    answer = answers.get(timeout=10)
    assert answer.asked == 1
    one.take(answer)
    one.want(10, knowing())
    one.close()
    assert answers.empty()


def test_a_space_without_further_points_is_told_and_asked_again_only_when_that_may_have_changed(suggester):
    one, answers = suggester(make("random", PAIR, 1))
    one.want(None, knowing(2, running=[{"x": 0}, {"x": 1}]))
    one.take(answers.get(timeout=10))
    assert one.exhausted
    assert not one.ready
    one.again()
    assert not one.exhausted


def test_what_the_sampler_raises_is_raised_where_the_points_are_taken(suggester):
    one, answers = suggester(Broken())
    one.want(4, knowing())
    with pytest.raises(ZeroDivisionError, match="asked for"):
        one.take(answers.get(timeout=10))


# -- as quick as it must be -----------------------------------------------------------------------


def asked_for(one, answers, *, seconds, room=None):
    """How many points are wanted, once it is known that each takes so long."""
    for _ in range(20):
        one.want(room, knowing())
        answer = answers.get(timeout=10)
        one.take(replace(answer, seconds=seconds * answer.asked, cpu=seconds * answer.asked))
        one.ready.clear()
    return answer.asked


def test_a_slow_sampler_for_quick_trials_is_asked_for_several_points(suggester):
    one, answers = suggester(Marked("slow"), pace=pace_of(0.5))
    assert asked_for(one, answers, seconds=1.0) == 8
    two, others = suggester(Marked("slow"), pace=pace_of(5.0))
    assert asked_for(two, others, seconds=0.02) == 1


def test_a_question_has_a_limit(suggester):
    one, answers = suggester(Marked("slow"), pace=pace_of(0.5))
    assert asked_for(one, answers, seconds=30.0) == BATCH_LIMIT


# -- quicker trials than the model ----------------------------------------------------------------


def sweep_of(one, answers, trials, *, seconds):
    """Who made the points of a sweep in which slots become free one after the other, never waiting.

    Each point of the model takes `seconds` of CPU; it is there before the next slot is free.
    """
    makers = []
    for number in range(trials):
        one.want(None, knowing(number))
        while not answers.empty() or one._asking:
            answer = answers.get(timeout=10)
            one.take(replace(answer, seconds=seconds * answer.asked, cpu=seconds * answer.asked))
        makers += [point["by"] for point in one.draw(1, knowing(number))]
        one.freed()
    return makers


def test_the_model_takes_its_share_of_short_trials_and_the_filler_makes_the_rest(suggester):
    one, answers = suggester(Marked("model"), filler=Marked("filler"), pace=pace_of(0.02))
    makers = sweep_of(one, answers, 1000, seconds=0.01)
    paid = (FIRST_CREDIT + 1000 * SHARE * 0.02) / 0.01
    assert len(makers) == 1000
    assert abs(makers.count("model") - paid) <= 2


def test_a_model_that_costs_more_than_can_be_saved_is_asked_now_and_then(suggester):
    one, answers = suggester(Marked("model"), filler=Marked("filler"), pace=pace_of(0.02))
    makers = sweep_of(one, answers, 1000, seconds=2 * CREDIT_LIMIT)
    assert 2 <= makers.count("model") <= 4


def test_the_model_makes_all_points_where_it_keeps_up_on_a_free_cpu(suggester):
    one, answers = suggester(Marked("model"), filler=Marked("filler"), pace=pace_of(0.04, spare=2))
    assert set(sweep_of(one, answers, 200, seconds=0.005)) == {"model"}


def test_the_model_makes_all_points_of_long_trials(suggester):
    one, answers = suggester(Marked("model"), filler=Marked("filler"), pace=pace_of(1.0))
    assert set(sweep_of(one, answers, 100, seconds=0.1)) == {"model"}


def test_a_slot_does_not_wait_for_a_model_that_cannot_keep_up_with_long_trials_either(suggester):
    one, answers = suggester(Marked("model"), filler=Marked("filler"), pace=pace_of(1.0, parallel=64))
    assert one.draw(1, knowing()) == []  # nothing is known of the model yet: the slot waits for it
    one.want(None, knowing())
    answer = answers.get(timeout=10)
    one.take(replace(answer, seconds=0.5 * answer.asked, cpu=0.0))
    one.ready.clear()
    assert [point["by"] for point in one.draw(3, knowing(7))] == ["filler"] * 3


def test_a_filler_goes_on_with_the_numbers_behind_those_that_are_ready(suggester):
    other = Marked("filler")
    one, answers = suggester(Marked("model"), filler=other, pace=pace_of(0.02))
    one.want(None, knowing(5))
    one.take(answers.get(timeout=10))
    points = one.draw(4, knowing(5))
    assert [point["by"] for point in points] == ["model", "model", "filler", "filler"]
    assert other.numbers == [7, 8]


def test_a_sampler_that_costs_nothing_is_asked_at_once(suggester):
    sampler = make("quasi", LINE, 1)
    one, answers = suggester(sampler, filler=filler(sampler, LINE, 1))
    one.want(None, knowing())
    assert one.draw(3, knowing()) == make("quasi", LINE, 1).ask(range(3), [], [])
    assert answers.empty()
    assert not one.exhausted


def test_the_end_of_a_finite_space_is_seen_there_too(suggester):
    sampler = make("random", PAIR, 1)
    one, _ = suggester(sampler, filler=sampler)
    known = knowing(1, observed=[Observation(0, {"x": 0}, 1.0)])
    assert one.draw(4, known) == [{"x": 1}]
    assert one.exhausted
    assert one.draw(4, known) == []


class Hopeful(Marked):
    """A sampler that expects as much as there are trials that ended."""

    def expected_gain(self, finished, pending):
        return float(len(finished) + 10 * len(pending))


def test_what_a_sampler_expects_is_asked_for_only_if_a_rule_wants_it(suggester):
    told = []
    for foresees in (True, False):
        one, answers = suggester(Hopeful("model"), foresees=foresees)
        one.want(1, knowing(2, [Observation(0, {}, 1.0)], [{}]))
        one.take(answers.get(timeout=10))
        told.append(one.expected_gain)
    assert told == [11.0, None]


def test_a_sampler_that_cannot_say_is_not_asked(suggester):
    one, answers = suggester(Marked("model"), foresees=True)
    one.want(1, knowing())
    one.take(answers.get(timeout=10))
    assert one.expected_gain is None
