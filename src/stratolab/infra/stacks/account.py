"""Account: who may do what, and who is told of it. Groups, policies, people, audit trail, watches.

What deployers may do follows from what the lab's other stacks are made of, so this module is given that.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from troposphere import GetAtt, Ref

from stratolab.config.labs.regions import budgets_region
from stratolab.infra import segments
from stratolab.infra.arns import regional
from stratolab.infra.blocks.ip_sets import ip_set
from stratolab.infra.blocks.topics import topic
from stratolab.infra.body import Body, all_resources
from stratolab.infra.parts import audit, deployers, operators, people
from stratolab.infra.parts.everyone import everyones
from stratolab.infra.parts.general_roles import use_keys_through
from stratolab.infra.parts.packing import packed
from stratolab.infra.parts.scientists import members, scientists
from stratolab.infra.parts.watching import watching
from stratolab.infra.segments import Made, Segment, made_of, of_segment
from stratolab.infra.stacks import foundation
from stratolab.infra.values import Output, taken

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stratolab.config.labs.models import LabConfig
    from stratolab.infra.permissions import Permissions
    from stratolab.infra.values import Taken

ALARMS = Output("account", "Alarms", "ARN of the topic of alarms and findings", published="topics/alarms")
SPENDING = Output(
    "account", "Spending", "ARN of the topic of budgets, for programs", published="topics/spending"
)
PEOPLE_IP_SET = Output(
    "account", "PeopleIpSet", "ARN of the firewall's set of people's addresses", published="waf/people"
)
PEOPLE_IP_SET_V6 = Output(
    "account", "PeopleIpSetV6", "ARN of the set of their addresses of version 6", published="waf/people-v6"
)
TRAIL = Output("account", "TrailArn", "ARN of the audit trail", published="audit/trail")


def build(lab: LabConfig, made: Mapping[str, Made], table: Permissions) -> Body:
    """The stack for this lab. `made` says by concern what the other stacks are made of."""
    watched = [*topics(lab), *trail(lab), *findings(lab), *ip_sets(lab)]
    persons = [
        *everybody(lab),
        *data_scientists(lab),
        *projects(lab),
        *people.people(lab.lab.name, lab.people),
    ]
    without_staff = Body(
        about=f"stratolab {lab.lab.name}: people and audit",
        inputs=inputs(lab),
        resources=(*watched, *persons),
        outputs=outputs(lab),
    )
    own = made_of(all_resources(without_staff, lab.lab.name))
    return replace(
        without_staff, resources=(*watched, *persons, *staff(lab, {**made, "account": own}, table))
    )


def outputs(lab: LabConfig) -> dict[Output, Any]:
    """The topic to write to, sets of addresses to let in, the trail."""
    return {
        ALARMS: Ref("Alarms"),
        PEOPLE_IP_SET: GetAtt("PeopleIpSet", "Arn"),
        **({PEOPLE_IP_SET_V6: GetAtt("PeopleIpSetV6", "Arn")} if _addresses(lab, version=6) else {}),
        **({TRAIL: GetAtt("Trail", "Arn")} if lab.security.trail else {}),
    }


def inputs(lab: LabConfig) -> tuple[Taken, ...]:
    """Buckets that people work with and that the trail writes to, the boundary of its role, the key of logs."""
    of_trail = (foundation.AUDIT_BUCKET, foundation.BOUNDARY) if lab.security.trail else ()
    keys = (foundation.LOGS_KEY,) if foundation.has_keys(lab) else ()
    builds = (foundation.DELIVERY_BUCKET,) if projects(lab) else ()
    work = (
        foundation.CODE_BUCKET,
        foundation.DATA_BUCKET,
        foundation.ARTIFACTS_BUCKET,
        foundation.MODELS_BUCKET,
    )
    return (*work, *builds, *of_trail, *keys)


# -- notices ----------------------------------------------------------------------------------------


def topics(lab: LabConfig) -> list[Any]:
    """Alarms and findings, which go to people by mail."""
    name = lab.lab.name
    writers = {
        "cloudwatch": regional("cloudwatch", f"alarm:{name}-*"),
        "events": regional("events", f"rule/{name}-*"),
    }
    return topic(
        "Alarms", name, "alarms", f"{name} alarms", key=_key(lab), writers=writers, mail=lab.budget.mail
    )


def _key(lab: LabConfig) -> Any | None:
    return taken(foundation.LOGS_KEY) if foundation.has_keys(lab) else None


# -- audit ------------------------------------------------------------------------------------------


def trail(lab: LabConfig) -> list[Any]:
    """The trail and the alarms on it; by option also who reads and writes objects in the lab's buckets."""
    if not lab.security.trail:
        return []
    kept = (foundation.DATA_BUCKET, foundation.ARTIFACTS_BUCKET, foundation.MODELS_BUCKET)
    recorded = [taken(one) for one in kept] if lab.security.data_events else []
    made = audit.trail(
        lab,
        audit_bucket=taken(foundation.AUDIT_BUCKET),
        key=_key(lab),
        boundary=taken(foundation.BOUNDARY),
        watched_buckets=recorded,
    )
    return [*made, *audit.alarms(lab.lab.name, "Alarms")]


