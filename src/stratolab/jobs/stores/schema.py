"""The schema of a lab's database: the one definition, as SQLAlchemy tables.

Only tests and tools load this module: a running lab has `schema.sql` (SQLite) or Alembic (servers), and a
test holds the three equal. A change here is a new file in `migrations/versions`, a new `HEAD` in
`revision.py` and a new `schema.sql` (`python -m stratolab.jobs.stores.schema > .../schema.sql`).

Times are seconds since the epoch, money US dollars, memory bytes. See `values.py` for text and JSON.
"""

from __future__ import annotations

import sys
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from stratolab.jobs.stores.revision import HEAD

metadata = MetaData()

# Compared byte by byte everywhere: identifiers are ordered, and "Tune" is not "tune".
SHORT = String(255).with_variant(String(255, collation="C"), "postgresql")
LONG = Text().with_variant(mysql.LONGTEXT(), "mysql")
MYSQL: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}

job = Table(
    "job",
    metadata,
    Column("id", SHORT, primary_key=True),
    Column("name", SHORT, nullable=False),
    Column("project", SHORT, nullable=False),
    Column("state", SHORT, nullable=False),
    Column("command", LONG, nullable=False),  # JSON list
    Column("folder", LONG, nullable=False),
    Column("cpus", Double, nullable=False),
    Column("memory", BigInteger),
    Column("timeout", Double),
    Column("retries", Integer, nullable=False),
    Column("env", LONG, nullable=False),  # JSON object
    Column("secrets", LONG, nullable=False),  # JSON object: variable -> name of the secret
    Column("params", LONG, nullable=False),  # JSON object
    Column("data", LONG, nullable=False),  # JSON list
    Column("seed", LONG),  # decimal: seeds may be wider than 64 bits
    Column("owner", SHORT, nullable=False),
    Column("engine", SHORT, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("submitted", Double, nullable=False),
    Column("started", Double),
    Column("ended", Double),
    Column("pid", BigInteger),
    Column("reason", SHORT),
    Column("exit_code", BigInteger),
    Column("killed_by", Integer),  # a signal's number; `signal` is a reserved word
    Column("attempts", Integer, nullable=False),
    Column("wall_seconds", Double),
    Column("cpu_seconds", Double),
    Column("peak_memory", BigInteger),
    Column("price", Double),
    Column("message", LONG, nullable=False),
    Column("capsule", SHORT, nullable=False),
    Column("sweep", SHORT, nullable=False),
    Column("trial", Integer),
    Index("job_latest", "submitted", "id"),
    Index("job_by_state", "state", "submitted", "id"),
    Index("job_by_name", "name", "submitted", "id"),
    Index("job_by_sweep", "sweep", "submitted", "id"),
    **MYSQL,
)

job_attribute = Table(
    "job_attribute",
    metadata,
    Column("job", SHORT, ForeignKey("job.id", name="job_attribute_job"), primary_key=True),
    Column("name", SHORT, primary_key=True),
    Column("value", LONG, nullable=False),
    **MYSQL,
)

job_event = Table(
    "job_event",
    metadata,
    Column("job", SHORT, ForeignKey("job.id", name="job_event_job"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", SHORT, nullable=False),
    Column("detail", LONG, nullable=False),
    Column("happened", Double, nullable=False),
    **MYSQL,
)

sweep = Table(
    "sweep",
    metadata,
    Column("id", SHORT, primary_key=True),
    Column("token", SHORT, nullable=False),  # of whoever created it: creating twice gives one sweep
    Column("name", SHORT, nullable=False),
    Column("number", Integer, nullable=False),
    Column("project", SHORT, nullable=False),
    Column("state", SHORT, nullable=False),
    Column("config", LONG, nullable=False),  # JSON object
    Column("created", Double, nullable=False),
    Column("ended", Double),
    Column("reason", LONG, nullable=False),
    Column("forked_from", SHORT, nullable=False),
    Column("revision", Integer, nullable=False),  # of the newest change in the sweep
    Column("trials", Integer, nullable=False),  # how many were claimed: the next trial's number
    UniqueConstraint("name", "number", name="sweep_number"),
    UniqueConstraint("token", name="sweep_token"),
    Index("sweep_latest", "project", "created"),
    **MYSQL,
)

trial = Table(
    "trial",
    metadata,
    Column("sweep", SHORT, ForeignKey("sweep.id", name="trial_sweep"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("state", SHORT, nullable=False),
    Column("params", LONG, nullable=False),  # JSON object
    Column("digest", SHORT, nullable=False),  # equal points have equal ones
    Column("job", SHORT, nullable=False),  # claimed before the job's row exists: no foreign key
    Column("owner", SHORT, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("lease", Double, nullable=False),
    Column("created", Double, nullable=False),
    Column("started", Double),
    Column("ended", Double),
    Column("value", Double),
    Column("reason", LONG, nullable=False),
    Column("steps", LONG, nullable=False),  # JSON list of [step, value]
    Column("revision", Integer, nullable=False),
    UniqueConstraint("sweep", "digest", name="trial_point"),
    UniqueConstraint("job", name="trial_job"),
    Index("trial_changes", "sweep", "revision"),
    Index("trial_by_state", "sweep", "state", "number"),
    **MYSQL,
)

outbox = Table(  # what has changed and is not in MLflow yet
    "outbox",
    metadata,
    Column("kind", SHORT, primary_key=True),  # job or sweep
    Column("id", SHORT, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),  # a job's fence, a sweep's revision
    **MYSQL,
)


def sqlite_script() -> str:
    """What `schema.sql` must hold: every table and index, and the revision that this is."""
    dialect = sqlite.dialect()
    statements: list[str] = []
    for table in metadata.sorted_tables:
        statements.append(str(CreateTable(table).compile(dialect=dialect)))
        statements.extend(
            str(CreateIndex(index).compile(dialect=dialect))
            for index in sorted(table.indexes, key=lambda index: str(index.name))
        )
    statements.append(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
        "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
    )
    statements.append(f"INSERT INTO alembic_version (version_num) VALUES ('{HEAD}')")  # noqa: S608 - a constant
    return ";\n\n".join(_tidy(text) for text in statements) + ";\n"


def _tidy(statement: str) -> str:
    lines = statement.strip().replace("\t", "    ").splitlines()
    return "\n".join(line.rstrip() for line in lines)


if __name__ == "__main__":
    sys.stdout.write(sqlite_script())
