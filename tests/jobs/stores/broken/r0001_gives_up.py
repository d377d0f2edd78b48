"""A migration that fails half-way, after it has changed and added things."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = "0000"


def upgrade() -> None:
    op.execute("UPDATE trial SET owner = 'half-way'")
    op.create_table("half", sa.Column("id", sa.Integer, primary_key=True))
    raise ZeroDivisionError