def findings(lab: LabConfig) -> list[Any]:
    """Threat detection, analyzer and hub, as the options say."""
    return watching(lab.lab.name, lab.security, "Alarms")


def ip_sets(lab: LabConfig) -> list[Any]:
    """People's addresses for the firewall, by version: a set holds one of the two."""
    name, about = lab.lab.name, f"Addresses of people of {lab.lab.name}"
    four, six = _addresses(lab, version=4), _addresses(lab, version=6)
    made = [ip_set("PeopleIpSet", name, "people", about=about, addresses=four)]
    if six:
        made.append(ip_set("PeopleIpSetV6", name, "people-v6", about=about, addresses=six, version="IPV6"))
    return made


def _addresses(lab: LabConfig, *, version: int) -> list[str]:
    return [address for address in lab.access.addresses if (":" in address) == (version == 6)]


# -- people -----------------------------------------------------------------------------------------


def everybody(lab: LabConfig) -> list[Any]:
    """The group that everybody is in, with the guard that wants a second factor."""
    statements = everyones(lab.lab.name, access_keys=lab.access.access_keys)
    return _shell(lab, people.EVERYONE, statements)


def data_scientists(lab: LabConfig) -> list[Any]:
    """The group of data scientists."""
    statements = scientists(
        lab.lab.name,
        data=taken(foundation.DATA_BUCKET),
        artifacts=taken(foundation.ARTIFACTS_BUCKET),
        models=taken(foundation.MODELS_BUCKET),
        encrypted=foundation.has_keys(lab),
    )
    return _shell(lab, "data-scientists", statements)


def projects(lab: LabConfig) -> list[Any]:
    """A group for each project of the lab, and for each that somebody is a member of."""
    name, delivery = lab.lab.name, taken(foundation.DELIVERY_BUCKET)
    return [
        part
        for project in sorted({*lab.projects, *people.projects(lab.people)})
        for part in _shell(lab, people.project_group(project), members(name, project, delivery=delivery))
    ]


def staff(lab: LabConfig, made: Mapping[str, Made], table: Permissions) -> list[Any]:
    """The groups of operators by segment, and of admins, who may do what any of them may and what the owner does.

    Admins have policies of their own for it: what the segments share stands in them once, since a group takes ten.
    """
    operators_ = [
        part
        for segment in segments.OPERATORS
        for part in _shell(lab, segment.group, _statements(lab, segment, [segment], made, table))
    ]
    everything = segments.everything()
    of_all = _statements(lab, everything, [segments.OWNER, *segments.OPERATORS], made, table)
    daily = [one for segment in segments.OPERATORS for one in operators.daily(lab.lab.name, segment)]
    return [*operators_, *_shell(lab, everything.group, _once([*of_all, *daily]))]


def _once(statements: list[Any]) -> list[Any]:
    """Each statement once: some segments let their people do the same."""
    return [one for number, one in enumerate(statements) if one not in statements[:number]]


def _statements(
    lab: LabConfig,
    segment: Segment,
    parts: Sequence[Segment],
    made: Mapping[str, Made],
    table: Permissions,
) -> list[Any]:
    """What the people of a segment may do. It is made of `parts`, each of which brings the calls of its own types."""
    name, owner = lab.lab.name, segment.group == segments.OWNER.group
    billing = budgets_region(lab.lab.region)
    elsewhere = billing if billing != lab.lab.region else None
    of_parts = [of_segment(part, made) for part in parts]
    return [
        *deployers.deploy(
            name,
            segment,
            sorted({call for one in of_parts for call in table.calls(one.types)}),
            trusted=sorted({service for one in of_parts for service in one.trusted}),
            within=deployers.reach(name, people=owner, also_in=elsewhere if owner else None),
            code=taken(foundation.CODE_BUCKET),
        ),
        *operators.daily(name, segments.OWNER if owner else segment),
        *([use_keys_through("s3")] if foundation.has_keys(lab) else []),
        deployers.never_take_on_service_roles(name),
    ]


def _shell(lab: LabConfig, name: str, statements: list[Any]) -> list[Any]:
    """A group with its policies beside it."""
    policies = _policies(lab, name, statements)
    return [*policies, people.group(lab.lab.name, name, [Ref(one) for one in policies])]


def _policies(lab: LabConfig, name: str, statements: list[Any]) -> list[Any]:
    return packed(f"{''.join(map(str.capitalize, name.split('-')))}Policy", lab.lab.name, name, statements)
