"""What a lab's profile makes of keys that are not given, put into the tables before they become typed values.

So there is one place that knows profiles. Whoever reads a configuration sees what holds, wherever it came from.
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from stratolab.config.fields import Table
from stratolab.config.labs.fields import PROFILE_NAMES, USUAL
from stratolab.config.labs.models import LabConfig
from stratolab.config.pages import PROFILES
from stratolab.config.problems import table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic.fields import FieldInfo

    from stratolab.config.labs.fields import Profile

Tables = dict[str, Any]
USUAL_CIDR = {"prod": "10.0.0.0/16", "stage": "10.1.0.0/16", "dev": "10.2.0.0/16"}
"""Ranges of environments that name none: next to one another, so that they could be joined."""


def profile_of(raw: Mapping[str, Any]) -> Profile:
    """The profile that the tables name; the usual one if it is not given or not known."""
    named = table(raw.get("lab")).get("profile")
    return next((profile for profile in PROFILE_NAMES if profile == named), USUAL)


def completed(raw: Tables) -> Tables:
    """The tables with everything that follows from the profile. What is given stays, and `raw` is not changed."""
    environments = raw.get("environments") or {"dev": {}}
    if isinstance(environments, dict):
        environments = {name: _with_cidr(name, part) for name, part in environments.items()}
    return _completed({**raw, "environments": environments}, LabConfig, profile_of(raw))


def _with_cidr(name: str, environment: object) -> object:
    if not isinstance(environment, dict) or name not in USUAL_CIDR or "vpc" in environment:
        return environment
    return {"cidr": USUAL_CIDR[name], **environment}


def _completed(given: Tables, model: type[Table], profile: Profile) -> Tables:
    whole = dict(given)
    for name, field in model.model_fields.items():
        key = field.alias or name
        if key in given:
            whole[key] = _inside(given[key], field, profile)
        elif (default := _default(field, profile)) is not None:
            whole[key] = default
    return whole


def _default(field: FieldInfo, profile: Profile) -> Any:
    """What is put in for a key that is not given; None if the model's own default will do."""
    extra = field.json_schema_extra
    if isinstance(extra, dict) and PROFILES in extra:
        defaults = extra[PROFILES]
        return defaults[profile] if isinstance(defaults, dict) else None
    inner, named = _model_in(field.annotation)
    always = inner is not None and not named and isinstance(field.default, Table)
    return _completed({}, inner, profile) if inner is not None and always else None


def _inside(value: Any, field: FieldInfo, profile: Profile) -> Any:
    inner, named = _model_in(field.annotation)
    if inner is None or not isinstance(value, dict):
        return value
    if not named:
        return _completed(value, inner, profile)
    return {
        name: _completed(part, inner, profile) if isinstance(part, dict) else part
        for name, part in value.items()
    }


def _model_in(annotation: Any) -> tuple[type[Table] | None, bool]:
    """The model of a table that a type holds, and whether it holds many of them by name."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        return annotation, False
    if get_origin(annotation) in {Union, types.UnionType}:
        found = (_model_in(option) for option in get_args(annotation))
        return next((one for one in found if one[0] is not None), (None, False))
    if get_origin(annotation) is dict:
        return _model_in(get_args(annotation)[1])[0], True
    return None, False
