"""A Gaussian process with expected improvement: the fewest trials to a good value, on NumPy alone.

The story of a suggestion, in order:

1. `encode.py` makes rows of the points: numbers in the unit interval, choices one-hot, conditional parameters on an
   arc, so that a value nobody used makes no difference.
2. `history.py` says what the model learns from: all that finished up to 300 trials, then a telling part;
   pruned trials with a pessimistic loss, failed ones apart. `warp.py` tames outliers with a power.
3. `model.py` fits hyper-parameters on a prefix of the history that only its length decides, from one fixed start.
   So nothing depends on earlier questions, and what a resumed sweep suggests is what an undisturbed one would have.
4. Failed trials count as one deviation worse than expected there, which turns the search elsewhere where little is
   known and says nothing where much is. Pending ones count as expected, which spreads parallel trials.
5. Where losses come in steps, `plateau.py` says how much of a gain is worth a trial once the best has not moved.
6. `search.py` finds the highest log expected improvement (`normal.py`): a broad look, gradients in a batch
   (`descent.py`), then the discrete neighbours.

SciPy would do some of this, at 0.6 s and 45 MB for its import and a Python call per step of every start.
"""

from stratolab.sweeps.samplers.gp.sampler import GpSampler

__all__ = ["GpSampler"]
