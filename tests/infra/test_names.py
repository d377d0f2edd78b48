from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratolab.config.labs.checks import LAB_NAME_LIMIT
from stratolab.core.names import NAME, is_name
from stratolab.infra import names
from stratolab.infra.names import BUCKET_LIMIT, LIMITS, fitted, named, pathed, stack, title

lab_names = st.from_regex(NAME, fullmatch=True).filter(lambda text: len(text) <= LAB_NAME_LIMIT)
parts = st.lists(st.from_regex(NAME, fullmatch=True).filter(is_name), max_size=4)


@given(st.sampled_from(sorted(LIMITS)), lab_names, parts)
def test_no_name_exceeds_its_limit(kind, lab, words):
    for made in (named(kind, lab, *words), pathed(kind, lab, *words)):
        assert len(made) <= LIMITS[kind]
        assert not made.endswith(("-", "/"))
    assert named(kind, lab, *words).startswith(lab)
    assert all(
        pathed(path, lab, *words).startswith(f"/stratolab/{lab}") for path in ("log group", "parameter")
    )


@given(st.text("abc-", min_size=40, max_size=80), st.text("abc-", min_size=40, max_size=80))
def test_what_is_shortened_stays_apart(one, other):
    assert (fitted(one, 32) == fitted(other, 32)) == (one == other)


def test_a_short_name_stays_as_it_is():
    assert named("load balancer", "acme", "prod", "tracking") == "acme-prod-tracking"
    assert pathed("log group", "acme", "prod", "flows") == "/stratolab/acme/prod/flows"
    assert stack("acme", "network", "prod") == "acme-network-prod"
    assert stack("acme", "foundation") == "acme-foundation"


def test_a_long_name_keeps_its_beginning():
    made = named("load balancer", "a-lab-of-long-name-1", "prod", "world-series")
    assert re.fullmatch(r"a-lab-of-long-name-1-prod-[0-9a-f]{6}", made)
    assert made == named("load balancer", "a-lab-of-long-name-1", "prod", "world-series")


def test_the_longest_lab_leaves_room_in_the_shortest_name():
    assert LAB_NAME_LIMIT + len("-stage") + names._HASH <= min(LIMITS.values())


def test_a_bucket_ends_in_a_part_of_the_stacks_id():
    made = names.bucket("acme", "data").to_dict()
    arn = "arn:aws:cloudformation:eu-west-1:111122223333:stack/acme-foundation/0a1b2c3d-1111-2222-3333-0123456789ab"
    assert resolved(made, arn) == "acme-data-0123456789ab"
    assert LAB_NAME_LIMIT + len("-delivery-") + 12 <= BUCKET_LIMIT
    with pytest.raises(ValueError, match="at most 29"):
        names.bucket("acme", "x" * 30)


def resolved(value, stack_id):
    """What CloudFormation would make of it."""
    if not isinstance(value, dict):
        return value
    ((function, given_),) = value.items()
    if function == "Ref":
        return stack_id
    if function == "Fn::Split":
        return resolved(given_[1], stack_id).split(given_[0])
    if function == "Fn::Select":
        return resolved(given_[1], stack_id)[int(given_[0])]
    assert function == "Fn::Join"
    return given_[0].join(resolved(part, stack_id) for part in given_[1])


@given(st.text(max_size=80), st.text(max_size=80))
def test_a_title_is_one_and_the_texts_own(one, other):
    assert re.fullmatch(r"[A-Za-z0-9]{1,255}", title("Person", one))
    assert (title("Person", one) == title("Person", other)) == (one == other)
