"""A lab's file as typed values, and files that are not there."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest
from tests.config.labs.examples import DESIGN, SMALLEST, SOUND

from stratolab.config.labs.load import check_lab, inspect_lab, lab_from_mapping, load_lab
from stratolab.config.labs.queues import types_of
from stratolab.core.errors import InputError
from stratolab.core.findings import Level

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, content: str) -> Path:
    path = folder / "lab.toml"
    path.write_text(content, encoding="utf-8")
    return path


def test_the_example_of_the_design_page_is_read_as_typed_values(tmp_path: Path) -> None:
    lab = load_lab(written(tmp_path, DESIGN))
    assert (lab.lab.name, lab.lab.region, lab.lab.profile, lab.lab.domain) == (
        "acme",
        "eu-west-1",
        "standard",
        "lab.example.com",
    )
    assert (lab.budget.monthly, lab.budget.alerts, lab.budget.low) == (400.0, (25, 50, 80, 100), 10)
    assert lab.budget.mail == ("owner@example.com",)
    assert lab.access.addresses == ("203.0.113.0/24",)
    assert lab.people["ana"].groups == ("data-scientists",)
    prod = lab.environments["prod"]
    assert (prod.cidr, prod.zones, prod.nat) == ("10.0.0.0/16", 2, "one")
    assert prod.database is not None
    assert (prod.database.engine, prod.database.instance_class, prod.database.storage) == (
        "postgres",
        "db.t4g.medium",
        50,
    )
    assert (lab.queues["small"].kind, lab.queues["small"].max_vcpus) == ("fargate-spot", 64)
    assert types_of(lab.queues["large"], lab.lab.region) == ("c7i", "m7i", "r7i")
    assert lab.tracking is not None
    assert (lab.tracking.cpu, lab.tracking.tasks.memory_target, lab.tracking.tasks.out_cooldown) == (
        1024,
        75,
        60,
    )


@pytest.mark.parametrize("name", SOUND)
def test_sound_files_have_no_errors(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, SOUND[name])
    assert [str(one) for one in inspect_lab(path) if one.level is Level.ERROR] == []
    assert check_lab(path).config is not None


def test_a_lab_has_an_environment_without_being_asked(tmp_path: Path) -> None:
    lab = load_lab(written(tmp_path, SMALLEST))
    assert list(lab.environments) == ["dev"]
    assert lab.environments["dev"].cidr == "10.2.0.0/16"
    assert (lab.people, lab.queues, lab.tracking) == ({}, {}, None)


def test_a_folder_stands_for_its_file(tmp_path: Path) -> None:
    written(tmp_path, SMALLEST)
    assert load_lab(tmp_path) == load_lab(tmp_path / "lab.toml")


def test_a_folder_without_a_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file") as caught:
        load_lab(tmp_path)
    assert [finding.hint for finding in caught.value.findings] == ["stratolab lab init"]


def test_a_mapping_is_checked_like_a_file() -> None:
    values = {"lab": {"name": "a", "region": "us-east-1", "owner": None}, "budget": {"alerts": (10, 20)}}
    assert lab_from_mapping(values, "here").budget.alerts == (10, 20)
    with pytest.raises(InputError) as caught:
        lab_from_mapping({"lab": {"name": "a", "region": "us-east-1"}, "queues": {"q": {"kind": 1}}}, "here")
    assert [(one.file, one.key) for one in caught.value.findings if one.level is Level.ERROR] == [
        ("here", "queues.q.kind")
    ]


def test_a_broken_file_does_not_load_pydantic(tmp_path: Path) -> None:
    path = written(tmp_path, "[lab\n")
    program = f"""\
        import sys
        from stratolab.config.labs.load import inspect_lab
        assert len(inspect_lab({str(path)!r})) == 1
        print("pydantic" in sys.modules)
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True
    )
    assert ended.stdout == "False\n"
