"""Row G1 of the fault matrix: whatever stands in a file, it loads or says what is wrong. Never another exception.

Sound files are damaged in their text and in their tables. 300 of each by default, 10,000 with STRATOLAB_CHAOS=full.
"""

from __future__ import annotations

import datetime as dt
import os
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.config.examples import SOUND

from stratolab.config.load import FINDINGS_LIMIT, check
from stratolab.config.problems import toml, toml_key
from stratolab.core.findings import errors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stratolab.config.problems import Path as Keys

EXAMPLES = 10_000 if os.environ.get("STRATOLAB_CHAOS") == "full" else 300
LONGEST = 600  # characters of a finding: more is no line that anybody reads
full = settings(
    max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)

NASTY = [
    "; rm -rf /",
    "$(reboot)",
    "${AWS::AccountId}",
    "{{resolve:secretsmanager:x}}",
    "../../etc/passwd",
    "/etc/passwd",
    "tr\u0430in",
    "a\u202eb",
    "a\u200bb",
    "\x00",
    "\x1b[31m",
    "\ud7ff\ue000\U0010ffff",
    "x" * 41,
    "x" * 20_000,
    "postgresql://u:p4ssw0rd@h.example/d",
    "AKIAIOSFODNN7EXAMPLE",
    "{depth}",
    "{}{{}}{",
    "'",
    '"',
    "\\",
    "",
    " ",
    "%s%n",
    "<script>",
    "' OR 1=1 --",
    "!!python/object/apply:os.system [ls]",
    "&a [*a, *a]",
    "__proto__",
    "__class__",
    "-1",
    "NaN",
    "true",
    "2GiB",
    "9" * 400 + "s",
    "9" * 39 + "TiB",
    "*/5 * * * *",
    "0.0.0.0/0",
    "Europe/Paris",
]
SECRETS = ("p4ssw0rd", "AKIAIOSF")

texts = st.sampled_from(NASTY) | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
leaves = (
    texts
    | st.booleans()
    | st.integers(-3, 70)
    | st.sampled_from([2**31, 2**63, 10**400, -(10**400)])
    | st.floats()
    | st.sampled_from([dt.date(2024, 1, 1), dt.time(1, 2), dt.datetime(2024, 1, 1, tzinfo=dt.UTC)])
)
anything = st.recursive(
    leaves, lambda part: st.lists(part, max_size=3) | st.dictionaries(texts, part, max_size=3), max_leaves=6
)


def places(value: Any, path: Keys = ()) -> Iterator[Keys]:
    """Every path in the tables."""
    if path:
        yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, inner in parts:
        yield from places(inner, (*path, part))


@st.composite
def damaged_tables(draw: st.DrawFn) -> dict[str, Any]:
    """A sound file's tables with up to three values replaced, removed, added or renamed."""
    raw = tomllib.loads(SOUND[draw(st.sampled_from(sorted(SOUND)))])
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(places(raw))))
        around: Any = raw
        for part in path[:-1]:
            around = around[part]
        _damage(draw, around, path[-1])
        if not list(places(raw)):
            break
    return raw


def _damage(draw: st.DrawFn, around: Any, key: str | int) -> None:
    how = draw(st.sampled_from(["replace", "remove", "add", "rename", "misspell", "copy"]))
    value = around[key]
    if how == "replace":
        around[key] = draw(anything)
    elif how == "remove":
        del around[key]
    elif isinstance(around, list):
        around.append(value if how == "copy" else draw(anything))
    elif how == "add":
        around[draw(texts)] = draw(anything)
    elif how == "copy":
        around[draw(texts)] = value
    else:
        del around[key]
        around[draw(texts) if how == "rename" else str(key)[::-1]] = value


@st.composite
def damaged_texts(draw: st.DrawFn) -> str:
    """A sound file's text with pieces cut out, repeated, or put in."""
    text = SOUND[draw(st.sampled_from(sorted(SOUND)))]
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 30)))
        middle = draw(
            st.sampled_from(
                ["", text[start:end] * 2, "\n", "[", "]", "{", "}", '"', "'''", "=", "#", ".", "\\"]
            )
            | texts
        )
        text = text[:start] + middle + text[end:]
    return text


def rendered(raw: dict[str, Any]) -> str:
    """Tables as TOML, one key a line."""
    return "".join(f"{_escaped(toml_key(key))} = {_value(value)}\n" for key, value in raw.items())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return (
            f"{{ {', '.join(f'{_escaped(toml_key(key))} = {_value(part)}' for key, part in value.items())} }}"
        )
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return _escaped(toml(value))


def _escaped(text: str) -> str:
    return text.replace("\x7f", "\\u007f")


def judge(content: str) -> list[str]:
    """It loads, or says what is wrong: each finding with a file and a key or a line, in one readable line."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stratolab.toml"
        path.write_text(content, encoding="utf-8", newline="")
        checked = check(path, cpus=4)
    assert (checked.config is None) == bool(errors(checked.findings))
    assert len(checked.findings) <= FINDINGS_LIMIT + 1
    for finding in checked.findings:
        assert finding.file == str(path)
        assert finding.line or finding.key
        assert finding.line <= content.count("\n") + 1
        told = str(finding)
        assert told.isprintable()
        assert len(told) <= LONGEST
    return [str(finding) for finding in checked.findings]


@pytest.mark.timeout(1800)
@full
@given(damaged_tables())
def test_damaged_tables(raw: dict[str, Any]) -> None:
    told = "".join(judge(rendered(raw)))
    assert not any(secret in told for secret in SECRETS)


@pytest.mark.timeout(1800)
@full
@given(damaged_texts())
def test_damaged_texts(content: str) -> None:
    judge(content)


@pytest.mark.timeout(1800)
@full
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stratolab.toml"
        path.write_bytes(content)
        checked = check(path, cpus=4)
    assert checked.config is None  # no bytes by chance name a project
    assert checked.findings
    assert all(finding.line or finding.key for finding in checked.findings)
