"""A peer's sampler as a process: a line of JSON in, a line of JSON out.

Run in the peer's environment; imports nothing of ours.

    {"player": "optuna-tpe", "seed": 7, "space": {...}}   a new search; answers {}
    {"ask": 3}                                            the point of trial 3; answers {"point": {...}, "cpu": seconds}
    {"tell": 3, "loss": 0.5}                              its loss, null for a failed trial; answers {"cpu": seconds}
    {"know": [[{...}, 0.5], ...]}                         trials that are over already; answers {}

A space is {name: {"kind": "float" | "int" | "choice", "low", "high", "log", "values", "when": {parent: [values]}}},
parents first.
`cpu` is the CPU time of this process, all threads.
"""

import json
import sys
import time
import warnings


def active(space, point):
    """The names that count at this point, as far as it is known."""
    for name, dimension in space.items():
        if all(point.get(parent) in values for parent, values in dimension["when"].items()):
            yield name


class Optuna:
    """One of Optuna's samplers, asked and told in memory. It knows conditions by not being asked."""

    def __init__(self, player, seed, space):
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        make = {
            "optuna-tpe": lambda: optuna.samplers.TPESampler(seed=seed),
            "optuna-cmaes": lambda: optuna.samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False),
            "optuna-gp": lambda: optuna.samplers.GPSampler(seed=seed),
        }[player]
        self.optuna, self.space, self.trials = optuna, space, {}
        self.study = optuna.create_study(sampler=make())

    def ask(self, number):
        trial = self.trials[number] = self.study.ask()
        point = {}
        for name in self.space:
            if name in set(active(self.space, point)):
                point[name] = self._suggest(trial, name)
        return point

    def _suggest(self, trial, name):
        dimension = self.space[name]
        if dimension["kind"] == "choice":
            return trial.suggest_categorical(name, dimension["values"])
        suggest = trial.suggest_int if dimension["kind"] == "int" else trial.suggest_float
        return suggest(name, dimension["low"], dimension["high"], log=dimension["log"])

    def tell(self, number, loss):
        trial = self.trials.pop(number)
        failed = self.optuna.trial.TrialState.FAIL
        self.study.tell(trial, loss) if loss is not None else self.study.tell(trial, state=failed)

    def know(self, known):
        distributions = {name: self._distribution(name) for name in self.space}
        trials = [
            self.optuna.trial.create_trial(
                params=point, value=loss, distributions={name: distributions[name] for name in point}
            )
            for point, loss in known
        ]
        self.study.add_trials(trials)

    def _distribution(self, name):
        dimension = self.space[name]
        if dimension["kind"] == "choice":
            return self.optuna.distributions.CategoricalDistribution(dimension["values"])
        kinds = self.optuna.distributions
        kind = kinds.IntDistribution if dimension["kind"] == "int" else kinds.FloatDistribution
        return kind(dimension["low"], dimension["high"], log=dimension["log"])


class SyneTune:
    """One of Syne Tune's schedulers. It knows no conditions: it is asked for everything and told of everything."""

    def __init__(self, player, seed, space):
        import logging

        from syne_tune import config_space as kinds
        from syne_tune.optimizer import baselines

        logging.disable(logging.WARNING)
        floats = {False: kinds.uniform, True: kinds.loguniform}
        ints = {False: kinds.randint, True: kinds.lograndint}
        self.space, self.trials, self.count = space, {}, 0
        config = {}
        for name, dimension in space.items():
            if dimension["kind"] == "choice":
                config[name] = kinds.choice(dimension["values"])
            else:
                kind = ints if dimension["kind"] == "int" else floats
                config[name] = kind[dimension["log"]](dimension["low"], dimension["high"])
        make = {"syne-tune-tpe": "TPE", "syne-tune-botorch": "BOTorch"}[player]
        self.scheduler = getattr(baselines, make)(config, metric="loss", random_seed=seed)

    def ask(self, number):
        config = self.scheduler.suggest().config
        self._begin(number, config)
        point = {}
        for name in self.space:
            if name in set(active(self.space, point)):
                point[name] = config[name]
        return point

    def _begin(self, number, config):
        from datetime import UTC, datetime

        from syne_tune.backend.trial_status import Trial

        self.trials[number] = Trial(self.count, config, datetime.now(UTC))
        self.count += 1
        self.scheduler.on_trial_add(self.trials[number])

    def tell(self, number, loss):
        trial = self.trials.pop(number)
        if loss is None:
            self.scheduler.on_trial_error(trial)
            return
        self.scheduler.on_trial_result(trial, {"loss": loss})
        self.scheduler.on_trial_complete(trial, {"loss": loss})

    def know(self, known):
        suggested = getattr(self.scheduler.searcher, "trial_configs", {})  # some look up what they suggested
        for number, (point, loss) in enumerate(known):
            suggested[self.count] = point
            self._begin(-1 - number, point)
            self.tell(-1 - number, loss)


def answers(lines):
    """The answer to each line."""
    player = None
    for line in lines:
        order = json.loads(line)
        began = time.process_time()
        answer = {}
        if "player" in order:
            kind = Optuna if order["player"].startswith("optuna") else SyneTune
            player = kind(order["player"], order["seed"], order["space"])
        elif "ask" in order:
            answer["point"] = player.ask(order["ask"])
        elif "know" in order:
            player.know(order["know"])
        else:
            player.tell(order["tell"], order["loss"])
        yield answer | {"cpu": time.process_time() - began}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    tell, sys.stdout = sys.stdout, sys.stderr  # what a library prints must not be taken for an answer
    for answer in answers(sys.stdin):
        tell.write(json.dumps(answer, default=lambda value: value.item()) + "\n")
        tell.flush()
