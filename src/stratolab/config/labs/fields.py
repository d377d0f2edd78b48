"""How the models of `lab.toml` declare a key whose default depends on the lab's profile."""

from __future__ import annotations

from typing import Any, Literal, get_args

from pydantic import Field

from stratolab.config.pages import PROFILES

Profile = Literal["lab", "standard", "hardened"]
PROFILE_NAMES: tuple[Profile, ...] = get_args(Profile)
USUAL: Profile = "standard"
"""The profile of a lab that names none."""


def by_profile(
    lab: Any, standard: Any, hardened: Any, *, description: str, examples: list[Any], **limits: Any
) -> Any:
    """A field with a default for each profile, from cheapest to safest; `limits` as pydantic's Field has them."""
    defaults = dict(zip(PROFILE_NAMES, (lab, standard, hardened), strict=True))
    return Field(
        defaults[USUAL],
        description=description,
        examples=examples,
        json_schema_extra={PROFILES: defaults},
        **limits,
    )
