from __future__ import annotations

import sys

import pytest

from stratolab.core.errors import InputError
from stratolab.sweeps import samplers
from stratolab.sweeps.samplers.auto import choose
from stratolab.sweeps.space import Choice, Float, Int, Space

FOUR = Space({f"x{axis}": Float(0.0, 1.0) for axis in range(4)})
TWELVE = Space({"a": Choice(("x", "y", "z")), "b": Int(1, 4)})
WIDE = Space({f"x{axis}": Float(0.0, 1.0) for axis in range(21)})
WORDS = Space({"word": Choice(tuple(f"w{n}" for n in range(41))), "x": Float(0.0, 1.0)})

TABLE = [
    (TWELVE, 60, 1, "grid", "12 points in all: grid tries each once"),
    (TWELVE, None, 1, "grid", "12 points in all: grid tries each once"),
    (TWELVE, 12, 2, "grid", "12 points in all: grid tries each once"),
    (TWELVE, 11, 2, "gp", "11 trials over 2 parameters: gp finds good values in the fewest trials"),
    (Space({"one": Int(1, 1)}), 60, 1, "grid", "1 point in all: grid tries each once"),
    (FOUR, 1, 1, "quasi", "1 trial: too few for a model, so spread evenly"),
    (FOUR, 7, 1, "quasi", "7 trials: too few for a model, so spread evenly"),
    (FOUR, 20, 20, "quasi", "all 20 trials run at once: nothing to learn from, so spread evenly"),
    (FOUR, 8, 2, "gp", "8 trials over 4 parameters: gp finds good values in the fewest trials"),
    (FOUR, 2000, 2, "gp", "2,000 trials over 4 parameters: gp finds good values in the fewest trials"),
    (FOUR, None, 2, "gp", "no limit of trials over 4 parameters: gp finds good values in the fewest trials"),
    (FOUR, 100_000, 2, "gp", "100,000 trials over 4 parameters: gp finds good values in the fewest trials"),
    (WIDE, 60, 2, "tpe", "21 parameters: tpe learns of each by itself"),
    (WORDS, 60, 2, "tpe", "choices of 41 values in all: tpe learns of each by itself"),
]


@pytest.mark.parametrize(("space", "trials", "parallel", "name", "why"), TABLE)
def test_the_table(space, trials, parallel, name, why):
    assert choose(space, trials, parallel, has_optuna=True) == (name, why)


def test_without_optuna_the_reader_learns_what_to_install():
    name, why = choose(WIDE, 60, 2, has_optuna=False)
    assert name == "quasi"
    assert "pip install 'stratolab[optuna]'" in why


def test_points_given_are_a_list():
    told = samplers.choose("auto", Space({}), trials=None, parallel=1, points=[{"a": 1}, {"a": 2}])
    assert told == ("list", "2 points given")


def test_a_name_stands_for_itself_and_an_unknown_one_is_refused():
    told = samplers.choose("tpe", FOUR, trials=9, parallel=1)
    assert told == ("tpe", "the configuration asks for it")
    with pytest.raises(InputError) as caught:
        samplers.choose("tpee", FOUR, trials=9, parallel=1)
    assert caught.value.hint == "did you mean 'tpe'?"


@pytest.mark.parametrize("name", sorted(samplers.MAKERS))
def test_each_sampler_is_made_by_its_name(name):
    points = [{"a": "x", "b": 1}, {"a": "y", "b": 2}]
    sampler = samplers.make(name, TWELVE, 1, trials=9, parallel=1, points=points)
    assert sampler.name == name
    assert len(sampler.ask([0, 1], [], [])) == 2


def test_auto_is_made_as_it_chooses():
    assert samplers.make("auto", TWELVE, 1, trials=60, parallel=1).name == "grid"


def test_an_extra_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    monkeypatch.setitem(sys.modules, "cmaes", None)
    for name in ("tpe", "cmaes"):
        with pytest.raises(InputError) as caught:
            samplers.make(name, FOUR, 1, trials=9, parallel=1)
        assert "pip install 'stratolab[optuna]'" in caught.value.hint
    assert samplers.choose("auto", WIDE, trials=60, parallel=1)[0] == "quasi"
