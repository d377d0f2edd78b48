"""What may stand in `stratolab.toml` about the project's image, in which its jobs run in a lab in AWS."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from stratolab.config.fields import Table, Texts

Python = Literal["3.11", "3.12", "3.13"]


class ImageConfig(Table):
    """What makes the image. Its packages are those of `[project] requirements`; the project's code is not in it."""

    python: Python = Field("3.12", description="The Python that it has.", examples=["3.12"])
    base: str | None = Field(
        None,
        description=(
            "The image that it begins with, in place of Debian's slim one of `python`. By digest, it never changes "
            "under you."
        ),
        examples=["public.ecr.aws/docker/library/python:3.12-bookworm"],
    )
    hook: str | None = Field(
        None,
        description=(
            "A script that runs first while the image is made, as root: `apt-get install`, `pip install`, "
            "`git clone`."
        ),
        examples=["hook.sh"],
    )
    start: str | None = Field(
        None,
        description=(
            "A script that runs first in each container, as the job's user and where its code is, before the command."
        ),
        examples=["start.sh"],
    )
    files: Texts = Field(
        (),
        description="More files that the hook or your own `dockerfile` takes, in `/build` of the image.",
        examples=[["pyproject.toml"]],
    )
    dockerfile: str | None = Field(
        None,
        description="A Dockerfile of your own, in place of ours. What makes jobs run is in its folder `stratolab`.",
        examples=["Dockerfile"],
    )
    command: Texts = Field(
        (),
        description="What a container does that is given no command: what serves, if one image serves and trains.",
        examples=[["python", "serve.py"]],
    )
