"""The undo file: whose it is, what is read back, what is refused."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime

import pytest

from stratolab.core.errors import InputError, RefusedError
from stratolab.lab.account import undo
from stratolab.lab.account.hardening import Change

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
CHANGES = [
    Change("alias", "a name", None, "acme"),
    Change("ebs-encryption", "volumes", before=False, after=True),
]


def test_it_is_read_as_it_was_written_and_for_its_owner_only(tmp_path):
    old = os.umask(0)
    try:
        path = undo.write(tmp_path, "111122223333", "eu-central-1", CHANGES, NOW)
    finally:
        os.umask(old)
    assert path.stat().st_mode & 0o777 == 0o600
    found = undo.read(path)
    assert found.before == {"alias": None, "ebs-encryption": False}
    assert found.after == {"alias": "acme", "ebs-encryption": True}
    undo.check(found, "111122223333", "eu-central-1")
    with pytest.raises(RefusedError, match="is of account 111122223333"):
        undo.check(found, "999999999999", "eu-central-1")


def test_a_second_one_does_not_overwrite_the_first(tmp_path):
    paths = {undo.write(tmp_path, "1", "r", CHANGES[:count], NOW) for count in (1, 2, 1)}
    assert sorted(len(undo.read(path).before) for path in paths) == [1, 1, 2]


def test_where_nothing_can_be_written_nothing_is_changed(tmp_path):
    with pytest.raises(InputError, match="cannot write") as caught:
        undo.write(tmp_path / "none", "1", "r", CHANGES, NOW)
    assert "nothing was changed" in caught.value.hint


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda values: values.pop("format"), '"format" is not'),
        (lambda values: values.pop("account"), '"account" is missing'),
        (lambda values: values.update(settings={}), '"settings" is missing'),
        (lambda values: values.update(settings=["x"]), '"name" is missing'),
        (lambda values: values["settings"][0].pop("before"), '"before" or "after" is missing at "alias"'),
    ],
)
def test_what_is_wrong_is_said_with_its_key(tmp_path, change, said):
    path = undo.write(tmp_path, "1", "r", CHANGES, NOW)
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))
    with pytest.raises(InputError, match=said):
        undo.read(path)


def test_what_is_no_json_or_not_there_is_said(tmp_path):
    (tmp_path / "x").write_text("{")
    with pytest.raises(InputError, match="is not JSON"):
        undo.read(tmp_path / "x")
    with pytest.raises(InputError, match="No such file"):
        undo.read(tmp_path / "y")


def test_an_unknown_setting_is_refused_and_a_network_that_is_gone_is_passed_over(tmp_path):
    path = undo.write(tmp_path, "1", "r", [Change("default-group:vpc-1", "", {}, {})], NOW)
    assert undo.plan(undo.read(path), {})[2] == ["default-group:vpc-1"]
    path = undo.write(tmp_path, "1", "r", [Change("nonsense", "", 1, 2)], NOW)
    with pytest.raises(InputError, match='no setting "nonsense"'):
        undo.plan(undo.read(path), {})
