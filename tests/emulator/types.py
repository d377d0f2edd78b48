"""One resource type's life, proved by its own service's API: made, changed, deleted.

A `Case` says which properties a template gives, what the service is asked, and what it must answer. `live`
deploys it, and looks: at the answer, at `Ref`, at every property having been read by somebody, at drift,
and at nothing being left.
"""

from __future__ import annotations

import functools
import io
import json
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from tests.emulator.control import REGION
from tests.emulator.stacks import Stacks, template

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulator.control import Emulator

TAGS = [{"Key": "project", "Value": "x"}]
OTHER_TAGS = [{"Key": "project", "Value": "y"}]
MINE = {"project": "x", "lab": "l"}  # the same as a service tells them, with the stack's own
OTHERS = {"project": "y", "lab": "l"}
GONE = "gone"


def trust(*services: str) -> dict[str, Any]:
    """A role's trust policy."""
    names = [f"{service}.amazonaws.com" for service in services]
    statement = {"Effect": "Allow", "Principal": {"Service": names}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def policy(action: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    """A policy of one statement."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


@dataclass
class World:
    """What a resource under test stands in: made by the API, and only when asked for."""

    emulator: Emulator

    def client(self, service: str) -> Any:
        return self.emulator.client(service)

    def function(self, name: str, source: str) -> str:
        """A Lambda function `index.handler` of this source; its ARN."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("index.py", source)
        made = self.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.12",
            Role=self.role,
            Handler="index.handler",
            Timeout=20,
            Code={"ZipFile": packed.getvalue()},
        )
        return str(made["FunctionArn"])

    @functools.cached_property
    def vpc(self) -> str:
        return str(self.client("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"])

    @functools.cached_property
    def subnets(self) -> list[str]:
        ec2 = self.client("ec2")
        return [
            ec2.create_subnet(
                VpcId=self.vpc, CidrBlock=f"10.9.{number}.0/24", AvailabilityZone=f"{REGION}{zone}"
            )["Subnet"]["SubnetId"]
            for number, zone in enumerate("ab")
        ]

    @functools.cached_property
    def group(self) -> str:
        made = self.client("ec2").create_security_group(GroupName="base", Description="base", VpcId=self.vpc)
        return str(made["GroupId"])

    @functools.cached_property
    def gateway(self) -> str:
        ec2 = self.client("ec2")
        made = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=self.vpc)
        return str(made)

    @functools.cached_property
    def route_table(self) -> str:
        return str(self.client("ec2").create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"])

    @functools.cached_property
    def acl(self) -> str:
        return str(self.client("ec2").create_network_acl(VpcId=self.vpc)["NetworkAcl"]["NetworkAclId"])

    @functools.cached_property
    def allocation(self) -> str:
        return str(self.client("ec2").allocate_address(Domain="vpc")["AllocationId"])

    @functools.cached_property
    def image(self) -> str:
        return str(self.client("ec2").describe_images()["Images"][0]["ImageId"])

    @functools.cached_property
    def instance(self) -> str:
        made = self.client("ec2").run_instances(
            ImageId=self.image, MinCount=1, MaxCount=1, SubnetId=self.subnets[0], InstanceType="t3.micro"
        )
        return str(made["Instances"][0]["InstanceId"])

    @functools.cached_property
    def role(self) -> str:
        services = (
            "lambda",
            "ec2",
            "batch",
            "ecs-tasks",
            "scheduler",
            "codebuild",
            "codepipeline",
            "vpc-flow-logs",
        )
        made = self.client("iam").create_role(
            RoleName="base", AssumeRolePolicyDocument=json.dumps(trust(*services))
        )
        return str(made["Role"]["Arn"])

    @functools.cached_property
    def profile(self) -> str:
        made = self.client("iam").create_instance_profile(InstanceProfileName="base")
        return str(made["InstanceProfile"]["Arn"])

    @functools.cached_property
    def user(self) -> str:
        return str(self.client("iam").create_user(UserName="base")["User"]["UserName"])

    @functools.cached_property
    def people(self) -> str:
        return str(self.client("iam").create_group(GroupName="base")["Group"]["GroupName"])

    @functools.cached_property
    def managed_policy(self) -> str:
        made = self.client("iam").create_policy(PolicyName="base", PolicyDocument=json.dumps(policy("s3:*")))
        return str(made["Policy"]["Arn"])

    @functools.cached_property
    def bucket(self) -> str:
        self.client("s3").create_bucket(
            Bucket="base-bucket", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        return "base-bucket"

    @functools.cached_property
    def key(self) -> str:
        return str(self.client("kms").create_key()["KeyMetadata"]["Arn"])

    @functools.cached_property
    def topic(self) -> str:
        return str(self.client("sns").create_topic(Name="base")["TopicArn"])

    @functools.cached_property
    def logs(self) -> str:
        self.client("logs").create_log_group(logGroupName="/base")
        return "/base"

    @functools.cached_property
    def zone(self) -> str:
        made = self.client("route53").create_hosted_zone(Name="base.example", CallerReference="base")
        return str(made["HostedZone"]["Id"].rpartition("/")[2])

    @functools.cached_property
    def free_gateway(self) -> str:
        """An internet gateway of no network."""
        return str(self.client("ec2").create_internet_gateway()["InternetGateway"]["InternetGatewayId"])

    @functools.cached_property
    def disk(self) -> str:
        return str(self.client("ec2").create_volume(AvailabilityZone=f"{REGION}a", Size=1)["VolumeId"])

    @functools.cached_property
    def environment(self) -> str:
        made = self.client("batch").create_compute_environment(
            computeEnvironmentName="base",
            type="MANAGED",
            serviceRole=self.role,
            computeResources={
                "type": "FARGATE",
                "maxvCpus": 4,
                "subnets": self.subnets,
                "securityGroupIds": [self.group],
            },
        )
        return str(made["computeEnvironmentArn"])

    @functools.cached_property
    def cluster(self) -> str:
        return str(self.client("ecs").create_cluster(clusterName="base")["cluster"]["clusterArn"])

    @functools.cached_property
    def task(self) -> str:
        made = self.client("ecs").register_task_definition(
            family="base", containerDefinitions=[{"name": "a", "image": "busybox", "memory": 128}]
        )
        return str(made["taskDefinition"]["taskDefinitionArn"])

    @functools.cached_property
    def subnet_group(self) -> str:
        self.client("rds").create_db_subnet_group(
            DBSubnetGroupName="base", DBSubnetGroupDescription="base", SubnetIds=self.subnets
        )
        return "base"

    @functools.cached_property
    def certificate(self) -> str:
        return str(self.client("acm").request_certificate(DomainName="base.example")["CertificateArn"])

    @functools.cached_property
    def balancer(self) -> str:
        made = self.client("elbv2").create_load_balancer(
            Name="base", Subnets=self.subnets, SecurityGroups=[self.group]
        )
        return str(made["LoadBalancers"][0]["LoadBalancerArn"])

    @functools.cached_property
    def targets(self) -> str:
        made = self.client("elbv2").create_target_group(
            Name="base", Protocol="HTTP", Port=80, VpcId=self.vpc, TargetType="ip"
        )
        return str(made["TargetGroups"][0]["TargetGroupArn"])

    @functools.cached_property
    def listener(self) -> str:
        made = self.client("elbv2").create_listener(
            LoadBalancerArn=self.balancer,
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": self.targets}],
        )
        return str(made["Listeners"][0]["ListenerArn"])

    @functools.cached_property
    def files(self) -> str:
        return str(self.client("efs").create_file_system(CreationToken="base")["FileSystemId"])

    @functools.cached_property
    def pool(self) -> str:
        return str(self.client("cognito-idp").create_user_pool(PoolName="base")["UserPool"]["Id"])

    @functools.cached_property
    def secret(self) -> str:
        made = self.client("secretsmanager").create_secret(Name="base", SecretString='{"username": "a"}')
        return str(made["ARN"])


@dataclass(frozen=True)
class Case:
    """A type with properties, and what its service must say of it."""

    type: str
    make: Callable[[World], dict[str, Any]]
    look: Callable[[World, str], Any]
    made: Any
    change: Callable[[World], dict[str, Any]] | None = None
    changed: Any = None
    ref: str = ""
    replaced: bool = False
    attributes: dict[str, str] = field(default_factory=dict)
    left: Any = GONE

    def __str__(self) -> str:
        return self.type.removeprefix("AWS::").replace("::", "-")


class Cases(list[Case]):
    """A list that grows by being called: `case("AWS::SQS::Queue", ...)`."""

    def __call__(self, *arguments: Any, **options: Any) -> None:
        self.append(Case(*arguments, **options))


def live(case: Case, emulator: Emulator) -> None:
    """Make, look, change, look, delete, look."""
    stacks, world = Stacks(emulator), World(emulator)
    properties = case.make(world)
    outputs: dict[str, Any] = {"Ref": {"Value": {"Ref": "It"}}}
    outputs |= {
        f"Att{number}": {"Value": {"Fn::GetAtt": ["It", name]}} for number, name in enumerate(case.attributes)
    }
    assert _deploy(stacks, "create", case, properties, outputs) == "CREATE_COMPLETE", stacks.failures("it")
    told = stacks.outputs("it")
    first = told["Ref"]
    assert first.startswith(case.ref), first
    for number, (name, beginning) in enumerate(case.attributes.items()):
        assert told[f"Att{number}"].startswith(beginning), (name, told[f"Att{number}"])
    assert case.look(world, first) == case.made
    assert emulator.ignored() == {}
    assert set(stacks.drift("it").values()) <= {"IN_SYNC"}
    if case.change is not None:
        assert _deploy(stacks, "update", case, case.change(world), outputs) == "UPDATE_COMPLETE", (
            stacks.failures("it")
        )
        second = stacks.outputs("it")["Ref"]
        assert case.look(world, second) == case.changed
        assert (second != first) == case.replaced, (first, second)
        if case.replaced:
            assert _looked(case, world, first) in (case.left, case.changed)
        first = second
    assert stacks.delete("it") == "DELETE_COMPLETE", "deletion failed"
    assert _looked(case, world, first) == case.left


def _deploy(
    stacks: Stacks, step: str, case: Case, properties: dict[str, Any], outputs: dict[str, Any]
) -> str:
    body = json.dumps(template(It=(case.type, properties), outputs=outputs))
    call = stacks.client.create_stack if step == "create" else stacks.client.update_stack
    call(
        StackName="it",
        TemplateBody=body,
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Tags=[{"Key": "lab", "Value": "l"}],
    )
    return stacks.settled("it")


def _looked(case: Case, world: World, reference: str) -> Any:
    """What the service says of something that should be gone: an error, nothing, or an empty answer."""
    try:
        found = case.look(world, reference)
    except (ClientError, IndexError, KeyError):
        return GONE
    return found or GONE


def own(tags: list[dict[str, str]] | None) -> dict[str, str]:
    """Tags without those that CloudFormation adds."""
    return {tag["Key"]: tag["Value"] for tag in tags or [] if not tag["Key"].startswith("aws:")}
