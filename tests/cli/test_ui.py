"""L1: what is shown can neither move the cursor nor break the table, and colour is for terminals."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratolab.cli import ui
from stratolab.core.errors import InputError
from stratolab.core.findings import Finding, Level


@given(st.text())
def test_control_characters_are_made_harmless(text):
    shown = ui.clean(text)
    assert not any(ord(char) < 32 and char not in "\n\t" for char in shown)
    assert "\x7f" not in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize("evil", ["a\x1b[2Jb", "a\rb", "a\nb", "a\u202eb", "a\x00b"])
def test_a_row_of_a_table_stays_one_line(capsys, evil):
    ui.table(("name", "state"), [(evil, "running"), ("ok", "failed")])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[1].endswith("running")


def test_columns_line_up_and_numbers_stand_right(capsys):
    ui.table(("name", "n", "what"), [("a", "1", "x"), ("longer", "100", "y")], right=("n",))
    assert capsys.readouterr().out == "NAME      N  WHAT\na         1  x\nlonger  100  y\n"


def test_a_pipe_gets_no_colour_and_force_color_gives_it(capsys, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert ui.paint("x", "red") == "x"
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert ui.paint("x", "red") == "\x1b[31mx\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert ui.paint("x", "red") == "x"


def test_a_document_is_valid_json_or_nothing(capsys):
    ui.document({"a": [1, 2.5, None, "ü"]})
    assert json.loads(capsys.readouterr().out) == {"a": [1, 2.5, None, "ü"]}
    with pytest.raises(ValueError, match="JSON compliant"):
        ui.document({"a": float("nan")})


def test_an_error_shows_its_findings_what_happened_and_what_to_try(capsys):
    findings = [
        Finding(Level.ERROR, "stratolab.toml", 3, "jobs.train.cpu", "is not a key", "did you mean 'cpus'?")
    ]
    ui.error(InputError("1 problem found", doing="run", hint="stratolab config check", findings=findings))
    assert capsys.readouterr().err == (
        "stratolab.toml:3: error: jobs.train.cpu: is not a key\n"
        "    did you mean 'cpus'?\n"
        "error: run: 1 problem found\n"
        "  try: stratolab config check\n"
    )


@pytest.mark.parametrize(
    ("seconds", "told"), [(0, "0s"), (59, "59s"), (60, "1m"), (7300, "2h"), (200000, "2d")]
)
def test_how_long_ago(seconds, told):
    assert ui.ago(1000.0, now=1000.0 + seconds) == told
