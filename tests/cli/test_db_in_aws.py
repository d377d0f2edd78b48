"""`db tunnel` and `db connect` to a lab in AWS: the machine comes and goes, the plugin passes on, the client gets in.

AWS's plugin is not here. In its place stands a program that takes the same arguments and the same variable, and passes
a local port on to the host and port of the session's request, as the plugin does by way of the machine.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from pathlib import Path

import pytest
from tests.emulator.control import REGION
from tests.runtime.functions.conftest import start
from tests.servers import POSTGRES

from stratolab.runtime.functions.entering import PREFIX

PLUGIN = """#!{python}
import json, os, socket, sys, threading
name, region, operation, profile, asked, endpoint = sys.argv[1:]
answer, asked = json.loads(os.environ[name]), json.loads(asked)
open(os.environ["TOLD"], "w").write(json.dumps([sys.argv[1:], sorted(answer)]))
assert (operation, asked["DocumentName"]) == ("StartSession", "AWS-StartPortForwardingSessionToRemoteHost")
assert answer["TokenValue"].startswith("token-") and answer["TokenValue"] not in " ".join(sys.argv)
where = {{key: value[0] for key, value in asked["Parameters"].items()}}
def pump(one, other):
    while part := one.recv(65536):
        other.sendall(part)
    other.shutdown(socket.SHUT_WR)
with socket.create_server(("127.0.0.1", int(where["localPortNumber"]))) as listening:
    while True:
        here, _ = listening.accept()
        there = socket.create_connection((where["host"], int(where["portNumber"])))
        for pair in ((here, there), (there, here)):
            threading.Thread(target=pump, args=pair, daemon=True).start()
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    return start(POSTGRES, tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def lab(emulator, tmp_path, server):
    """A lab as far as a tunnel needs it: what its stack publishes, the group of none or one, the owner's secret."""
    emulator.client("ec2").create_launch_template(
        LaunchTemplateName="way-in", LaunchTemplateData={"ImageId": "ami-12345678"}
    )
    emulator.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName="acme-dev-database-tunnel",
        MinSize=0,
        MaxSize=1,
        DesiredCapacity=0,
        LaunchTemplate={"LaunchTemplateName": "way-in"},
        AvailabilityZones=[f"{REGION}a"],
    )
    name = f"tunnel_{os.urandom(4).hex()}"
    server.database(name, f"owner_{name}", "o'wn\\er")
    secret = emulator.client("secretsmanager").create_secret(
        Name="owner", SecretString=json.dumps({"username": f"owner_{name}", "password": "o'wn\\er"})
    )
    about = {
        "engine": "postgres",
        "host": "127.0.0.1",
        "port": str(server.url.port),
        "name": name,
        "owner-secret": secret["ARN"],
        "tunnel": "acme-dev-database-tunnel",
    }
    for key, value in about.items():
        path = f"/stratolab/acme/dev/database/{key}"
        emulator.client("ssm").put_parameter(Name=path, Value=value, Type="String")
    return emulator


@pytest.fixture
def where(tmp_path, server):
    """The environment of a person who has the plugin."""
    programs = tmp_path / "bin"
    programs.mkdir()
    plugin = programs / "session-manager-plugin"
    plugin.write_text(PLUGIN.format(python=sys.executable), encoding="utf-8")
    plugin.chmod(0o755)
    return {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "TOLD": str(tmp_path / "told"),
        "AWS_REGION": REGION,
        f"{PREFIX}AUTHORITIES": str(server.authority),
    }


def wanted(emulator):
    (group,) = emulator.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    return group["DesiredCapacity"]


def test_a_client_gets_in_and_nothing_is_left(cli, lab, where, tmp_path):
    done = cli(
        "db", "connect", "--lab", "acme", env=where, typed="SELECT 41 + 1, current_user;\n", timeout=120
    )
    assert done.code == 0, done.err
    assert "42" in done.out
    assert "owner_tunnel" in done.out
    assert "starting the machine" in done.err
    assert wanted(lab) == 0
    assert lab.client("ssm").describe_sessions(State="Active")["Sessions"] == []
    arguments, answer = json.loads((tmp_path / "told").read_text())
    assert arguments[:4] == ["AWS_SSM_START_SESSION_RESPONSE", REGION, "StartSession", ""]
    assert answer == ["SessionId", "StreamUrl", "TokenValue"]


def test_a_tunnel_stands_until_ctrl_c_and_leaves_others_their_machine(cli, lab, where):
    process = cli.start("db", "tunnel", "--lab", "acme", "--environment", "dev", env=where)
    line = process.stdout.readline()
    assert re.match(r"127\.0\.0\.1:\d+ leads to postgres 127\.0\.0\.1:\d+/tunnel_", line), (
        process.stderr.read()
    )
    assert wanted(lab) == 1
    (machine,) = lab.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"][0]["Instances"]
    lab.client("ssm").start_session(Target=machine["InstanceId"])
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "")
    assert "somebody else uses the machine: it stays" in err
    assert wanted(lab) == 1


def test_what_is_missing_is_named(cli, lab, where, emulator):
    bare = {**where, "PATH": str(Path(sys.executable).parent)}
    none = cli("db", "tunnel", "--lab", "acme", env=bare)
    assert (none.code, "session-manager-plugin is not installed" in none.err) == (2, True)
    assert "session-manager-working-with-install-plugin" in none.err
    local = cli("db", "tunnel", env=where)
    assert (local.code, "needs no tunnel" in local.err) == (2, True)
    emulator.client("autoscaling").delete_auto_scaling_group(AutoScalingGroupName="acme-dev-database-tunnel")
    gone = cli("db", "tunnel", "--lab", "acme", env=where)
    assert (gone.code, "there is no group acme-dev-database-tunnel any more" in gone.err) == (4, True)
    emulator.client("ssm").delete_parameter(Name="/stratolab/acme/dev/database/tunnel")
    closed = cli("db", "connect", "--lab", "acme", env=where)
    assert (closed.code, "have no way in from outside" in closed.err) == (2, True)
    assert "tunnel = true" in closed.err


def test_a_wrong_secret_is_named_and_the_machine_goes(cli, lab, where):
    missing = cli("db", "connect", "--lab", "acme", "--secret", "acme/none", env=where)
    assert (missing.code, "there is no secret acme/none" in missing.err) == (2, True)
    lab.client("secretsmanager").put_secret_value(
        SecretId="owner", SecretString=json.dumps({"username": "nobody", "password": "hunter-22"})
    )
    wrong = cli("db", "connect", "--lab", "acme", env=where, typed="SELECT 1;\n", timeout=120)
    assert wrong.code == 2  # psql's own
    assert "password authentication failed" in wrong.err
    assert "hunter" not in wrong.out + wrong.err
    assert wanted(lab) == 0
