"""R46 and R47 against the tables of the earlier system: every input and output of its MLflow, and its answer."""

from __future__ import annotations

import pytest
from tests.infra.options.answers import Answer, Given, Made, Option, Refused, check

from stratolab.infra.catalogue import find
from stratolab.testing.labs import sample

TASK, SERVICE, CLUSTER = "AWS::ECS::TaskDefinition", "AWS::ECS::Service", "AWS::ECS::Cluster"
BALANCER, TARGETS = "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ElasticLoadBalancingV2::TargetGroup"
SCALING, POLICY = "AWS::ApplicationAutoScaling::ScalableTarget", "AWS::ApplicationAutoScaling::ScalingPolicy"
SECRET, ROLE, REPOSITORY = "AWS::SecretsManager::Secret", "AWS::IAM::Role", "AWS::ECR::Repository"
NAMED = "named by lab and environment, so that no two labs of an account meet"
AIM = "TargetTrackingScalingPolicyConfiguration"
CONTAINER = "ContainerDefinitions"
OF_DATABASE = Refused(
    "an option of the environment's database, or of `[tracking] database`: R21's table answers it"
)
BY_ARN = Refused("its value is in no template and no output; who may read the secret is given its ARN")

TABLES: dict[str, dict[str, Answer]] = {
    "container_repository in": {
        "mlflow_container_repository": Made(REPOSITORY, "RepositoryName", NAMED),
        "scan_on_push": Made(REPOSITORY, "ImageScanningConfiguration.ScanOnPush", "always: it costs nothing"),
    },
    "container_repository out": {"container_repository_url": Given("Repository")},
    "permissions in": {
        "mlflow_ecs_tasks_role": Made(ROLE, "RoleName", NAMED),
        "ecs_task_iam_policy_arn": Made(
            "AWS::IAM::ManagedPolicy", "PolicyDocument", "its folder of its bucket and no more"
        ),
        "mlflow_sg": Made(
            SERVICE,
            "NetworkConfiguration.AwsvpcConfiguration.SecurityGroups",
            "the network's group of services",
        ),
        "vpc_id": Made(TARGETS, "VpcId", "the environment's network, or the one that it adopts"),
        "cidr_blocks": Option("tracking.addresses", "AWS::WAFv2::WebACL", "Rules", default=()),
    },
    "permissions out": {
        "mlflow_sg_id": Refused("an output of the network, `ServiceGroup`: all its services share the group"),
        "mlflow_ecs_tasks_role_arn": Given("Role"),
    },
    "networking in": {
        "rds_subnet_group_name": OF_DATABASE,
        "rds_subnets": OF_DATABASE,
    },
    "networking out": {
        "db_subnet_group": Refused(
            "an output of the database's stack, `SubnetGroup`: nobody else asks for it"
        ),
    },
    "secrets in": {
        "username_length": Refused(
            "MLflow's user is always `mlflow`: it can come from the services' group only"
        ),
        "password_length": Option(
            "environments.*.database.password_length",
            SECRET,
            "GenerateSecretString.PasswordLength",
            default=32,
        ),
        "username_recovery_window": Refused("the user's name is in the same secret as its password"),
        "password_recovery_window": Refused(
            "CloudFormation knows no window: the secret outlives its stack, and who deletes it chooses one"
        ),
        "username_secret_name": Made(SECRET, "Name", NAMED),
        "password_secret_name": Made(
            SECRET, "Name", "one secret holds both, so that they are exchanged together"
        ),
    },
    "secrets out": {
        "username": BY_ARN,
        "username_arn": Given("DatabaseSecret"),
        "password": BY_ARN,
        "password_arn": Given("DatabaseSecret"),
    },
    "load_balancing in": {
        "vpc_id": Made(TARGETS, "VpcId", "the environment's network, or the one that it adopts"),
        "lb_name": Made(BALANCER, "Name", NAMED),
        "lb_security_groups": Made(BALANCER, "SecurityGroups", "the network's group of load balancers"),
        "lb_subnets": Option("tracking.public", BALANCER, "Subnets", default=True),
        "lb_target_group": Made(TARGETS, "Name", NAMED),
    },
    "load_balancing out": {"lb_target_group_arn": Given("Targets")},
    "storage in": {
        "mlflow_artifact_store": Option("tracking.bucket", TASK, f"{CONTAINER}.Environment", default=None),
        "mlflow_backend_store_identifier": Option(
            "tracking.database", TASK, f"{CONTAINER}.Secrets", default=None
        ),
        **dict.fromkeys(
            (
                "allocated_storage",
                "storage_type",
                "db_engine_version",
                "db_instance_class",
                "db_default_name",
                "skip_final_snapshot",
                "db_username",
                "db_password",
                "db_subnet_group_name",
                "vpc_security_groups",
            ),
            OF_DATABASE,
        ),
    },
    "storage out": {
        "db_host": Given("DatabaseHost"),
        "db_name": Given("DatabaseName"),
        "s3_bucket": Given("Bucket"),
    },
    "task_deployment in": {
        "aws_region": Made(
            TASK, f"{CONTAINER}.LogConfiguration.Options", "`[lab] region`: the stack is made there"
        ),
        "mlflow_server_cluster": Made(CLUSTER, "ClusterName", NAMED),
        "ecs_service_name": Made(SERVICE, "ServiceName", NAMED),
        "cloudwatch_log_group": Made("AWS::Logs::LogGroup", "LogGroupName", NAMED),
        "mlflow_ecs_task_family": Made(TASK, "Family", NAMED),
        "container_name": Made(TASK, f"{CONTAINER}.Name", "`setup` and `server`: nobody else names them"),
        "s3_bucket_name": Option("tracking.bucket", TASK, f"{CONTAINER}.Environment", default=None),
        "s3_bucket_folder": Option("tracking.folder", TASK, f"{CONTAINER}.Environment", default="mlflow"),
        "db_name": Option("tracking.database_name", TASK, f"{CONTAINER}.Environment", default="mlflow"),
        "db_host": Made(TASK, f"{CONTAINER}.Environment", "the database's own output"),
        "db_port": Option("tracking.database.port", TASK, f"{CONTAINER}.Environment", default=None),
        "docker_image": Option("tracking.image", TASK, f"{CONTAINER}.Image", default=None),
        "task_memory": Option("tracking.memory", TASK, "Memory", default=2048),
        "task_cpu": Option("tracking.cpu", TASK, "Cpu", default=1024),
        "admin_username_arn": Given("AdminSecret"),
        "admin_password_arn": Given("AdminSecret"),
        "task_role_arn": Made(TASK, "TaskRoleArn", "made by the stack"),
        "execution_role_arn": Made(
            TASK, "ExecutionRoleArn", "made by the stack: it reads these secrets only"
        ),
        "aws_lb_target_group_arn": Made(SERVICE, "LoadBalancers.TargetGroupArn", "made by the stack"),
        "ecs_service_subnets": Made(
            SERVICE, "NetworkConfiguration.AwsvpcConfiguration.Subnets", "the network's private subnets"
        ),
        "ecs_service_security_groups": Made(
            SERVICE,
            "NetworkConfiguration.AwsvpcConfiguration.SecurityGroups",
            "the network's group of services",
        ),
    },
    "task_deployment out": {"ecs_service_name": Given("Service"), "ecs_cluster_name": Given("Cluster")},
    "autoscaling in": {
        "server_cluster_name": Made(SCALING, "ResourceId", NAMED),
        "ecs_service_name": Made(SCALING, "ResourceId", NAMED),
        "min_tasks": Option("tracking.tasks.min", SCALING, "MinCapacity", default=1),
        "max_tasks": Option("tracking.tasks.max", SCALING, "MaxCapacity", default=2),
        "memory_autoscaling_policy_name": Made(POLICY, "PolicyName", NAMED),
        "cpu_autoscaling_policy_name": Made(POLICY, "PolicyName", NAMED),
        "memory_autoscale_in_cooldown": Option(
            "tracking.tasks.memory_in_cooldown", POLICY, f"{AIM}.ScaleInCooldown", default=None
        ),
        "memory_autoscale_out_cooldown": Option(
            "tracking.tasks.memory_out_cooldown", POLICY, f"{AIM}.ScaleOutCooldown", default=None
        ),
        "memory_autoscale_target": Option(
            "tracking.tasks.memory_target", POLICY, f"{AIM}.TargetValue", default=75
        ),
        "cpu_autoscale_in_cooldown": Option(
            "tracking.tasks.in_cooldown", POLICY, f"{AIM}.ScaleInCooldown", default=300
        ),
        "cpu_autoscale_out_cooldown": Option(
            "tracking.tasks.out_cooldown", POLICY, f"{AIM}.ScaleOutCooldown", default=60
        ),
        "cpu_autoscale_target": Option("tracking.tasks.cpu_target", POLICY, f"{AIM}.TargetValue", default=70),
    },
}
BEYOND: dict[str, Answer] = {
    "allowed hosts": Option(
        "tracking.hosts", "AWS::ElasticLoadBalancingV2::ListenerRule", "Conditions", default=()
    ),
    "address": Option("tracking.subdomain", "AWS::Route53::RecordSet", "Name", default="tracking"),
    "certificate": Option(
        "tracking.certificate", "AWS::ElasticLoadBalancingV2::Listener", "Certificates", default=None
    ),
    "spare capacity": Option("tracking.capacity", SERVICE, "CapacityProviderStrategy", default="on-demand"),
    "log_days": Option("security.log_days", "AWS::Logs::LogGroup", "RetentionInDays", default=365),
}
"""What that system could not say."""
ALL = {
    f"{part}: {name}": answer
    for part, table in {**TABLES, "beyond": BEYOND}.items()
    for name, answer in table.items()
}
SIZES = {
    "container_repository": (2, 1),
    "permissions": (5, 2),
    "networking": (2, 1),
    "secrets": (6, 4),
    "load_balancing": (5, 1),
    "storage": (12, 3),
    "task_deployment": (21, 2),
    "autoscaling": (12, 0),
}
"""Inputs and outputs that each table has."""


@pytest.mark.parametrize("name", ALL)
def test_every_row_has_its_answer(name: str) -> None:
    check(ALL[name], find(sample("standard"), "tracking.prod"))


def test_the_tables_are_whole() -> None:
    found = {name: tuple(len(TABLES.get(f"{name} {way}", {})) for way in ("in", "out")) for name in SIZES}
    assert found == SIZES
