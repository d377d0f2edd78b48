from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from stratolab.sweeps.samplers.gp.descent import descend
from stratolab.sweeps.samplers.gp.model import Evidence, Hyper, Posterior, fit, inverse_root, matern
from stratolab.sweeps.samplers.gp.warp import warp

GROUPS = np.array([0, 1, 1, 2])
HYPER = Hyper(np.array([0.3, 0.6, 1.5]), 1.3, 1e-4, 0.25)


def some_data(count=30, seed=1):
    dice = np.random.default_rng(seed)
    features = dice.random((count, 4))
    return features, np.sin(5 * features[:, 0]) + features[:, 1] * features[:, 2]


def slopes(function, at, step=1e-6):
    """Central differences of a function of one row."""
    result = np.empty_like(at)
    for place in range(len(at)):
        moved = np.repeat(at[None], 2, axis=0)
        moved[:, place] += [step, -step]
        above, below = function(moved)
        result[place] = (above - below) / (2 * step)
    return result


def test_the_gradient_of_the_evidence_is_that_of_differences():
    evidence = Evidence(*some_data(), GROUPS)
    thetas = np.random.default_rng(2).normal(-0.5, 0.7, (3, 5))
    thetas[:, -1] -= 4
    _, gradients = evidence(thetas)
    for theta, gradient in zip(thetas, gradients, strict=True):
        np.testing.assert_allclose(gradient, slopes(lambda t: evidence(t)[0], theta), rtol=1e-4, atol=1e-5)


def test_the_gradient_of_the_gain_is_that_of_differences():
    features, losses = some_data()
    posterior = Posterior(features, losses, GROUPS, HYPER)
    posterior.imagine(np.random.default_rng(7).random((3, 4)), 1.0)
    places = np.random.default_rng(3).random((6, 4))
    gains, gradients = posterior.gain_slopes(places)
    np.testing.assert_allclose(gains, posterior.gains(places), rtol=1e-9)
    for place, gradient in zip(places, gradients, strict=True):
        np.testing.assert_allclose(gradient, slopes(posterior.gains, place), rtol=1e-3, atol=1e-5)


def test_predictions_are_those_of_the_textbook():
    features, losses = some_data()
    places = np.random.default_rng(5).random((8, 4))
    lengths = HYPER.lengths[GROUPS]

    def covariance(left, right):
        distance = np.sqrt(5 * (((left[:, None] - right[None]) / lengths) ** 2).sum(-1))
        return HYPER.amplitude * matern(distance)[0] + HYPER.mean

    noisy = covariance(features, features) + HYPER.noise * np.eye(len(features))
    across = covariance(features, places)
    means, variances = Posterior(features, losses, GROUPS, HYPER).predict(places)
    np.testing.assert_allclose(means, across.T @ np.linalg.solve(noisy, losses), rtol=1e-6, atol=1e-8)
    expected = HYPER.amplitude + HYPER.mean - (across * np.linalg.solve(noisy, across)).sum(0)
    np.testing.assert_allclose(variances, expected, rtol=1e-5, atol=1e-9)


def test_imagined_points_are_as_if_they_had_been_seen():
    features, losses = some_data()
    more, places = np.random.default_rng(6).random((5, 4)), np.random.default_rng(8).random((7, 4))
    posterior = Posterior(features, losses, GROUPS, HYPER)
    expected, deviations = posterior.predict(more)
    posterior.imagine(more, 0.7)
    seen = np.concatenate([losses, expected + 0.7 * np.sqrt(deviations)])
    whole = Posterior(np.vstack([features, more]), seen, GROUPS, HYPER)
    for one, other in zip(posterior.predict(places), whole.predict(places), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-8)
    assert posterior.best == pytest.approx(whole.best, abs=1e-8)


def test_a_fit_recovers_known_length_scales_and_noise():
    dice = np.random.default_rng(11)
    features = dice.random((150, 3))
    lengths = np.array([0.15, 0.5, 3.0])
    distance = np.sqrt(5 * (((features[:, None] - features[None]) / lengths) ** 2).sum(-1))
    drawn = np.linalg.cholesky(matern(distance)[0] + 1e-9 * np.eye(150)) @ dice.standard_normal(150)
    found = fit(features, drawn + 0.05 * dice.standard_normal(150), np.arange(3))
    np.testing.assert_allclose(np.log(found.lengths[:2]), np.log(lengths[:2]), atol=0.4)
    assert found.lengths[2] > 1.5
    assert found.noise == pytest.approx(0.0025, rel=0.8)


def test_inverse_root_inverts():
    for size in (1, 7, 48, 49, 200):
        half = np.random.default_rng(size).standard_normal((size, size))
        matrix = half @ half.T + size * np.eye(size)
        root = inverse_root(matrix)
        np.testing.assert_allclose(root.T @ root @ matrix, np.eye(size), atol=1e-9)


def test_descent_reaches_scipys_minima_inside_a_box_from_every_start():
    def rosenbrock(rows):
        values = np.array([optimize.rosen(row) for row in rows])
        return values, np.array([optimize.rosen_der(row) for row in rows])

    starts = np.random.default_rng(4).uniform(-0.5, 0.8, (6, 3))
    low, high = np.full(3, -0.5), np.full(3, 0.8)
    _, values = descend(rosenbrock, starts, low, high, iterations=200, reach=0.1, tolerance=1e-12)
    bounds = optimize.Bounds(low, high)
    expected = optimize.minimize(optimize.rosen, starts[0], jac=optimize.rosen_der, bounds=bounds).fun
    np.testing.assert_allclose(values, expected, rtol=1e-3)


def test_descent_never_ends_worse_than_it_began_and_survives_nan():
    def wild(rows):
        values = np.where(rows[:, 0] > 0.5, np.nan, np.cos(40 * rows).sum(1))
        return values, -40 * np.sin(40 * rows)

    starts = np.random.default_rng(4).random((20, 2)) * [0.5, 1]
    points, values = descend(wild, starts, np.zeros(2), np.ones(2), iterations=30, reach=0.2)
    assert (values <= wild(starts)[0]).all()
    assert (points[:, 0] <= 0.5).all()


def test_the_warp_keeps_the_order_and_tames_outliers():
    losses = np.concatenate([np.linspace(0, 1, 50), [1e3, 1e6, 1e12]])
    warped = warp(losses, losses)
    assert (np.diff(warped.values) > 0).all()
    assert abs(warped.values.mean()) < 1e-9
    assert warped.values.std() == pytest.approx(1)
    assert warped.values[-1] - warped.values[49] < 3
    assert warped.values[10] - warped.values[0] > 0.3


def test_the_warp_does_not_magnify_the_differences_within_one_minimum():
    first = np.linspace(0.3, 1.0, 12)
    losses = np.concatenate([first, 0.2 + 1e-9 * np.arange(90)])
    warped = warp(losses, first).values
    assert warped[12:].std() < 1e-4 * (warped[0] - warped[12])


def test_the_warps_slope_is_that_at_the_best():
    losses = np.random.default_rng(1).lognormal(0, 1.5, 400)
    losses[0] = losses.min() * 0.999
    warped, order = warp(losses, losses), np.argsort(losses)[:3]
    rise = (losses[order[2]] - losses[order[0]]) / (warped.values[order[2]] - warped.values[order[0]])
    assert warped.slope == pytest.approx(rise, rel=0.1)
