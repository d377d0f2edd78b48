"""The tree-structured Parzen estimator of Optuna, asked without a study of its own.

Optuna keeps state in a study; the ledger is our truth. So the study here lives in memory and is only a cache:

- trials that ended are added to it once, in the ledger's order: with their loss, as pruned with the loss at
  which they were stopped, or not at all if they failed (TPE would ignore them);
- for each question, what is pending is added as running, so that the *constant liar* keeps away from it, and
  afterwards marked as failed, which TPE does not look at;
- each question gets a new Optuna sampler, seeded by our seed and the trial's number.

A study that has answered a thousand questions and one built anew from the ledger therefore say the same. Spaces with
conditions are walked from parents to children, with one joint model per group of parameters that exist together
(`multivariate`, `group`). The first trials are those of the quasi-random sampler.
"""

from __future__ import annotations

import math
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import InputError
from stratolab.sweeps.conditions import conditions_of, holds
from stratolab.sweeps.dimensions import Choice, Int, identity
from stratolab.sweeps.samplers.extra import need, seed_of, usable
from stratolab.sweeps.samplers.quasi import QuasiSampler
from stratolab.sweeps.samplers.taken import Spoken, Taken

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stratolab.sweeps.sampler import Observation
    from stratolab.sweeps.space import Dimension, Params, Space, Value

STARTUP = 10  # finished trials before there is a model, as Optuna has it
_ATTEMPTS = 8
LIMIT = 1_000  # finished trials that the study holds, of more it is those that tell most
_RENEW = 250  # the choice is made anew each time that so many have finished
_STALE = (
    500  # answered questions that the study may carry along before it is built anew, or as many as it holds
)


class TpeSampler:
    """Optuna's TPE. Raises `InputError` if Optuna is not installed."""

    name = "tpe"

    def __init__(self, space: Space, seed: int) -> None:
        need("optuna", sampler=self.name)
        self._space = space
        self._seed = seed
        self._taken = Taken(space)
        self._start = QuasiSampler(space, seed)
        self._study = _Study(space)

    def ask(
        self, numbers: Sequence[int], finished: Sequence[Observation], pending: Sequence[Params]
    ) -> list[Params]:
        """See `Sampler`."""
        taken = self._taken.now(finished, pending)
        self._study.learn(finished)
        points: list[Params] = []
        for number in numbers:
            params = self._propose(number, [*pending, *points], taken)
            if params is None:
                params = self._start.propose(number, taken)
            if params is None:
                break
            points.append(params)
        return points

    def _propose(self, number: int, pending: Sequence[Params], taken: Spoken) -> Params | None:
        """A new point of the model; None if there is no model yet or it repeats itself."""
        if self._study.known < STARTUP:
            return None
        for attempt in range(_ATTEMPTS):
            params = self._study.suggest(seed_of(self._seed, number, attempt), pending)
            digest = self._space.digest(params)
            if digest not in taken:
                taken.add(digest)
                return params
        return None


