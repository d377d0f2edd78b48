"""Lines of a lab.toml that commands change: the rest stays, byte for byte."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratolab.config.labs.editing import with_table, with_value, without_table
from stratolab.core.errors import RefusedError

TEXT = """\
# ours
[lab]
name = "acme"  # the name
region = "eu-west-1"

# who
[people.ana]
groups = [
    "data-scientists",  # for now
]
projects = ["churn"]
[people."bo.berg@example.com"]
groups = []

[ environments . dev ]
cidr = "10.0.0.0/16"
"""


def test_a_table_comes_and_goes_and_leaves_no_trace():
    more = with_table(TEXT, ("projects", "world-series"), {"secrets": ["a"]})
    assert more.startswith(TEXT)
    assert tomllib.loads(more)["projects"] == {"world-series": {"secrets": ["a"]}}
    assert without_table(more, ("projects", "world-series")).rstrip() == TEXT.rstrip()
    between = TEXT.replace("# who\n", "[projects.x]\nimages = 3\n\n# who\n")
    assert without_table(between, ("projects", "x")) == TEXT


@pytest.mark.parametrize(
    ("person", "before", "after"),
    [
        ("ana", 'projects = ["churn"]', 'projects = ["churn", "x"]'),
        ("bo.berg@example.com", "groups = []", 'projects = ["churn", "x"]\ngroups = []'),
    ],
)
def test_a_value_is_changed_or_added_where_it_belongs(person, before, after):
    assert with_value(TEXT, ("people", person, "projects"), ["churn", "x"]) == TEXT.replace(before, after)


def test_a_value_of_several_lines_is_changed_as_a_whole():
    new = with_value(TEXT, ("people", "ana", "groups"), ["admins"])
    assert "# for now" not in new
    assert tomllib.loads(new)["people"]["ana"] == {"groups": ["admins"], "projects": ["churn"]}


@pytest.mark.parametrize(
    "text",
    [
        '[lab]\nname = "a"\n[people]\nana = { groups = ["admins"] }\n',
        '[lab]\nname = """\n[people.ana]\n"""\npeople.ana.groups = []\n',
    ],
)
def test_another_form_is_left_alone_and_told(text):
    with pytest.raises(RefusedError) as caught:
        with_value(text, ("people", "ana", "projects"), ["x"])
    assert "by hand" in caught.value.hint


@given(name=st.text(min_size=1, max_size=20), values=st.lists(st.text(max_size=20), max_size=3))
def test_whatever_the_names_are(name, values):
    try:
        new = with_table(TEXT, ("people", name), {"projects": values})
    except RefusedError:  # one that is there, or that TOML cannot hold as JSON writes it
        return
    said = tomllib.loads(new)["people"]
    assert said.pop(name) == {"projects": values}
    assert said == tomllib.loads(TEXT)["people"]
