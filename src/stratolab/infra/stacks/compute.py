"""Compute of one environment: where jobs run, the queues in front of it, who jobs are, and where they write.

An environment in which no queue and no compute environment is has no such stack. Where there is a database too, what
Batch tells of jobs is written into the job store in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import GetAtt, Ref

from stratolab.config.labs.queues import ComputeConfig
from stratolab.infra import names, tags
from stratolab.infra.blocks.logs import log_group
from stratolab.infra.body import Body
from stratolab.infra.parts import job_events, job_queues, machines
from stratolab.infra.parts.compute_roles import job_role, machine_role
from stratolab.infra.parts.functions import Place as FunctionPlace
from stratolab.infra.stacks import account, database, foundation, network
from stratolab.infra.values import Output, taken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stratolab.config.fields import Environment
    from stratolab.config.labs.models import LabConfig
    from stratolab.config.labs.queues import QueueConfig
    from stratolab.infra.values import Taken

JOB_ROLE = Output("compute", "JobRole", "ARN of the role of jobs", published="roles/job")
JOB_LOGS = Output("compute", "JobLogs", "Log group of jobs", published="logs/jobs")
MACHINE_PROFILE = Output(
    "compute", "MachineProfile", "ARN of the instance profile of machines", published="roles/machine"
)
BUCKETS = {
    "Data": foundation.DATA_BUCKET,
    "Artifacts": foundation.ARTIFACTS_BUCKET,
    "Models": foundation.MODELS_BUCKET,
}


def queue_output(name: str) -> Output:
    """What the stack gives of a queue. It keeps its name when a queue of another sort takes the old one's place."""
    return Output(
        "compute", names.title("Queue", name), f"ARN of the queue {name}", published=f"queues/{name}"
    )


def wanted(lab: LabConfig, environment: str) -> bool:
    """Whether anything of this environment computes."""
    return bool(computes(lab, environment))


def build(lab: LabConfig, environment: Environment) -> Body:
    """The stack of one environment."""
    name, made = lab.lab.name, computes(lab, environment)
    place = machines.Place(
        name,
        environment,
        lab.lab.region,
        subnets=taken(network.PRIVATE_SUBNETS),
        group=taken(network.JOB_GROUP),
        tags=tags.of_stack(lab, environment=environment),
    )
    queues = _queues(lab, environment)
    return Body(
        about=f"stratolab {name}-{environment}: machines and queues",
        inputs=(*inputs(lab), *(event_inputs(lab) if recorded(lab, environment) else ())),
        resources=(
            log_group("JobLogGroup", name, environment, "jobs", days=lab.security.log_days, key=_key(lab)),
            *job_role(
                name,
                environment,
                boundary=taken(foundation.BOUNDARY),
                buckets={what: taken(output) for what, output in BUCKETS.items()},
                encrypted=foundation.has_keys(lab),
            ),
            *(
                machine_role(name, environment, boundary=taken(foundation.BOUNDARY))
                if _has_machines(made)
                else ()
            ),
            *(
                part
                for one, compute in made.items()
                for part in machines.compute_environment(one, compute, place)
            ),
            *(
                job_queues.job_queue(
                    name,
                    environment,
                    one,
                    queue,
                    sort=sort_of(queue, made, one),
                    chain=_chain(queue, made, one),
                )
                for one, queue in queues.items()
            ),
            *events(lab, environment),
        ),
        outputs={
            JOB_ROLE: GetAtt("JobRole", "Arn"),
            JOB_LOGS: Ref("JobLogGroup"),
            **({MACHINE_PROFILE: GetAtt("MachineProfile", "Arn")} if _has_machines(made) else {}),
            **{
                queue_output(one): Ref(job_queues.title(one, sort_of(queue, made, one)))
                for one, queue in queues.items()
            },
        },
        code=tuple(job_events.codes().values()) if recorded(lab, environment) else (),
    )


