"""The verbs of `stratolab tracking`."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket

import pytest

JOB = {"hello.py": "print('hello')"}


def lines(stream):
    return iter(stream.readline, "")


def health(url):
    host, _, port = url.removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=60)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.timeout(400)  # the server takes ten seconds to start, on a busy machine many more
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_the_server_runs_until_it_is_interrupted_and_leaves_nothing(cli, project, end):
    root = project(files=JOB)
    assert cli("run", "hello.py", folder=root).code == 0
    server = cli.start("tracking", "ui", "--no-open", folder=root)
    url = next(lines(server.stdout)).strip()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url), server.stderr.read()
    assert health(url) == 200
    server.send_signal(end)
    _, err = server.communicate(timeout=60)
    assert (server.returncode, "Ctrl-C ends it" in err) == (0, True)
    with pytest.raises(ConnectionRefusedError):
        health(url)


@pytest.mark.timeout(400)
def test_the_browser_is_opened_at_the_runs_and_nohup_keeps_the_server(cli, project, tmp_path):
    root = project(files=JOB)
    assert cli("run", "hello.py", folder=root).code == 0
    seen = tmp_path / "seen"
    os.mkfifo(seen)  # to read it is to wait for the browser
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {seen}\n')
    browser.chmod(0o700)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as `nohup` does
    try:
        server = cli.start("tracking", "ui", folder=root, env={"BROWSER": f"{browser} %s"})
    finally:
        signal.signal(signal.SIGHUP, before)
    url = next(lines(server.stdout)).strip()
    assert seen.read_text() == f"{url}/#/experiments?workflowType=machine_learning"
    server.send_signal(signal.SIGHUP)
    assert health(url) == 200
    server.send_signal(signal.SIGTERM)
    server.communicate(timeout=60)


def test_a_port_that_is_taken_is_told_before_anything_starts(cli, project):
    root = project(files=JOB)
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = str(holder.getsockname()[1])
        answer = cli("tracking", "ui", "--port", port, folder=root)
    assert answer.code == 2
    assert f"port {port} of 127.0.0.1 cannot be had" in answer.err


@pytest.mark.parametrize("port", ["0", "70000", "http"])
def test_what_is_no_port_is_refused(cli, project, port):
    assert cli("tracking", "ui", "--port", port, folder=project()).code == 2


def test_another_mlflow_is_not_served(cli, project):
    env = {"MLFLOW_TRACKING_URI": "https://ana:canary@mlflow.example/base"}
    answer = cli("tracking", "ui", folder=project(), env=env)
    assert (answer.code, "https://mlflow.example/base" in answer.err) == (2, True)
    status = cli("tracking", "status", folder=project(), env=env)
    assert "https://mlflow.example/base" in status.out
    assert "canary" not in answer.err + answer.out + status.err + status.out


def test_the_status_of_an_empty_lab(cli, project):
    root = project()
    told = json.loads(cli("tracking", "status", "--json", folder=root).out)
    assert (told["how"], told["revision"], told["experiments"], told["backlog"]) == ("none", None, [], 0)
    assert told["mlflow"]
    assert not (root / ".stratolab").exists()
    assert "there is none yet" in cli("tracking", "status", folder=root).out


def test_the_status_after_a_job(cli, project):
    root = project(files=JOB)
    cli("run", "hello.py", folder=root)
    told = json.loads(cli("tracking", "status", "--json", folder=root).out)
    assert (told["how"], told["backlog"]) == ("direct", 0)
    assert [(one["name"], one["runs"]) for one in told["experiments"]] == [("Default", 0), ("sample", 1)]
    shown = cli("tracking", "status", folder=root).out
    assert re.search(r"1\s+1\s+sample", shown)


def test_syncing_says_what_it_did(cli, project):
    root = project(files=JOB)
    assert cli("tracking", "sync", folder=root).out == "MLflow knows everything already\n"
    cli("run", "hello.py", folder=root)
    for file in (root / ".stratolab").glob("mlflow.db*"):
        file.unlink()
    answer = cli("tracking", "sync", "--all", folder=root)
    assert answer.out == f"1 run written to sqlite:///{root}/.stratolab/mlflow.db\n"
    assert json.loads(cli("tracking", "sync", "--json", folder=root).out)["written"] == 0


def test_jobs_and_sweeps_show_their_runs(cli, project):
    root = project(files=JOB)
    cli("run", "hello.py", folder=root)
    told = json.loads(cli("jobs", "show", "--json", folder=root).out)
    assert re.fullmatch("[0-9a-f]{32}", told["run"])
    assert told["run"] in cli("jobs", "show", folder=root).out


def test_a_job_that_runs_a_job_keeps_their_runs_apart(cli, project):
    inner = "import os, subprocess, sys\nprint(os.environ.get('ML' + 'FLOW_RUN_ID'))\n"
    outer = "import subprocess, sys\n# mlflow\nsubprocess.run([sys.executable, '-m', 'stratolab', 'run', 'inner.py'])\n"
    root = project(files={"inner.py": inner, "outer.py": outer})
    answer = cli("run", "outer.py", folder=root, env=dict(os.environ))
    assert "None" in answer.out
