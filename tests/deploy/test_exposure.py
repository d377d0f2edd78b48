from __future__ import annotations

import pytest

from stratolab.deploy.exposure import exposures


def one(kind, **properties):
    return {"Resources": {"It": {"Type": kind, "Properties": properties}}}


def ingress(source, first=443, last=443):
    return {"CidrIp": source, "IpProtocol": "tcp", "FromPort": first, "ToPort": last}


@pytest.mark.parametrize(
    ("template", "told"),
    [
        (
            one("AWS::EC2::SecurityGroup", SecurityGroupIngress=[ingress("0.0.0.0/0")]),
            "security group It: port 443 from everybody",
        ),
        (
            one(
                "AWS::EC2::SecurityGroupIngress",
                GroupId={"Fn::GetAtt": ["Web", "GroupId"]},
                **ingress("203.0.114.0/24", 80, 90),
            ),
            "security group Web: ports 80 to 90 from 203.0.114.0/24",
        ),
        (
            one("AWS::EC2::Subnet", MapPublicIpOnLaunch=True),
            "subnet It: what starts there gets a public address",
        ),
        (one("AWS::ElasticLoadBalancingV2::LoadBalancer"), "load balancer It is on the internet"),
        (one("AWS::RDS::DBInstance", PubliclyAccessible=True), "database It has a public address"),
        (one("AWS::CloudFront::Distribution"), "site It is on the internet"),
        (one("AWS::Lambda::Url", AuthType="NONE"), "function address It is on the internet"),
        (
            one(
                "AWS::S3::BucketPolicy",
                PolicyDocument={
                    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}]
                },
            ),
            "bucket of It: s3:GetObject by anybody",
        ),
    ],
)
def test_what_is_open_is_told(template, told):
    assert exposures(template) == {told}


@pytest.mark.parametrize(
    "template",
    [
        one("AWS::EC2::SecurityGroup", SecurityGroupIngress=[ingress("10.0.0.0/8")]),
        one("AWS::EC2::SecurityGroup", SecurityGroupIngress=[ingress({"Ref": "Cidr"})]),
        one("AWS::EC2::Subnet"),
        one("AWS::ElasticLoadBalancingV2::LoadBalancer", Scheme="internal"),
        one("AWS::Lambda::Url", AuthType="AWS_IAM"),
        one("AWS::S3::Bucket"),
    ],
)
def test_what_is_closed_is_not(template):
    assert exposures(template) == set()
