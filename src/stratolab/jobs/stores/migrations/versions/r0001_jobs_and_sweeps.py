"""Jobs with their attributes and events, sweeps with their trials.

On MySQL a table is there as soon as it is created, whatever happens next. So what a first opening that was
killed left behind is kept, and only what is missing is created.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

if TYPE_CHECKING:
    from sqlalchemy.schema import SchemaItem

revision = "0001"
down_revision = None

SHORT = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")
LONG = sa.Text().with_variant(mysql.LONGTEXT(), "mysql")


def upgrade() -> None:
    """Create every table and index."""
    _job()
    _job_attribute()
    _job_event()
    _sweep()
    _trial()


def _job() -> None:
    _table(
        "job",
        sa.Column("id", SHORT, primary_key=True),
        sa.Column("name", SHORT, nullable=False),
        sa.Column("project", SHORT, nullable=False),
        sa.Column("state", SHORT, nullable=False),
        sa.Column("command", LONG, nullable=False),
        sa.Column("folder", LONG, nullable=False),
        sa.Column("cpus", sa.Double, nullable=False),
        sa.Column("memory", sa.BigInteger),
        sa.Column("timeout", sa.Double),
        sa.Column("retries", sa.Integer, nullable=False),
        sa.Column("env", LONG, nullable=False),
        sa.Column("secrets", LONG, nullable=False),
        sa.Column("params", LONG, nullable=False),
        sa.Column("data", LONG, nullable=False),
        sa.Column("seed", LONG),
        sa.Column("owner", SHORT, nullable=False),
        sa.Column("engine", SHORT, nullable=False),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("submitted", sa.Double, nullable=False),
        sa.Column("started", sa.Double),
        sa.Column("ended", sa.Double),
        sa.Column("pid", sa.BigInteger),
        sa.Column("reason", SHORT),
        sa.Column("exit_code", sa.BigInteger),
        sa.Column("killed_by", sa.Integer),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("wall_seconds", sa.Double),
        sa.Column("cpu_seconds", sa.Double),
        sa.Column("peak_memory", sa.BigInteger),
        sa.Column("price", sa.Double),
        sa.Column("message", LONG, nullable=False),
        sa.Column("capsule", SHORT, nullable=False),
        sa.Column("sweep", SHORT, nullable=False),
        sa.Column("trial", sa.Integer),
    )
    _index("job_latest", "job", "submitted", "id")
    _index("job_by_state", "job", "state", "submitted", "id")
    _index("job_by_name", "job", "name", "submitted", "id")
    _index("job_by_sweep", "job", "sweep", "submitted", "id")


def _job_attribute() -> None:
    _table(
        "job_attribute",
        sa.Column("job", SHORT, sa.ForeignKey("job.id", name="job_attribute_job"), primary_key=True),
        sa.Column("name", SHORT, primary_key=True),
        sa.Column("value", LONG, nullable=False),
    )


def _job_event() -> None:
    _table(
        "job_event",
        sa.Column("job", SHORT, sa.ForeignKey("job.id", name="job_event_job"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", SHORT, nullable=False),
        sa.Column("detail", LONG, nullable=False),
        sa.Column("happened", sa.Double, nullable=False),
    )


def _sweep() -> None:
    _table(
        "sweep",
        sa.Column("id", SHORT, primary_key=True),
        sa.Column("token", SHORT, nullable=False),
        sa.Column("name", SHORT, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("project", SHORT, nullable=False),
        sa.Column("state", SHORT, nullable=False),
        sa.Column("config", LONG, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("ended", sa.Double),
        sa.Column("reason", LONG, nullable=False),
        sa.Column("forked_from", SHORT, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("trials", sa.Integer, nullable=False),
        sa.UniqueConstraint("name", "number", name="sweep_number"),
        sa.UniqueConstraint("token", name="sweep_token"),
    )
    _index("sweep_latest", "sweep", "project", "created")


def _trial() -> None:
    _table(
        "trial",
        sa.Column("sweep", SHORT, sa.ForeignKey("sweep.id", name="trial_sweep"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("state", SHORT, nullable=False),
        sa.Column("params", LONG, nullable=False),
        sa.Column("digest", SHORT, nullable=False),
        sa.Column("job", SHORT, nullable=False),
        sa.Column("owner", SHORT, nullable=False),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("lease", sa.Double, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("started", sa.Double),
        sa.Column("ended", sa.Double),
        sa.Column("value", sa.Double),
        sa.Column("reason", LONG, nullable=False),
        sa.Column("steps", LONG, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.UniqueConstraint("sweep", "digest", name="trial_point"),
        sa.UniqueConstraint("job", name="trial_job"),
    )
    _index("trial_changes", "trial", "sweep", "revision")
    _index("trial_by_state", "trial", "sweep", "state", "number")


def _table(name: str, *parts: SchemaItem) -> None:
    op.create_table(
        name,
        *parts,
        if_not_exists=True,
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )


def _index(name: str, table: str, *columns: str) -> None:
    present = sa.inspect(op.get_bind()).get_indexes(table)
    if name not in {index["name"] for index in present}:
        op.create_index(name, table, list(columns))
