"""The schema's history, for Alembic: each file in `versions` leads from one revision to the next."""
