"""Peers' samplers behind a pipe, and ours beside them: the same face, in processes of their own."""

import sys

import pytest

from benchmarks.measuring.usage import Failed
from benchmarks.samplers import cells, cost
from benchmarks.samplers.players import Remote, player
from benchmarks.samplers.race import race
from benchmarks.samplers.tasks import TASKS


@pytest.fixture
def remote():
    """A maker of peers that leaves no process behind."""
    made = []

    def make(name="optuna-tpe", task="pipeline", seed=1):
        made.append(Remote(sys.executable, name, TASKS[task].space, seed))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_a_peer_proposes_points_of_a_conditional_space(remote):
    peer = remote()
    points = [dict(peer.ask(number)) for number in range(12)]
    for number, point in enumerate(points):
        assert ("components" in point) == (point["reduce"] == "pca")
        assert ("gamma" in point) == (point["model"] == "svm")
        peer.tell(number, None if number % 4 == 0 else 1.0 / (number + 1))
    assert {point["model"] for point in points} == {"svm", "neighbours"}
    assert peer.spent > 0


def test_the_same_seed_gives_the_same_race(remote):
    first, second = (
        race(TASKS["branin"], remote(task="branin"), seed=3, budget=15, pending=4).best for _ in range(2)
    )
    assert first == second
    assert first == sorted(first, reverse=True)


def test_what_is_known_beforehand_guides_a_peer(remote):
    peer = remote(task="branin")
    good = [({"x": 3.1 + number / 100, "y": 2.3}, number / 1000) for number in range(30)]
    bad = [({"x": -4.0 + number / 100, "y": 1.0}, 100.0 + number) for number in range(170)]
    peer.know([*bad, *good])
    asked = [peer.ask(number) for number in range(9)]
    assert sorted(point["x"] for point in asked)[4] == pytest.approx(3.2, abs=2.0)


def test_a_peer_that_dies_is_a_reason(remote):
    peer = remote()
    with pytest.raises(Failed, match="its process ended"):
        peer.tell(99, 1.0)  # a trial that was never asked for


@pytest.mark.parametrize("name", ["random", "gp"])
def test_a_cell_and_a_cost_of_ours(name):
    cell = cells.cell(cells.Order("mixed", name, "", pending=4, seeds=2, budget=12))
    assert len(cell.curve) == 12
    assert cell.curve == sorted(cell.curve, reverse=True)
    assert cell.worst >= cell.curve[-1] or cell.seeds < 2
    assert cost.cost(cost.Order(name, "", known=30, repeats=1)) >= 0


def test_ours_is_made_by_the_name_of_its_sampler():
    searcher = player("gp", "", TASKS["branin"].space, 1)
    searcher.know([({"x": 3.14, "y": 2.27}, 0.4)])
    assert set(searcher.ask(0)) == {"x", "y"}
