from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from troposphere import GetAtt, Join, Ref, Sub

from stratolab.infra.arns import objects, regional
from stratolab.infra.blocks.policies import SIZE_MOST, allow
from stratolab.infra.parts.packing import packed, size

calls = st.lists(
    st.from_regex(r"[a-z]{2,10}:[A-Z][A-Za-z]{3,40}", fullmatch=True), min_size=1, max_size=150, unique=True
)


@given(st.lists(calls, min_size=1, max_size=6))
def test_every_policy_fits_and_nothing_is_lost(lists):
    statements = [allow(f"S{number}", actions, "*") for number, actions in enumerate(lists)]
    made = [one.PolicyDocument["Statement"] for one in packed("P", "acme", "group", statements)]
    assert all(size(*part) <= SIZE_MOST for part in made)
    kept = [action for part in made for one in part for action in _listed(one["Action"])]
    assert sorted(kept) == sorted(action for actions in lists for action in actions)


def _listed(value):
    return value if isinstance(value, list) else [value]


def test_one_policy_for_what_fits_in_one():
    made = packed(
        "P", "acme", "group", [allow("A", ["s3:GetObject"], "*"), allow("B", ["s3:PutObject"], "*")]
    )
    assert [(one.title, one.ManagedPolicyName, one.Path) for one in made] == [
        ("P1", "acme-group-1", "/stratolab/acme/people/")
    ]


def test_a_size_counts_what_is_filled_in_at_its_longest():
    longest = "arn:aws-us-gov:sns:ap-northeast-1:123456789012:acme-topic"
    assert size(allow("A", ["sns:Publish"], regional("sns", "acme-topic"))) >= size(
        allow("A", ["sns:Publish"], longest)
    )
    bucket = f"arn:aws-us-gov:s3:::{'b' * 63}/*"
    assert size(allow("A", ["s3:GetObject"], objects(Ref("Bucket")))) >= size(
        allow("A", ["s3:GetObject"], bucket)
    )
    for value in (GetAtt("A", "Arn"), Join("", [GetAtt("A", "Arn"), "/*"]), Sub("${AWS::Partition}")):
        assert size(allow("A", ["a:B"], value)) > size(allow("A", ["a:B"], ""))


def test_a_size_is_that_of_the_text():
    statement = allow("A", ["s3:GetObject"], "arn:aws:s3:::b/*")
    assert size(statement) == len(
        json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))
    )
