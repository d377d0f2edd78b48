from __future__ import annotations

from stratolab.deploy.grants import FEW, Grant, grants, in_short, told


def policy(*statements, **more):
    return {"PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}, **more}


def allow(actions, resources, **more):
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


TEMPLATE = {
    "Resources": {
        "Data": {"Type": "AWS::S3::Bucket"},
        "Limit": {"Type": "AWS::IAM::ManagedPolicy", "Properties": policy(allow("*", "*"))},
        "Read": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": policy(
                allow(["s3:GetObject"], {"Fn::Join": ["", [{"Fn::GetAtt": ["Data", "Arn"]}, "/*"]]}),
                {"Effect": "Deny", "Action": "s3:*", "Resource": "*"},
            ),
        },
        "Worker": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": "acme-worker",
                "AssumeRolePolicyDocument": {
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                            "Action": "sts:AssumeRole",
                            "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
                        }
                    ]
                },
                "ManagedPolicyArns": [{"Ref": "Read"}, "arn:aws:iam::aws:policy/ReadOnlyAccess"],
                "PermissionsBoundary": {"Ref": "Limit"},
                "Policies": [
                    policy(
                        allow(
                            "logs:PutLogEvents",
                            {"Fn::Sub": "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:x"},
                        ),
                        PolicyName="inline",
                    )
                ],
            },
        },
    }
}


def test_rights_are_told_by_who_has_them():
    assert told(grants(TEMPLATE)) == [
        "ecs-tasks.amazonaws.com: may take on role acme-worker (if aws:SourceAccount)",
        "role acme-worker: ReadOnlyAccess on AWS's own policy",
        "role acme-worker: logs:PutLogEvents on arn:aws:logs:REGION:ACCOUNT:x",
        "role acme-worker: s3:GetObject on Data/*",
    ]


def test_a_boundary_and_a_deny_give_nothing():
    assert not any(grant.action == "*" for grant in grants(TEMPLATE))
    assert not any(grant.what == "*" for grant in grants(TEMPLATE))


def test_what_a_change_adds_is_a_difference_of_sets():
    other = {"Resources": dict(TEMPLATE["Resources"])}
    other["Resources"]["Read"] = {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": policy(allow(["s3:GetObject", "s3:PutObject"], {"Fn::Sub": "${Data.Arn}/*"})),
    }
    added = grants(other) - grants(TEMPLATE)
    assert {grant.action for grant in added} == {"s3:GetObject", "s3:PutObject"}


def test_a_bucket_open_to_anybody_is_a_right_of_anybody():
    statement = allow("s3:GetObject", "*", Principal="*")
    template = {
        "Resources": {
            "Open": {"Type": "AWS::S3::BucketPolicy", "Properties": policy(statement, Bucket={"Ref": "Data"})}
        }
    }
    assert grants(template) == {Grant("anybody", "s3:GetObject", "Data")}


def test_roles_that_aws_makes_for_a_service_are_told():
    made = {"Resources": {"A": {"Type": "AWS::Batch::ComputeEnvironment", "Properties": {}}}}
    assert told(grants(made)) == [
        "batch.amazonaws.com: may take on its own role AWSServiceRoleForBatch (if AWS makes it on first use)"
    ]


def test_in_short_people_come_first_and_many_rights_are_summed_up():
    many = {Grant("group acme-admins", f"ec2:Create{number}", "vpc") for number in range(FEW)}
    reads = {
        Grant("group acme-admins", "ec2:DescribeVpcs", "*"),
        Grant("group acme-admins", "s3:ListBucket", "b"),
    }
    anywhere = Grant("group acme-admins", "iam:CreateRole", "*")
    few = Grant("role acme-batch", "s3:GetObject", "b/*", "aws:SourceAccount")
    service = Grant("batch.amazonaws.com", "may take on", "role acme-batch")
    anybody = Grant("anybody", "s3:GetObject", "b/*")
    assert in_short({*many, *reads, anywhere, few, service, anybody}) == [
        "anybody: s3:GetObject on b/*",
        "group acme-admins: changes ec2, iam; of these not only the lab's own: iam; reads ec2, s3",
        "role acme-batch: s3:GetObject on b/* (if aws:SourceAccount)",
        "batch.amazonaws.com: may take on role acme-batch",
    ]
