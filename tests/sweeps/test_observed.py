from __future__ import annotations

import math
import sys

from stratolab.sweeps.observed import Observed
from stratolab.sweeps.sampler import Observation

SEEN = [
    Observation(0, {"rate": 0.1, "layers": 3, "kind": "wide", "norm": True}, 0.25, seconds=1.5),
    Observation(1, {}, None, pruned_loss=-math.inf),
    Observation(7, {"rate": 5e-324, "layers": 2**70, "kind": "Größe\ud800"}, 1e308),
]


def test_what_went_in_comes_out():
    observed = Observed(SEEN)
    assert list(observed) == SEEN
    assert observed[-1] == SEEN[-1]
    assert observed[1:] == SEEN[1:]
    assert observed[::-1] == SEEN[::-1]
    assert type(observed[0].params["norm"]) is bool
    assert type(observed[0].params["layers"]) is int
    assert list(observed[2].params) == ["rate", "layers", "kind"]


def test_a_copy_does_not_grow_with_it():
    observed = Observed(SEEN[:1])
    copy = observed.copy()
    observed.append(SEEN[1])
    assert (len(observed), len(copy)) == (2, 1)
    copy.append(SEEN[2])
    assert observed[1:] == SEEN[1:2]


def test_a_point_that_is_changed_later_is_as_it_was():
    point = {"rate": 0.1}
    observed = Observed([Observation(0, point, 1.0)])
    point["rate"] = 0.2
    observed[0].params["rate"] = 0.3
    assert observed[0].params == {"rate": 0.1}


def test_a_trial_takes_a_fraction_of_its_objects():
    one = Observation(12_345, {"rate": 0.123, "decay": 0.456}, 0.789, seconds=0.0123)
    objects = [one, one.params, one.number, one.loss, one.seconds, *one.params.values()]
    packed = Observed([one])._packed[0]
    assert 3 * sys.getsizeof(packed) < sum(map(sys.getsizeof, objects))