def inputs(lab: LabConfig) -> tuple[Taken, ...]:
    """The network's places, the boundary of roles, buckets that jobs work with, the key of logs."""
    keys = (foundation.LOGS_KEY,) if foundation.has_keys(lab) else ()
    return (network.PRIVATE_SUBNETS, network.JOB_GROUP, foundation.BOUNDARY, *BUCKETS.values(), *keys)


def recorded(lab: LabConfig, environment: Environment) -> bool:
    """Whether what Batch tells of jobs is written down: where there are queues, and a database to write it in."""
    return bool(_queues(lab, environment)) and lab.environments[environment].database is not None


def event_inputs(lab: LabConfig) -> tuple[Taken, ...]:
    """Where the database is and how one gets in, where functions run and what from, who is told of trouble."""
    return (
        database.HOST,
        database.PORT,
        database.NAME,
        database.RESOURCE,
        database.OWNER_SECRET,
        network.FUNCTION_GROUP,
        foundation.CODE_BUCKET,
        account.ALARMS,
        *((foundation.SECRETS_KEY,) if foundation.has_keys(lab) else ()),
        *job_events.inputs(),
    )


def events(lab: LabConfig, environment: Environment) -> list[Any]:
    """The way of events into the job store, if they are written down."""
    options = lab.environments[environment].database
    if options is None or not recorded(lab, environment):
        return []
    own = foundation.has_keys(lab)
    place = FunctionPlace(
        lab=lab.lab.name,
        environment=environment,
        bucket=taken(foundation.CODE_BUCKET),
        subnets=taken(network.PRIVATE_SUBNETS),
        group=taken(network.FUNCTION_GROUP),
        boundary=taken(foundation.BOUNDARY),
        log_days=lab.security.log_days,
        logs_key=_key(lab),
        secrets_key=taken(foundation.SECRETS_KEY) if own else None,
    )
    store = job_events.Store(
        engine=options.engine,
        host=taken(database.HOST),
        port=taken(database.PORT),
        name=taken(database.NAME),
        resource=taken(database.RESOURCE),
        secret=taken(database.OWNER_SECRET),
    )
    return job_events.job_events(place, store, alarms=taken(account.ALARMS))


def computes(lab: LabConfig, environment: str) -> dict[str, ComputeConfig]:
    """The compute environments, by name: those of `[compute]`, and those of queues with machines of their own."""
    shared = {name: one for name, one in lab.compute.items() if _is_in(one, environment)}
    own = {name: _of_queue(queue) for name, queue in _queues(lab, environment).items() if not queue.compute}
    return {**shared, **own}


def sorts(lab: LabConfig, environment: str) -> list[str]:
    """How jobs run in an environment: on Fargate, on machines, or both."""
    return sorted({machines.sort(one) for one in computes(lab, environment).values()})


def sort_of(queue: QueueConfig, made: Mapping[str, ComputeConfig], name: str) -> str:
    """Whether a queue is one of Fargate or of machines: no queue mixes the two."""
    return machines.sort(made[queue.compute[0] if queue.compute else name])


def _queues(lab: LabConfig, environment: str) -> dict[str, QueueConfig]:
    return {name: queue for name, queue in lab.queues.items() if _is_in(queue, environment)}


def _is_in(one: ComputeConfig | QueueConfig, environment: str) -> bool:
    return not one.environments or environment in one.environments


def _of_queue(queue: QueueConfig) -> ComputeConfig:
    """The compute environment that a queue has for itself."""
    return ComputeConfig(
        kind=queue.kind or "fargate-spot",
        managed=True,
        environments=queue.environments,
        max_vcpus=queue.max_vcpus,
        min_vcpus=queue.min_vcpus,
        instance_types=queue.instance_types,
        disk=queue.disk,
    )


def _chain(queue: QueueConfig, made: Mapping[str, ComputeConfig], name: str) -> list[str]:
    return [machines.title(one, made[one]) for one in queue.compute or (name,)]


def _has_machines(made: Mapping[str, ComputeConfig]) -> bool:
    return any(machines.sort(compute) == "machines" for compute in made.values())


def _key(lab: LabConfig) -> Any | None:
    return taken(foundation.LOGS_KEY) if foundation.has_keys(lab) else None
