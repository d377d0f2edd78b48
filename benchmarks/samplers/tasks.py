"""What is searched: development tasks, on which constants were chosen, and held-out ones, which decided nothing.

A task's loss is what the table shows; noise, if any, is added to what the samplers see only. None is a failed trial.
Trials of a paid task differ in how long they run; it ends when so many seconds of trials are paid for.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from stratolab.sweeps.space import Choice, Float, Int, Space

if TYPE_CHECKING:
    from collections.abc import Callable

    from stratolab.sweeps.space import Dimension, Params


@dataclass(frozen=True)
class Task:
    """A loss over a space. `optimum` is the least possible loss where it is known.

    `seconds` is how long a trial runs, but for chance; `money` how many seconds there are in all.
    """

    name: str
    space: Space
    loss: Callable[[Params], float | None]
    held_out: bool = True
    optimum: float | None = None
    noise: float = 0.0
    seconds: Callable[[Params], float] = field(default=lambda _: 1.0)
    money: float = math.inf


def box(count: int, low: float, high: float) -> Space:
    return Space({f"x{index}": Float(low, high) for index in range(count)})


def xs(params: Params) -> list[float]:
    return [float(value) for value in params.values()]


# -- development ----------------------------------------------------------------------------------


def branin(params: Params) -> float:
    x, y = xs(params)[:2]
    curve = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    return curve**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


_HARTMANN = {
    3: (
        ((3, 10, 30), (0.1, 10, 35), (3, 10, 30), (0.1, 10, 35)),
        ((3689, 1170, 2673), (4699, 4387, 7470), (1091, 8732, 5547), (381, 5743, 8828)),
    ),
    6: (
        (
            (10, 3, 17, 3.5, 1.7, 8),
            (0.05, 10, 17, 0.1, 8, 14),
            (3, 3.5, 1.7, 10, 17, 8),
            (17, 8, 0.05, 10, 0.1, 14),
        ),
        (
            (1312, 1696, 5569, 124, 8283, 5886),
            (2329, 4135, 8307, 3736, 1004, 9991),
            (2348, 1451, 3522, 2883, 3047, 6650),
            (4047, 8828, 8732, 5743, 1091, 381),
        ),
    ),
}


def hartmann(params: Params) -> float:
    x = xs(params)
    steep, centres = _HARTMANN[len(x)]
    wells = (
        weight * math.exp(-sum(a * (v - 1e-4 * c) ** 2 for a, v, c in zip(row, x, centre, strict=True)))
        for weight, row, centre in zip((1.0, 1.2, 3.0, 3.2), steep, centres, strict=True)
    )
    return -sum(wells)


def rosenbrock(params: Params) -> float:
    x = xs(params)
    return sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in pairwise(x))


def svc(params: Params, *, blur: float = 0.4) -> float:
    """The error of a support vector classifier on a part of the digits, in three folds."""
    import numpy as np  # noqa: PLC0415 - scikit-learn's import takes seconds, and only some tasks need it
    from sklearn.svm import SVC  # noqa: PLC0415

    digits = _digits(blur)
    kernel = _kernel(params, digits.products, digits.squares)  # once for all folds: four times as quick
    right = []
    for known, asked in digits.folds:
        model = SVC(C=params["C"], kernel="precomputed").fit(
            kernel[np.ix_(known, known)], digits.target[known]
        )
        right.append((model.predict(kernel[np.ix_(asked, known)]) == digits.target[asked]).mean())
    return 1 - float(np.mean(right))


def _kernel(params: Params, products: Any, squares: Any) -> Any:
    """scikit-learn's kernels of these names, of degree 2, of inner products and squared distances (n, n)."""
    import numpy as np  # noqa: PLC0415

    gamma, offset = float(params["gamma"]), float(params["coef0"])
    if params["kernel"] == "rbf":
        return np.exp(-gamma * squares)
    inner = gamma * products + offset
    return inner**2 if params["kernel"] == "poly" else np.tanh(inner)


class _Digits(NamedTuple):
    target: Any  # (n,)
    folds: list[tuple[Any, Any]]  # rows to learn from, rows to be asked
    products: Any  # (n, n)
    squares: Any  # (n, n)


@cache
def _digits(blur: float) -> _Digits:
    import numpy as np  # noqa: PLC0415
    from sklearn.datasets import load_digits  # noqa: PLC0415
    from sklearn.model_selection import StratifiedKFold  # noqa: PLC0415

    data, target = load_digits(return_X_y=True)
    noise = np.random.default_rng(0).normal(
        0, blur, (400, data.shape[1])
    )  # clean digits tell samplers hardly apart
    data, target = data[:400] / 16 + noise, target[:400]
    products = data @ data.T
    sizes = np.diag(products)
    squares = np.maximum(sizes[:, None] + sizes - 2 * products, 0)
    return _Digits(target, list(StratifiedKFold(3).split(data, target)), products, squares)


