"""The schema for editors and the reference page of `lab.toml` say what the checks do."""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from tests.config.labs.examples import SOUND

from stratolab.config.labs.fields import PROFILE_NAMES
from stratolab.config.labs.load import inspect_lab, lab_from_mapping
from stratolab.config.labs.schema import reference, schema
from stratolab.config.pages import DIALECT, PROFILES
from stratolab.core.findings import Level

if TYPE_CHECKING:
    from pathlib import Path


def accepts(raw: dict[str, Any]) -> bool:
    return jsonschema.Draft202012Validator(schema()).is_valid(raw)


def test_it_is_a_schema_of_its_dialect() -> None:
    made = schema()
    assert made["$schema"] == DIALECT
    jsonschema.Draft202012Validator.check_schema(made)
    assert json.loads(json.dumps(made)) == made


@pytest.mark.parametrize("name", SOUND)
def test_sound_examples_are_valid(name: str) -> None:
    jsonschema.Draft202012Validator(schema()).validate(tomllib.loads(SOUND[name]))


def test_what_is_wrong_by_type_is_invalid() -> None:
    lab = {"name": "a", "region": "us-east-1"}
    assert accepts({"lab": lab})
    assert not accepts({"lab": lab, "environments": {"production": {}}})
    assert not accepts({"lab": lab, "queues": {"Big One": {}}})
    assert not accepts({"lab": lab, "tracking": {"cpu": 1000}})
    assert not accepts({"lab": {**lab, "profile": "cheap"}})


def fields() -> list[tuple[str, dict[str, Any]]]:
    made = schema()
    tables = {"": made, **made["$defs"]}
    return [
        (f"{table}.{key}", node) for table, of in tables.items() for key, node in of["properties"].items()
    ]


@pytest.mark.parametrize(("name", "node"), fields(), ids=[name for name, _ in fields()])
def test_every_key_explains_itself_with_a_valid_example(name: str, node: dict[str, Any]) -> None:
    assert node["description"].endswith(".")
    assert node["examples"]
    whole = {"$defs": schema()["$defs"], **node}
    given = [
        *node["examples"],
        *([node["default"]] if "default" in node else []),
        *node.get(PROFILES, {}).values(),
    ]
    for value in given:
        jsonschema.Draft202012Validator(whole).validate(value)


def test_every_default_by_profile_names_all_profiles() -> None:
    by_profile = [node[PROFILES] for _, node in fields() if PROFILES in node]
    assert len(by_profile) > 15
    assert all(set(one) == set(PROFILE_NAMES) for one in by_profile)


def test_the_schema_has_every_key_of_a_whole_configuration() -> None:
    whole = lab_from_mapping(tomllib.loads(SOUND["everything"]), "here").model_dump(
        by_alias=True, exclude_none=True
    )
    raw = json.loads(json.dumps(whole))
    for queue in raw["queues"].values():
        queue["start_within"] = "1h"
    assert accepts(raw)


# -- the page -------------------------------------------------------------------------------------


def test_the_reference_names_every_key() -> None:
    page = reference()
    for name, _ in fields():
        key = name.rpartition(".")[2]
        assert f"`{key}`" in page or f"[{key}]" in page or f"[{key}.NAME]" in page, name


def test_the_examples_of_the_reference_are_sound(tmp_path: Path) -> None:
    blocks = dict(re.findall(r"```toml\n\[([^\]]+)\]\n(.*?)```", reference(), re.DOTALL))
    places = {
        "people.NAME": "people.ana",
        "projects.NAME": "projects.world-series",
        "environments.NAME": "environments.prod",
        "environments.NAME.vpc": "environments.dev.vpc",
        "environments.NAME.database": "environments.prod.database",
        "environments.NAME.database.canaries.NAME": "environments.prod.database.canaries.world-series",
        "compute.NAME": "compute.shared",
        "queues.NAME": "queues.own",
        "tracking.tasks": "",  # the table above it has an example of it
    }
    text = ""
    for header, body in blocks.items():
        place = places.get(header, header)
        text += f"[{place}]\n{body}" if place else ""
    (tmp_path / "lab.toml").write_text(text, encoding="utf-8")
    assert [str(one) for one in inspect_lab(tmp_path) if one.level is Level.ERROR] == []
    assert len(blocks) == 17


def test_rows_of_the_reference_are_whole() -> None:
    for line in reference().split("\n"):
        if line.startswith("|"):
            assert line.count("|") == 5, line


def test_defaults_by_profile_are_given_from_cheap_to_safe() -> None:
    assert '| lab `"none"`, standard `"one"`, hardened `"per-zone"` |' in reference()
