"""Drift: what was changed or deleted behind CloudFormation's back is found, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.emulator.stacks import Stacks, template

if TYPE_CHECKING:
    from tests.emulator.control import Emulator

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
ENCRYPTED = {
    "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
}
BODY = template(
    Net=("AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16", "EnableDnsHostnames": True}),
    Group=(
        "AWS::EC2::SecurityGroup",
        {
            "GroupDescription": "jobs",
            "VpcId": {"Ref": "Net"},
            "SecurityGroupIngress": [
                {
                    "IpProtocol": "tcp",
                    "FromPort": 443,
                    "ToPort": 443,
                    "CidrIp": "10.0.0.0/8",
                    "Description": "web",
                }
            ],
            "SecurityGroupEgress": [{"IpProtocol": "-1", "CidrIp": "10.0.0.0/8"}],
        },
    ),
    Role=(
        "AWS::IAM::Role",
        {
            "RoleName": "worker",
            "AssumeRolePolicyDocument": TRUST,
            "Policies": [{"PolicyName": "own", "PolicyDocument": TRUST | {"Statement": []}}],
        },
    ),
    Bucket=(
        "AWS::S3::Bucket",
        {
            "BucketName": "data-bucket",
            "BucketEncryption": ENCRYPTED,
            "PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "BlockPublicPolicy": "true"},
            "VersioningConfiguration": {"Status": "Enabled"},
        },
    ),
    Parameter=("AWS::SSM::Parameter", {"Name": "/p", "Type": "String", "Value": "1"}),
    Key=("AWS::KMS::Key", {"EnableKeyRotation": True, "KeyPolicy": {**TRUST}}),
)
EVERYTHING = dict.fromkeys(BODY["Resources"], "IN_SYNC")


def test_a_new_stack_has_not_drifted(stacks: Stacks) -> None:
    stacks.deploy("s", BODY, Tags=[{"Key": "project", "Value": "x"}])
    assert stacks.drift("s") == EVERYTHING


def test_what_was_changed_is_found(stacks: Stacks, emulator: Emulator) -> None:
    stacks.deploy("s", BODY, Tags=[{"Key": "project", "Value": "x"}])
    group = stacks.physical_id("s", "Group")
    world = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    emulator.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=world)
    emulator.client("iam").update_role(RoleName="worker", MaxSessionDuration=7200)
    emulator.client("iam").put_role_policy(
        RoleName="worker",
        PolicyName="own",
        PolicyDocument='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}',
    )
    emulator.client("s3").delete_public_access_block(Bucket="data-bucket")
    emulator.client("ssm").put_parameter(Name="/p", Value="2", Overwrite=True)
    emulator.client("kms").disable_key_rotation(KeyId=stacks.physical_id("s", "Key"))
    emulator.client("ec2").modify_vpc_attribute(
        VpcId=stacks.physical_id("s", "Net"), EnableDnsHostnames={"Value": False}
    )
    assert stacks.drift("s") == dict.fromkeys(EVERYTHING, "MODIFIED")
    found = stacks.client.describe_stack_resource_drifts(StackName="s")["StackResourceDrifts"]
    paths = {
        one["LogicalResourceId"]: [difference["PropertyPath"] for difference in one["PropertyDifferences"]]
        for one in found
    }
    assert paths["Group"] == ["/SecurityGroupIngress/1"]
    assert paths["Parameter"] == ["/Value"]
    assert paths["Key"] == ["/EnableKeyRotation"]
    assert paths["Net"] == ["/EnableDnsHostnames"]


def test_what_is_gone_is_found(stacks: Stacks, emulator: Emulator) -> None:
    stacks.deploy("s", BODY)
    emulator.client("s3").delete_bucket(Bucket="data-bucket")
    emulator.client("ssm").delete_parameter(Name="/p")
    emulator.client("iam").delete_role_policy(RoleName="worker", PolicyName="own")
    emulator.client("iam").delete_role(RoleName="worker")
    emulator.client("ec2").delete_security_group(GroupId=stacks.physical_id("s", "Group"))
    gone = dict.fromkeys(("Bucket", "Parameter", "Role", "Group"), "DELETED")
    assert stacks.drift("s") == EVERYTHING | gone
    status = stacks.client.describe_stacks(StackName="s")["Stacks"][0]["DriftInformation"]
    assert status["StackDriftStatus"] == "DRIFTED"


def test_tags_set_by_hand_are_found(stacks: Stacks, emulator: Emulator) -> None:
    stacks.deploy("s", BODY, Tags=[{"Key": "project", "Value": "x"}])
    net = stacks.physical_id("s", "Net")
    emulator.client("ec2").create_tags(Resources=[net], Tags=[{"Key": "project", "Value": "y"}])
    assert stacks.drift("s")["Net"] == "MODIFIED"


def test_what_others_of_the_stack_attached_is_no_drift(stacks: Stacks, emulator: Emulator) -> None:
    document = TRUST | {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    aws = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    inside = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432}
    body = template(
        Group=BODY["Resources"]["Group"],
        Net=BODY["Resources"]["Net"],
        In=(
            "AWS::EC2::SecurityGroupIngress",
            {"GroupId": {"Ref": "Group"}, **inside, "CidrIp": "10.1.0.0/16"},
        ),
        Out=(
            "AWS::EC2::SecurityGroupEgress",
            {"GroupId": {"Ref": "Group"}, **inside, "CidrIp": "10.1.0.0/16"},
        ),
        Role=("AWS::IAM::Role", {"AssumeRolePolicyDocument": TRUST, "ManagedPolicyArns": [aws]}),
        People=("AWS::IAM::Group", {"ManagedPolicyArns": [aws]}),
        May=(
            "AWS::IAM::ManagedPolicy",
            {"PolicyDocument": document, "Roles": [{"Ref": "Role"}], "Groups": [{"Ref": "People"}]},
        ),
    )
    assert stacks.deploy("s", body) == "CREATE_COMPLETE", stacks.failures("s")
    assert set(stacks.drift("s").values()) == {"IN_SYNC"}
    emulator.client("iam").attach_role_policy(
        RoleName=stacks.physical_id("s", "Role"), PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )
    assert stacks.drift("s")["Role"] == "MODIFIED"
    emulator.client("ec2").revoke_security_group_egress(
        GroupId=stacks.physical_id("s", "Group"),
        IpPermissions=[{**inside, "IpRanges": [{"CidrIp": "10.1.0.0/16"}]}],
    )
    assert stacks.drift("s")["Out"] == "DELETED"
    assert stacks.drift("s")["Group"] == "IN_SYNC"
