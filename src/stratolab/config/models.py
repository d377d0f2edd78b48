"""What may stand in `stratolab.toml`: one frozen model a table.

A field's description, default and example are what the JSON schema, the reference page and the hints of
findings are made of (`schema.py`, `wording.py`). Here stands what a type can say; what takes two fields or a
look at the world is in `checks.py`.
"""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from stratolab.config.fields import (
    SEED_MOST,
    Duration,
    Environment,
    Flag,
    FloatRange,
    GoalName,
    IntRange,
    Points,
    PrunerName,
    SamplerName,
    Size,
    Steps,
    Table,
    Texts,
    Value,
    Values,
)
from stratolab.config.images import ImageConfig


class ProjectTable(Table):
    """What the project is and where its work runs."""

    name: str = Field(
        description="The project's name: small letters, digits and single dashes, at most 40 characters.",
        examples=["world-series"],
    )
    lab: str = Field(
        "local",
        description='Where work runs: "local" is this machine, any other word the name of an AWS lab.',
        examples=["local"],
    )
    environment: Environment = Field(
        "dev",
        description="The environment of an AWS lab that the work belongs to. The local lab has only one.",
        examples=["dev"],
    )
    requirements: str | None = Field(
        None,
        description="The lock file of the project's packages: recorded with every job, installed in the image on AWS.",
        examples=["requirements.lock"],
    )


class LocalConfig(Table):
    """The local lab: what this machine offers."""

    cpus: float | None = Field(
        None,
        gt=0,
        le=4096,
        description="CPU slots that jobs share. Without it, all CPUs of the machine.",
        examples=[4],
    )
    store: str | None = Field(
        None,
        description=(
            "URL of the database of jobs and sweeps, without a password; without it, SQLite in `.stratolab`. "
            "The variable STRATOLAB_STORE goes before it, and may hold a password."
        ),
        examples=["postgresql://ana@db.example.com/lab"],
    )


class DatabaseConfig(Table):
    """A database that your code works with, by `stratolab.connect`. Without `url` and `secret`, SQLite in the lab."""

    url: str | None = Field(
        None, description="Its URL, without a password.", examples=["postgresql://ana@db.example.com/games"]
    )
    secret: str | None = Field(
        None, description="The secret with its password or its whole URL.", examples=["world-series/database"]
    )
    rotate: int | None = Field(
        None,
        ge=1,
        le=365,
        description="Days after which its secret is due to be exchanged: `stratolab secrets rotate --due` does it.",
        examples=[1],
    )
    password_length: int = Field(
        32, ge=16, le=41, description="Characters of a password that a rotation makes.", examples=[32]
    )
    canary: str | None = Field(
        None,
        description="A query that has to work with a new credential before anybody gets it.",
        examples=["SELECT count(*) FROM games"],
    )
    canary_command: str | None = Field(
        None,
        description="A program that has to end well with it; the variable STRATOLAB_CANARY holds the new secret.",
        examples=["python smoke.py"],
    )


class JobConfig(Table):
    """A command and what it may use."""

    command: str | Texts = Field(
        description=(
            "What to run. A text is split into words as a shell would, but no shell runs it; a list is taken as it "
            "is. Parameters are put in place of `{name}`, the others appended as `--name value`."
        ),
        examples=["python train.py", ["python", "train.py", "--depth={depth}"]],
    )
    cpus: float = Field(1.0, gt=0, le=1024, description="CPUs that the job takes up.", examples=[2])
    memory: Size | None = Field(
        None,
        description="Memory limit of the job with all its processes. Without it, none.",
        examples=["2GiB"],
    )
    timeout: Duration | None = Field(
        None,
        description="How long one attempt may run, in seconds or with a unit. Without it, as long as it takes.",
        examples=["30m"],
    )
    retries: int = Field(0, ge=0, le=9, description="How often a failed attempt is repeated.", examples=[1])
    env: dict[str, str] = Field(
        {},
        description="Environment variables, on top of those of whoever submits.",
        examples=[{"OMP_NUM_THREADS": "1"}],
    )
    secrets: dict[str, str] = Field(
        {},
        description="Environment variables whose values are secrets: each names its secret, and never holds its value.",
        examples=[{"DB_URL": "world-series/database"}],
    )
    queue: str | None = Field(
        None,
        description="The queue of an AWS lab. The local lab has none and passes it over.",
        examples=["small"],
    )
    data: Texts = Field(
        (),
        description="Files and folders that the work reads, relative to the project; their fingerprints are recorded.",
        examples=[["data/teams.csv"]],
    )
    folder: str | None = Field(
        None,
        description="Where the command runs, relative to the project. Without it, the project.",
        examples=["training"],
    )
    seed: int | None = Field(
        None, ge=0, le=SEED_MOST, description="Seed given to the job as STRATOLAB_SEED.", examples=[1903]
    )


class Dimension(Table):
    """One parameter of a space: a range of `int` or `float`, or a `choice` of values."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": ["int"]}, {"required": ["float"]}, {"required": ["choice"]}]
        }
    )

    int: IntRange | None = Field(
        None, description="Whole numbers from the first to the second, both included.", examples=[[2, 12]]
    )
    float: FloatRange | None = Field(
        None, description="Numbers from the first to the second.", examples=[[0.001, 0.3]]
    )
    choice: Values | None = Field(
        None, description="One of these texts, numbers or booleans.", examples=[["gbm", "forest"]]
    )
    log: Flag = Field(
        False,  # noqa: FBT003 - pydantic's way to give a default
        description="Whether the range is searched by orders of magnitude. The lower end must be above 0.",
        examples=[True],
    )
    steps: Steps | None = Field(
        None,
        description="How many values of a range a grid takes, both ends among them. A `float` in a grid needs it.",
        examples=[5],
    )
    when: dict[str, Value | Values] = Field(
        {},
        description="The parameter exists only while these others have this value, or one of these.",
        examples=[{"model": "gbm"}, {"model": ["gbm", "forest"]}],
    )


class StopConfig(Table):
    """When a sweep ends before it has made all its trials; whichever comes first."""

    hours: float | None = Field(None, gt=0, le=8784, description="Hours of wall time.", examples=[2])
    dollars: float | None = Field(
        None,
        gt=0,
        le=1e9,
        description="US dollars that its trials cost, or would have cost on AWS.",
        examples=[10],
    )
    patience: int | None = Field(
        None, ge=1, le=1_000_000, description="Trials in a row without a better value.", examples=[30]
    )
    gain: float | None = Field(
        None,
        ge=0,
        le=1e300,
        description="With patience: by how much a value must be better to count, in the metric's units.",
        examples=[0.001],
    )
    expected_gain: float | None = Field(
        None,
        gt=0,
        le=1e300,
        description="Stop when the sampler expects less than this from one more trial, in the metric's units. "
        'For `sampler = "gp"`, which is what `auto` mostly chooses.',
        examples=[0.001],
    )
    failures: int | None = Field(
        None,
        ge=0,
        le=1_000_000,
        description="Stop if so many trials failed and none succeeded. 5 if not given; 0 never stops.",
        examples=[0],
    )


class SweepConfig(Table):
    """A search over the parameters of a job."""

    job: str = Field(description="The job that each trial runs.", examples=["train"])
    metric: str = Field(
        description="The number that the job reports and the sweep improves.", examples=["log_loss"]
    )
    goal: GoalName = Field("minimize", description="Which way is better.", examples=["minimize"])
    trials: int | None = Field(
        None,
        ge=1,
        le=1_000_000,
        description="How many trials to make. Without it, until the space is used up or `stop` says so.",
        examples=[60],
    )
    parallel: int = Field(1, ge=1, le=10_000, description="How many trials run at a time.", examples=[2])
    sampler: SamplerName = Field(
        "auto",
        description="How points are chosen. `auto` decides by the space and the number of trials, and says why.",
        examples=["auto"],
    )
    cost_aware: bool = Field(
        default=False,
        description="Ask for the gain per second, and so per dollar: where trials differ in how long they take, cheap "
        'ones come first. For `sampler = "gp"`, which is what `auto` mostly chooses.',
        examples=[True],
    )
    seed: int | None = Field(
        None,
        ge=0,
        le=SEED_MOST,
        description="Seed of the sampler. Without it, a random one, which is recorded.",
        examples=[1903],
    )
    stop: StopConfig = Field(
        StopConfig.model_construct(),
        description="When to end early.",
        examples=[{"hours": 2, "patience": 30}],
    )
    prune: PrunerName | None = Field(
        None,
        description="Stop hopeless trials early. The job must report its metric with steps.",
        examples=["median"],
    )
    warm: Texts | None = Field(
        None,
        description="Python modules loaded once for all trials, so that each starts faster. Without it, trials of less "
        "than 0.25 s start from a Python that is already up; with `[]` none does.",
        examples=[["numpy"]],
    )
    space: dict[str, Dimension] = Field(
        {}, description="The parameters to search, by name.", examples=[{"depth": {"int": [2, 12]}}]
    )
    points: Points = Field(
        (),
        description='The points to try, in order, for `sampler = "list"`.',
        examples=[[{"depth": 3}, {"depth": 5}]],
    )
    fixed: dict[str, Value] = Field(
        {}, description="Parameters that every trial gets with the same value.", examples=[{"season": 2015}]
    )


class Instances(Table):
    """How many copies of a service run."""

    min: int = Field(1, ge=1, le=1000, description="At least so many.", examples=[1])
    max: int = Field(1, ge=1, le=1000, description="At most so many.", examples=[4])
    cpu_target: int = Field(
        60, ge=1, le=100, description="Per cent of CPU at which another copy is started.", examples=[60]
    )


class ServiceConfig(Table):
    """A registered model behind REST and a login page."""

    model: str = Field(
        description="The model and its alias, as `name@alias`.", examples=["world-series@champion"]
    )
    sample: dict[str, Any] = Field(
        {},
        description="A payload that the service must answer, for tests and its page.",
        examples=[{"year": 2015}],
    )
    instances: Instances = Field(
        Instances.model_construct(),
        description="How many copies run.",
        examples=[{"min": 1, "max": 4, "cpu_target": 60}],
    )
    access: Texts = Field(
        (),
        description="Address ranges that may reach it. Without any, only this machine.",
        examples=[["203.0.113.0/24"]],
    )


class ScheduleConfig(Table):
    """When a job runs by itself."""

    job: str = Field(description="The job to run.", examples=["train"])
    cron: str = Field(
        description="Minute, hour, day of month, month, day of week, as in crontab.", examples=["0 6 * * MON"]
    )
    timezone: str = Field(
        "UTC", description="The time zone that the hours are in.", examples=["Europe/Paris"]
    )


class ProjectConfig(Table):
    """A project's `stratolab.toml`. Only `[project]` with its `name` is needed."""

    project: ProjectTable = Field(
        description="The project itself: its name, and its lab.", examples=[{"name": "world-series"}]
    )
    image: ImageConfig = Field(
        ImageConfig.model_construct(),
        description="The image of its jobs in a lab in AWS.",
        examples=[{"python": "3.12", "hook": "hook.sh"}],
    )
    local: LocalConfig = Field(
        LocalConfig.model_construct(), description="The local lab.", examples=[{"cpus": 4}]
    )
    databases: dict[str, DatabaseConfig] = Field(
        {}, description='Databases by name. "default" is always there.', examples=[{"default": {}}]
    )
    jobs: dict[str, JobConfig] = Field(
        {}, description="Jobs by name: `[jobs.train]`.", examples=[{"train": {"command": "python train.py"}}]
    )
    sweeps: dict[str, SweepConfig] = Field(
        {},
        description="Sweeps by name: `[sweeps.tune]`.",
        examples=[{"tune": {"job": "train", "metric": "log_loss", "space": {"depth": {"int": [2, 12]}}}}],
    )
    services: dict[str, ServiceConfig] = Field(
        {},
        description="Services by name: `[services.predictor]`.",
        examples=[{"predictor": {"model": "world-series@champion"}}],
    )
    schedules: dict[str, ScheduleConfig] = Field(
        {},
        description="Schedules by name: `[schedules.retrain]`.",
        examples=[{"retrain": {"job": "train", "cron": "0 6 * * MON"}}],
    )
