"""CloudWatch Logs: the lines of a group that hold a word, the oldest first."""

from __future__ import annotations

from typing import Any

from stratolab.aws.errors import calling


class LogSearch:
    """Groups of one region."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def lines(self, group: str, word: str, *, since: float) -> list[str]:
        """The lines with this word since a moment (seconds since the epoch)."""
        found: list[dict[str, Any]] = []
        mark: dict[str, str] = {}
        while True:
            with calling(f"reading the log {group}"):
                page = self._client.filter_log_events(
                    logGroupName=group, filterPattern=f'"{word}"', startTime=int(since * 1000), **mark
                )
            found += page["events"]
            if not page.get("nextToken"):
                ordered = sorted(found, key=lambda event: event["timestamp"])
                return [line for event in ordered for line in event["message"].splitlines()]
            mark = {"nextToken": page["nextToken"]}
