from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratolab.jobs.reports import STEPS_LIMIT, Reports, describe


def write(home, *lines, name="log"):
    with (home / name).open("ab") as file:
        file.writelines(line if isinstance(line, bytes) else line.encode() + b"\n" for line in lines)


def test_lines_of_json_on_standard_output_are_reports(tmp_path):
    write(tmp_path, "epoch 1", '{"loss": 0.5, "step": 1}', "noise {", '{"loss": 0.4, "step": 2, "acc": 0.9}')
    reports = Reports(tmp_path)
    reports.finish()
    assert reports.metric("loss").steps == [(1, 0.5), (2, 0.4)]
    assert reports.numbers() == {"loss": 0.4, "acc": 0.9}
    assert reports.names() == ["acc", "loss"]


def test_the_report_file_goes_before_standard_output(tmp_path):
    write(tmp_path, '{"loss": 9}')
    write(tmp_path, '{"loss": 1}', name="report.jsonl")
    reports = Reports(tmp_path)
    reports.finish()
    assert reports.numbers() == {"loss": 1}


def test_following_takes_only_what_is_new_and_waits_for_the_end_of_a_line(tmp_path):
    reports = Reports(tmp_path)
    assert reports.read() is False
    write(tmp_path, b'{"loss": 0.5}\n{"lo')
    assert reports.read() is True
    assert reports.metric("loss").steps == [(1, 0.5)]
    write(tmp_path, b'ss": 0.25}')
    assert reports.read() is False
    reports.finish()
    assert reports.metric("loss").steps == [(1, 0.5), (2, 0.25)]


def test_a_retry_that_counts_from_one_again_replaces_the_steps(tmp_path):
    write(tmp_path, '{"loss": 5, "step": 1}', '{"loss": 4, "step": 2}', '{"loss": 3, "step": 1}')
    reports = Reports(tmp_path)
    reports.finish()
    assert reports.metric("loss").steps == [(1, 3.0)]


def test_a_line_of_ten_megabytes_is_passed_over_and_counted(tmp_path):
    write(tmp_path, b'{"loss": 1}\n' + b'{"loss": "' + b"x" * 10_000_000 + b'"}\n' + b'{"acc": 2}\n')
    reports = Reports(tmp_path)
    reports.finish()
    assert reports.numbers() == {"loss": 1, "acc": 2}
    assert reports.too_long == 1


def test_many_steps_are_thinned_out_and_the_last_value_is_kept(tmp_path):
    count = 4 * STEPS_LIMIT + 1
    write(tmp_path, *(json.dumps({"loss": 1 / (i + 1), "step": i}) for i in range(count)))
    reports = Reports(tmp_path)
    reports.finish()
    series = reports.metric("loss")
    assert len(series.steps) <= STEPS_LIMIT
    assert series.last == 1 / count
    assert [step for step, _ in series.steps] == sorted(step for step, _ in series.steps)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("NaN", "NaN"),
        ("Infinity", "infinite"),
        ("-Infinity", "infinite"),
        ("1e999", "infinite"),
        ("true", "true, which is no number"),
        ("null", "null, which is no number"),
        ('"0.4"', '"0.4", which is no number'),
        ("[1]", "[1], which is no number"),
        ("1" + "0" * 400, "too large for a number"),
    ],
)
def test_what_is_no_finite_number_is_kept_as_the_last_word_and_described(tmp_path, value, words):
    write(tmp_path, '{"loss": 1}', f'{{"loss": {value}}}')
    reports = Reports(tmp_path)
    reports.finish()
    assert reports.numbers() == {}
    assert describe(reports.metric("loss").last) == words


def test_no_files_are_no_reports(tmp_path):
    reports = Reports(tmp_path / "nowhere")
    reports.finish()
    assert reports.names() == []


@given(st.binary(max_size=300), st.integers(1, 7))
def test_whatever_a_script_prints_is_read_without_an_error(tmp_path_factory, data, pieces):
    home = tmp_path_factory.mktemp("job")
    reports = Reports(home)
    size = len(data) // pieces + 1
    for start in range(0, len(data), size):
        write(home, data[start : start + size])
        reports.read()
    reports.finish()
    whole = Reports(home)
    whole.finish()
    assert whole.names() == reports.names()
