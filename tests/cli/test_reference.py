from __future__ import annotations

from pathlib import Path

from stratolab.cli import reference
from stratolab.config import schema
from stratolab.config.labs import schema as lab_schema

DOCS = Path(__file__).parents[2] / "docs"
MAKE = "run `make docs`, and read the difference"


def test_the_reference_of_commands_is_complete_and_true():
    assert (DOCS / "reference" / "commands.md").read_text() == reference.markdown(), MAKE


def test_the_reference_of_the_configuration_is_complete_and_true():
    assert (DOCS / "reference" / "configuration.md").read_text() == schema.reference(), MAKE


def test_the_reference_of_the_labs_file_is_complete_and_true():
    assert (DOCS / "reference" / "lab.md").read_text() == lab_schema.reference(), MAKE
