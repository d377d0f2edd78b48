"""What differs between PostgreSQL and MySQL (MariaDB): one table, so that nothing else has to ask.

Works run at READ COMMITTED: a row that was waited for is seen as its last writer left it, so a driver that
waited for a sweep goes on instead of starting over. Reads run on a snapshot.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LOCK_WAIT = 30  # seconds that a statement waits for a row that another transaction holds
IDLE = 60  # seconds after which the server ends a transaction whose client says nothing (a stopped process)


@dataclass(frozen=True, slots=True)
class Server:
    """How to talk to one kind of server.

    `begin` and `begin_read` open a transaction that writes, or a snapshot; `lock` waits until no other
    process changes the schema and `unlock` lets the next one; `passes` tells errors that may pass when the
    work is run again; `unsafe_tables` lists tables of ours without transactions.
    """

    dialect: str
    driver: str
    extra: str
    begin: tuple[str, ...]
    begin_read: tuple[str, ...]
    lock: str
    unlock: str
    passes: Callable[[BaseException | None], bool]
    hint: str
    session: tuple[str, ...] = ()
    unsafe_tables: str = ""
    connect: Mapping[str, object] = field(default_factory=dict)


# https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRES_PASSING = frozenset({
    "23505",  # duplicate key: a rival inserted it just now, or our first attempt did and its answer was lost
    "40001",  # serialization failure
    "40P01",  # deadlock
    "55P03",  # the row stayed locked
    "25P03",  # idle in a transaction: we were stopped meanwhile
    "53300",  # too many connections
    "57P01",  # the server, or this session, was ended by its administrator
    "57P02",  # another session crashed the server
    "57P03",  # it starts up or shuts down
})  # fmt: skip


def _postgres_passes(error: BaseException | None) -> bool:
    """Also everything of class 08 (connection), and failures to connect, which have no code.

    psycopg has the code as an attribute, pg8000 among what the server said.
    """
    said = error.args[0] if error is not None and error.args else None
    code = said.get("C") if isinstance(said, dict) else getattr(error, "sqlstate", None)
    if code is None:
        return type(error).__name__ == "OperationalError"
    return str(code) in _POSTGRES_PASSING or str(code).startswith("08")


# https://mariadb.com/kb/en/mariadb-error-codes/ and MySQL's client errors
_MYSQL_PASSING = frozenset({
    1062,  # duplicate key, as above
    1020,  # the row has changed since the snapshot (MariaDB)
    1040,  # too many connections
    1053,  # the server shuts down
    1205,  # the row stayed locked
    1213,  # deadlock
    1927,  # this session was ended
    2002, 2003, 2006, 2013, 2014,  # no server, or the connection was lost
    4031,  # cut off for being idle
})  # fmt: skip


def _mysql_passes(error: BaseException | None) -> bool:
    """PyMySQL puts the server's number first; 0 is its own word for a connection that is closed."""
    code = error.args[0] if error is not None and error.args else None
    return code in _MYSQL_PASSING or (code in {0, ""} and type(error).__name__ == "InterfaceError")


POSTGRES = Server(
    dialect="postgresql",
    driver="postgresql+psycopg",
    extra="postgres",
    begin=("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",),
    begin_read=("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",),
    lock="SELECT 1 FROM (SELECT pg_advisory_lock(hashtext('stratolab schema'))) AS locked",
    unlock="SELECT pg_advisory_unlock(hashtext('stratolab schema'))",
    passes=_postgres_passes,
    hint="is the server up, and may this user log in? pg_isready tells",
    session=(
        f"SET lock_timeout = '{LOCK_WAIT}s'",
        f"SET idle_in_transaction_session_timeout = '{IDLE}s'",
    ),
    connect={"connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3},
)  # fmt: skip

MYSQL = Server(
    dialect="mysql",
    driver="mysql+pymysql",
    extra="mysql",
    begin=("START TRANSACTION READ WRITE",),
    begin_read=(
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",  # of the next transaction only
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    ),
    lock="SELECT GET_LOCK(CONCAT('stratolab.', MD5(DATABASE())), 60)",
    unlock="SELECT RELEASE_LOCK(CONCAT('stratolab.', MD5(DATABASE())))",
    passes=_mysql_passes,
    hint="is the server up, and may this user log in? mysqladmin ping tells",
    session=(
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        f"SET SESSION innodb_lock_wait_timeout = {LOCK_WAIT}",
        f"SET SESSION /*M! idle_transaction_timeout = {IDLE}, */ wait_timeout = 28800",  # MySQL skips MariaDB's part
    ),
    unsafe_tables=(
        "SELECT table_name, engine FROM information_schema.tables WHERE table_schema = DATABASE() "
        "AND table_name IN ('job', 'job_attribute', 'job_event', 'sweep', 'trial', 'outbox') "
        "AND engine <> 'InnoDB' "
        "UNION ALL SELECT 'the database', 'none' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM information_schema.engines "
        "WHERE engine = 'InnoDB' AND support IN ('YES', 'DEFAULT'))"
    ),
    connect={"charset": "utf8mb4", "connect_timeout": 10, "read_timeout": 90, "write_timeout": 90},
)

SERVERS = {"postgresql": POSTGRES, "postgres": POSTGRES, "mysql": MYSQL, "mariadb": MYSQL}
