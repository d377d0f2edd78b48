"""Row G2: no text of a `lab.toml` becomes more than text. Each is replaced by what CloudFormation or IAM would read as
code; it is refused, or the templates say no more than they say with a plain word in its place.
"""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from typing import Any

import pytest

from stratolab.config.labs.load import lab_from_mapping
from stratolab.core.errors import InputError
from stratolab.infra.catalogue import stacks
from stratolab.testing.labs import SAMPLES

NASTY = (
    "${AWS::AccountId}",
    "a${Boundary}",
    "{{resolve:secretsmanager:x}}",
    "x{{resolve:ssm-secure:x:1}}",
    '"}, {"Fn::GetAtt": ["Trail", "Arn"]}',
    "!Sub x",
    "*",
    "a*",
    "a?",
    "${aws:username}",
    "arn:aws:iam::aws:policy/AdministratorAccess",
    "a/../b",
)
SAMPLE = "hardened"
PLAIN = "plain"


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], bool]]:
    """Every place of a text: its path, and whether it is a key that the user chooses."""
    found: list[tuple[tuple[Any, ...], bool]] = []
    if isinstance(value, dict):
        for key, part in value.items():
            if path in {("people",), ("queues",), ("compute",), ("lab", "tags")}:
                found.append(((*path, key), True))
            found += places(part, (*path, key))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            found += places(part, (*path, number))
    elif isinstance(value, str):
        found.append((path, False))
    return found


def changed(path: tuple[Any, ...], text: str, *, key: bool) -> dict[str, Any]:
    """The sample with another text at one place."""
    tables = copy.deepcopy(GIVEN)
    *way, last = path
    inner: Any = tables
    for step in way:
        inner = inner[step]
    if key:
        inner[text] = inner.pop(last)
    else:
        inner[last] = text
    return tables


def at(path: tuple[Any, ...]) -> Any:
    """What stands at a place."""
    found: Any = GIVEN
    for step in path:
        found = found[step]
    return found


def rendered(tables: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The templates, as CloudFormation would read them back; None if the file is refused."""
    try:
        lab = lab_from_mapping(tables, "lab.toml")
    except InputError:
        return None
    return [json.loads(json.dumps(stack.template)) for stack in stacks(lab)]


def active(value: Any, *, policy: bool = False) -> Counter[str]:
    """What is more than text: functions, what they fill in, dynamic references, wildcards of policies."""
    found: Counter[str] = Counter()
    if isinstance(value, dict):
        for key, part in value.items():
            found += active(part, policy=policy or key in {"Statement", "PolicyDocument"})
            if key == "Ref" or key.startswith("Fn::"):
                found[key] += 1
            if key == "Fn::Sub":
                found.update(re.findall(r"\$\{[^}]*\}", part if isinstance(part, str) else part[0]))
    elif isinstance(value, list):
        for part in value:
            found += active(part, policy=policy)
    elif isinstance(value, str):
        found.update(re.findall(r"\{\{resolve:[^}]*\}\}", value))
        if policy:
            found["wildcard"] += value.count("*") + value.count("?")
            found.update(re.findall(r"\$\{[^}]*\}", value))
    return found


GIVEN: dict[str, Any] = SAMPLES[SAMPLE] | {
    "lab": SAMPLES[SAMPLE]["lab"]
    | {"owner": "data-team", "tags": {"cost-centre": "4711"}, "alias": "acme-lab"}
}


def test_there_are_places_to_try_and_the_sample_is_read() -> None:
    assert rendered(GIVEN)
    assert len(places(GIVEN)) > 20


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("path", "key"), places(GIVEN), ids=lambda one: ".".join(map(str, one)) if isinstance(one, tuple) else ""
)
def test_a_text_is_refused_or_stays_text(path: tuple[Any, ...], *, key: bool) -> None:
    usual = str(path[-1]) if key else str(at(path))
    tried = [text for nasty in NASTY for text in (nasty, nasty + usual, usual + nasty)]
    taken = {text: made for text in tried if (made := rendered(changed(path, text, key=key)))}
    if not taken:
        return
    plain = active(rendered(changed(path, PLAIN, key=key)) or rendered(GIVEN))
    for text, made in taken.items():
        more = active(made) - plain
        assert not more, f"{text!r} became {dict(more)}"
