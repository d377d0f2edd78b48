"""A trial's value from MLflow's store, which here has only the tables that are read."""

from __future__ import annotations

import math
import sqlite3
from contextlib import closing

import pytest

from stratolab.sweeps.mlflow_values import lookup
from stratolab.tracking.ids import run_id


@pytest.fixture
def store(tmp_path):
    path = tmp_path / "my lab #1%" / "mlflow.db"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "CREATE TABLE latest_metrics (key, value, timestamp, step, is_nan, run_uuid);"
            "CREATE TABLE tags (key, value, run_uuid);"
        )
    return path


def put(store, run, value, *, step=0, at=0, is_nan=0, key="loss", job=""):
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute(
            "INSERT INTO latest_metrics VALUES (?, ?, ?, ?, ?, ?)", (key, value, at, step, is_nan, run)
        )
        if job:
            connection.execute("INSERT INTO tags VALUES ('stratolab.job', ?, ?)", (job, run))


def test_the_run_that_the_job_was_given_is_asked(store):
    put(store, run_id("one"), 0.5)
    put(store, run_id("two"), 0.7)
    put(store, run_id("one"), 9.0, key="other")
    assert lookup(store, "loss")("one") == 0.5
    assert lookup(store, "loss")("three") is None


def test_so_are_runs_that_its_script_began(store):
    put(store, "abc", 0.5, job="one", step=1)
    put(store, "def", 0.25, job="one", step=2)
    put(store, "ghi", 0.1, job="two", step=9)
    assert lookup(store, "loss")("one") == 0.25


def test_of_equal_steps_the_later_counts(store):
    put(store, "abc", 0.5, job="one", at=2)
    put(store, run_id("one"), 0.25, at=1)
    assert lookup(store, "loss")("one") == 0.5


def test_nan_is_told_as_such(store):
    put(store, run_id("one"), 0.0, is_nan=1)
    assert math.isnan(lookup(store, "loss")("one"))


def test_where_there_is_no_store_there_is_no_value(tmp_path):
    assert lookup(tmp_path / "mlflow.db", "loss")("one") is None
    (tmp_path / "mlflow.db").touch()
    assert lookup(tmp_path / "mlflow.db", "loss")("one") is None
