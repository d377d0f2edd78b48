"""What is ejected works without us: its script deploys the lab, with a stand-in for the AWS command line over boto3."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import textwrap

import pytest
from tests.emulator.control import REGION

from stratolab.config.labs.load import lab_from_mapping
from stratolab.core.errors import RefusedError
from stratolab.infra.catalogue import stacks
from stratolab.infra.images.tracking import recipe
from stratolab.lab.ejecting import eject
from stratolab.runtime.databases.setup import Script
from stratolab.testing.labs import sample

AWS = '''
"""`aws cloudformation deploy|describe-stacks`, as far as the script uses them."""
import argparse, sys, boto3
parser = argparse.ArgumentParser()
for word in ("service", "verb", "--stack-name", "--template-file", "--query", "--output", "--s3-bucket", "--s3-prefix"):
    parser.add_argument(word)
for word in ("--capabilities", "--parameter-overrides", "--tags"):
    parser.add_argument(word, nargs="*", default=[])
parser.add_argument("--no-fail-on-empty-changeset", action="store_true")
o = parser.parse_args()
cloud = boto3.client("cloudformation")
if o.verb == "describe-stacks":
    wanted = o.query.split("\\'")[1]
    (stack,) = cloud.describe_stacks(StackName=o.stack_name)["Stacks"]
    print(next(one["OutputValue"] for one in stack["Outputs"] if one["OutputKey"] == wanted))
    sys.exit()
pair = lambda text, a, b: dict(zip((a, b), text.split("=", 1)))
source = {"TemplateBody": open(o.template_file).read()}
if o.s3_bucket:
    s3 = boto3.client("s3")
    s3.put_object(Bucket=o.s3_bucket, Key=o.s3_prefix, Body=source.pop("TemplateBody").encode())
    source["TemplateURL"] = f"{s3.meta.endpoint_url}/{o.s3_bucket}/{o.s3_prefix}"
cloud.create_stack(
    StackName=o.stack_name, Capabilities=o.capabilities, **source,
    Parameters=[pair(one, "ParameterKey", "ParameterValue") for one in o.parameter_overrides],
    Tags=[pair(one, "Key", "Value") for one in o.tags],
)
cloud.get_waiter("stack_create_complete").wait(StackName=o.stack_name, WaiterConfig={"Delay": 1})
'''


@pytest.fixture
def with_scripts():
    """A lab whose database is set up by a script."""
    tables = {
        "lab": {"name": "acme", "region": REGION, "profile": "lab"},
        "environments": {"dev": {"cidr": "10.0.0.0/16", "database": {"setup": "sql"}}},
    }
    scripts = {"dev": {"": [Script("001.sql", "CREATE TABLE a (b INT);")]}}
    return stacks(lab_from_mapping(tables, "lab.toml"), scripts=scripts)


def test_functions_and_scripts_lie_beside_the_templates(with_scripts, tmp_path):
    """The folder has every object that a template names, and the script copies each before its stack."""
    folder = tmp_path / "out"
    written = {
        path.relative_to(folder).as_posix()
        for path in eject(with_scripts, folder, lab="acme", region=REGION, force=False)
    }
    database = next(one for one in with_scripts if one.key == "database.dev")
    named = {one.value for one in database.inputs if one.value.startswith(("functions/", "scripts/"))}
    assert len(named) == 3
    assert named <= written
    script = (folder / "deploy.sh").read_text()
    for one in database.code:
        assert script.index(f"aws s3 cp --only-show-errors {one.key} ") < script.index(
            "acme-database-dev.json"
        )
    (listed,) = (folder / "scripts").glob("*.json")
    (entry,) = json.loads(listed.read_text())
    assert (entry["name"], (folder / entry["key"]).read_text()) == ("001.sql", "CREATE TABLE a (b INT);")


@pytest.fixture
def lab():
    return stacks(lab_from_mapping({"lab": {"name": "acme", "region": REGION, "profile": "lab"}}, "lab.toml"))


@pytest.mark.timeout(200)
def test_the_script_makes_the_lab_without_us(lab, tmp_path, emulator):
    folder = tmp_path / "out"
    written = eject(lab, folder, lab="acme", region=REGION, force=False)
    assert {path.name for path in written} == {"deploy.sh", "README.md", *(f"{one.name}.json" for one in lab)}
    tool = tmp_path / "bin" / "aws"
    tool.parent.mkdir()
    tool.write_text(f"#!{sys.executable}\n{textwrap.dedent(AWS)}")
    tool.chmod(tool.stat().st_mode | stat.S_IEXEC)
    done = subprocess.run(
        ["sh", str(folder / "deploy.sh")],
        env={**os.environ, "PATH": f"{tool.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = emulator.client("cloudformation").describe_stacks()["Stacks"]
    assert {one["StackName"]: one["StackStatus"] for one in found} == {
        one.name: "CREATE_COMPLETE" for one in lab
    }


KEPT = """
aws() {{ {answer}; }}
kept acme-project-churn ImageDigest none
"""


@pytest.mark.parametrize(
    ("answer", "told"),
    [("echo r@sha256:1", "r@sha256:1"), ("return 254", "none"), ("echo", "none"), ("echo None", "none")],
    ids=["given", "no such stack", "no such parameter", "nothing"],
)
def test_the_script_leaves_the_image_that_a_stack_was_given(tmp_path, answer, told):
    tables = {"lab": {"name": "acme", "region": REGION, "profile": "lab"}, "projects": {"churn": {}}}
    eject(stacks(lab_from_mapping(tables, "lab.toml")), tmp_path, lab="acme", region=REGION, force=False)
    script = (tmp_path / "deploy.sh").read_text()
    assert 'ImageDigest="$(kept acme-project-churn ImageDigest none)"' in script
    functions = script[script.index("output() {") :].partition("\n# ")[0]
    done = subprocess.run(
        ["sh", "-eu", "-c", functions + KEPT.format(answer=answer)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, f"{told}\n"), done.stderr


def test_what_makes_the_tracking_server_s_image_is_written_too(tmp_path):
    written = eject(stacks(sample("adopted")), tmp_path, lab="acme", region=REGION, force=False)
    files = {name: content.decode() for name, content in recipe().files.items()}
    assert {f"images/tracking/{name}": text for name, text in files.items()} == {
        path.relative_to(tmp_path).as_posix(): path.read_text()
        for path in written
        if path.is_relative_to(tmp_path / "images")
    }


def test_templates_are_written_as_they_are(lab, tmp_path):
    eject(lab, tmp_path, lab="acme", region=REGION, force=False)
    for one in lab:
        assert json.loads((tmp_path / f"{one.name}.json").read_text()) == one.template
    with pytest.raises(RefusedError, match="not empty"):
        eject(lab, tmp_path, lab="acme", region=REGION, force=False)
    eject(lab, tmp_path, lab="acme", region=REGION, force=True)


def test_a_stack_of_another_region_is_deployed_there(tmp_path):
    lab = stacks(lab_from_mapping({"lab": {"name": "acme", "region": "af-south-1"}}, "lab.toml"))
    eject(lab, tmp_path, lab="acme", region="af-south-1", force=False)
    script = (tmp_path / "deploy.sh").read_text()
    (other,) = (one for one in lab if one.region != "af-south-1")
    assert script.count(f"--region {other.region}") == 1
