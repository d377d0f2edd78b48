"""Under IAM: a member builds the project's image, its build can push there alone, its job reads what is its own.

The lab's stacks stand in an emulator that decides about every call. The build's commands run in a shell with its role's
credentials, the job as a process with its own.
"""

from __future__ import annotations

import io
import json
import sys
import time
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from tests.emulator.control import ACCOUNT, REGION
from tests.emulator.people import device_of, session, totp
from tests.infra.test_deployed import ByBucket

from stratolab.aws.builds import Builds
from stratolab.aws.logs import LogStreams
from stratolab.aws.registry import Registry
from stratolab.aws.s3 import Objects
from stratolab.config.labs.load import lab_from_mapping
from stratolab.core.errors import StratolabError
from stratolab.deploy.images import Making, Workshop
from stratolab.infra.catalogue import stacks
from stratolab.infra.images.recipe import Recipe
from stratolab.runtime import container

if TYPE_CHECKING:
    from tests.emulator.control import Emulator

LAB = {
    "lab": {"name": "acme", "region": REGION},
    "environments": {"dev": {}},
    "queues": {"small": {}},
    "people": {"ana": {"groups": ["data-scientists"], "projects": ["series"]}},
    "projects": {"series": {"source": "none", "secrets": ["api"]}, "other": {"source": "none"}},
}
RECIPE = Recipe({"Dockerfile": b"FROM python\nRUN true\n"})
SHOW = "import os; print(open('data').read(), os.environ['API'], os.environ['STRATOLAB_ENVIRONMENT'])"


@pytest.fixture(scope="module")
def lab(guarded_emulator_process: Emulator) -> dict[str, dict[str, str]]:
    guarded_emulator_process.reset()
    client, outputs = ByBucket(guarded_emulator_process), {}
    for stack in stacks(lab_from_mapping(LAB, "lab.toml")):
        assert client.bring(stack, outputs) == "CREATE_COMPLETE", client.failures(stack.name)
        outputs[stack.key] = client.outputs(stack.name)
    for name in ("DeliveryBucket", "ArtifactsBucket"):  # it wants TLS, which the emulator does not speak
        guarded_emulator_process.client("s3").delete_bucket_policy(Bucket=outputs["foundation"][name])
    return outputs


@pytest.fixture(scope="module")
def ana(guarded_emulator_process: Emulator, lab: Any) -> tuple[str, ...]:
    """A session of hers, opened by a second factor."""
    made = guarded_emulator_process.client("iam").create_access_key(UserName="ana")["AccessKey"]
    serial, seed = device_of(guarded_emulator_process, "ana")
    key = (made["AccessKeyId"], made["SecretAccessKey"])
    return session(guarded_emulator_process, key, SerialNumber=serial, TokenCode=totp(seed, 1))


def workshop(lab: dict[str, dict[str, str]], project: str = "series") -> Workshop:
    own = lab[f"project.{project}"]
    return Workshop(own["Builder"], own["Images"], lab["foundation"]["DeliveryBucket"], f"images/{project}")


def making(emulator: Emulator, key: tuple[str, ...]) -> Making:
    def client(service: str) -> Any:
        return emulator.client(service, key=key)

    return Making(
        Builds(client("codebuild")),
        Registry(client("ecr")),
        Objects(client("s3"), ACCOUNT),
        LogStreams(client("logs")),
        lambda _: None,
        sleep=lambda _: time.sleep(0.1),
    )


@pytest.mark.timeout(600)
def test_a_member_builds_and_the_build_pushes_to_its_own_repository(
    guarded_emulator_process: Emulator, lab: Any, ana: tuple[str, ...]
) -> None:
    maker = making(guarded_emulator_process, ana)
    built = maker.have(RECIPE, workshop(lab))
    assert built.fresh
    assert maker.have(RECIPE, workshop(lab)).digest == built.digest
    with pytest.raises(StratolabError, match=r"not authorized|AccessDenied"):
        maker.have(RECIPE, workshop(lab, "other"))
    # What a member can ask of a build is another repository; its role refuses that.
    elsewhere = {"IMAGE_TAG": "stolen", "IMAGE_REPOSITORY": lab["project.other"]["Images"]}
    source = f"{lab['foundation']['DeliveryBucket']}/images/series/{RECIPE.tag}.zip"
    build = maker.builds.start(workshop(lab).builder, source=source, variables=elsewhere)
    lines = maker._follow(build.id)
    assert str(maker.builds.find(build.id).status) == "FAILED"
    assert any("AccessDenied" in line or "not authorized" in line for line in lines), lines


@pytest.mark.timeout(600)
def test_a_job_of_the_project_brings_its_code_and_reads_its_secret(
    guarded_emulator_process: Emulator, lab: Any, ana: tuple[str, ...]
) -> None:
    emulator = guarded_emulator_process
    client = ByBucket(emulator)
    image = f"{lab['project.series']['Images']}@sha256:{'5' * 64}"
    (stack,) = [one for one in stacks(lab_from_mapping(LAB, "lab.toml")) if one.key == "project.series"]
    assert client.bring(stack.given({"ImageDigest": image}), lab) == "UPDATE_COMPLETE", client.failures(
        stack.name
    )
    emulator.image(image, entrypoint=[sys.executable, container.__file__])
    emulator.client("secretsmanager").put_secret_value(SecretId="acme/series/api", SecretString="hunter-24")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("data", "brought")
    bucket = lab["foundation"]["ArtifactsBucket"]
    emulator.client("s3").put_object(Bucket=bucket, Key="series/code.zip", Body=packed.getvalue())
    batch = emulator.client("batch", key=ana)

    def submit(definition: str, *command: str) -> dict[str, Any]:
        secrets = json.dumps({"API": "acme/series/api"})
        variables = {"STRATOLAB_CODE": f"s3://{bucket}/series/code.zip", "STRATOLAB_SECRETS": secrets}
        job = batch.submit_job(
            jobName="train",
            jobQueue=lab["compute.dev"][next(key for key in lab["compute.dev"] if key.startswith("Queue"))],
            jobDefinition=definition,
            containerOverrides={
                "command": list(command),
                "environment": [{"name": key, "value": value} for key, value in variables.items()],
            },
        )["jobId"]
        deadline = time.monotonic() + 60
        while True:
            (found,) = batch.describe_jobs(jobs=[job])["jobs"]
            if found["status"] in {"SUCCEEDED", "FAILED"}:
                return dict(found)
            assert time.monotonic() < deadline, found
            time.sleep(0.2)

    done = submit("acme-dev-fargate-series", sys.executable, "-c", SHOW)
    assert done["status"] == "SUCCEEDED", done["attempts"]
    stream = done["container"]["logStreamName"]
    events = emulator.client("logs").get_log_events(
        logGroupName="/stratolab/acme/dev/jobs", logStreamName=stream
    )["events"]
    assert (done["status"], [event["message"] for event in events]) == (
        "SUCCEEDED",
        ["brought hunter-24 dev"],
    )
    assert stream.startswith("series/")
    failed = submit("acme-dev-fargate-series", "sh", "-c", "exit 7")
    assert (failed["status"], len(failed["attempts"])) == ("FAILED", 1)  # what ends by itself is not repeated
    with pytest.raises(batch.exceptions.ClientError, match=r"not authorized|AccessDenied"):
        submit("acme-dev-fargate-other", "true")


@pytest.mark.parametrize(
    "other",
    [
        {"buildspecOverride": "version: 0.2"},
        {"imageOverride": "aws/codebuild/standard:7.0"},
        {"privilegedModeOverride": False},
        {"computeTypeOverride": "BUILD_GENERAL1_2XLARGE"},
    ],
)
def test_a_member_gives_a_build_no_other_commands_and_no_other_machine(
    guarded_emulator_process: Emulator, lab: Any, ana: tuple[str, ...], other: dict[str, Any]
) -> None:
    client = guarded_emulator_process.client("codebuild", key=ana)
    with pytest.raises(
        client.exceptions.ClientError, match=r"not authorized to perform: codebuild:StartBuild"
    ):
        client.start_build(projectName=workshop(lab).builder, **other)
