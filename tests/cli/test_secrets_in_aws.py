"""`stratolab secrets` on a lab in AWS: as typed, on the emulator."""

from __future__ import annotations

import json

import pytest
from tests.emulator.control import REGION

WORD = "hunter-23"
LAB = f'[lab]\nname = "acme"\nregion = "{REGION}"\nprofile = "lab"\n[secrets]\nrecovery = 9\n'


@pytest.fixture
def lab(emulator, tmp_path):
    """A folder with the lab.toml of a lab that stands, as far as the secrets need it."""
    emulator.client("ssm").put_parameter(Name="/stratolab/acme/boundary", Value="arn", Type="String")
    folder = tmp_path / "lab"
    folder.mkdir()
    (folder / "lab.toml").write_text(LAB)
    return folder


def test_the_labs_owner_keeps_them_beside_lab_toml(cli, emulator, lab):
    answer = cli("secrets", "set", "general/token", typed=WORD, folder=lab)
    assert answer.code == 0, answer.err
    assert WORD not in answer.out + answer.err
    kept = emulator.client("secretsmanager").get_secret_value(SecretId="acme/general/token")
    assert kept["SecretString"] == WORD
    assert cli("secrets", "get", "general/token", folder=lab).out == WORD
    assert not (lab / ".stratolab").exists()
    (shown,) = json.loads(cli("secrets", "ls", "--json", folder=lab).out)["secrets"]
    assert (shown["name"], shown["versions"][0]["stages"]) == ("general/token", ["AWSCURRENT"])
    assert cli("secrets", "rm", "general/token", folder=lab).code == 0
    gone = emulator.client("secretsmanager").describe_secret(SecretId="acme/general/token")
    assert 8.9 < (gone["DeletedDate"] - gone["CreatedDate"]).total_seconds() / 86400 < 9.1
    assert cli("secrets", "get", "general/token", folder=lab).code == 2


def test_a_project_names_its_lab_and_the_flag_another(cli, lab, tmp_path):
    project = lab / "project"
    project.mkdir()
    (project / "stratolab.toml").write_text('[project]\nname = "p"\nlab = "acme"\n')
    where = {"AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}
    assert cli("secrets", "set", "p/db", typed=WORD, folder=project, env=where).code == 0
    assert cli("secrets", "get", "p/db", folder=lab).out == WORD
    assert cli("secrets", "get", "p/db", "--lab", "acme", folder=tmp_path, env=where).out == WORD
    local = cli("secrets", "get", "p/db", "--lab", "local", folder=project, env=where)
    assert (local.code, "there is no secret" in local.err) == (2, True)


def test_a_lab_that_is_not_there_is_told_with_the_region(cli, lab, tmp_path):
    answer = cli("secrets", "ls", "--lab", "acne", folder=tmp_path)
    assert answer.code == 2
    assert f"there is no lab 'acne' in {REGION}" in answer.err
    (lab / "lab.toml").write_text(LAB.replace("[secrets]", 'account = "999999999999"\n[secrets]'))
    assert cli("secrets", "ls", folder=lab).code == 3
