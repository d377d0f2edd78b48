"""The emulator as a process: where it listens, what a reset forgets, how it ends, what it says when it cannot start."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import textwrap
import urllib.error
from pathlib import Path

import pytest
from tests.emulator import control
from tests.emulator.control import ACCOUNT, ROOT, Emulator, NotStartedError

LISTEN = "0A"
LINUX = Path("/proc/net/tcp").exists()


def processes_of(leader: int) -> list[int]:
    """The processes whose session `leader` leads."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(entry.name)) == leader:
                found.append(int(entry.name))
        except ProcessLookupError:
            continue
    return found


def listening_on(pid: int) -> set[tuple[str, int]]:
    """The addresses and ports on which a process listens, from Linux's own tables."""
    inodes = set()
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        try:
            inodes.add(str(handle.readlink()))
        except FileNotFoundError:
            continue
    found = set()
    for family, table in ((socket.AF_INET, "tcp"), (socket.AF_INET6, "tcp6")):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTEN and f"socket:[{fields[9]}]" in inodes:
                address, _, port = fields[1].partition(":")
                raw = b"".join(
                    bytes.fromhex(address[place : place + 8])[::-1] for place in range(0, len(address), 8)
                )
                found.add((socket.inet_ntop(family, raw), int(port, 16)))
    return found


@pytest.mark.skipif(not LINUX, reason="needs macOS to have /proc")
def test_it_listens_on_this_machine_only_and_on_one_port(emulator: Emulator) -> None:
    emulator.client("sts").get_caller_identity()
    emulator.client("sqs").list_queues()
    port = int(emulator.url.rsplit(":", 1)[1])
    listening = set().union(*(listening_on(pid) for pid in processes_of(emulator.process.pid)))
    assert listening == {("127.0.0.1", port)}


def test_plain_boto3_reaches_it_by_the_environment(emulator: Emulator) -> None:
    code = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == ACCOUNT


def test_a_reset_forgets_everything(emulator: Emulator) -> None:
    s3, iam, cloudformation = (emulator.client(name) for name in ("s3", "iam", "cloudformation"))
    s3.create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_object(Bucket="kept", Key="a", Body=b"1")
    iam.create_user(UserName="ann")
    cloudformation.create_stack(
        StackName="s", TemplateBody='{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}'
    )
    cloudformation.get_waiter("stack_create_complete").wait(StackName="s", WaiterConfig={"Delay": 1})
    emulator.reset()
    assert s3.list_buckets()["Buckets"] == []
    assert iam.list_users()["Users"] == []
    assert cloudformation.describe_stacks()["Stacks"] == []
    assert emulator.client("sqs").list_queues().get("QueueUrls", []) == []


def test_it_ends_with_what_it_started() -> None:
    one = Emulator.start()
    members = processes_of(one.process.pid)
    assert one.process.pid in members
    one.stop()
    assert processes_of(one.process.pid) == []
    assert not one.folder.exists()


def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    script = textwrap.dedent("""
        import sys, time
        from tests.emulator.control import Emulator
        one = Emulator.start()
        print(one.process.pid, one.folder, flush=True)
        time.sleep(600)
    """)
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as parent:
        assert parent.stdout is not None
        pid, folder = parent.stdout.readline().split()
        handle = os.pidfd_open(int(pid))
        os.killpg(parent.pid, signal.SIGKILL)
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        ended = poll.poll(15_000)
        os.close(handle)
    assert ended, "the emulator outlived its parent"
    assert not Path(folder).exists()


def test_what_ministack_lacks_is_named_before_anything_starts(tmp_path: Path) -> None:
    source = tmp_path / "uses.py"
    source.write_text(
        "from ministack import app\n"
        "from ministack.services import ec2 as cloud\n"
        "from ministack.services.sqs import no_such_function\n"
        "cloud._no_such_store.clear()\n"
        "app.SERVICE_HANDLERS\n"
    )
    check = (
        "import sys; from pathlib import Path; from tests.emulator.extension import selfcheck;"
        "print('\\n'.join(selfcheck.missing([Path(sys.argv[1])])))"
    )
    told = subprocess.run(
        [str(control.PYTHON), "-c", check, str(source)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout.splitlines() == [
        "ministack.services.ec2._no_such_store (used by uses.py)",
        "ministack.services.sqs.no_such_function (used by uses.py)",
    ]


def test_an_emulator_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "PYTHON", Path("/nonexistent/python"))
    with pytest.raises(NotStartedError, match="tools/emulator-env"):
        Emulator.start()


def test_a_call_can_be_made_to_fail(emulator: Emulator) -> None:
    sqs, cloudformation, s3 = (emulator.client(name) for name in ("sqs", "cloudformation", "s3"))
    emulator.fault(call="sqs:ListQueues", code="Throttling", reason="slow down", status=400)
    with pytest.raises(sqs.exceptions.ClientError, match=r"Throttling.*slow down"):
        sqs.list_queues()
    sqs.list_queues()
    emulator.fault(call="cloudformation:Describe*", code="Throttling", times=2)
    for _ in range(2):
        with pytest.raises(cloudformation.exceptions.ClientError, match="Throttling"):
            cloudformation.describe_stacks()
    cloudformation.describe_stacks()
    emulator.fault(call="s3:*", code="SlowDown", status=503)
    with pytest.raises(s3.exceptions.ClientError, match="SlowDown"):
        s3.list_buckets()


def test_an_unknown_question_is_an_error(emulator: Emulator) -> None:
    with pytest.raises(urllib.error.HTTPError):
        emulator._ask("GET", "nonsense")


def test_quotas_are_told_and_can_be_set(emulator: Emulator) -> None:
    quotas = emulator.client("service-quotas")
    asked = {"ServiceCode": "vpc", "QuotaCode": "L-F678F1CE"}
    assert quotas.get_service_quota(**asked)["Quota"]["Value"] == 5.0
    emulator.quota("vpc", "L-F678F1CE", 10)
    assert quotas.get_service_quota(**asked)["Quota"]["Value"] == 10.0
    assert quotas.get_aws_default_service_quota(**asked)["Quota"]["Value"] == 5.0
    with pytest.raises(quotas.exceptions.NoSuchResourceException):
        quotas.get_service_quota(ServiceCode="vpc", QuotaCode="L-00000000")


def test_account_wide_calls_of_s3_reach_it_by_the_environment_alone(emulator: Emulator) -> None:
    code = (
        "import boto3; s3 = boto3.client('s3control'); block = {'BlockPublicAcls': True};"
        f"s3.put_public_access_block(AccountId='{ACCOUNT}', PublicAccessBlockConfiguration=block);"
        f"print(s3.get_public_access_block(AccountId='{ACCOUNT}')['PublicAccessBlockConfiguration']['BlockPublicAcls'])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "True"
