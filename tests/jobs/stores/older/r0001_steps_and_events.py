"""From the made-up revision to the first: steps, events, and another word for an owner."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = "0000"

SHORT = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("trial", sa.Column("steps", sa.Text(), nullable=True))
    op.execute("UPDATE trial SET steps = '[]', owner = 'migrated'")
    with op.batch_alter_table("trial") as batch:
        batch.alter_column("steps", existing_type=sa.Text(), nullable=False)
    op.create_table(
        "job_event",
        sa.Column("job", SHORT, sa.ForeignKey("job.id", name="job_event_job"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", SHORT, nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("happened", sa.Double, nullable=False),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )
