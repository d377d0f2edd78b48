"""The real second revision, at the end of the made-up chain."""

from stratolab.jobs.stores.migrations.versions.r0002_outbox import down_revision, revision, upgrade

__all__ = ["down_revision", "revision", "upgrade"]
