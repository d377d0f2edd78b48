"""From references to values. What a value is goes to who asked and into no message."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from stratolab.core.errors import InputError
from stratolab.secrets.models import CURRENT, PREVIOUS, reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stratolab.secrets.models import Reference
    from stratolab.secrets.protocol import SecretStore


def value(store: SecretStore, text: str, *, stage: str = CURRENT) -> str:
    """The value that a reference, `name` or `name:key`, stands for.

    Of a key that holds no text its JSON is given. Raises `InputError` if there is no such secret, or no such key.
    """
    wanted = reference(text)
    found = store.get(wanted.name, stage=stage)
    return _of_key(found, wanted) if wanted.key else found


def environment(store: SecretStore, references: Mapping[str, str]) -> dict[str, str]:
    """The values for variables that name secrets. Raises one `InputError` for all that cannot be had."""
    found: dict[str, str] = {}
    wanted_by: dict[str, list[str]] = {}
    hints = []
    for name, text in references.items():
        try:
            found[name] = value(store, text)
        except InputError as error:
            wanted_by.setdefault(error.what, []).append(name)
            hints.append(error.hint)
    if hints:
        told = "; ".join(f"{what} (wanted for {', '.join(names)})" for what, names in wanted_by.items())
        raise InputError(told, doing="secrets", hint=hints[0])
    return found


def to_hide(store: SecretStore, references: Iterable[str]) -> list[str]:
    """What must not be shown of these secrets: values now and before, and the passwords in them.

    What cannot be had is left out.
    """
    found: list[str] = []
    for text in references:
        for stage in (CURRENT, PREVIOUS):
            try:
                found.append(store.get(reference(text).name, stage=stage))
                found += _within(found[-1])
                found.append(value(store, text, stage=stage))
            except InputError:
                continue
    return list(dict.fromkeys(found))


_TELLING = re.compile(r"pass|pwd|secret|token|key|credential", re.IGNORECASE)


def _within(whole: str) -> list[str]:
    """The password of a URL; of a JSON object what its keys call a password, a token or the like."""
    if "://" in whole:
        try:
            password = urlsplit(whole.strip()).password
        except ValueError:
            password = None
        return [password, unquote(password)] if password else []
    document = _object(whole) or {}
    return [value for key, value in document.items() if isinstance(value, str) and _TELLING.search(key)]


def _of_key(whole: str, wanted: Reference) -> str:
    """One key of a JSON object."""
    document = _object(whole)
    if document is None:
        raise InputError(
            f"{wanted.name} holds no JSON object, so it has no key {wanted.key!r}",
            doing="secret",
            hint=f"use the whole of it: {wanted.name}",
        )
    if document.get(wanted.key) is None:
        known = ", ".join(sorted(document)) or "none"
        raise InputError(
            f"{wanted.name} has no key {wanted.key!r}", doing="secret", hint=f"its keys: {known}"
        )
    found = document[wanted.key]
    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)


def _object(whole: str) -> dict[str, Any] | None:
    """The JSON object that a value is; None if it is none. No parser's exception goes on: it would hold the value."""
    try:
        document = json.loads(whole)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
