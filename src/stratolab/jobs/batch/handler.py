"""The function that takes events of Batch from their queue and writes them into the store.

Lambda hands over some messages at a time and takes back which of them failed; those come again, until the queue gives
them up to its dead letters. An event that makes no sense fails alone; where the database does not do its part, this
message and all behind it wait for another time.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import RemoteError, StratolabError
from stratolab.jobs.batch.notices import notice
from stratolab.jobs.batch.recording import record
from stratolab.jobs.stores.plain import PlainDatabase
from stratolab.jobs.stores.servers import SERVERS
from stratolab.runtime.functions import entering, tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stratolab.jobs.batch.notices import Notice
    from stratolab.jobs.database import Database

Answer = dict[str, list[dict[str, str]]]


def handler(event: Mapping[str, Any], _context: Any) -> Answer:
    """What Lambda calls. One connection for each call: none lies idle in a small database."""
    database = store(os.environ)
    try:
        return take(event["Records"], database)
    finally:
        database.close()


def store(env: Mapping[str, str], client: Any = None) -> PlainDatabase:
    """The store of this function; nothing is connected yet."""
    database, user = entering.database(env), tokens.user(env)
    return PlainDatabase(
        lambda: entering.connect(database, tokens.token(database, user, client)),
        SERVERS[database.dialect],
        place=str(database),
    )


def take(messages: Sequence[Mapping[str, Any]], database: Database) -> Answer:
    """Write down what the messages tell; the answer names those that have to come again."""
    failed: list[str] = []
    for number, message in enumerate(messages):
        try:
            told = _read(message)
        except StratolabError as error:
            failed.append(_said(message, error))
            continue
        try:
            database.run(lambda tx, told=told: record(tx, told))  # type: ignore[misc]
        except StratolabError as error:
            failed += [_said(message, error), *(str(one["messageId"]) for one in messages[number + 1 :])]
            break
    return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}


def _read(message: Mapping[str, Any]) -> Notice:
    try:
        event = json.loads(message["body"])
    except ValueError as error:
        raise RemoteError(f"a message is no JSON: {error}") from error
    if not isinstance(event, dict):
        raise RemoteError("a message holds no event")
    return notice(event)


def _said(message: Mapping[str, Any], error: StratolabError) -> str:
    """Say in the log what went wrong, without the event, which may hold what people put into environments."""
    print(json.dumps({"level": "ERROR", "message": str(error), "sqs_message": message["messageId"]}))  # noqa: T201
    return str(message["messageId"])
