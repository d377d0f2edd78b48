"""The command that all benchmarks share."""

import contextlib

import pytest

from benchmarks.measuring import command
from benchmarks.measuring.page import Section


@pytest.fixture
def start(tmp_path):
    """`start(*words)` runs a benchmark of two values; gives what was measured anew and the page."""
    page = tmp_path / "RESULTS.md"

    def go(*words, stop_before=""):
        measured = []

        def value(key):
            if key == stop_before:
                raise KeyboardInterrupt
            measured.append(key)
            return key.upper()

        def run(run):
            return Section(
                "demo", "Demo", " ".join(run.records.once(key, lambda key=key: value(key)) for key in "ab")
            )

        with contextlib.suppress(KeyboardInterrupt):
            command.main("demo", "A demo.", run, words=words, kept=tmp_path / "kept", results=page)
        return measured, page.read_text() if page.exists() else ""

    return go


def test_the_full_form_writes_its_section(start):
    measured, page = start()
    assert measured == ["a", "b"]
    assert "\nA B\n" in page


def test_an_interrupted_run_goes_on_where_it_was_and_a_finished_one_begins_anew(start, capsys):
    assert start(stop_before="b") == (["a"], "")
    assert start()[0] == ["b"]
    assert "going on" in capsys.readouterr().out
    assert start()[0] == ["a", "b"]


def test_an_interrupted_run_can_be_forgotten(start):
    start(stop_before="b")
    assert start("--fresh")[0] == ["a", "b"]


def test_the_short_form_shows_and_writes_nothing(start, capsys, tmp_path):
    assert start("--short") == (["a", "b"], "")
    assert "\nA B\n" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []
