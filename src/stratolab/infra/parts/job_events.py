"""What Batch tells of an environment's jobs, on its way into the job store: rule, queue, function, database.

The queue stands between, so that a database that is away for hours loses nothing, and at most two connections are
open in it however many jobs end at once. What cannot be written down in the end is kept, and somebody is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troposphere import GetAtt, Ref, Sub
from troposphere.awslambda import EventSourceMapping, ScalingConfig
from troposphere.cloudwatch import Alarm, MetricDimension
from troposphere.events import Rule, Target

from stratolab.infra import names
from stratolab.infra.arns import regional
from stratolab.infra.blocks.message_queues import message_queue, take_from
from stratolab.infra.blocks.policies import Statement, allow
from stratolab.infra.code import DRIVERS, Code, code
from stratolab.infra.parts.database_functions import read_secret
from stratolab.infra.parts.functions import called, code_of, function
from stratolab.infra.parts.general_roles import use_keys_through
from stratolab.infra.values import taken
from stratolab.runtime.functions import entering, tokens

if TYPE_CHECKING:
    from stratolab.infra.parts.functions import Place
    from stratolab.infra.values import Taken

WRITING, INSTALLING = "job-events", "job-store"
"""What the functions are called, after lab and environment."""
USER = "stratolab_jobs"
"""The user of the database that events are written as."""
KINDS = ("Batch Job State Change", "Batch Job Queue Blocked")
"""That a job is in another state, and why one at the head of a queue cannot start."""

WRITING_SECONDS, INSTALLING_SECONDS = 60, 300
AT_ONCE = 50
"""Messages that the function is given together, of those that come within a second."""
COPIES = 2
"""Of the function at most: the fewest that Lambda takes, and the connections that the database has of it."""
HIDDEN = 6 * WRITING_SECONDS
"""Seconds until a message that was not done with comes again: what AWS advises."""
TRIES = 50
"""Times that a message is tried, HIDDEN apart: five hours, in which a database is restored."""
LATE = 900
"""Seconds after which an event that is not written down yet is worth a mail."""

_EVENTS, _WRITER, _INSTALLER, _STORE = "JobEvents", "JobEventsFunction", "JobStoreFunction", "JobStore"


@dataclass(frozen=True, slots=True)
class Store:
    """The database that the store is in. `resource` is RDS's own id of it, `secret` the ARN of its owner's."""

    engine: str
    host: Any
    port: Any
    name: Any
    resource: Any
    secret: Any


def job_events(place: Place, store: Store, *, alarms: Any) -> list[Any]:
    """Everything that brings the events of an environment's queues into its store. `alarms` is a topic."""
    return [
        *installing(place, store),
        *message_queue(
            _EVENTS,
            place.lab,
            f"{place.environment}-{WRITING}",
            key=place.logs_key,
            writer="events",
            source=regional("events", f"rule/{_rule_name(place)}"),
            hidden=HIDDEN,
            tries=TRIES,
        ),
        rule(place),
        *writing(place, store),
        *watched(place, alarms),
    ]


def inputs() -> tuple[Taken, ...]:
    """The parameters by which the stack is told where the functions' code is."""
    made = codes()
    return (code_of(_WRITER, made[WRITING]), code_of(_INSTALLER, made[INSTALLING]))


def codes() -> dict[str, Code]:
    """The code of both functions. One brings all that migrations take, the other only what writing takes."""
    migrating = ("sqlalchemy", "alembic", *DRIVERS.values())
    return {
        WRITING: code(WRITING, "stratolab.jobs.batch.handler.handler", *DRIVERS.values()),
        INSTALLING: code(
            INSTALLING,
            "stratolab.jobs.batch.installing.handler",
            *migrating,
            whole=("stratolab.jobs.stores.migrations",),
        ),
    }


def installing(place: Place, store: Store) -> list[Any]:
    """The function that makes and migrates the store's tables, and the deployment's call of it."""
    keys = (use_keys_through("secretsmanager"),) if place.secrets_key is not None else ()
    made = codes()[INSTALLING]
    return [
        *function(
            _INSTALLER,
            INSTALLING,
            f"Makes and migrates the tables of the job store of {place.environment}",
            place,
            made,
            may=(read_secret(store.secret), *keys),
            settings={
                **entering.variables(store.engine, store.host, store.port, store.name, store.secret),
                tokens.USER: USER,
            },
            seconds=INSTALLING_SECONDS,
            memory=512,
        ),
        called(
            _STORE,
            "JobStore",
            _INSTALLER,
            seconds=INSTALLING_SECONDS,
            Host=store.host,  # a new database has no tables
            Code=taken(code_of(_INSTALLER, made)),  # a new version may bring a migration
        ),
    ]


def rule(place: Place) -> Any:
    """The rule that puts events of the environment's queues, known by their names, into the queue of messages."""
    queues = Sub(
        "arn:${AWS::Partition}:batch:${AWS::Region}:${AWS::AccountId}:job-queue/"
        f"{place.lab}-{place.environment}-"
    )
    return Rule(
        f"{_EVENTS}Rule",
        Name=_rule_name(place),
        Description=f"What Batch tells of jobs of {place.environment}",
        EventPattern={
            "source": ["aws.batch"],
            "detail-type": list(KINDS),
            "detail": {"jobQueue": [{"prefix": queues}]},
        },
        State="ENABLED",
        Targets=[Target(Arn=GetAtt(_EVENTS, "Arn"), Id="queue")],
    )


def writing(place: Place, store: Store) -> list[Any]:
    """The function that writes events down, and what hands them to it once there are tables."""
    settings = {
        key: value
        for key, value in entering.variables(store.engine, store.host, store.port, store.name, "").items()
        if value != ""
    }
    keys = (use_keys_through("sqs"),) if place.logs_key is not None else ()
    return [
        *function(
            _WRITER,
            WRITING,
            f"Writes what Batch tells of jobs of {place.environment} into the job store",
            place,
            codes()[WRITING],
            may=(take_from(_EVENTS), enter_as(store.resource, USER), *keys),
            settings={**settings, tokens.USER: USER},
            seconds=WRITING_SECONDS,
        ),
        EventSourceMapping(
            f"{_EVENTS}Source",
            DependsOn=[_STORE, f"{_WRITER}Policy"],
            EventSourceArn=GetAtt(_EVENTS, "Arn"),
            FunctionName=Ref(_WRITER),
            BatchSize=AT_ONCE,
            MaximumBatchingWindowInSeconds=1,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            ScalingConfig=_Scaling(MaximumConcurrency=COPIES),
        ),
    ]


class _Scaling(ScalingConfig):  # type: ignore[misc] # troposphere ships no types
    """As CloudFormation has it. In troposphere, one that capacity providers have took its place."""

    props = {"MaximumConcurrency": (int, False)}  # noqa: RUF012 - troposphere's way


def enter_as(resource: Any, user: str) -> Statement:
    """Get into one database as one user."""
    where = Sub(
        f"arn:${{AWS::Partition}}:rds-db:${{AWS::Region}}:${{AWS::AccountId}}:dbuser:${{Resource}}/{user}",
        Resource=resource,
    )
    return allow("EnterDatabase", ["rds-db:connect"], where)


@dataclass(frozen=True, slots=True)
class Watched:
    """A number of a queue, from which on somebody is told."""

    name: str
    queue: str
    metric: str
    threshold: int
    about: str


WATCHED = (
    Watched(
        "lost",
        f"{_EVENTS}Lost",
        "ApproximateNumberOfMessagesVisible",
        1,
        "Events of jobs could not be written into the job store and wait among the dead letters",
    ),
    Watched(
        "late",
        _EVENTS,
        "ApproximateAgeOfOldestMessage",
        LATE,
        "Events of jobs have waited for a quarter of an hour: is the database there?",
    ),
)


def watched(place: Place, alarms: Any) -> list[Any]:
    """Alarms: an event was given up, or has waited long, as it does while the database is away."""
    return [
        Alarm(
            f"{_EVENTS}{one.name.capitalize()}Alarm",
            AlarmName=names.named("alarm", place.lab, f"{place.environment}-{WRITING}-{one.name}"),
            AlarmDescription=one.about,
            Namespace="AWS/SQS",
            MetricName=one.metric,
            Dimensions=[MetricDimension(Name="QueueName", Value=GetAtt(one.queue, "QueueName"))],
            Statistic="Maximum",
            Period=300,
            EvaluationPeriods=1,
            Threshold=one.threshold,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="notBreaching",
            AlarmActions=[alarms],
        )
        for one in WATCHED
    ]


def _rule_name(place: Place) -> str:
    return names.named("rule", place.lab, f"{place.environment}-{WRITING}")