def family(params: Params) -> float:
    """A conditional space: three model families, each with its own parameters."""
    if params["model"] == "boosting":
        rate, leaves = math.log10(float(params["rate"])), math.log2(float(params["leaves"]))
        return 0.20 + 0.05 * (rate + 1.3) ** 2 + 0.01 * (leaves - 5 - rate) ** 2
    if params["model"] == "forest":
        return 0.23 + 0.3 * (float(params["features"]) - 0.4) ** 2 + 0.001 * (int(params["depth"]) - 14) ** 2
    return 0.24 + 0.02 * (math.log10(float(params["penalty"])) - 0.5) ** 2


# -- held out -------------------------------------------------------------------------------------


def ackley(params: Params) -> float:
    x = xs(params)
    root = math.sqrt(sum(v * v for v in x) / len(x))
    waves = sum(math.cos(2 * math.pi * v) for v in x) / len(x)
    return -20 * math.exp(-0.2 * root) - math.exp(waves) + 20 + math.e


def levy(params: Params) -> float:
    w = [1 + (v - 1) / 4 for v in xs(params)]
    middle = sum((v - 1) ** 2 * (1 + 10 * math.sin(math.pi * v + 1) ** 2) for v in w[:-1])
    return (
        math.sin(math.pi * w[0]) ** 2 + middle + (w[-1] - 1) ** 2 * (1 + math.sin(2 * math.pi * w[-1]) ** 2)
    )


def styblinski(params: Params) -> float:
    return sum(v**4 - 16 * v * v + 5 * v for v in xs(params)) / 2


def network_like(params: Params) -> float:
    """A mixed space shaped like a small network's: rate, width, depth, optimiser, dropout."""
    offset = {"sgd": 1.0, "adam": -0.5, "rmsprop": 0.0}[str(params["optimiser"])]
    rate = math.log10(float(params["rate"])) + 2.5 + 0.6 * offset
    width = math.log2(float(params["width"])) - 6.5
    depth = int(params["depth"]) - 4
    drop = float(params["dropout"]) - 0.15 - 0.02 * width
    raw = 0.4 * rate**2 + 0.05 * width**2 + 0.03 * depth**2 + 3 * drop**2 + 0.08 * rate * depth
    return 0.1 + math.log1p(raw) + 0.05 * abs(offset + 0.5)


def pipeline(params: Params) -> float:
    """Nested conditions: a reduction with its own parameter, and one of two models with theirs."""
    lost = 0.15
    if params["reduce"] == "pca":
        lost = 0.02 + 0.02 * (math.log2(float(params["components"])) - 4) ** 2
    if params["model"] == "svm":
        c, gamma = math.log10(float(params["C"])), math.log10(float(params["gamma"]))
        return 0.1 + lost + 0.02 * (c + gamma) ** 2 + 0.01 * (c - 1.5) ** 2
    weighted = 0.0 if params["weights"] == "distance" else 0.02
    return 0.12 + lost + weighted + 0.03 * (math.log2(float(params["neighbours"])) - 2.5) ** 2


def broken_styblinski(params: Params) -> float | None:
    """Fails in a corner and in a band beside the best point, at places known to nobody."""
    x = xs(params)
    return None if sum(x) > 3 or -1.5 < x[0] < 0.5 or x[1] < -3.4 else styblinski(params)


def flaky_levy(params: Params) -> float | None:
    """Fails one time in six, wherever."""
    dice = hashlib.sha256(repr(sorted(params.items())).encode()).digest()[0]
    return None if dice < 43 else levy(params)


def ridge_diabetes(params: Params) -> float:
    """A kernel ridge regression's error (share of variance left) on a part of the diabetes data."""
    from sklearn.kernel_ridge import KernelRidge  # noqa: PLC0415
    from sklearn.model_selection import cross_val_score  # noqa: PLC0415

    data, target = _diabetes()
    chosen = {name: value for name, value in params.items() if name != "alpha"}
    model = KernelRidge(alpha=params["alpha"], **chosen)
    return 1 - float(cross_val_score(model, data, target, cv=3).mean())


@cache
def _diabetes() -> tuple[object, object]:
    from sklearn.datasets import load_diabetes  # noqa: PLC0415

    data, target = load_diabetes(return_X_y=True)
    return data[:150] * 20, (target[:150] - target.mean()) / target.std()


