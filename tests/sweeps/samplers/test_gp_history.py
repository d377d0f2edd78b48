from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from stratolab.sweeps.sampler import Observation
from stratolab.sweeps.samplers.gp import threads
from stratolab.sweeps.samplers.gp.encode import Encoding
from stratolab.sweeps.samplers.gp.history import History
from stratolab.sweeps.samplers.gp.warp import median
from stratolab.sweeps.space import Float, Space

LINE = Space({"x": Float(0.0, 1.0)})


def history(*losses):
    result = History(Encoding(LINE))
    observed = [
        Observation(i, {"x": i / 1000}, *(loss if isinstance(loss, tuple) else (loss,)))
        for i, loss in enumerate(losses)
    ]
    result.update(observed)
    return result


@pytest.mark.parametrize("count", [1, 2, 5, 8])
def test_the_median_is_numpys(count):
    values = np.random.default_rng(count).normal(size=count)
    assert median(values) == np.median(values)


def test_a_question_loads_no_more_of_numpy_than_the_sampler_does():
    program = """
import sys
from stratolab.sweeps.sampler import Observation
from stratolab.sweeps.samplers.gp import GpSampler
from stratolab.sweeps.space import Float, Space
before = set(sys.modules)
observed = [Observation(n, {"x": n / 9}, (n / 9 - 0.4) ** 2) for n in range(8)]
GpSampler(Space({"x": Float(0.0, 1.0)}), 1).ask([8, 9], observed, [])
print(*sorted(name for name in set(sys.modules) - before if name.startswith("numpy")))
"""
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.split() == []


def test_failed_trials_are_kept_apart():
    known = history(1.0, None, 2.0, math.nan, math.inf).known(5)
    assert known.losses.tolist() == [1.0, 2.0]
    assert known.failed[:, 0].tolist() == [0.001, 0.003, 0.004]


def test_pruned_trials_count_between_the_median_and_the_worst():
    known = history(1.0, 2.0, 3.0, (None, 0.1), (None, 2.5), (None, 99.0)).known(6)
    assert known.losses.tolist() == [1.0, 2.0, 3.0, 2.0, 2.5, 3.0]


def test_pruned_trials_count_as_failed_until_one_ran_to_its_end():
    known = history((None, 0.1), (None, 0.2)).known(2)
    assert not known.losses.size
    assert len(known.failed) == 2


def test_a_prefix_is_what_it_was_when_there_was_no_more():
    whole, part = history(5.0, (None, 3.0), 1.0, 0.0, None), history(5.0, (None, 3.0))
    assert whole.known(2).losses.tolist() == part.known(2).losses.tolist()


def test_another_history_replaces_the_first():
    met = history(1.0, 2.0, 3.0)
    met.update([Observation(0, {"x": 0.5}, 7.0)])
    assert met.known(1).losses.tolist() == [7.0]
    assert met.sitting == 1


def test_thinning_keeps_the_best_the_latest_and_some_of_the_rest():
    losses = np.random.default_rng(1).permutation(1000).astype(float)
    thin = history(*losses.tolist()).known(1000).telling(100)
    assert len(thin.losses) == 100
    assert set(range(50)) <= set(thin.losses.astype(int))
    assert thin.losses[-25:].tolist() == losses[-25:].tolist()
    assert thin.losses.max() > 900


def test_threads_are_one_within_and_as_before_after():
    controls = threads._controls()
    if controls is None:
        pytest.skip("NumPy brought no OpenBLAS here: `pip install numpy` on Linux does")
    read, write = controls
    before = read()
    try:
        write(2)
        with threads.one_thread():
            assert read() == 1
            with threads.one_thread():
                assert read() == 1
            assert read() == 1
        assert read() == min(2, max(2, before))
    finally:
        write(before)
