"""What begins in a container: code and secrets from the lab, the image's own script, then the command in its place."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stratolab.runtime import container

if TYPE_CHECKING:
    from tests.emulator.control import Emulator

ENTRY = Path(container.__file__)
SHOW = "import os, sys; print(os.getcwd(), os.environ.get('DB'), sys.argv[1:])"


@pytest.fixture
def image(tmp_path):
    """Where the entry stands in an image."""
    folder = tmp_path / "image"
    folder.mkdir()
    shutil.copy(ENTRY, folder / "entry.py")
    return folder


def begin(image, *command, **variables):
    return subprocess.run(
        [sys.executable, str(image / "entry.py"), *command],
        env={"PATH": os.environ["PATH"], "STRATOLAB_CODE_HOME": str(image.parent / "code"), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_runs_where_its_code_is_and_gives_the_exit_code(image):
    done = begin(image, sys.executable, "-c", SHOW, "--depth", "7")
    assert done.stdout == f"{image.parent / 'code'} None ['--depth', '7']\n"
    assert begin(image, "sh", "-c", "exit 7").returncode == 7


def test_it_takes_this_process_s_place(image):
    process = subprocess.Popen(
        [
            sys.executable,
            str(image / "entry.py"),
            sys.executable,
            "-c",
            "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(60)",
        ],
        env={"PATH": os.environ["PATH"], "STRATOLAB_CODE_HOME": str(image.parent / "code")},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert int(process.stdout.readline()) == process.pid
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == -signal.SIGTERM
    process.stdout.close()


def test_the_image_s_own_script_runs_first(image):
    (image / "start").write_text("echo first > made\n")
    assert begin(image, "cat", "made").stdout == "first\n"
    (image / "start").write_text("#!/bin/sh -e\nfalse\necho never\n")
    failed = begin(image, "echo", "ran")
    assert (failed.returncode, failed.stdout) == (4, "")
    assert "[image] start failed with exit code 1" in failed.stderr


@pytest.mark.parametrize(
    ("command", "variables", "code", "told"),
    [
        ((), {}, 2, "no command was given"),
        (("not-there",), {}, 127, "there is no not-there"),
        (("/etc/hostname",), {}, 126, "cannot be run"),
        (("true",), {"STRATOLAB_CODE": "https://example.com/x.zip"}, 4, "is no s3://BUCKET/KEY"),
        (("true",), {"STRATOLAB_CODE": "s3://bucket"}, 4, "is no s3://BUCKET/KEY"),
        (("true",), {"STRATOLAB_SECRETS": "hunter-24"}, 4, "STRATOLAB_SECRETS is no JSON object"),
        (("true",), {"STRATOLAB_SECRETS": '["hunter-24"]'}, 4, "STRATOLAB_SECRETS is no JSON object"),
    ],
)
def test_what_keeps_it_from_beginning_is_told(image, command, variables, code, told):
    done = begin(image, *command, **variables)
    assert (done.returncode, told in done.stderr) == (code, True), done.stderr
    assert "hunter" not in done.stderr


def packed(**files):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "."), text)
    return made.getvalue()


@pytest.fixture
def aws(emulator: Emulator):
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="lab-code", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_object(Bucket="lab-code", Key="p/code.zip", Body=packed(train__py="print('trained')"))
    s3.put_object(Bucket="lab-code", Key="p/none.zip", Body=b"hunter-24")
    manager = emulator.client("secretsmanager")
    manager.create_secret(Name="acme/p/plain", SecretString="hunter-24")
    manager.create_secret(Name="acme/p/login", SecretString=json.dumps({"password": "hunter-25"}))
    return emulator.settings()


def test_code_and_secrets_come_from_the_lab(image, aws):
    done = begin(image, sys.executable, "train.py", STRATOLAB_CODE="s3://lab-code/p/code.zip", **aws)
    assert (done.stdout, done.stderr) == ("trained\n", "")
    wanted = json.dumps({"DB": "acme/p/plain", "PASSWORD": "acme/p/login:password"})
    done = begin(image, "sh", "-c", "echo $DB $PASSWORD", STRATOLAB_SECRETS=wanted, **aws)
    assert (done.stdout, done.stderr) == ("hunter-24 hunter-25\n", "")


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"STRATOLAB_CODE": "s3://lab-code/p/other.zip"}, "fetching the code: 404"),
        ({"STRATOLAB_CODE": "s3://lab-code/p/none.zip"}, "is no zip"),
        ({"STRATOLAB_SECRETS": '{"DB": "acme/p/none"}'}, "reading acme/p/none: ResourceNotFoundException"),
        ({"STRATOLAB_SECRETS": '{"DB": "acme/p/plain:key"}'}, "the secret acme/p/plain has no key key"),
    ],
)
def test_what_the_lab_does_not_give_is_told_and_no_value_with_it(image, aws, variables, told):
    done = begin(image, "true", **variables, **aws)
    assert (done.returncode, told in done.stderr) == (4, True), done.stderr
    assert "hunter" not in done.stderr + done.stdout
