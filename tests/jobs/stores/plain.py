"""Databases opened by drivers in pure Python, as functions open them, from the URL of a test's server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pg8000.dbapi
import pymysql
from sqlalchemy.engine import make_url

from stratolab.jobs.stores.plain import PlainDatabase
from stratolab.jobs.stores.servers import SERVERS

if TYPE_CHECKING:
    from collections.abc import Callable


def opened(address: str, *, connect: Callable[[], Any] | None = None, **more: Any) -> PlainDatabase:
    """The database of a URL."""
    server = SERVERS[make_url(address).get_backend_name()]
    return PlainDatabase(connect or connector(address), server, place="the test's database", **more)


def connector(address: str, **instead: Any) -> Callable[[], Any]:
    """What connects to the database of a URL; `instead` are other words for the driver, such as another user."""
    url = make_url(address)
    given = {
        "host": url.host, "port": url.port, "user": url.username, "password": url.password, "database": url.database
    }  # fmt: skip
    if url.get_backend_name() == "postgresql":
        return lambda: pg8000.dbapi.connect(**{**given, **instead})
    return lambda: pymysql.connect(
        **{**given, "password": url.password or "", "charset": "utf8mb4",
           "client_flag": pymysql.constants.CLIENT.FOUND_ROWS, **instead}
    )  # fmt: skip
