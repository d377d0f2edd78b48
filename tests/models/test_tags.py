from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from stratolab.models import tags
from stratolab.models.models import Content, Data, Draft, Opening, Origin

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
PARAMS = st.dictionaries(st.text(min_size=1), st.booleans() | st.integers() | FLOATS | st.text(), max_size=4)
ORIGINS = st.builds(
    Origin,
    run=st.just("ab" * 16),
    job=st.text(),
    sweep=st.text(),
    trial=st.none() | st.integers(0, 10**6),
    capsule=st.text(),
    seed=st.none() | st.integers(),
    params=PARAMS,
    metric=st.text(),
    value=st.none() | FLOATS,
    metrics=st.dictionaries(st.text(), FLOATS, max_size=3),
    data=st.dictionaries(st.text(), st.builds(Data, st.integers(0), st.text(), st.integers(0)), max_size=3),
    written=st.sampled_from(["", "during", "before", "after"]),
)
CONTENTS = st.builds(
    Content,
    sha256=st.just("cd" * 32),
    size=st.integers(0, 2**60),
    files=st.integers(0, 10**6),
    format=st.text(),
    opening=st.sampled_from(Opening),
    reasons=st.lists(st.text(), max_size=3).map(tuple),
    path=st.text(),
)


def row(given_tags, **more):
    return tags.Row("m", 1, 1000, "", "file:///x", "", "ab" * 16, tags=given_tags, **more)


@given(ORIGINS, CONTENTS, st.text())
def test_what_is_written_is_read(origin, content, signature):
    draft = Draft("m", origin, content, signature, schema={"type": "object"}, sample={"a": None})
    found = tags.version_of(row(tags.of_draft(draft)))
    assert (found.origin, found.content, found.signature) == (origin, content, signature)
    assert (found.schema, found.sample) == ({"type": "object"}, {"a": None})
    assert tags.of_version(found) == tags.of_draft(draft)


KEYS = [
    "job",
    "trial",
    "seed",
    "params",
    "value",
    "metrics",
    "data",
    "sha256",
    "size",
    "opening",
    "reasons",
    "schema",
]


@given(
    st.dictionaries(
        st.sampled_from([f"stratolab.{key}" for key in KEYS]), st.text() | st.from_regex(r"[\[{\d\"]{1,9}")
    )
)
def test_reading_never_fails(found):
    tags.version_of(row(found))
    tags.version_of(row({**found, "stratolab.sha256": "ab" * 32}))


def test_an_opening_that_is_not_known_counts_as_code():
    found = tags.version_of(row({"stratolab.sha256": "ab" * 32, "stratolab.opening": "quite safe"}))
    assert found.content.opening is Opening.CODE


def test_a_tag_stays_below_mlflows_limit():
    params = {f"parameter-{number}": "x" * 1000 for number in range(500)}
    draft = Draft("m", Origin(params=params), Content("cd" * 32, 1, 1, "json", Opening.SAFE), "s")
    written = tags.of_draft(draft)["stratolab.params"]
    assert len(written) < 100_000
    assert json.loads(written).items() <= params.items()


def test_the_runs_tags_fill_in_what_a_version_lacks():
    of_run = {"stratolab.job": "j", "stratolab.sweep": "s", "stratolab.trial": "3", "stratolab.seed": "9"}
    found = tags.version_of(row({"stratolab.sweep": "own"}, run_tags=of_run)).origin
    assert (found.job, found.sweep, found.trial, found.seed) == ("j", "own", 3, 9)
