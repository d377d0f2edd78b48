"""A lab in an AWS account, as its owner sees it: `lab.toml`, the stacks that follow from it, and the account.

Nothing is asked of AWS before it is needed, so that a plan without an account needs none. The first question is always
who we are: credentials of another account, or another region than the lab's, are refused before anything is sent.
"""

from __future__ import annotations

import getpass
import os
import socket
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from stratolab.core.errors import InputError, RefusedError
from stratolab.core.names import new_id
from stratolab.lab.deployed import DeployedLab, need

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stratolab.aws.clients import Clients
    from stratolab.aws.identity import Caller
    from stratolab.aws.linked import LinkedRoles
    from stratolab.aws.networks import Networks
    from stratolab.aws.stacks import Stack as Deployed
    from stratolab.config.labs.models import LabConfig
    from stratolab.cost.rates import Rates
    from stratolab.deploy.models import Event, Left, Outputs, Plan, StackPlan
    from stratolab.deploy.preflight import Outlook
    from stratolab.deploy.tools import Tools
    from stratolab.infra.catalogue import Stack

CONFIG = "lab.toml"
_FEW_ATTEMPTS = 3


class AwsLab:
    """A lab in an account, by the file that describes it."""

    def __init__(self, file: Path, *, patient: bool = True) -> None:
        self.file = file
        self._patient = patient

    @classmethod
    def around(cls, start: Path | None = None, *, patient: bool = True) -> AwsLab:
        """The lab of the nearest `lab.toml` upwards. Raises `InputError` if there is none.

        One that is not `patient` does not wait for a network that is not there: for what only looks.
        """
        start = (start or Path.cwd()).absolute()
        for folder in (start, *start.parents):
            if (folder / CONFIG).is_file():
                return cls(folder / CONFIG, patient=patient)
        raise InputError(f"there is no {CONFIG} in {start} or above it", hint="stratolab lab init")

    @cached_property
    def config(self) -> LabConfig:
        """The configuration, checked. Raises `InputError` with every finding."""
        from stratolab.config.labs.load import load_lab

        return load_lab(self.file)

    @property
    def name(self) -> str:
        """The lab's name."""
        return self.config.lab.name

    @property
    def region(self) -> str:
        """Where the lab is."""
        return self.config.lab.region

    @cached_property
    def stacks(self) -> tuple[Stack, ...]:
        """Every stack that the configuration wants, in the order of their making."""
        need("troposphere")
        from stratolab.infra.catalogue import stacks
        from stratolab.lab.setup_scripts import setup_scripts

        return stacks(self.config, scripts=setup_scripts(self.config, self.file.parent))

    def chosen(self, keys: Sequence[str]) -> list[Stack]:
        """The stacks of these keys (all of them for none), in the order of their making.

        A concern without its environment (`network`) means that of every environment. Raises `InputError`.
        """
        from stratolab.core.names import did_you_mean

        known = {stack.key for stack in self.stacks} | {stack.concern for stack in self.stacks}
        for key in keys:
            if key not in known:
                raise InputError(
                    f"this lab has no stack {key!r}", doing="choosing stacks", hint=did_you_mean(key, known)
                )
        wanted = set(keys)
        return [stack for stack in self.stacks if not wanted or wanted & {stack.key, stack.concern}]

    # -- the account -----------------------------------------------------------------------------

    @cached_property
    def clients(self) -> Clients:
        """boto3's clients for the lab's region, with the credentials of this shell."""
        need("boto3")
        from stratolab.aws.clients import ATTEMPTS, Clients

        return Clients(self.region, attempts=ATTEMPTS if self._patient else _FEW_ATTEMPTS)

    @cached_property
    def caller(self) -> Caller:
        """Who we are. Raises `CredentialsError`, and `RefusedError` for an account that is not the lab's."""
        from stratolab.aws.identity import Identity

        caller = Identity(self.clients.of("sts")).caller()
        wanted = self.config.lab.account
        if wanted and caller.account != wanted:
            raise RefusedError(
                f"these credentials are of account {caller.account}, the lab is in {wanted}",
                doing=f"working on the lab {self.name}",
                hint="choose other credentials: AWS_PROFILE=NAME stratolab ...",
            )
        return caller

    @cached_property
    def deployed(self) -> DeployedLab:
        """The lab as it stands in the account, which is checked to be the lab's."""
        self.caller  # noqa: B018 - raises for another account
        known = {name: one.database for name, one in self.config.environments.items()}
        databases = {str(name): one.recovery for name, one in known.items() if one is not None}
        return DeployedLab(self.name, self.region, recovery=self.config.secrets.recovery, databases=databases)

    def tools(self, tell: Callable[[Event], None] = lambda event: None) -> Tools:  # noqa: ARG005
        """What planning and deploying use, with the account's credentials checked."""
        from stratolab.aws.cloudformation import CloudFormation
        from stratolab.aws.databases import Databases
        from stratolab.aws.existing import Existing
        from stratolab.aws.s3 import Objects
        from stratolab.config.labs.regions import regions_of
        from stratolab.deploy.tools import Tools

        account = self.caller.account
        home, *elsewhere = [
            CloudFormation(self.clients.of("cloudformation", region=region))
            for region in regions_of(self.region)
        ]
        objects, databases = Objects(self.clients.of("s3"), account), Databases(self.clients.of("rds"))
        existing = Existing(self.clients.of)
        return Tools(home, objects, databases, existing, tell, elsewhere=tuple(elsewhere))

    # -- deploying -------------------------------------------------------------------------------

    def plan(self, keys: Sequence[str] = (), *, offline: bool = False) -> Plan:
        """What `up` would do: in the account, or in an empty one if `offline`."""
        from stratolab.deploy import planner

        stacks = self.chosen(keys)
        if offline:
            return planner.offline(self.name, self.region, stacks)
        return planner.plan(
            self.name,
            self.region,
            self.caller.account,
            stacks,
            self.tools(),
            whole=not keys,
            outputs=self.outputs([stack for stack in self.stacks if stack not in stacks]) if keys else {},
        )

    def outlook(self, plan: Plan, keys: Sequence[str] = ()) -> Outlook:
        """What stands in the way of a plan for these stacks in the account, and what is to be made first."""
        from stratolab.aws.databases import Databases
        from stratolab.aws.people import People
        from stratolab.aws.quotas import Quotas
        from stratolab.deploy import preflight
        from stratolab.deploy.allowances import Source

        if plan.quiet:
            return preflight.UNSEEN
        source = Source(
            quotas=Quotas(self.clients.of("service-quotas")),
            networks=self.networks(),
            people=People(self.clients.of("iam")),
            databases=Databases(self.clients.of("rds")),
            region=self.region,
        )
        return preflight.examine(plan, self.chosen(keys), self.config, source, self.linked_roles())

    def networks(self, region: str = "") -> Networks:
        """Networks of the lab's region, or of another one."""
        from stratolab.aws.networks import Networks

        return Networks(self.clients.of("ec2", region=region))

    def linked_roles(self) -> LinkedRoles:
        """The account's service-linked roles."""
        from stratolab.aws.linked import LinkedRoles

        return LinkedRoles(self.clients.of("iam"))

    @property
    def prices_file(self) -> Path:
        """Where prices are kept that were read from AWS's price list."""
        from stratolab.cost.rates import FILE

        return self.file.with_name(FILE)

    @cached_property
    def rates(self) -> Rates:
        """Unit prices for the lab's region. Raises `InputError` for a damaged file of them."""
        from stratolab.cost.rates import read

        return read(self.prices_file, self.region)

    def template(self, stack: StackPlan) -> str:
        """The template that a stack of a plan has now."""
        return self.tools().at(stack.region).template(stack.name)

    def outputs(self, stacks: Sequence[Stack] | None = None) -> Outputs:
        """The outputs of the stacks that are there, by the stack's key."""
        tools = self.tools()
        found = {stack.key: tools.at(stack.region).find(stack.name) for stack in stacks or self.stacks}
        return {key: there.outputs for key, there in found.items() if there and there.outputs}

    def stands(self, stack: Stack) -> bool:
        """Whether there is such a stack that is more than a name."""
        from stratolab.deploy.states import Step, case

        there = self.tools().at(stack.region).find(stack.name)
        return there is not None and case(there.status).up is not Step.CREATE

    def status(self) -> list[tuple[str, str, bool, Deployed | None]]:
        """Every stack that is wanted or there: its key, its name, whether it is wanted, how it stands."""
        from stratolab.infra import tags

        there = {
            one.name: one for cloud in self.tools().clouds for one in cloud.stacks({tags.LAB: self.name})
        }
        wanted = [(stack.key, stack.name, True, there.pop(stack.name, None)) for stack in self.stacks]
        return [*wanted, *((name, name, False, one) for name, one in there.items())]

    def way_back(self, stacks: Sequence[str] = ()) -> Plan:
        """What `down` would do, to all stacks or to those of these keys or names; nothing to those that are gone."""
        from dataclasses import replace

        from stratolab.core.names import did_you_mean
        from stratolab.deploy import teardown

        plan = teardown.plan(self.name, self.region, self.caller.account, self.tools())
        keys = {stack.name: stack.key for stack in self.stacks}
        known = {*keys, *keys.values(), *(one.name for one in plan.stacks)}
        for name in stacks:
            if name not in known:
                raise InputError(
                    f"there is no stack {name!r} of this lab", doing="down", hint=did_you_mean(name, known)
                )
        chosen = [one for one in plan.stacks if not stacks or {one.name, keys.get(one.name)} & set(stacks)]
        return replace(plan, stacks=tuple(chosen))

    def left(self, kept: Sequence[Left] = ()) -> list[Left]:
        """What is left of the lab: what its stacks have just `kept`, and whatever else bears its tag.

        Raises `DeniedError` if one may not look.
        """
        from stratolab.aws.tagged import Tagged
        from stratolab.config.labs.regions import regions_of
        from stratolab.deploy import inventory

        looked = (
            Tagged(self.clients.of("resourcegroupstaggingapi", region=region))
            for region in regions_of(self.region)
        )
        return inventory.left_of(self.name, kept, looked)

    def applying(self) -> str:
        """Who applies to this lab just now; empty if nobody does."""
        import time

        from stratolab.deploy import lease

        bucket = self._code_bucket()
        found = lease.held(self.tools().objects, bucket) if bucket else None
        return found[0].holder if found and not found[0].over(time.time()) else ""

    def alone(self, doing: str) -> AbstractContextManager[None]:
        """Inside of it nobody else applies to this lab; without a bucket yet, CloudFormation sees to that."""
        import time

        from stratolab.deploy import lease

        bucket = self._code_bucket()
        if not bucket:
            return nullcontext()
        return lease.alone(
            self.tools().objects, bucket, holder=_holder(), token=new_id(), doing=doing, clock=time.time
        )

    def _code_bucket(self) -> str:
        """The bucket of templates, empty while there is none."""
        from stratolab.infra.stacks.foundation import CODE_BUCKET

        foundation = next(stack for stack in self.stacks if stack.concern == CODE_BUCKET.concern)
        there = self.tools().cloud.find(foundation.name)
        return there.outputs.get(CODE_BUCKET.name, "") if there else ""


def _holder() -> str:
    """Who we are to a colleague: `ana@laptop, process 4711`."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "someone"
    return f"{user}@{socket.gethostname()}, process {os.getpid()}"
