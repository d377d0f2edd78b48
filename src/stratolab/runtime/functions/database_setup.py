"""The function that sets a database up: its scripts, run in order and once each, whoever asks and however often.

CloudFormation asks when the database is new or a script has come (a custom resource, whose attributes say what ran), a
person by `stratolab db setup`. The scripts are objects in the lab's bucket, each named by the SHA-256 of its text; a
list of them, an object too, says their names. When the time is over the statement is stopped at the server, so that
nothing goes on unseen, and the reason says where it was.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import RemoteError, StratolabError
from stratolab.runtime.databases import setup
from stratolab.runtime.databases.setup import Script
from stratolab.runtime.functions import answering, entering

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stratolab.runtime.databases.setup import Ran

BUCKET, SCRIPTS, SECONDS = "STRATOLAB_BUCKET", "STRATOLAB_SCRIPTS", "STRATOLAB_SECONDS"
"""Settings: the bucket, the list that the deployment has sent there last, the time that scripts may take together."""
_DOING = "setting up the database"
_NAMES_MOST = 1_200  # characters of scripts' names in an answer; the numbers are whole
_LET_GO = 5.0  # seconds for a stopped statement to end
_VERSION = {"postgresql": "SHOW server_version", "mysql": "SELECT VERSION()"}
_WHO_AM_I = {"postgresql": "SELECT pg_backend_pid()", "mysql": "SELECT CONNECTION_ID()"}
_STOP = {"postgresql": "SELECT pg_terminate_backend({0})", "mysql": "KILL {0}"}


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """What Lambda calls."""
    seconds = min(float(os.environ[SECONDS]), answering.time_left(context))
    if answering.is_of_cloudformation(event):
        return dict(
            answering.answered(
                event, lambda asked: attributes(run(str(asked["ResourceProperties"]["Scripts"]), seconds))
            )
        )
    try:
        return {"ok": True, **run(os.environ[SCRIPTS], seconds)}
    except StratolabError as error:
        return {"ok": False, "error": error.what, "doing": error.doing, "hint": error.hint}


def attributes(done: Mapping[str, Any]) -> dict[str, str]:
    """What ran, as attributes of the custom resource. `Answer` has it all, for an output."""
    new = [one["script"] for one in done["scripts"] if one["statements"]]
    old = [one["script"] for one in done["scripts"] if not one["statements"]]
    statements = sum(one["statements"] for one in done["scripts"])
    answer = {
        "ran": _few(new),
        "before": _few(old),
        "scripts": len(done["scripts"]),
        "statements": statements,
        "server": done["server"],
    }
    return {"Answer": json.dumps(answer), "Statements": str(statements), "Server": str(done["server"])}


def _few(names: Sequence[str]) -> list[str]:
    """The first names, and how many more there are."""
    told: list[str] = []
    for number, name in enumerate(names):
        if sum(map(len, told)) + len(name) > _NAMES_MOST / 2:
            return [*told, f"and {len(names) - number} more"]
        told.append(name)
    return told


def run(scripts: str, seconds: float, store: Any = None, secrets: Any = None) -> dict[str, Any]:
    """Run the scripts of a list (the key of an object) in this function's database; what became of each.

    Raises as `setup.set_up`, and `RemoteError` for what cannot be read or reached, and when the seconds are over.
    """
    found = read(os.environ[BUCKET], scripts, store or entering.client("s3"))
    if not found:
        return {"scripts": [], "server": "not asked: there are no scripts"}
    database = entering.database()
    who = entering.login(database.secret, secrets)
    with entering.connected(database, who) as connection:
        version = _ask(connection, _VERSION[database.dialect])
        me = int(str(_ask(connection, _WHO_AM_I[database.dialect])))
        connection.commit()

        def stop() -> None:
            with entering.connected(database, who) as other:
                _ask(other, _STOP[database.dialect].format(me))

        ran = within(seconds, lambda: setup.set_up(connection, database.dialect, found), stop)
    return {
        "scripts": [
            {"script": one.script, "statements": one.statements, "before": one.before} for one in ran
        ],
        "server": f"{database.dialect} {version}",
    }


def read(bucket: str, scripts: str, store: Any) -> list[Script]:
    """The scripts of a list in the bucket, each with the text that its name stands for. Raises `RemoteError`."""
    try:
        named = json.loads(_object(store, bucket, scripts))
        texts = [(one["name"], one["key"], _object(store, bucket, one["key"])) for one in named]
    except entering.failures() as error:
        raise RemoteError(
            f"no scripts: {entering.code_of(error) or type(error).__name__}",
            doing="reading scripts",
            hint="stratolab up sends them; is there a way from the function to S3?",
        ) from None
    for name, key, text in texts:
        if hashlib.sha256(text).hexdigest() not in key:
            raise RemoteError(
                f"{name} is not what was deployed: its object was changed", doing="reading scripts"
            )
    return [Script(name, text.decode()) for name, _, text in texts]


def within(seconds: float, do: Callable[[], list[Ran]], stop: Callable[[], None]) -> list[Ran]:
    """Do it, and `stop` it when the time is over. Raises what it raised, `RemoteError` that says where it was."""
    done: list[list[Ran]] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            done.append(do())
        except BaseException as error:  # noqa: BLE001 - raised again where the answer is made
            failed.append(error)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    worker.join(seconds)
    over = worker.is_alive()
    if over:
        with suppress(StratolabError, Exception):  # where even that fails, the answer is still due
            stop()
        worker.join(_LET_GO)
    if done:
        return done[0]
    error = failed[0] if failed else None
    if not over and error is not None:
        raise error
    where = (
        error.what.partition("): ")[0] + ")" if isinstance(error, RemoteError) and "): " in error.what else ""
    )
    raise RemoteError(
        f"{where or 'the scripts'} took too long: {seconds:g} seconds are over",
        doing=_DOING,
        hint="what ran before it is kept and not run again; give more: setup_timeout",
    )


def _object(store: Any, bucket: str, key: str) -> bytes:
    with closing(store.get_object(Bucket=bucket, Key=key)["Body"]) as body:
        return bytes(body.read())


def _ask(connection: Any, sql: str) -> object:
    cursor = connection.cursor()
    try:
        cursor.execute(sql)
        row = cursor.fetchone()
    finally:
        cursor.close()
    return row[0] if row else None
