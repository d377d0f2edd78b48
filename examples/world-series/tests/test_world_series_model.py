"""The fit finds the one maximum, and chances are chances."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from worldseries import model


@pytest.fixture
def sample() -> model.Sample:
    """40 seasons of up to 8 teams, won by the true weights (1, -0.5, 0)."""
    random = np.random.default_rng(4)
    values = random.normal(size=(40, 8, 3))
    played = np.ones((40, 8), dtype=bool)
    played[:20, 6:] = False
    truth = model.chances(values, played, np.array([1.0, -0.5, 0.0]))
    credit = np.array([random.multinomial(1, row) for row in truth]).astype(float)
    credit[7] = 0  # a season without a Series
    return model.Sample(values * played[:, :, None], played, credit, 0.5 ** (np.arange(40)[::-1] / 20))


def likelihood(sample: model.Sample, weights: np.ndarray, l2: float, prior: np.ndarray) -> float:
    """The penalised log-likelihood, written the long way."""
    total = -l2 / 2 * float(((weights - prior) ** 2).sum())
    for values, played, credit, counts in zip(
        sample.values, sample.played, sample.credit, sample.weights, strict=True
    ):
        utility = (values @ weights)[played]
        logs = utility - np.log(np.exp(utility).sum())
        total += counts * float(logs @ credit[played])
    return total


def test_chances_of_a_season_sum_to_one_and_absent_teams_have_none(sample: model.Sample) -> None:
    chance = model.chances(sample.values, sample.played, np.array([300.0, -2.0, 9.0]))
    assert np.allclose(chance.sum(axis=1), 1)
    assert (chance[~sample.played] == 0).all()


def test_no_step_from_the_fit_is_an_improvement(sample: model.Sample) -> None:
    prior = np.array([0.5, 0, 0])
    found = model.fit(sample, l2=0.7, prior=prior)
    best = likelihood(sample, found, 0.7, prior)
    for direction in np.vstack([np.eye(3), -np.eye(3)]):
        assert likelihood(sample, found + 1e-3 * direction, 0.7, prior) < best


def test_the_start_does_not_change_the_end(sample: model.Sample) -> None:
    prior = np.zeros(3)
    near = model.fit(sample, l2=0.01, prior=prior)
    far = model.fit(sample, l2=0.01, prior=prior, start=np.array([25.0, 40.0, -30.0]))
    assert np.allclose(near, far, atol=1e-8)


def test_a_season_without_a_series_teaches_nothing(sample: model.Sample) -> None:
    kept = np.arange(40) != 7
    less = model.Sample(sample.values[kept], sample.played[kept], sample.credit[kept], sample.weights[kept])
    prior = np.zeros(3)
    assert np.allclose(model.fit(sample, l2=1, prior=prior), model.fit(less, l2=1, prior=prior), atol=1e-9)


def test_without_seasons_the_prior_stays(sample: model.Sample) -> None:
    none = model.Sample(sample.values[:0], sample.played[:0], sample.credit[:0], sample.weights[:0])
    prior = np.array([0.5, -1.0, 2.0])
    assert np.array_equal(model.fit(none, l2=1, prior=prior), prior)


def test_a_strong_pull_keeps_the_prior(sample: model.Sample) -> None:
    prior = np.array([0.5, -1.0, 2.0])
    assert np.allclose(model.fit(sample, l2=1e6, prior=prior), prior, atol=1e-4)


def test_perfectly_told_apart_seasons_still_have_a_fit(sample: model.Sample) -> None:
    sure = np.zeros_like(sample.values)
    sure[:, 0, 0] = 50.0
    credit = np.zeros_like(sample.credit)
    credit[:, 0] = 1
    found = model.fit(replace(sample, values=sure, credit=credit), l2=0.001, prior=np.zeros(3))
    assert np.isfinite(found).all()
    assert found[0] > 0


def test_features_that_are_not_finite_are_an_error(sample: model.Sample) -> None:
    broken = sample.values.copy()
    broken[3, 2, 1] = np.nan
    with pytest.raises(ArithmeticError):
        model.fit(replace(sample, values=broken), l2=1, prior=np.zeros(3))


def test_mixing_moves_towards_even_chances(sample: model.Sample) -> None:
    chance = model.chances(sample.values, sample.played, np.ones(3))
    half = model.mixed(chance, sample.played, 0.5)
    assert np.allclose(half.sum(axis=1), 1)
    assert np.allclose(half[0, :6], chance[0, :6] / 2 + 1 / 12)
    assert (half[~sample.played] == 0).all()