def _network_space() -> Space:
    return Space(
        {
            "rate": Float(1e-5, 1.0, log=True),
            "width": Int(8, 512, log=True),
            "depth": Int(1, 10),
            "optimiser": Choice(("sgd", "adam", "rmsprop")),
            "dropout": Float(0.0, 0.8),
        }
    )


def _family_space() -> Space:
    dimensions: dict[str, Dimension] = {
        "model": Choice(("boosting", "forest", "linear")),
        "rate": Float(1e-3, 1.0, log=True, when={"model": ("boosting",)}),
        "leaves": Int(2, 512, log=True, when={"model": ("boosting",)}),
        "features": Float(0.05, 1.0, when={"model": ("forest",)}),
        "depth": Int(1, 30, when={"model": ("forest",)}),
        "penalty": Float(1e-4, 1e4, log=True, when={"model": ("linear",)}),
    }
    return Space(dimensions)


def _pipeline_space() -> Space:
    return Space(
        {
            "reduce": Choice(("none", "pca")),
            "components": Int(1, 64, log=True, when={"reduce": ("pca",)}),
            "model": Choice(("neighbours", "svm")),
            "C": Float(1e-3, 1e4, log=True, when={"model": ("svm",)}),
            "gamma": Float(1e-6, 1e1, log=True, when={"model": ("svm",)}),
            "neighbours": Int(1, 50, log=True, when={"model": ("neighbours",)}),
            "weights": Choice(("uniform", "distance"), when={"model": ("neighbours",)}),
        }
    )


def _ridge_space() -> Space:
    return Space(
        {
            "alpha": Float(1e-4, 1e3, log=True),
            "kernel": Choice(("rbf", "laplacian", "polynomial")),
            "gamma": Float(1e-5, 1e1, log=True),
            "degree": Int(1, 5, when={"kernel": ("polynomial",)}),
            "coef0": Float(0.0, 5.0, when={"kernel": ("polynomial",)}),
        }
    )


_SVC = Space(
    {
        "C": Float(1e-3, 1e4, log=True),
        "gamma": Float(1e-6, 1e1, log=True),
        "kernel": Choice(("rbf", "poly", "sigmoid")),
        "coef0": Float(-1.0, 1.0),
    }
)

TASKS = {
    task.name: task
    for task in (
        Task(
            "branin", Space({"x": Float(-5, 10), "y": Float(0, 15)}), branin, held_out=False, optimum=0.3979
        ),
        Task("hartmann6", box(6, 0, 1), hartmann, held_out=False, optimum=-3.3224),
        Task("rosenbrock5", box(5, -5, 10), rosenbrock, held_out=False, optimum=0.0),
        Task("svc", _SVC, svc, held_out=False),
        # Held out at first: it showed that the model could be held at one family, and decided two constants.
        Task("conditional", _family_space(), family, held_out=False, optimum=0.20),
        Task("ackley5", box(5, -30, 20), ackley, optimum=0.0),
        Task("levy6", box(6, -10, 10), levy, optimum=0.0),
        Task("hartmann3", box(3, 0, 1), hartmann, optimum=-3.8628),
        Task("styblinski4", box(4, -5, 5), styblinski, optimum=-156.66),
        Task("mixed", _network_space(), network_like, optimum=0.1),
        Task("pipeline", _pipeline_space(), pipeline, optimum=0.12),
        Task("noisy-hartmann3", box(3, 0, 1), hartmann, optimum=-3.8628, noise=0.2),
        Task("failing", box(3, -5, 5), broken_styblinski),
        Task("flaky", box(4, -10, 10), flaky_levy, optimum=0.0),
        Task("svc-sharper", _SVC, partial(svc, blur=0.25)),
        Task("ridge", _ridge_space(), ridge_diabetes),
    )
}

# -- paid by the second: each has the money for some fifty trials at points of chance ---------------


def by_x(params: Params) -> float:
    """1 to 55 seconds, from left to right; Branin has a minimum at the left, one in the middle, one at the right."""
    return math.exp(4 * (float(params["x"]) + 5) / 15)


def by_size(params: Params) -> float:
    """As the size of a network goes: 0.03 to 20 seconds."""
    return float(params["width"]) * int(params["depth"]) / 256


def by_last(params: Params) -> float:
    """1 to 20 seconds; Hartmann's best points, where the last number is 0.85, are among the dearest."""
    return math.exp(3 * xs(params)[-1])


PAID = {
    task.name: task
    for task in (
        replace(TASKS["branin"], name="branin by x", seconds=by_x, money=670.0),
        replace(TASKS["mixed"], name="mixed by size", seconds=by_size, money=130.0),
        replace(TASKS["hartmann3"], name="hartmann3 by last", seconds=by_last, money=320.0),
    )
}
