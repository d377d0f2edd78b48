"""CloudFormation gets an answer whatever happens, at the address that it signed, and in the form that it wants."""

from __future__ import annotations

import http.server
import json
import threading

import pytest

from stratolab.core.errors import InputError, RemoteError
from stratolab.runtime.functions import answering

STACK = "arn:aws:cloudformation:eu-central-1:111122223333:stack/acme-database-dev/0a1b"


@pytest.fixture
def listener():
    """What answers are put to: how often it refuses first, and what it got."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_PUT(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.got.append((self.path, self.headers["Content-Type"], json.loads(body)))
            refused = len(server.got) <= server.refuses
            self.send_response(503 if refused else 200)
            self.end_headers()

        def log_message(self, *_words):
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.got, server.refuses = [], 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def event(listener, kind="Create", **more):
    return {
        "RequestType": kind,
        "ResponseURL": f"http://127.0.0.1:{listener.server_port}/answer?Signature=a%2Fb",
        "StackId": STACK,
        "RequestId": "r-1",
        "LogicalResourceId": "Setup",
        "ResourceProperties": {"Scripts": "x"},
        **more,
    }


def refuse(*_words):
    raise AssertionError("not to be called")


def answered(listener, do, kind="Create", **more):
    answering.answered(event(listener, kind, **more), do, sleep=lambda _seconds: None)
    return listener.got[-1][2]


def test_success_is_told_with_its_attributes(listener):
    told = answered(listener, lambda asked: {"Answer": asked["ResourceProperties"]["Scripts"]})
    assert told == {
        "Status": "SUCCESS",
        "Reason": "",
        "PhysicalResourceId": "acme-database-dev-Setup",
        "StackId": STACK,
        "RequestId": "r-1",
        "LogicalResourceId": "Setup",
        "NoEcho": False,
        "Data": {"Answer": "x"},
    }
    path, kind, _ = listener.got[0]
    assert (path, kind) == ("/answer?Signature=a%2Fb", "")  # S3 would not take another type than it signed


def test_an_update_keeps_its_name_and_a_deletion_does_nothing(listener):
    assert answered(listener, lambda _: {}, "Update", PhysicalResourceId="it")["PhysicalResourceId"] == "it"
    told = answered(listener, refuse, "Delete", PhysicalResourceId="it")
    assert (told["Status"], told["PhysicalResourceId"], told["Data"]) == ("SUCCESS", "it", {})


def failing(error):
    def do(_event):
        raise error

    return do


def test_our_errors_are_the_reason_and_others_are_not_quoted(listener):
    told = answered(
        listener, failing(RemoteError("a.sql, statement 3 (line 4): no", doing="setting up", hint="mend it"))
    )
    assert told["Status"] == "FAILED"
    assert told["Reason"] == "setting up: a.sql, statement 3 (line 4): no; try: mend it"
    strange = answered(listener, failing(ValueError("hunter-22")))
    assert strange["Reason"] == "ValueError in the function; its log group has more"
    long = answered(listener, failing(InputError("x" * 5000)))
    assert len(json.dumps(long)) < 4096


def test_an_answer_that_is_too_long_fails_rather_than_be_lost(listener):
    told = answered(listener, lambda _: {"Answer": "x" * 4000})
    assert (told["Status"], told["Data"]) == ("FAILED", {})
    assert "too long" in told["Reason"]


def test_it_tries_again_and_in_the_end_has_lambda_try(listener):
    listener.refuses = 2
    assert answered(listener, lambda _: {})["Status"] == "SUCCESS"
    assert len(listener.got) == 3
    listener.got.clear()
    listener.refuses = 3
    with pytest.raises(RemoteError, match="HTTPError: 503"):
        answering.answered(event(listener), lambda _: {}, sleep=lambda _seconds: None)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", ""])
def test_no_other_scheme_is_written_to(url):
    given = {
        "RequestType": "Create",
        "ResponseURL": url,
        "StackId": STACK,
        "RequestId": "r",
        "LogicalResourceId": "S",
    }
    with pytest.raises(RemoteError, match="none of HTTP"):
        answering.answered(given, lambda _: {})


def test_the_time_for_the_work_ends_before_lambdas():
    class Context:
        def get_remaining_time_in_millis(self):
            return 60_000

    assert answering.time_left(Context()) == 60 - answering.MARGIN
