"""Sound `lab.toml` files that several tests begin from."""

from __future__ import annotations

DESIGN = """\
# The lab of the design page.
[lab]
name = "acme"
region = "eu-west-1"
profile = "standard"
domain = "lab.example.com"

[budget]
monthly = 400
alerts = [25, 50, 80, 100]
low = 10
mail = ["owner@example.com"]

[access]
addresses = ["203.0.113.0/24"]

[people.ana]
groups = ["data-scientists"]

[environments.prod]
cidr = "10.0.0.0/16"
zones = 2
nat = "one"
database = { engine = "postgres", class = "db.t4g.medium", storage = 50, storage_type = "gp3", deletion_protection = true }

[queues.small]
kind = "fargate-spot"
max_vcpus = 64
[queues.large]
kind = "spot"
instance_types = ["c7i", "m7i", "r7i"]
max_vcpus = 512
priority = 5

[tracking]
cpu = 1024
memory = 2048
tasks = { min = 1, max = 4, cpu_target = 70, memory_target = 75, in_cooldown = 300, out_cooldown = 60 }
"""  # noqa: E501 - as the design page has it

SMALLEST = """\
[lab]
name = "a"
region = "us-east-1"
"""

EVERYTHING = """\
[lab]
name = "everything"
region = "us-west-2"
account = "123456789012"
profile = "hardened"
domain = "lab.example.com"
zone = "Z0123456789EXAMPLE"
owner = "data team"
tags = { cost-centre = "4711", "team name" = "x" }
[budget]
monthly = 12.5
alerts = [1]
forecast = 120
low = 0
mail = ["a@b.example", "c.d+e@f.example"]
scope = "lab"
[access]
addresses = ["203.0.113.0/24", "2001:db8::/32"]
session_hours = 8
access_keys = true
[people."bo.berg@example.com"]
groups = ["admins", "operators-network", "operators-batch", "operators-services", "operators-delivery"]
projects = ["one", "two"]
mail = "bo@example.com"
[security]
keys = "one"
threat_detection = false
hub = false
analyzer = false
trail = true
data_events = true
object_lock = true
log_days = 90
audit_days = 90
[buckets]
old_versions = 1
delivery = 1
tiering = 0
[secrets]
recovery = 7
rotate = 90
[environments.dev]
cidr = "192.168.0.0/22"
zones = 4
nat = "per-zone"
endpoints = "all"
endpoint_zones = "one"
flow_logs = "all"
[environments.dev.database]
engine = "mysql"
version = "8.4"
class = "db.r8g.2xlarge"
storage = 500
storage_most = 1000
storage_type = "gp3"
iops = 12000
throughput = 500
name = "work"
port = 13307
multi_zone = true
backups = 35
backup_hour = 0
maintenance = "tue"
applications = ["one", "two"]
apart = true
username_length = 8
password_length = 41
recovery = 7
rotate = 30
rotation = "managed"
setup = "sql/first"
setup_timeout = "5m"
[environments.prod.vpc]
id = "vpc-01234567"
cidr = "10.20.0.0/16"
private = ["subnet-01234567", "subnet-0123456789abcdef1"]
public = ["subnet-01234568", "subnet-01234569"]
[environments.prod.database]
storage_type = "io2"
iops = 3000
zone = "us-west-2b"
multi_zone = false
[compute.spot]
kind = "spot"
instance_types = ["c7g", "m7g.large"]
max_vcpus = 100
disk = 200
[compute.own]
kind = "ec2"
managed = false
environments = ["dev"]
[queues.chained]
compute = ["spot"]
start_within = "2h"
[queues.gpu]
kind = "gpu-spot"
instance_types = ["g6.xlarge"]
environments = ["dev"]
enabled = false
priority = 1000
[queues.here]
compute = ["own", "spot"]
environments = ["dev"]
[tracking]
environment = "dev"
image = "123456789012.dkr.ecr.us-west-2.amazonaws.com/mlflow@sha256:%s"
cpu = 256
memory = 1024
subdomain = "ml"
public = false
addresses = ["203.0.113.7/32"]
hosts = ["ml.example.com", "ml.example.com:8443"]
bucket = "my-own-bucket"
folder = "a/b"
database_name = "runs"
capacity = "spot"
database = { engine = "postgres", version = "18" }
[tracking.tasks]
min = 2
max = 2
memory_in_cooldown = 0
memory_out_cooldown = 0
""" % ("0" * 64)

SOUND = {"design": DESIGN, "smallest": SMALLEST, "everything": EVERYTHING}
