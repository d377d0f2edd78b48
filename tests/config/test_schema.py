"""The schema for editors and the reference page say what the checks do."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.config.examples import SOUND
from tests.config.test_findings import GOLDEN, cases

from stratolab.config.load import check
from stratolab.config.models import ProjectConfig
from stratolab.config.schema import DIALECT, reference, schema

ROOT = Path(__file__).parents[2]
BY_TYPE = {"wording"}
"""The golden cases whose errors are of types, keys and ranges: those a schema can see."""


def accepts(raw: dict[str, Any]) -> bool:
    return jsonschema.Draft202012Validator(schema()).is_valid(raw)


def test_it_is_a_schema_of_its_dialect() -> None:
    made = schema()
    assert made["$schema"] == DIALECT
    jsonschema.Draft202012Validator.check_schema(made)
    assert json.loads(json.dumps(made)) == made


def test_it_is_a_new_one_each_time() -> None:
    schema()["properties"].clear()
    assert schema()["properties"]


@pytest.mark.parametrize("name", SOUND)
def test_sound_examples_are_valid(name: str) -> None:
    jsonschema.Draft202012Validator(schema()).validate(tomllib.loads(SOUND[name]))


@pytest.mark.parametrize("folder", ["examples/world-series", "src/stratolab/templates/minimal"])
def test_our_own_projects_are_valid(folder: str) -> None:
    raw = tomllib.loads((ROOT / folder / "stratolab.toml").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema()).validate(raw)


@pytest.mark.parametrize(
    "case", [case for stem in BY_TYPE for case in cases(GOLDEN / f"{stem}.txt")], ids=lambda c: c.title
)
def test_what_is_wrong_by_type_is_invalid(case: Any) -> None:
    try:
        raw = tomllib.loads(f'[project]\nname = "sample"\n{case.toml}')
    except tomllib.TOMLDecodeError:
        return
    assert not accepts(raw)


def parts(node: Any) -> Any:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from parts(value)
    elif isinstance(node, list):
        for value in node:
            yield from parts(value)


def fields() -> list[tuple[str, dict[str, Any]]]:
    made = schema()
    tables = {"": made, **made["$defs"]}
    return [
        (f"{table}.{key}", node) for table, of in tables.items() for key, node in of["properties"].items()
    ]


def test_toml_has_no_null_and_neither_has_it() -> None:
    assert [
        node for node in parts(schema()) if node.get("type") == "null" or node.get("default", 0) is None
    ] == []


@pytest.mark.parametrize(("name", "node"), fields(), ids=[name for name, _ in fields()])
def test_every_key_explains_itself_with_a_valid_example(name: str, node: dict[str, Any]) -> None:
    assert node["description"].endswith(".")
    assert node["examples"]
    whole = {"$defs": schema()["$defs"], **node}
    for example in node["examples"]:
        jsonschema.Draft202012Validator(whole).validate(example)
    if "default" in node:
        jsonschema.Draft202012Validator(whole).validate(node["default"])


def test_a_name_is_a_name() -> None:
    assert accepts({"project": {"name": "p"}, "jobs": {"a-b": {"command": "x"}}})
    assert not accepts({"project": {"name": "p"}, "jobs": {"A b": {"command": "x"}}})
    assert not accepts({"project": {"name": "p"}, "jobs": {"a" * 41: {"command": "x"}}})


def test_the_reference_names_every_key() -> None:
    page = reference()
    for model in (ProjectConfig, *(field_model for field_model in models())):
        for key in model.model_fields:
            assert f"`{key}`" in page or f"[{key}]" in page or f"[{key}.NAME]" in page, key


def models() -> list[Any]:
    from stratolab.config import models as module  # noqa: PLC0415

    found = [value for value in vars(module).values() if isinstance(value, type)]
    return [value for value in found if issubclass(value, module.Table) and value is not module.Table]


def test_the_examples_of_the_reference_are_sound(tmp_path: Path) -> None:
    blocks = dict(re.findall(r"```toml\n\[([^\]]+)\]\n(.*?)```", reference(), re.DOTALL))
    names = {"jobs.NAME": "jobs.train", "sweeps.NAME": "sweeps.tune"}
    text = ""
    for header, body in blocks.items():
        if header in {"sweeps.NAME.stop", "services.NAME.instances"}:
            continue  # the table above it has an example of it
        for old, new in names.items():
            header = header.replace(old, new)  # noqa: PLW2901
        text += f"[{header.replace('NAME', 'one')}]\n{body}"
    (tmp_path / "stratolab.toml").write_text(text, encoding="utf-8")
    checked = check(tmp_path, cpus=64)
    assert [str(one) for one in checked.findings if "queue" not in one.key] == []
    assert len(blocks) == 11


def test_rows_of_the_reference_are_whole() -> None:
    for line in reference().split("\n"):
        if line.startswith("|"):
            assert line.count("|") == 5, line
