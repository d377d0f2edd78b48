"""What the checks let pass, the space takes; what the space refuses, the checks have refused before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stratolab.config.load import from_mapping
from stratolab.config.spaces import INT_LIMIT, LOG_INT_LIMIT
from stratolab.core.errors import InputError
from stratolab.sweeps import dimensions
from stratolab.sweeps.space import space_of

if TYPE_CHECKING:
    from stratolab.config.models import ProjectConfig

names = st.sampled_from(["a", "b", "c", "model.depth", "_x", "a b", "1"])
numbers = st.integers(-3, 12) | st.sampled_from(
    [0.0, 0.5, 1e-3, 2.0, 2**50, 2**50 + 1, 2**40 + 1, 1e308, -1e308, 10**400]
)
words = st.sampled_from(["gbm", "forest", "", "x"])
scalars = numbers | words | st.booleans()
conditions = st.dictionaries(names, scalars | st.lists(scalars, max_size=2), max_size=2)
extras = st.fixed_dictionaries(
    {}, optional={"log": st.booleans(), "steps": st.integers(0, 4), "when": conditions}
)
ranges = st.fixed_dictionaries(
    {}, optional={"int": st.lists(numbers, min_size=2, max_size=2)}
) | st.fixed_dictionaries({}, optional={"float": st.lists(numbers, min_size=2, max_size=2)})
choices = st.builds(lambda values: {"choice": values}, st.lists(scalars, max_size=3))
tables = st.builds(lambda kind, more: {**kind, **more}, ranges | choices, extras)
spaces = st.dictionaries(names, tables, min_size=1, max_size=4)


def sweep(space: dict[str, Any]) -> ProjectConfig:
    return from_mapping(
        {
            "project": {"name": "p"},
            "jobs": {"a": {"command": "true"}},
            "sweeps": {"s": {"job": "a", "metric": "loss", "space": space}},
        },
        "test",
    )


def plain(config: ProjectConfig) -> dict[str, Any]:
    """As `stratolab.lab` hands a space on."""
    space = config.sweeps["s"].space
    return {
        name: table.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        for name, table in space.items()
    }


@settings(max_examples=400)
@given(spaces)
def test_what_loads_is_a_space(space: dict[str, Any]) -> None:
    try:
        config = sweep(space)
    except InputError:
        return
    made = space_of(plain(config))
    assert set(made.dimensions) == set(space)


def test_the_limits_are_those_of_the_space() -> None:
    assert (INT_LIMIT, LOG_INT_LIMIT) == (dimensions.INT_LIMIT, dimensions.LOG_INT_LIMIT)


def test_a_space_goes_through_unchanged() -> None:
    space = {
        "depth": {"int": [2, 12], "steps": 3},
        "rate": {"float": [0.001, 0.3], "log": True},
        "model": {"choice": ["gbm", 3, 2.5, True]},
        "leaves": {"int": [8, 256], "when": {"model": ["gbm", 3], "depth": 4}},
    }
    assert plain(sweep(space)) == space
