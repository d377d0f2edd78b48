"""Canary secrets (SECURITY, row L2): words that exist in the lab's store of secrets and must be nowhere else.

Every command and several failures are run with secrets in jobs; then all that was printed, every file of the project
and of HOME, and the process table (from within the jobs, while they run) are searched for the words.
"""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace

import pytest
from tests.runtime.rotation.conftest import exchange, first, server, user  # noqa: F401

from stratolab.cli import table
from stratolab.runtime.rotation import credentials

WORD = "canary-7f3a91c2"
PASSWORD = "canary-p4ssw0rd-55e0"
URL = f"postgresql://ana:{PASSWORD}@127.0.0.1:9/nothing"
CANARIES = (WORD, PASSWORD)

CONFIG = """
[databases.default]
secret = "db"

[jobs.train]
command = "python train.py"
secrets = { TOKEN = "token:key", WHOLE = "token" }

[jobs.wrong]
command = "python wrong.py"
secrets = { DB_URL = "db" }
retries = 1

[jobs.missing]
command = "true"
secrets = { TOKEN = "token:nothing", OTHER = "db:key" }

[sweeps.tune]
job = "train"
metric = "loss"
trials = 4
parallel = 2
sampler = "random"
seed = 1
[sweeps.tune.space]
x = { float = [0, 1] }

[sweeps.warm]
job = "train"
metric = "loss"
trials = 3
sampler = "random"
warm = ["json"]
[sweeps.warm.space]
x = { float = [0, 1] }
"""
# The job looks at every process: nobody has the word in its command line, and jobs alone have it in their environment.
TRAIN = """
import os, sys
from pathlib import Path
import stratolab
word = os.environ["TOKEN"].encode()
assert len(word) == {length} and word in os.environ["WHOLE"].encode() and stratolab.secret("token:key").encode() == word
for process in Path("/proc").glob("[0-9]*"):
    try:
        line, environment = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
    except OSError:
        continue
    if word in line:
        sys.exit("a command line holds it: " + process.name)
    if word in environment and b"STRATOLAB_JOB=" not in environment:
        sys.exit("an environment holds it: " + process.name)
print("fine")
stratolab.report(loss=float(sys.argv[sys.argv.index("--x") + 1]) if "--x" in sys.argv else 0.5)
"""
WRONG = """
import os, stratolab
try:
    stratolab.connect()
except stratolab.core.errors.RemoteError as error:
    print(error)
stratolab.write_table([{"a": 1}], "t", database=os.environ["DB_URL"])
"""


@pytest.fixture
def lab(cli, project):
    wrong = WRONG.replace("import os, stratolab", "import os, stratolab, stratolab.core.errors")
    root = project(CONFIG, {"train.py": TRAIN.replace("{length}", str(len(WORD))), "wrong.py": wrong})
    cli("secrets", "set", "token", typed=json.dumps({"key": f"{WORD[:-1]}x"}), folder=root)
    cli("secrets", "set", "token", typed=json.dumps({"key": WORD}), folder=root)
    cli("secrets", "set", "db", typed=URL, folder=root)
    return root


def test_no_canary_is_seen_anywhere(cli, lab, home):
    umask = os.umask(0)
    said = []

    def run(code, *words):
        answer = cli(*words, folder=lab, timeout=110)
        said.append(answer.out + answer.err)
        assert answer.code == code, answer.err

    try:
        run(0, "run", "train")
        run(0, "run", "train", "--json")
        run(0, "sweep", "tune")
        run(0, "sweep", "warm")
        run(0, "jobs", "retry")
        run(0, "replay")
        run(1, "run", "wrong")
        run(0, "why")
        run(0, "jobs", "logs")
        run(2, "run", "missing")
    finally:
        os.umask(umask)
    for debug in ("run missing --debug", "secrets get token:nothing --debug", "secrets get db:key --debug"):
        said.append("".join(vars(cli(*debug.split(), folder=lab))["err"]))
        assert "Traceback" in said[-1]
    for words in (
        "jobs ls --all --json", "jobs show --json", "why --json", "sweeps ls --json", "sweeps show tune --json",
        "sweeps best tune --json", "sweeps report tune", "sweeps export tune", "secrets ls --json", "files ls --json",
        "config show", "config check", "doctor --json",
    ):  # fmt: skip
        run(0, *words.split())
    assert any("port 9 failed" in text for text in said)  # the failure that could have told the URL

    assert [text for text in said if any(word in text for word in CANARIES)] == []
    files = [path for folder in (lab, home) for path in folder.rglob("*") if path.is_file()]
    holding = {path.name for path in files if any(word.encode() in path.read_bytes() for word in CANARIES)}
    assert holding == {"secrets.json"}
    open_ones = {
        path.name for path in (lab / ".stratolab").iterdir() if stat.S_IMODE(path.stat().st_mode) & 0o077
    }
    assert open_ones <= {".gitignore"}  # row L3, with an umask of 000
    assert stat.S_IMODE((lab / ".stratolab").stat().st_mode) == 0o700


