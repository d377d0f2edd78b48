"""Small templates, sound ones and parts of them, for the tables of what the rules see."""

from __future__ import annotations

import copy
from typing import Any

Template = dict[str, Any]


def made(kind: str, properties: dict[str, Any] | None = None, **attributes: Any) -> Template:
    """A template of one resource, `One`."""
    return {"Resources": {"One": {"Type": kind, "Properties": properties or {}, **attributes}}}


def policy(**statement: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}


def role(**properties: Any) -> Template:
    trust = policy(
        Action="sts:AssumeRole",
        Principal={"Service": properties.pop("trusts", "ecs-tasks.amazonaws.com")},
        **({"Condition": properties.pop("condition")} if "condition" in properties else {}),
    )
    return made("AWS::IAM::Role", {"AssumeRolePolicyDocument": trust, **properties})


SOURCE = {"StringEquals": {"aws:SourceAccount": "1"}}
CALLER = {"StringEquals": {"aws:PrincipalAccount": "1"}}
JOB = {
    "ContainerProperties": {
        "Image": f"a@sha256:{'0' * 64}",
        "Privileged": False,
        "ReadonlyRootFilesystem": True,
        "User": "1000",
        "JobRoleArn": "r",
        "LogConfiguration": {"LogDriver": "awslogs"},
        "LinuxParameters": {"InitProcessEnabled": True},
    },
    "PropagateTags": True,
    "Timeout": {"AttemptDurationSeconds": 60},
    "RetryStrategy": {"EvaluateOnExit": [{"Action": "EXIT", "OnExitCode": "*"}]},
}
BREAKER = ("DeploymentConfiguration", "DeploymentCircuitBreaker")
SERVICE = {BREAKER[0]: {BREAKER[1]: {"Enable": True, "Rollback": True}}}
LISTENER = {"Protocol": "HTTPS", "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06"}
REPOSITORY = {
    "ImageTagMutability": "IMMUTABLE",
    "ImageScanningConfiguration": {"ScanOnPush": True},
    "LifecyclePolicy": {},
}
KEY = {"EnableKeyRotation": True, "PendingWindowInDays": 30}
PIPELINE = {
    "Stages": [
        {"Name": "Approve", "Actions": [{"Name": "a", "ActionTypeId": {"Category": "Approval"}}]},
        {"Name": "Production", "Actions": [{"Name": "Deploy", "ActionTypeId": {"Category": "Deploy"}}]},
    ]
}
RETAIN = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
PASS = {"Action": "iam:PassRole", "Resource": "arn:r"}
TO_SERVICE = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
FAKE_KEY = "AKIA" + "Q" * 16


def document(**statement: Any) -> Template:
    return made("AWS::IAM::ManagedPolicy", {"PolicyDocument": policy(**statement)})


def bucket_policy(**statement: Any) -> Template:
    return made("AWS::S3::BucketPolicy", {"PolicyDocument": policy(Resource="arn:b/*", **statement)})


def ingress(port: int, cidr: str) -> Template:
    rule = {"GroupId": {"Ref": "G"}, "FromPort": port, "ToPort": port, "CidrIp": cidr, "IpProtocol": "tcp"}
    return made("AWS::EC2::SecurityGroupIngress", rule)


def entry(low: int, high: int, *, egress: bool = False) -> Template:
    ports = {"From": low, "To": high}
    return made(
        "AWS::EC2::NetworkAclEntry",
        {
            "CidrBlock": "0.0.0.0/0",
            "PortRange": ports,
            "Protocol": 6,
            "RuleAction": "allow",
            "Egress": egress,
        },
    )


def routed(tag: str) -> Template:
    return {
        "Resources": {
            "Net": {"Type": "AWS::EC2::Subnet", "Properties": {"Tags": [{"Key": "Name", "Value": tag}]}},
            "Out": {
                "Type": "AWS::EC2::Route",
                "Properties": {"RouteTableId": {"Ref": "T"}, "GatewayId": {"Ref": "I"}},
            },
            "Use": {
                "Type": "AWS::EC2::SubnetRouteTableAssociation",
                "Properties": {"SubnetId": {"Ref": "Net"}, "RouteTableId": {"Ref": "T"}},
            },
        }
    }


BUILD = {
    "Environment": {"PrivilegedMode": True, "Image": "aws/codebuild/amazonlinux-x86_64-standard:5.0"},
    "ServiceRole": {"Fn::GetAtt": ["R", "Arn"]},
    "Source": {"Type": "S3", "BuildSpec": "{}"},
    "LogsConfig": {"CloudWatchLogs": {"Status": "ENABLED", "GroupName": "/stratolab/acme/build/x"}},
    "TimeoutInMinutes": 60,
    "VpcConfig": {"VpcId": "vpc-1"},
}


def build(title: str, action: str, **other: Any) -> Template:
    return {
        "Resources": {
            title: {
                "Type": "AWS::CodeBuild::Project",
                "Properties": {key: value for key, value in {**BUILD, **other}.items() if value is not None},
            },
            "R": {"Type": "AWS::IAM::Role", "Properties": {"ManagedPolicyArns": [{"Ref": "P"}]}},
            "P": document(Action=action, Resource="arn:x")["Resources"]["One"],
        }
    }


def approver(action: str) -> Template:
    return {
        "Resources": {
            "R": role(trusts="codebuild.amazonaws.com", ManagedPolicyArns=[{"Ref": "P"}])["Resources"]["One"],
            "P": document(Action=action, Resource="arn:x")["Resources"]["One"],
        }
    }


def functions(**other: Any) -> Template:
    def of(role: str, **more: Any) -> dict[str, Any]:
        logs = {"LoggingConfig": {"LogGroup": {"Ref": "Logs"}}}
        properties = {"Role": {"Fn::GetAtt": [role, "Arn"]}, "Runtime": "python3.13", **logs, **more}
        return {"Type": "AWS::Lambda::Function", "Properties": properties}

    return {"Resources": {"One": of("A"), "Two": of("B", **other)}}


def without(properties: dict[str, Any], *path: str, put: Any = None) -> dict[str, Any]:
    """The properties without a part, or with another one there."""
    whole = copy.deepcopy(properties)
    around = whole
    for key in path[:-1]:
        around = around[key]
    if put is None:
        del around[path[-1]]
    else:
        around[path[-1]] = put
    return whole
