"""What a profile makes of keys that are not given."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from stratolab.config.labs.fields import PROFILE_NAMES
from stratolab.config.labs.load import lab_from_mapping
from stratolab.config.labs.profiles import completed, profile_of

LAB = {"name": "acme", "region": "eu-west-1"}


def lab(profile: str, **more: Any) -> Any:
    tables = {"lab": {**LAB, "profile": profile}, "environments": {"prod": {"database": {}}}, **more}
    return lab_from_mapping(tables, profile)


def test_a_profile_decides_what_is_not_given() -> None:
    nats = {name: lab(name).environments["prod"].nat for name in PROFILE_NAMES}
    assert nats == {"lab": "none", "standard": "one", "hardened": "per-zone"}
    keys = {name: lab(name).security.keys for name in PROFILE_NAMES}
    assert keys == {"lab": "aws", "standard": "one", "hardened": "each"}
    standby = {name: lab(name).environments["prod"].database.multi_zone for name in PROFILE_NAMES}
    assert standby == {"lab": False, "standard": False, "hardened": True}


def test_what_is_given_stays() -> None:
    given = lab(
        "hardened", security={"keys": "aws"}, environments={"dev": {"nat": "none", "endpoints": "all"}}
    )
    assert (given.security.keys, given.security.hub) == ("aws", True)
    assert given.environments["dev"].nat == "none"


def test_a_profile_is_the_same_as_its_values_written_down() -> None:
    """So nothing besides the tables depends on the profile."""
    for name in PROFILE_NAMES:
        values = lab(name).model_dump(exclude_none=True, by_alias=True)
        again = lab_from_mapping({**values, "lab": {**values["lab"], "profile": "lab"}}, "again")
        assert again.model_dump(exclude={"lab"}) == lab(name).model_dump(exclude={"lab"})


def test_safer_profiles_are_not_less_safe() -> None:
    """Each step up keeps what the one before switched on."""
    steps = [lab(name).security.model_dump() for name in PROFILE_NAMES]
    for key in (
        "threat_detection",
        "hub",
        "analyzer",
        "trail",
        "data_events",
        "object_lock",
        "log_days",
        "audit_days",
    ):
        values = [step[key] for step in steps]
        assert values == sorted(values), key


def test_the_given_tables_are_left_alone() -> None:
    raw: dict[str, Any] = {
        "lab": {**LAB, "profile": "hardened"},
        "environments": {"dev": {"database": {}}},
        "tracking": {},
    }
    before = copy.deepcopy(raw)
    completed(raw)
    assert raw == before


@pytest.mark.parametrize(
    "junk", [{}, {"lab": 3}, {"lab": {"profile": ["lab"]}}, {"environments": {"dev": 1, "prod": []}}]
)
def test_junk_is_passed_through(junk: dict[str, Any]) -> None:
    assert profile_of(junk) == "standard"
    completed(junk)


def test_environments_have_ranges_side_by_side() -> None:
    tables = {"lab": LAB, "environments": {"prod": {}, "stage": {}, "dev": {"cidr": "10.9.0.0/16"}}}
    made = lab_from_mapping(tables, "here").environments
    assert {name: one.cidr for name, one in made.items()} == {
        "prod": "10.0.0.0/16",
        "stage": "10.1.0.0/16",
        "dev": "10.9.0.0/16",
    }
