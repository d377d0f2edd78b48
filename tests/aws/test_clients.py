"""Row R16, of the one maker of clients: calls that are throttled, refused, cut off or broken are made again."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from stratolab.aws.clients import Clients
from stratolab.aws.identity import Identity
from stratolab.core.errors import RemoteError

GOOD = b"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::111122223333:user/ana</Arn><UserId>AIDA</UserId><Account>111122223333</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""
BAD = b"<ErrorResponse><Error><Code>%b</Code><Message>no</Message></Error></ErrorResponse>"
STORMS = {
    "throttled": (429, BAD % b"ThrottlingException"),
    "asked for less": (400, BAD % b"Throttling"),
    "unavailable": (503, b"<html><body>Service Unavailable</body></html>"),
    "broken": (500, BAD % b"InternalFailure"),
    "cut off": (0, b""),
}


class Sts(BaseHTTPRequestHandler):
    """Fails as often as its server is told to, and then answers."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        server = self.server
        server.calls += 1
        status, body = (200, GOOD) if server.calls > server.failures else server.failure
        if not status:
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def sts(monkeypatch):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sts)
    server.calls, server.failures, server.failure = 0, 0, STORMS["unavailable"]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("AWS_MAX_ATTEMPTS", raising=False)
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("storm", STORMS)
def test_a_storm_is_waited_out_with_no_call_too_many(sts, storm):
    sts.failures, sts.failure = 2, STORMS[storm]
    assert Identity(Clients("eu-central-1").of("sts")).caller().account == "111122223333"
    assert sts.calls == 3


def test_it_does_not_go_on_for_ever(sts):
    sts.failures = 1000
    with pytest.raises(RemoteError, match="503"):
        Identity(Clients("eu-central-1", attempts=2).of("sts")).caller()
    assert sts.calls == 2


def test_a_proxy_that_answers_in_place_of_aws_is_named(sts):
    sts.failures, sts.failure = 1, (503, b"upstream connect error or disconnect")
    with pytest.raises(RemoteError, match="in place of AWS") as caught:
        Identity(Clients("eu-central-1").of("sts")).caller()
    assert "proxy" in caught.value.hint
