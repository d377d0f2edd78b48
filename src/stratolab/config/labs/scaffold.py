"""Begin a lab: the `lab.toml` that answers to a few questions give, with what else could stand in it named."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stratolab.config.labs.load import NAME, check_lab, lab_from_mapping
from stratolab.core.errors import InputError, RefusedError
from stratolab.core.findings import errors

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stratolab.core.findings import Finding

PROFILES = {
    "lab": "cheap, for trying out: no NAT gateway, AWS's own keys, short logs",
    "standard": "what a team needs: one NAT gateway, a key of its own, threat detection",
    "hardened": "leaves out no safety for its price",
}
_KEYS = {
    "name": "lab.name",
    "region": "lab.region",
    "profile": "lab.profile",
    "monthly": "budget.monthly",
    "mail": "budget.mail",
    "addresses": "access.addresses",
    "environments": "environments",
}
"""Where each answer stands in the file."""

_TEXT = """\
# The lab {name}: what it is made of. `stratolab plan` shows what follows, `stratolab up` makes it so.
# Every key is explained in docs/reference/lab.md, and by your editor after: stratolab config schema --lab

[lab]
name = {name_}
region = {region_}
profile = {profile_}  # lab (cheap), standard, hardened

[budget]
monthly = {monthly:g}  # US dollars; mails at rising levels, and when unexpectedly little is spent
mail = {mail_}  # who gets them, such as ["owner@example.com"]

[access]
addresses = {addresses_}  # from where people reach the lab, such as ["203.0.113.0/24"]
{environments}"""


@dataclass(frozen=True, slots=True)
class Answers:
    """What a lab begins with."""

    name: str
    region: str
    profile: str = "standard"
    monthly: float = 100.0
    mail: Sequence[str] = ()
    addresses: Sequence[str] = ()
    environments: Sequence[str] = ("dev",)


def text(answers: Answers) -> str:
    """The file."""
    return _TEXT.format(
        name=answers.name,
        name_=json.dumps(answers.name),
        region_=json.dumps(answers.region),
        profile_=json.dumps(answers.profile),
        monthly=answers.monthly,
        mail_=json.dumps(list(answers.mail)),
        addresses_=json.dumps(list(answers.addresses)),
        environments="".join(f"\n[environments.{name}]\n" for name in answers.environments),
    )


def wrong(answers: Answers, field: str) -> list[Finding]:
    """What is wrong with one of the answers."""
    try:
        lab_from_mapping(_tables(answers), NAME)
    except InputError as error:
        key = _KEYS[field]
        return [one for one in error.findings if f"{one.key}.".startswith((f"{key}.", f"{key}["))]
    return []


def _tables(answers: Answers) -> dict[str, Any]:
    return {
        "lab": {"name": answers.name, "region": answers.region, "profile": answers.profile},
        "budget": {"monthly": answers.monthly, "mail": answers.mail},
        "access": {"addresses": answers.addresses},
        "environments": {name: {} for name in answers.environments},
    }


def create(path: Path, answers: Answers) -> None:
    """Write the file, which is checked as it will be when it is read.

    Raises `RefusedError` if it is there already, `InputError` with every finding if an answer is wrong; then nothing
    is left.
    """
    if path.exists():
        raise RefusedError(f"{path} is there already", doing="lab init", hint=f"change it by hand: {path}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text(answers), encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}", doing="lab init") from error
    wrong = errors(check_lab(path).findings)
    if wrong:
        path.unlink()
        raise InputError("an answer is wrong, so nothing was written", doing="lab init", findings=wrong)
