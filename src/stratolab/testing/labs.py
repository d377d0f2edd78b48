"""Sample labs: between them they take every branch that a lab's templates have.

Shipped, so that whoever adds a stack proves it on the same samples: golden templates, linters and the table of
permissions all walk them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stratolab.config.labs.load import lab_from_mapping

if TYPE_CHECKING:
    from stratolab.config.labs.models import LabConfig

Tables = dict[str, Any]

PROJECTS: Tables = {
    "world-series": {"secrets": ["games-api", "mail"]},
    "churn": {"source": "none", "images": 5},
}
PEOPLE: Tables = {
    "ana": {"groups": ["data-scientists"], "projects": ["world-series", "churn"], "mail": "ana@example.com"},
    "bo.berg@example.com": {"groups": ["operators-network", "operators-batch"]},
    "cy": {"groups": ["operators-services", "operators-delivery"], "projects": ["churn"]},
    "olga": {"groups": ["admins"]},
}
COMPUTE: Tables = {
    "compute": {
        "spare": {"kind": "spot", "max_vcpus": 256, "disk": 100},
        "sure": {"kind": "ec2", "max_vcpus": 64},
        "cluster": {"kind": "ec2", "managed": False, "environments": ["prod"]},
    },
    "queues": {
        "small": {},
        "steady": {"kind": "fargate", "max_vcpus": 16, "environments": ["prod"]},
        "large": {"compute": ["spare", "sure"], "priority": 5, "start_within": "2h"},
        "pictures": {"kind": "gpu", "max_vcpus": 32, "instance_types": ["g5", "g4dn.xlarge"]},
        "spare-pictures": {"kind": "gpu-spot", "min_vcpus": 4, "enabled": False, "environments": ["prod"]},
        "own": {"compute": ["cluster"], "environments": ["prod"]},
    },
}
ADOPTED: Tables = {
    "id": "vpc-0123456789abcdef0",
    "cidr": "10.20.0.0/16",
    "private": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
    "isolated": ["subnet-0123456789abcdef2", "subnet-0123456789abcdef3"],
    "public": ["subnet-0123456789abcdef4", "subnet-0123456789abcdef5"],
}

SAMPLES: dict[str, Tables] = {
    "smallest": {"lab": {"name": "acme", "region": "eu-west-1"}},
    "lab": {
        "lab": {"name": "acme", "region": "eu-west-1", "profile": "lab"},
        "budget": {"monthly": 50, "mail": ["owner@example.com"]},
        "environments": {"dev": {"database": {}}},
        "queues": {"small": {}},
        "projects": {"churn": {"source": "none"}},
    },
    "standard": {
        "lab": {
            "name": "acme",
            "region": "eu-west-1",
            "domain": "lab.example.com",
            "zone": "Z0123456789EXAMPLE",
            "owner": "data-team",
            "tags": {"cost-centre": "4711"},
        },
        "budget": {"monthly": 400, "mail": ["owner@example.com", "second@example.com"]},
        "access": {"addresses": ["203.0.113.0/24", "2001:db8::/32"]},
        "people": PEOPLE,
        "projects": PROJECTS,
        "environments": {
            "prod": {
                "database": {
                    "setup": "sql",
                    "tunnel": True,
                    "applications": ["world-series"],
                    "canaries": {"world-series": {"query": "SELECT count(*) FROM games"}},
                }
            },
            "dev": {},
        },
        **COMPUTE,
        "tracking": {},
    },
    "hardened": {
        "lab": {
            "name": "acme",
            "region": "eu-west-1",
            "profile": "hardened",
            "domain": "lab.example.com",
            "delegated": True,
        },
        "budget": {"monthly": 4000, "mail": ["owner@example.com"], "scope": "lab"},
        "access": {"addresses": ["203.0.113.0/24"]},
        "people": PEOPLE,
        "projects": PROJECTS,
        "environments": {
            "prod": {
                "zones": 3,
                "database": {
                    "engine": "mysql",
                    "setup": "sql",
                    "setup_timeout": "5m",
                    "tunnel": True,
                    "applications": ["world-series", "churn"],
                    "canaries": {"churn": {"function": "acme-prod-churn-canary"}},
                },
            },
            "stage": {"database": {"applications": ["churn"], "apart": True, "rotation": "lambda"}},
            "dev": {"database": {"applications": ["churn"], "rotation": "none"}},
        },
        "queues": {"large": {"kind": "ec2", "disk": 200, "environments": ["prod", "dev"]}},
        "images": {"environment": "stage", "size": "medium", "minutes": 90},
        "tracking": {
            "image": f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/mlflow@sha256:{'0' * 64}",
            "addresses": ["203.0.113.0/24", "2001:db8::/32"],
            "hosts": ["ml.example.com"],
            "certificate": "arn:aws:acm:eu-west-1:123456789012:certificate/00000000-0000-0000-0000-000000000000",
            "tasks": {"min": 2, "max": 4, "memory_in_cooldown": 600},
        },
    },
    "bare": {
        "lab": {"name": "acme", "region": "us-east-1", "profile": "lab", "domain": "lab.example.com"},
        "budget": {"forecast": 0, "low": 0},
        "access": {"access_keys": True},
        "security": {"trail": False, "analyzer": False},
        "buckets": {"tiering": 0},
        "environments": {"dev": {"flow_logs": "none", "endpoints": "gateway"}},
    },
    "restored": {
        "lab": {"name": "acme", "region": "eu-west-1", "profile": "lab"},
        "budget": {"mail": ["owner@example.com"]},
        "environments": {
            "dev": {
                "database": {
                    "engine": "mysql",
                    "version": "8.0",
                    "class": "db.r7g.large",
                    "storage": 500,
                    "storage_most": 1000,
                    "iops": 13_000,
                    "throughput": 600,
                    "port": 13_307,
                    "zone": "eu-west-1b",
                    "backup_hour": 23,
                    "maintenance": "sat",
                    "restore_from": "acme-dev-before-the-move",
                    "applications": ["world-series", "churn"],
                    "apart": True,
                    "rotation": "managed",
                    "setup": "sql",
                }
            }
        },
    },
    "elsewhere": {
        "lab": {"name": "acme", "region": "eu-north-1"},
        "budget": {"mail": ["owner@example.com"]},
        "people": {"olga": {"groups": ["admins"]}},
    },
    "adopted": {
        "lab": {
            "name": "acme",
            "region": "eu-west-1",
            "domain": "lab.example.com",
            "zone": "Z0123456789EXAMPLE",
        },
        "budget": {"mail": ["owner@example.com"]},
        "environments": {
            "prod": {"vpc": ADOPTED, "database": {}},
            "dev": {"vpc": {key: ADOPTED[key] for key in ("id", "private")} | {"cidr": "10.30.0.0/16"}},
        },
        "tracking": {"public": False},
    },
}


def sample(name: str) -> LabConfig:
    """A sample as a configuration."""
    return lab_from_mapping(SAMPLES[name], f"sample {name}")


def largest() -> LabConfig:
    """A lab with as much of everything as a configuration may have: what has to fit AWS's limits."""
    names = [f"project-with-quite-a-long-name-{number:02}" for number in range(40)]
    persons = {
        f"person.number.{number:03}@long.example.com": {
            "groups": ["data-scientists", "operators-batch"],
            "projects": names[number % 40 : number % 40 + 3],
        }
        for number in range(100)
    }
    database = {"engine": "mysql", "applications": names[:20], "setup": "sql", "tunnel": True}
    environment = {"zones": 6, "nat": "per-zone", "endpoints": "all", "database": database}
    return lab_from_mapping(
        {
            "lab": {
                "name": "a-lab-of-long-name-1",
                "region": "us-east-1",
                "profile": "hardened",
                "domain": f"{'long.' * 9}example.com",
                "zone": f"Z{'0' * 31}",
                "owner": "o" * 64,
                "tags": {f"{'key':-<120}{number:02}": "v" * 256 for number in range(30)},
            },
            "budget": {
                "alerts": [10, 20, 30, 40, 50],
                "mail": [f"mail-{number}@example.com" for number in range(10)],
            },
            "access": {"addresses": [f"203.0.{number}.0/24" for number in range(50)]},
            "people": persons,
            "projects": {name: {"secrets": [f"secret-{one}" for one in range(3)]} for name in names[:20]}
            | {names[20]: {"secrets": [f"{'long-' * 20}{one}" for one in range(100)]}},
            "environments": {name: dict(environment) for name in ("prod", "stage", "dev")},
            "compute": {f"compute-{number:02}": {"kind": "spot"} for number in range(8)},
            "queues": {f"a-queue-with-quite-a-long-name-{number:02}": {"kind": "gpu"} for number in range(8)},
            "tracking": {"database": {"engine": "postgres"}},
        },
        "largest",
    )


def every_kind_of_lab() -> list[LabConfig]:
    """Every sample, and the largest."""
    return [*map(sample, SAMPLES), largest()]
