from __future__ import annotations

from pathlib import Path

import stratolab
from stratolab.lab import reference

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "python.md"


def test_the_reference_of_the_python_api_is_true():
    assert PAGE.read_text() == reference.markdown(), "run `make docs`, and read the difference"


def test_every_public_name_is_in_it_with_words():
    named = [name for names in reference._GROUPS.values() for name in names]
    assert sorted(named) == sorted(stratolab.__all__)
    sections = reference.markdown().split("### stratolab.")[1:]
    for section in sections:
        told = [
            line
            for line in section.splitlines()[1:]
            if line and not line.startswith(("```", "def ", "    ", ")"))
        ]
        assert told, section
    assert len(sections) == len(stratolab.__all__)


def test_what_is_lazy_is_public_and_there():
    assert set(stratolab._PLACES) == set(stratolab.__all__) - {"__version__"}
    for name in stratolab.__all__:
        assert getattr(stratolab, name)