LOOK = """
import json, os, sys
from pathlib import Path
value = json.loads(os.environ["STRATOLAB_CANARY"])["password"]
with open({seen!r}, "a") as file:
    file.write(value + "\\n")
for process in Path("/proc").glob("[0-9]*"):
    try:
        line, environment = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
    except OSError:
        continue
    if value.encode() in line or (value.encode() in environment and int(process.name) != os.getpid()):
        sys.exit("it is seen at process " + process.name)
print(value)
sys.exit(Path("fail").exists())
"""


def test_no_password_of_a_rotation_is_seen_anywhere(cli, project, server, user, home):  # noqa: F811
    """The new ones too: of a rotation, a rehearsal, a failing canary, an owner who is not let in."""
    seen = home.with_name(f"{home.name}-seen")
    scheme = {"postgres": "postgresql", "mysql": "mysql"}[server.engine]
    url = f"{scheme}://127.0.0.1:{server.port}/{user.database}?sslmode=verify-full&sslrootcert={server.certificate}"
    table = f'[databases.default]\nurl = "{url}"\nsecret = "db"\ncanary_command = "python look.py"\n'
    root = project(table, {"look.py": LOOK.replace("{seen!r}", repr(str(seen)))})
    owner = {"username": server.owner.name, "password": server.owner.password}
    cli("secrets", "set", "owner", typed=json.dumps(owner), folder=root)
    cli("secrets", "set", "db", typed=credentials.written(replace(user, owner="owner")), folder=root)
    said = []

    def run(code, *words):
        answer = cli(*words, folder=root, timeout=110)
        said.append(answer.out + answer.err)
        assert answer.code == code, answer.err

    run(0, "secrets", "rotate", "db")
    run(0, "secrets", "rehearse", "db", "--json")
    (root / "fail").touch()
    run(1, "secrets", "rotate", "db", "--debug")
    run(1, "secrets", "rehearse", "db", "--debug")
    cli("secrets", "set", "owner", typed=json.dumps({**owner, "password": WORD}), folder=root)
    run(1, "secrets", "rotate", "db", "--debug")
    run(0, "secrets", "ls", "--json")

    passwords = [user.password, server.owner.password, WORD, *seen.read_text().split()]
    assert len(set(passwords)) == 7
    assert [text for text in said if any(word in text for word in passwords)] == []
    files = [path for folder in (root, home) for path in folder.rglob("*") if path.is_file()]
    holding = {path.name for path in files if any(word.encode() in path.read_bytes() for word in passwords)}
    assert holding == {"secrets.json"}
    logs = [path.read_text(errors="replace") for path in server.log.parent.glob("*") if path.is_file()]
    assert any(user.name in text for text in logs)
    exchanged = [
        word for word in passwords if word != server.owner.password
    ]  # whom the test made in the clear
    assert not any(word in text for text in logs for word in exchanged)


def test_a_new_verb_is_thought_of():
    """Whoever adds a command says here whether it is run above, or why not."""
    above = {
        "run", "sweep", "jobs retry", "replay", "why", "jobs logs", "jobs ls", "jobs show", "sweeps ls", "sweeps show",
        "sweeps best", "sweeps report", "sweeps export", "secrets set", "secrets get", "secrets ls", "files ls",
        "secrets rotate", "secrets rehearse", "config show", "config check", "doctor",
    }  # fmt: skip
    assert above <= {command.words for command in table.COMMANDS}
