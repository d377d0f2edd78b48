"""Row G1 of the fault matrix for `lab.toml`: whatever stands in it, it loads or says what is wrong. Never a traceback.

Sound files are damaged in their tables, as those of projects are. 300 by default, 10,000 with STRATOLAB_CHAOS=full.
"""

from __future__ import annotations

import tempfile
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.config.labs.examples import SOUND
from tests.config.test_mutations import LONGEST, SECRETS, _damage, full, places, rendered

from stratolab.config.labs.load import check_lab
from stratolab.config.reading import FINDINGS_LIMIT
from stratolab.core.findings import errors


@st.composite
def damaged_labs(draw: st.DrawFn) -> dict[str, Any]:
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


@pytest.mark.timeout(1800)
@full
@given(damaged_labs())
def test_damaged_tables(raw: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lab.toml"
        path.write_text(rendered(raw), encoding="utf-8", newline="")
        checked = check_lab(path)
    assert (checked.config is None) == bool(errors(checked.findings))
    assert len(checked.findings) <= FINDINGS_LIMIT + 1
    for finding in checked.findings:
        assert finding.file == str(path)
        assert finding.line or finding.key
        assert str(finding).isprintable()
        assert len(str(finding)) <= LONGEST
        assert not any(secret in str(finding) for secret in SECRETS)
