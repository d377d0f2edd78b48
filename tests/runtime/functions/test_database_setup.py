"""R23 as the function does it: scripts from the bucket, on real servers, in the time that there is, and told."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import boto3
import pytest
from cryptography import x509
from tests.servers import POSTGRES

from stratolab.config.labs.regions import WITHOUT_RDS_ROOT, ZONES
from stratolab.core.errors import RemoteError
from stratolab.infra.parts import database_functions
from stratolab.infra.scripts import sent
from stratolab.runtime.databases.setup import Script
from stratolab.runtime.functions import database_setup, entering

TABLES = Script("001_tables.sql", "CREATE TABLE team (id INT PRIMARY KEY);\nINSERT INTO team VALUES (1);")
MORE = Script("002_more.sql", "INSERT INTO team VALUES (2);")
SLOW = {POSTGRES: "SELECT pg_sleep(60);", "mysql": "SELECT SLEEP(60);"}


@pytest.fixture
def run(here, bucket, monkeypatch):
    """Have the function run scripts in the database."""
    for name, value in {**here.settings, database_setup.BUCKET: "code"}.items():
        monkeypatch.setenv(name, value)

    def ran(*scripts, seconds=60.0):
        objects = sent(scripts)
        bucket.put(objects)
        return database_setup.run(objects[-1].key, seconds, bucket, here.secrets)

    return ran


def test_in_order_once_and_told(run, here):
    done = run(MORE, TABLES)
    assert [(one["script"], one["statements"]) for one in done["scripts"]] == [
        ("001_tables.sql", 2),
        ("002_more.sql", 1),
    ]
    told = json.loads(database_setup.attributes(done)["Answer"])
    assert (told["ran"], told["before"], told["statements"]) == (["001_tables.sql", "002_more.sql"], [], 3)
    assert told["server"].startswith(here.database.dialect)
    again = json.loads(database_setup.attributes(run(TABLES, MORE))["Answer"])
    assert (again["ran"], again["before"], again["statements"]) == ([], ["001_tables.sql", "002_more.sql"], 0)
    assert here.ask("SELECT COUNT(*) FROM team") == [(2,)]


def test_a_failure_names_script_statement_and_cause_and_no_secret(run):
    wrong = Script("002.sql", "INSERT INTO team VALUES (2);\nINSERT INTO nowhere VALUES (3);")
    with pytest.raises(RemoteError, match=r"002\.sql, statement 2 \(line 2\): .*nowhere") as caught:
        run(TABLES, wrong)
    assert "{" not in caught.value.what  # pg8000's table of the answer is not shown as it is


def test_what_lasts_too_long_is_stopped_at_the_server(run, here):
    slow = Script("002.sql", "\n".join(["INSERT INTO team VALUES (3);", SLOW[here.server.kind]]))
    began = time.monotonic()
    with pytest.raises(
        RemoteError, match=r"002\.sql, statement 2 \(line 2\) took too long: 2 seconds are over"
    ):
        run(TABLES, slow, seconds=2.0)
    assert time.monotonic() - began < 30
    assert here.server.busy(here.name) == 0
    assert [one["script"] for one in run(TABLES, MORE)["scripts"]] == ["001_tables.sql", "002_more.sql"]


def test_a_script_that_was_exchanged_in_the_bucket_is_not_run(run, bucket, here):
    objects = sent([TABLES])
    bucket.put(objects)
    (bucket.folder / objects[0].key).write_text("DROP TABLE team")
    with pytest.raises(RemoteError, match=r"001_tables\.sql is not what was deployed"):
        database_setup.run(objects[-1].key, 60, bucket, here.secrets)


def test_many_names_fit_an_answer():
    done = {
        "scripts": [
            {"script": f"{number:03}_{'x' * 60}.sql", "statements": number % 2, "before": 0}
            for number in range(200)
        ],
        "server": "postgresql 17.2",
    }
    given = database_setup.attributes(done)
    assert sum(map(len, given.values())) < 3000
    told = json.loads(given["Answer"])
    assert told["scripts"] == 200
    assert told["ran"][-1] == f"and {100 - len(told['ran']) + 1} more"


PROGRAM = """
import json, sys
sys.path[:0] = [{zip!r}, {boto!r}]
import pathlib, stratolab.runtime.functions.{module} as ours
class Context:
    def get_remaining_time_in_millis(self): return 60_000
class Client:
    def get_secret_value(self, SecretId): return {{"SecretString": {secret!r}}}
    def get_object(self, Bucket, Key): return {{"Body": open({bucket!r} + "/" + Key, "rb")}}
ours.entering.client = lambda service: Client()
print(json.dumps([ours.__file__, ours.handler({{}}, Context())]))
"""


@pytest.mark.parametrize("name", [database_functions.SETUP, database_functions.TEST])
def test_the_zip_is_all_that_a_bare_python_needs(name, here, bucket, tmp_path):
    """A Python with the standard library and boto3 alone runs the function from what Lambda unpacks."""
    code = database_functions._code(name)
    zipfile.ZipFile(io.BytesIO(code.archive())).extractall(tmp_path / "zip")
    objects = sent([TABLES])
    bucket.put(objects)
    boto = tmp_path / "boto"
    boto.mkdir()
    site = Path(boto3.__file__).parents[1]
    for part in ("boto3", "botocore", "jmespath", "dateutil", "six.py", "urllib3", "s3transfer"):
        (boto / part).symlink_to(site / part)
    program = PROGRAM.format(
        zip=str(tmp_path / "zip"), boto=str(boto), module=name.replace("-", "_"), secret=here.secrets.value,
        bucket=str(bucket.folder),
    )  # fmt: skip
    settings = {
        **here.settings,
        database_setup.BUCKET: "code",
        database_setup.SCRIPTS: objects[-1].key,
        database_setup.SECONDS: "60",
    }
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program],
        env=settings,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    where, answer = json.loads(done.stdout)
    assert where.startswith(str(tmp_path / "zip"))
    if name == database_functions.SETUP:
        assert answer["ok"], answer
        assert here.ask("SELECT COUNT(*) FROM team") == [(1,)]
    else:
        assert [step["ok"] for step in answer["steps"]] == [True] * 6


def test_roots_are_those_of_the_regions_and_no_others():
    """What is packed: a root for each region but those that the configuration knows to lack one."""
    roots = x509.load_pem_x509_certificates(entering.AUTHORITIES.read_bytes())
    names = [one.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value for one in roots]
    regions = {name.removeprefix("Amazon RDS ").removesuffix(" Root CA RSA2048 G1") for name in names}
    assert regions == set(ZONES) - WITHOUT_RDS_ROOT
    for one in roots:
        one.verify_directly_issued_by(one)
        assert one.not_valid_after_utc.year > 2060
