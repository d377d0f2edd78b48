"""`stratolab project`: every verb as typed, on the emulator."""

from __future__ import annotations

import json

import pytest
from tests.emulator.control import REGION

LAB = f"""\
# ours
[lab]
name = "acme"
region = "{REGION}"
profile = "lab"

[environments.dev]
endpoints = "gateway"

[people.ana]  # she began it
groups = ["data-scientists"]

[people.bo]
groups = ["data-scientists"]
projects = []
"""


@pytest.fixture
def root(tmp_path):
    (tmp_path / "lab.toml").write_text(LAB)
    return tmp_path


def test_who_and_what_is_not_there_is_told(cli, root):
    unknown = cli("project", "grant", "churn", "ana", folder=root)
    assert (unknown.code, "there is no project 'churn'" in unknown.err) == (2, True)
    person = cli("project", "init", "churn", "--person", "anna", folder=root)
    assert (person.code, "did you mean 'ana'" in person.err) == (2, True)
    name = cli("project", "init", "general", folder=root)
    assert (name.code, "a word of the lab's own" in name.err) == (2, True)
    assert (root / "lab.toml").read_text() == LAB
    assert "no projects yet" in cli("project", "ls", folder=root).err


@pytest.mark.timeout(500)
def test_a_project_from_its_beginning_to_its_end(cli, root, emulator):
    iam, ecr = emulator.client("iam"), emulator.client("ecr")

    def groups(person):
        found = iam.list_groups_for_user(UserName=person)["Groups"]
        return {one["GroupName"] for one in found if "project" in one["GroupName"]}

    assert cli("up", "foundation", "account", "--yes", folder=root, timeout=200).code == 0
    words = ("project", "init", "world-series", "--person", "ana", "--secret", "games-api")
    refused = cli(*words, folder=root)
    assert (
        refused.code,
        "+ project.world-series" in refused.out or "project.world-series  create" in refused.out,
    ) == (
        3,
        True,
    )
    assert (root / "lab.toml").read_text() == LAB
    made = cli(*words, "--yes", "--json", folder=root, timeout=200)
    assert made.code == 0, made.err
    said = json.loads(made.out)
    assert (said["project"], said["members"]) == ("world-series", ["ana"])
    assert said["outputs"]["Role"].endswith(":role/stratolab/acme/service/acme-project-world-series")
    assert said["outputs"]["Prefix"] == "world-series/"
    assert groups("ana") == {"acme-project-world-series"}
    text = (root / "lab.toml").read_text()
    assert "[people.ana]  # she began it" in text
    again = cli(*words, "--yes", folder=root, timeout=200)
    assert again.code == 0, again.err
    assert (root / "lab.toml").read_text() == text

    published = emulator.client("ssm").get_parameters_by_path(Path="/stratolab/acme/projects", Recursive=True)
    assert {one["Name"].rpartition("/")[2] for one in published["Parameters"]} == {
        "role", "start-role", "images", "image", "builder", "source", "prefix",
    }  # fmt: skip
    assert cli("secrets", "set", "world-series/games-api", typed="hunter-24", folder=root).code == 0
    assert cli("project", "grant", "world-series", "bo", "--yes", folder=root, timeout=200).code == 0
    assert groups("bo") == {"acme-project-world-series"}
    out = cli("project", "revoke", "world-series", "ana", "--yes", "--json", folder=root, timeout=200)
    assert json.loads(out.out) == {"project": "world-series", "members": ["bo"]}
    assert groups("ana") == set()

    (one,) = json.loads(cli("project", "ls", "--json", folder=root).out)["projects"]
    assert (one["deployed"], one["members"], one["secrets"]) == (True, ["bo"], ["world-series/games-api"])
    assert "repository of 1 images" in cli("project", "show", "world-series", folder=root).out

    held = cli("project", "rm", "world-series", "--yes", folder=root)
    assert held.code == 3
    assert "repository of 1 images acme/world-series" in held.err
    assert "secret world-series/games-api" in held.err
    assert "--delete-data world-series" in held.err
    gone = cli(
        "project", "rm", "world-series", "--yes", "--delete-data", "world-series", folder=root, timeout=200
    )
    assert gone.code == 0, gone.err
    assert "world-series" not in (root / "lab.toml").read_text()
    assert groups("bo") == set()
    assert ecr.describe_repositories()["repositories"] == []
    assert emulator.client("codecommit").list_repositories()["repositories"] == []
    assert emulator.client("secretsmanager").list_secrets()["SecretList"] == []
    assert cli("plan", "foundation", "account", "--check", folder=root).code == 0
