from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from stratolab.sweeps.samplers.gp.normal import log_improvement, mills


def test_mills_ratio_is_scipys():
    t = np.concatenate(
        [np.linspace(0, 60, 4001), np.logspace(2, 12, 50), [0.46875 * np.sqrt(2), 4 * np.sqrt(2)]]
    )
    expected = np.sqrt(np.pi / 2) * special.erfcx(t / np.sqrt(2))
    np.testing.assert_allclose(mills(t), expected, rtol=1e-13)


def test_log_improvement_is_that_of_the_definition_where_it_is_representable():
    u = np.linspace(-5, 40, 3001)
    expected = np.log(stats.norm.pdf(u) + u * stats.norm.cdf(u))
    np.testing.assert_allclose(log_improvement(u)[0], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("u", [-1.0, -7.0, -30.0, -49.9, -50.1, -300.0, -1e4, -1e8])
def test_far_below_it_is_the_integral_of_the_normal_distribution(u):
    # h(u) is the integral of Phi up to u; with x = u - s / |u| it becomes Phi(u) / |u| times a tame one.
    scale = -u
    nodes, weights = np.polynomial.laguerre.laggauss(60)
    logs = stats.norm.logcdf(u - nodes / scale) + nodes
    expected = special.logsumexp(logs, b=weights) - np.log(scale)
    assert log_improvement(np.array([u]))[0][0] == pytest.approx(expected, rel=1e-6)


def test_its_ratios_are_its_slopes():
    u = np.concatenate([-np.logspace(3, -3, 200), np.logspace(-3, 1.3, 100)])
    step = 1e-6 * np.maximum(1, np.abs(u))
    (above, _, _), (below, _, _) = log_improvement(u + step), log_improvement(u - step)
    _, mass, density = log_improvement(u)
    # h' = Phi, and h = phi + u Phi gives 1 = (phi / h) + u (Phi / h)
    np.testing.assert_allclose(mass, (above - below) / (2 * step), rtol=2e-4)
    np.testing.assert_allclose(density + u * mass, 1, atol=1e-5 * np.maximum(1, np.abs(u * mass)).max())


@pytest.mark.filterwarnings("error")
def test_no_value_overflows():
    for result in log_improvement(np.array([-1e150, -1e20, -1e5, 0.0, -0.0, 1e5, 1e100])):
        assert np.isfinite(result).all()
