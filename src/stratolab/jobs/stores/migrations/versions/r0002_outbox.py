"""The outbox: what has changed and is not in MLflow yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

SHORT = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")


def upgrade() -> None:
    """Create the table; what ended before it was there stays out of it (`stratolab tracking sync --all`)."""
    op.create_table(
        "outbox",
        sa.Column("kind", SHORT, primary_key=True),
        sa.Column("id", SHORT, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        if_not_exists=True,  # MySQL: a first attempt that was killed may have made it
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )
