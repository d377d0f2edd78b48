"""Projects of a lab: what each has of its own in the account. Who works in one stands with the people."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from stratolab.config.fields import Table, Texts


class ProjectConfig(Table):
    """A project: its source, its images, its secrets, and the roles that its jobs and services have."""

    source: Literal["codecommit", "none"] = Field(
        "codecommit",
        description="Where its source is kept: a repository in this account, or `none`, which is elsewhere.",
        examples=["codecommit"],
    )
    secrets: Texts = Field(
        (),
        description=(
            "Names of secrets that are there from the start: `games-api` is the reference `PROJECT/games-api`. Their "
            "values come by `stratolab secrets set`, never by this file."
        ),
        examples=[["games-api"]],
    )
    images: int = Field(
        20,
        ge=1,
        le=1000,
        description="How many of its latest images are kept; older ones go.",
        examples=[20],
    )
