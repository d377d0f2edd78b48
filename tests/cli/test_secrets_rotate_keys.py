"""`stratolab secrets rotate` of an access key, in a local lab and in one in AWS, against an IAM that decides."""

from __future__ import annotations

import json
import os
import signal

import pytest
from botocore.exceptions import ClientError
from tests.emulator.control import REGION

NAME = "world-series/key"
WHERE = {"AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}


@pytest.fixture(params=["local", "acme"])
def lab(request, guarded_emulator, cli, project):
    """A lab with the key of a user in a secret; who types is an admin."""
    iam = guarded_emulator.client("iam")
    iam.create_user(UserName="acme-world-series")
    made = iam.create_access_key(UserName="acme-world-series")["AccessKey"]
    guarded_emulator.client("ssm").put_parameter(Name="/stratolab/acme/boundary", Value="arn", Type="String")
    root = project(f'[project]\nname = "sample"\nlab = "{request.param}"\n')
    value = {key: made[key] for key in ("UserName", "AccessKeyId", "SecretAccessKey")}
    done = cli("secrets", "set", NAME, typed=json.dumps(value), folder=root, env=WHERE)
    assert done.code == 0, done.err
    return root


def value(cli, lab, *more):
    return json.loads(cli("secrets", "get", NAME, *more, folder=lab, env=WHERE).out)


def works(emulator, held):
    try:
        emulator.client("sts", key=(held["AccessKeyId"], held["SecretAccessKey"], None)).get_caller_identity()
    except ClientError:
        return False
    return True


def keys(emulator):
    found = emulator.client("iam").list_access_keys(UserName="acme-world-series")["AccessKeyMetadata"]
    return {one["AccessKeyId"] for one in found}


def test_two_keys_are_good_and_the_oldest_goes(cli, lab, guarded_emulator):
    seen = [value(cli, lab)]
    for _ in range(3):
        done = cli("secrets", "rotate", NAME, folder=lab, env=WHERE)
        assert done.code == 0, done.err
        seen.append(value(cli, lab))
        assert value(cli, lab, "--previous") == seen[-2]
        assert keys(guarded_emulator) == {one["AccessKeyId"] for one in seen[-2:]}
        assert all(works(guarded_emulator, one) for one in seen[-2:])
        assert seen[-1]["SecretAccessKey"] not in done.out + done.err
        assert f"access key {seen[-1]['AccessKeyId']} of acme-world-series" in done.out
    assert not works(guarded_emulator, seen[0])


def test_killed_with_a_key_that_nobody_kept_the_next_one_ends_it(cli, lab, guarded_emulator):
    first = value(cli, lab)
    killed = cli("secrets", "rotate", NAME, folder=lab, env={**WHERE, "STRATOLAB_CRASH_AT": "rotation.key"})
    assert killed.code == -signal.SIGKILL
    assert (value(cli, lab), len(keys(guarded_emulator))) == (first, 2)
    done = cli("secrets", "rotate", NAME, folder=lab, env=WHERE)
    assert done.code == 0, done.err
    assert keys(guarded_emulator) == {first["AccessKeyId"], value(cli, lab)["AccessKeyId"]}


def test_a_key_that_does_not_work_is_taken_back(cli, lab, guarded_emulator):
    first = value(cli, lab)
    guarded_emulator.fault(call="sts:GetCallerIdentity", code="AccessDenied", times=99)
    done = cli("secrets", "rotate", NAME, folder=lab, env=WHERE, timeout=110)
    assert done.code == 4, done.err
    assert value(cli, lab) == first
    assert keys(guarded_emulator) == {first["AccessKeyId"]}
    assert os.environ["AWS_SECRET_ACCESS_KEY"] not in done.err


def test_it_cannot_be_rehearsed(cli, lab, guarded_emulator):
    before = keys(guarded_emulator)
    assert cli("secrets", "rehearse", NAME, folder=lab, env=WHERE).code in {2, 3}
    assert keys(guarded_emulator) == before
