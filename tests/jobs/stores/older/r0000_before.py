"""A made-up revision before the first: trials without steps, jobs without events."""

revision = "0000"
down_revision = None


def upgrade() -> None:
    """Tests make a database of this revision by taking away from the newest one."""