class _Study:
    """A study in memory that holds what has finished."""

    def __init__(self, space: Space) -> None:
        import optuna  # noqa: PLC0415 - takes a second

        self._optuna: Any = optuna
        self._space = space
        self._distributions = {name: _distribution(optuna, of) for name, of in space.dimensions.items()}
        self._conditions = {name: conditions_of(of) for name, of in space.dimensions.items()}
        self._study: Any = None
        self._seen = self._chosen = 0  # trials looked at, and of the first how many a choice was made
        self._last: Observation | None = None
        self._known = self._held = 0  # trials that TPE learns from, and all that were added
        self._answered = 0
        self._begin()

    @property
    def known(self) -> int:
        """How many trials the model can learn from."""
        return self._known

    def learn(self, finished: Sequence[Observation]) -> None:
        """Take what is new; all of it if it is not the history that was known."""
        chosen = 0 if len(finished) <= LIMIT else len(finished) - len(finished) % _RENEW
        stale = self._answered > max(_STALE, self._held)
        other = len(finished) < self._seen or (self._seen and finished[self._seen - 1] != self._last)
        if stale or other or chosen != self._chosen:
            self._begin()
            self._chosen = self._seen = chosen
            for one in _telling(finished[:chosen]):
                self._add(one)
        for one in finished[self._seen :]:
            self._add(one)
        self._seen = len(finished)
        self._last = finished[-1] if finished else None

    def suggest(self, seed: int, pending: Sequence[Params]) -> Params:
        """A point for these random numbers, away from what is pending."""
        states = self._optuna.trial.TrialState
        self._study.sampler = self._sampler(seed)
        first = len(self._study.get_trials(deepcopy=False))
        for params in pending:
            self._record(params, states.RUNNING)
        trial = self._study.ask()
        point = self._walk(trial)
        for number in range(first, trial.number + 1):
            self._study.tell(number, state=states.FAIL)
        self._answered += trial.number + 1 - first
        return point

    def _sampler(self, seed: int) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `group` is marked experimental, in Optuna 4 `multivariate` too
            return self._optuna.samplers.TPESampler(
                seed=seed,
                n_startup_trials=STARTUP,
                multivariate=True,
                group=any(self._conditions.values()),
                constant_liar=True,
            )

    def _begin(self) -> None:
        with _quiet(self._optuna.logging):
            self._study = self._optuna.create_study(direction="minimize")
        self._seen = self._chosen = self._known = self._held = self._answered = 0
        self._last = None

    def _add(self, one: Observation) -> None:
        self._held += 1
        states = self._optuna.trial.TrialState
        if usable(one):
            self._known += self._record(one.params, states.COMPLETE, value=one.loss)
        elif one.pruned_loss is not None and math.isfinite(one.pruned_loss):
            self._known += self._record(one.params, states.PRUNED, intermediate_values={0: one.pruned_loss})

    def _record(self, params: Params, state: Any, **more: Any) -> bool:
        """Add a trial; False for a point of another space, from which nothing can be learnt."""
        try:
            self._space.check(params)
        except InputError:
            return False
        self._study.add_trial(
            self._optuna.trial.create_trial(
                state=state,
                params={name: self._outwards(name, value) for name, value in params.items()},
                distributions={name: self._distributions[name] for name in params},
                **more,
            )
        )
        return True

    def _walk(self, trial: Any) -> Params:
        """Define by run: each dimension is asked for once those that it depends on are known."""
        point: dict[str, Value] = {}
        for name, dimension in self._space.dimensions.items():
            if holds(self._conditions[name], point):
                point[name] = _suggested(trial, name, dimension)
        return point

    def _outwards(self, name: str, value: Value) -> Value:
        """A choice is known to Optuna by its index: for it True would be 1."""
        dimension = self._space.dimensions[name]
        if isinstance(dimension, Choice):
            return [identity(own) for own in dimension.values].index(identity(value))
        return value


def _telling(finished: Sequence[Observation]) -> list[Observation]:
    """`LIMIT` of them, in their order: the best half, the latest quarter, and some of every other quality.

    Beyond a thousand trials each made a suggestion dearer by 12 microseconds and took 3 KB.
    """
    if len(finished) <= LIMIT:
        return list(finished)
    places = sorted(range(len(finished)), key=lambda place: (_loss(finished[place]), place))
    chosen = {*places[: LIMIT // 2], *range(len(finished) - LIMIT // 4, len(finished))}
    rest = [place for place in places if place not in chosen]
    missing = LIMIT - len(chosen)
    chosen.update(rest[len(rest) * index // missing] for index in range(missing))
    return [finished[place] for place in sorted(chosen)]


def _loss(one: Observation) -> float:
    loss = one.pruned_loss if one.loss is None else one.loss
    return loss if loss is not None and math.isfinite(loss) else math.inf


def _distribution(optuna: Any, dimension: Dimension) -> Any:
    kinds = optuna.distributions
    if isinstance(dimension, Choice):
        return kinds.CategoricalDistribution(tuple(range(len(dimension.values))))
    if isinstance(dimension, Int):
        return kinds.IntDistribution(dimension.low, dimension.high, log=dimension.log)
    return kinds.FloatDistribution(dimension.low, dimension.high, log=dimension.log)


def _suggested(trial: Any, name: str, dimension: Dimension) -> Value:
    value: Value
    if isinstance(dimension, Choice):
        value = dimension.values[trial.suggest_categorical(name, tuple(range(len(dimension.values))))]
    elif isinstance(dimension, Int):
        value = int(trial.suggest_int(name, dimension.low, dimension.high, log=dimension.log))
    else:
        value = float(trial.suggest_float(name, dimension.low, dimension.high, log=dimension.log)) + 0.0
    return value


@contextmanager
def _quiet(logging: Any) -> Iterator[None]:
    """No word from Optuna on the screen; its user's own setting is put back."""
    before = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        logging.set_verbosity(before)
