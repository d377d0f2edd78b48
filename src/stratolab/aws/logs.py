"""CloudWatch Logs: the lines of one stream, from where one stopped reading."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from stratolab.aws.errors import calling, code_of


class LogStreams:
    """Streams of one region."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def after(self, group: str, stream: str, mark: str = "") -> tuple[list[str], str]:
        """The lines after a mark (all of them for none), and the mark for the next call. None yet: no lines."""
        lines: list[str] = []
        while True:
            token = {"nextToken": mark} if mark else {}
            with calling(f"reading the log {group}"):
                try:
                    page = self._client.get_log_events(
                        logGroupName=group, logStreamName=stream, startFromHead=True, **token
                    )
                except ClientError as error:
                    if code_of(error) == "ResourceNotFoundException":
                        return lines, mark
                    raise
            lines += [line for event in page["events"] for line in event["message"].rstrip("\n").split("\n")]
            if page["nextForwardToken"] == mark or not page["events"]:
                return lines, page["nextForwardToken"]
            mark = page["nextForwardToken"]
