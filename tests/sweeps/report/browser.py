"""Chromium without a window, spoken to over two pipes: what a reader would see, as numbers.

The protocol is the browser's own (DevTools), JSON messages that end in a NUL; no socket is opened.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-pipe",
)  # fmt: skip


class Browser:
    """One page of one browser. Every wait ends after `patience` seconds with an `AssertionError`."""

    def __init__(self, to_it: int, from_it: int, patience: float = 60) -> None:
        self._to, self._from, self._patience = to_it, from_it, patience
        self._buffer, self._count, self._session = b"", 0, ""
        self.heard: list[dict[str, Any]] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Log", "Runtime", "Network"):
            self.ask(f"{domain}.enable")

    def open(
        self, path: Path, width: int, *, height: int = 800, dark: bool = False, phone: bool = False
    ) -> None:
        """Load a file at a width in CSS pixels."""
        self.heard.clear()
        scale = 2 if phone else 1
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=scale, mobile=phone,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", media="", features=[scheme])
        self.ask("Page.navigate", url=path.as_uri())
        self.hear("Page.loadEventFired")

    def look(self, expression: str) -> Any:
        """The value of a JavaScript expression; it is ours, not the page's."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def picture(self, path: Path) -> None:
        """The whole page as a PNG."""
        told = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(told["data"]))

    def paper(self) -> bytes:
        """The page as a PDF."""
        return base64.b64decode(
            self.ask("Page.printToPDF", printBackground=False, preferCSSPageSize=True)["data"]
        )

    def complaints(self) -> list[str]:
        """What the page had to complain about: errors and warnings of the console, refused content."""
        entries = [
            told["params"]["entry"]["text"] for told in self.heard if told["method"] == "Log.entryAdded"
        ]
        thrown = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled")
        return entries + [json.dumps(told["params"]) for told in self.heard if told["method"] in thrown]

    def requests(self) -> list[str]:
        """The addresses that the page asked for."""
        wanted = "Network.requestWillBeSent"
        return [told["params"]["request"]["url"] for told in self.heard if told["method"] == wanted]

    def ask(self, method: str, **params: object) -> dict[str, Any]:
        """Send a command and wait for its answer."""
        self._count += 1
        message: dict[str, object] = {"id": self._count, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            told = self._next()
            if told.get("id") == self._count:
                assert "error" not in told, told
                return dict(told["result"])
            self.heard.append(told)

    def hear(self, method: str) -> None:
        """Wait until the browser tells of an event."""
        while not any(told["method"] == method for told in self.heard):
            self.heard.append(self._next())

    def _next(self) -> dict[str, Any]:
        deadline = time.monotonic() + self._patience
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._from], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, "Chromium said nothing"
            piece = os.read(self._from, 1 << 20)
            assert piece, "Chromium has gone"
            self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\0")
        return dict(json.loads(line))


@contextlib.contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A browser with a fresh profile in `folder`, and its end."""
    assert PROGRAM is not None
    ours_in, theirs_out = _pipe()
    theirs_in, ours_out = _pipe()
    shell = f'exec "$@" 3<&{theirs_in} 4>&{theirs_out} {theirs_in}<&- {theirs_out}>&-'
    process = subprocess.Popen(
        ["bash", "-c", shell, "chromium", PROGRAM, *FLAGS, f"--user-data-dir={folder}"],
        pass_fds=(theirs_in, theirs_out),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(theirs_in)
    os.close(theirs_out)
    try:
        session = Browser(ours_out, ours_in)
        yield session
        session._session = ""
        with contextlib.suppress(AssertionError):
            session.ask("Browser.close")
        process.wait(20)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its own group: also the helpers of a browser that broke
        process.wait()
        os.close(ours_in)
        os.close(ours_out)


def _pipe() -> tuple[int, int]:
    """A pipe whose ends are none of the low numbers that the shell gives away."""
    ends = os.pipe()
    high = fcntl.fcntl(ends[0], fcntl.F_DUPFD_CLOEXEC, 10), fcntl.fcntl(ends[1], fcntl.F_DUPFD_CLOEXEC, 10)
    for end in ends:
        os.close(end)
    return high
