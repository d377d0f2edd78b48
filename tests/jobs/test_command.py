from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratolab.core.errors import InputError
from stratolab.jobs.command import text, with_params, words


def test_a_string_is_split_as_a_shell_would_and_a_list_is_taken_as_it_is():
    assert words('python train.py --name "a b"') == ("python", "train.py", "--name", "a b")
    assert words(["sh", "-c", "a | b"]) == ("sh", "-c", "a | b")


@pytest.mark.parametrize("command", ['python "train.py', "", "   "])
def test_what_cannot_be_split_is_refused(command):
    with pytest.raises(InputError):
        words(command)


def test_parameters_are_appended_as_flags_or_put_in_their_place():
    params = {"depth": 7, "rate": 0.02, "kind": "gbm", "flag": True}
    assert with_params(("python", "t.py", "d={depth}", "{other}"), params) == (
        "python", "t.py", "d=7", "{other}", "--rate", "0.02", "--kind", "gbm", "--flag", "true",
    )  # fmt: skip


def test_a_value_is_never_split_or_read_as_a_place():
    assert with_params(("run", "{a}"), {"a": "{b} c; rm -rf", "b": 1}) == ("run", "{b} c; rm -rf", "--b", "1")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_reads_back_as_itself(value):
    assert float(text(value)) == value
