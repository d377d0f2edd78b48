"""What we make fit, MLflow takes: its own validation is asked."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stratolab.tracking import rules

TEXTS = st.text(max_size=400)
AWKWARD = [
    "",
    ".",
    "..",
    "/",
    "a//b",
    "../x",
    "/abs",
    "a/./b",
    "acc@5",
    "f1 (macro)",
    "a\nb",
    "größe/µ",
    "..a",
    "x/",
]


@pytest.fixture(scope="session")
def validation(mlflow_client):
    from mlflow.utils import validation  # noqa: PLC0415

    return validation


@given(name=TEXTS)
@settings(max_examples=300)
def test_every_name_is_made_into_one_that_mlflow_takes(validation, name):
    key = rules.key(name)
    validation._validate_metric(key, 1.0, 0, 0)
    validation._validate_param(key, "value")
    validation._validate_tag(key, "value")


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_names_are_made_to_fit(validation, name):
    validation._validate_metric(rules.key(name), 1.0, 0, 0)


@pytest.mark.parametrize("name", ["loss", "val/loss", "größe", "a b", "x:y", "f1-macro", "日本"])
def test_a_name_that_mlflow_takes_stays(name):
    assert rules.key(name) == name


@given(one=TEXTS, other=TEXTS)
def test_different_names_stay_different(one, other):
    assert (rules.key(one) == rules.key(other)) == (one == other)


@given(value=st.text(max_size=50), repeats=st.integers(1, 400))
def test_every_value_is_made_into_one_that_mlflow_takes_unchanged(validation, value, repeats):
    text = rules.param(value * repeats)
    assert validation._validate_param("name", text).value == text
    assert validation._validate_tag("name", rules.tag(value * repeats)).value == rules.tag(value * repeats)
    text.encode()
    assert "\0" not in text


@pytest.mark.parametrize("limit", ["MAX_PARAM_VAL_LENGTH", "MAX_TAG_VAL_LENGTH", "MAX_ENTITY_KEY_LENGTH"])
def test_the_limits_are_mlflows(validation, limit):
    ours = {
        "MAX_PARAM_VAL_LENGTH": rules.PARAM_LIMIT,
        "MAX_TAG_VAL_LENGTH": rules.TAG_LIMIT,
        "MAX_ENTITY_KEY_LENGTH": rules.KEY_LIMIT,
    }
    assert getattr(validation, limit) == ours[limit]


@pytest.mark.parametrize("value", [1.5, -0.0, math.inf, -math.inf, math.nan, 1e308])
def test_numbers_are_stored_as_mlflow_stores_them(mlflow_client, value):
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore  # noqa: PLC0415

    is_nan, stored = SqlAlchemyStore.sanitize_metric_value(None, value)
    assert rules.number(value) == (stored, int(is_nan))


@pytest.mark.parametrize(("step", "kept"), [(3, 3), (-3, -3), (2**80, 2**63 - 1), (-(2**80), -(2**63) + 1)])
def test_a_step_fits_into_its_column(step, kept):
    assert rules.step(step) == kept


def test_half_a_surrogate_pair_and_nul_are_replaced():
    assert rules.text("a\udcffb\0c", 10) == "a?b\N{REPLACEMENT CHARACTER}c"


@pytest.mark.parametrize(
    ("name", "kept"), [("tune", "tune"), ("  ", "stratolab"), ("", "stratolab"), ("x" * 300, "x" * 256)]
)
def test_the_name_of_an_experiment(name, kept):
    assert rules.experiment(name) == kept
