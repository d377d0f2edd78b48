"""What types cannot see in a `lab.toml`: names and their lengths, references between tables, people, money.

Every check reads the tables as TOML gave them, with the profile's defaults put in, and passes over values of a wrong
type, so that one run finds all. The larger tables have modules of their own.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from stratolab.config.addresses import address_problems
from stratolab.config.labs.check_databases import database_problems
from stratolab.config.labs.check_images import image_problems
from stratolab.config.labs.check_networks import network_problems
from stratolab.config.labs.check_projects import project_problems
from stratolab.config.labs.check_queues import queue_problems
from stratolab.config.labs.check_tracking import tracking_problems
from stratolab.config.labs.profiles import completed
from stratolab.config.labs.regions import REGION, ZONES, budgets_region
from stratolab.config.problems import Problem, clipped, name_problem, number, table, tables, warning
from stratolab.config.texts import text_problems
from stratolab.core.names import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stratolab.config.problems import Path

LAB_NAME_LIMIT = 20
"""Characters. The shortest physical name that a lab's name begins is a load balancer's, of 32."""
DOMAIN_LIMIT = 58
"""Characters. The first name of a certificate has 64, and `stage.` stands before the domain."""
ALERT_MOST = 1000
"""Per cent of a month's budget."""
ALERTS = 5
MAILS = 10
"""What a budget and a notification of it take. https://docs.aws.amazon.com/aws-cost-management/latest/APIReference"""
PEOPLE, PROJECTS = 200, 50
"""What one stack can hold: CloudFormation takes 500 resources, and IAM 300 groups in an account."""
ADDRESSES = 50
"""Address ranges of people: a security group takes 60 rules."""
USER_GROUPS = 10
"""Groups that an IAM user may be in."""

_ACCOUNT = re.compile(r"[0-9]{12}")
_ALIAS = re.compile(r"[a-z0-9](?:[a-z0-9]|-(?!-)){1,61}[a-z0-9]")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_ZONE_ID = re.compile(r"Z[A-Z0-9]{5,31}")
_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_PERSON = re.compile(r"[A-Za-z0-9+=,.@_-]{1,64}")
_TAG_KEY = re.compile(r"[A-Za-z0-9 _.:/=+@-]{1,128}")
_TAG_VALUE = re.compile(r"[A-Za-z0-9 _.:/=+@-]{0,256}")
_OWNER = re.compile(r"[A-Za-z0-9 _.:/=+@-]{1,64}")  # shorter than a tag may be: it stands at every resource
_TAGS = 30  # of the 50 that AWS takes; the rest is for us and for AWS itself
_SLIP = 0.85  # how alike two regions are of which one is a slip of the pen
_OURS = ("aws:", "stratolab:")


def problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Everything that the checks object to in the tables of a `lab.toml`.

    Never raises, whatever the tables hold, if they are not deeper than `texts.DEPTH_LIMIT`.
    """
    yield from text_problems(raw, instead="keep it out of the file")
    whole = completed(dict(raw))
    yield from _lab_problems(table(whole.get("lab")))
    yield from _budget_problems(table(whole.get("budget")), table(whole.get("lab")).get("region"))
    yield from _access_problems(("access", "addresses"), table(whole.get("access")).get("addresses"))
    yield from _crowd_problems(table(whole.get("people")), table(whole.get("projects")))
    for name in table(whole.get("people")):
        yield from _name_of_person(("people", name), name)
    for name, person in tables(whole.get("people")):
        yield from _person_problems(("people", name), person)
    yield from project_problems(whole)
    yield from network_problems(whole, raw)
    for name, environment in tables(whole.get("environments")):
        path = ("environments", name, "database")
        yield from database_problems(path, environment.get("database"), whole, environment=name)
    yield from queue_problems(whole)
    yield from image_problems(whole)
    yield from tracking_problems(whole)


# -- the lab ----------------------------------------------------------------------------------------


def _lab_problems(lab: Mapping[str, Any]) -> Iterator[Problem]:
    name = lab.get("name")
    if isinstance(name, str):
        yield from _lab_name_problems(name)
    if isinstance(lab.get("region"), str):
        yield from _region_problems(lab["region"])
    account = lab.get("account")
    if isinstance(account, str) and not _ACCOUNT.fullmatch(account):
        yield Problem(("lab", "account"), f'"{clipped(account)}" is no account: 12 digits, in quotes')
    alias = lab.get("alias")
    if isinstance(alias, str) and (not _ALIAS.fullmatch(alias) or alias.isdigit()):
        told = "3 to 63 small letters, digits and single dashes, and not digits alone"
        yield Problem(("lab", "alias"), f'"{clipped(alias)}" cannot be an account\'s name: {told}')
    yield from _domain_problems(lab)
    if isinstance(lab.get("owner"), str) and not _OWNER.fullmatch(lab["owner"]):
        yield Problem(
            ("lab", "owner"), "may hold letters, digits, spaces and _ . : / = + @ -, from one to 64"
        )
    yield from _tag_problems(("lab", "tags"), table(lab.get("tags")))


def _lab_name_problems(name: str) -> Iterator[Problem]:
    found = list(name_problem(("lab", "name"), name, "lab"))
    yield from found
    if name == "local":
        yield Problem(("lab", "name"), '"local" is the lab on this machine', "choose another name")
    elif not found and len(name) > LAB_NAME_LIMIT:
        told = f"the name of a lab has at most {LAB_NAME_LIMIT} characters, not {len(name)}"
        yield Problem(("lab", "name"), told, f"for example: {name[:LAB_NAME_LIMIT].rstrip('-')}")


def _region_problems(region: str) -> Iterator[Problem]:
    if region in ZONES:
        return
    near = nearest(region, ZONES) if len(region) <= 40 else ""
    newer = region[:-1] in {known[:-1] for known in ZONES}
    slip = SequenceMatcher(None, region, near).ratio() > _SLIP
    if REGION.fullmatch(region) and (newer or not slip):
        yield warning(
            ("lab", "region"), "is a region that this version does not know", "for example: eu-west-1"
        )
    else:
        hint = f"did you mean {near!r}?" if near else "for example: eu-west-1"
        yield Problem(("lab", "region"), f'there is no region "{clipped(region)}"', hint)


def _domain_problems(lab: Mapping[str, Any]) -> Iterator[Problem]:
    domain = lab.get("domain")
    if isinstance(domain, str):
        if not is_domain(domain):
            told = f'"{clipped(domain)}" is no domain'
            yield Problem(("lab", "domain"), told, "in small letters, for example: lab.example.com")
        elif len(domain) > DOMAIN_LIMIT:
            told = f"is a domain of {len(domain)} characters; certificates take at most {DOMAIN_LIMIT} here"
            yield Problem(("lab", "domain"), told)
    zone = lab.get("zone")
    if isinstance(zone, str) and not _ZONE_ID.fullmatch(zone):
        yield Problem(("lab", "zone"), f'"{clipped(zone)}" is no id of a zone', "it begins with Z")
    for key in ("zone", "delegated"):
        if domain is None and lab.get(key):
            yield Problem(("lab", key), "has no meaning without a domain", 'domain = "lab.example.com"')


def is_domain(text: str) -> bool:
    """Whether a text is a name of two words or more in the DNS, in small letters."""
    labels = text.split(".") if len(text) <= 253 else []
    return len(labels) >= 2 and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdigit()


def _tag_problems(path: Path, tags: Mapping[str, Any]) -> Iterator[Problem]:
    if len(tags) > _TAGS:
        yield Problem(
            path, f"holds {len(tags)} tags; at most {_TAGS} leave room for stratolab's and AWS's own"
        )
    for key, value in tags.items():
        if not _TAG_KEY.fullmatch(key):
            yield Problem(
                (*path, key),
                "the key of a tag holds letters, digits, spaces and _ . : / = + @ -, at most 128",
            )
        elif key.lower().startswith(_OURS):
            yield Problem((*path, key), f"tags that begin with {' or '.join(_OURS)} are not yours to set")
        if isinstance(value, str) and not _TAG_VALUE.fullmatch(value):
            yield Problem(
                (*path, key), "a tag holds letters, digits, spaces and _ . : / = + @ -, at most 256"
            )


# -- money and access -------------------------------------------------------------------------------


def _budget_problems(budget: Mapping[str, Any], region: object) -> Iterator[Problem]:
    if isinstance(region, str) and region in ZONES and budgets_region(region) is None:
        told = f"{region} has no budgets: its bill is another account's"
        yield warning(("budget",), told, "set budgets in the account that pays")
    alerts = budget.get("alerts")
    levels = [level for level in alerts if type(level) is int] if isinstance(alerts, list) else []
    for index, level in enumerate(alerts if isinstance(alerts, list) else ()):
        if type(level) is int and not 1 <= level <= ALERT_MOST:
            yield Problem(
                ("budget", "alerts", index),
                f"must be at least 1 and at most 1,000 per cent, not {number(level)}",
            )
    if alerts == []:
        yield Problem(
            ("budget", "alerts"), "names no level at which a mail is sent", "alerts = [50, 80, 100]"
        )
    rising = sorted({level for level in levels if 1 <= level <= ALERT_MOST})
    if len(rising) == len(set(levels)) and levels != rising:
        yield Problem(("budget", "alerts"), "must rise, each level once", f"alerts = {rising[:ALERTS]}")
    if len(levels) > ALERTS:
        yield Problem(("budget", "alerts"), f"holds {len(levels)} levels; a budget of AWS takes {ALERTS}")
    mail = budget.get("mail", [])
    yield from _mail_problems(("budget", "mail"), mail)
    if mail == []:
        yield warning(
            ("budget", "mail"),
            "is empty, so that nobody is told what it costs",
            'mail = ["owner@example.com"]',
        )


def _mail_problems(path: Path, mails: object) -> Iterator[Problem]:
    if not isinstance(mails, list):
        return
    if len(mails) > MAILS:
        yield Problem(path, f"holds {len(mails)} addresses; a budget of AWS takes {MAILS}")
    for index, mail in enumerate(mails):
        if isinstance(mail, str):
            yield from _address_of_mail((*path, index), mail)
            if mail in mails[:index]:
                yield Problem((*path, index), f'"{clipped(mail)}" is there twice')


def _address_of_mail(path: Path, mail: object) -> Iterator[Problem]:
    if isinstance(mail, str) and (len(mail) > 254 or not _MAIL.fullmatch(mail)):
        yield Problem(path, f'"{clipped(mail)}" is no address for mail', 'for example: "owner@example.com"')


def _access_problems(path: Path, entries: object) -> Iterator[Problem]:
    """Address ranges, none of which may be everybody's: the firewall takes no such range."""
    if not isinstance(entries, list):
        return
    if len(entries) > ADDRESSES:
        yield Problem(
            path, f"holds {len(entries)} ranges; a security group takes {ADDRESSES}", "use wider ranges"
        )
    for problem in address_problems(path, entries):
        everybody = "everybody" in problem.message
        yield Problem(problem.path, problem.message, problem.hint) if everybody else problem


# -- people -----------------------------------------------------------------------------------------


def _crowd_problems(people: Mapping[str, Any], own: Mapping[str, Any]) -> Iterator[Problem]:
    """More people or projects than one stack can hold."""
    projects = {
        project
        for _, person in tables(people)
        for project in (person["projects"] if isinstance(person.get("projects"), list) else ())
        if isinstance(project, str)
    } | set(own)
    for count, most, what in (
        (len(people), PEOPLE, "people"),
        (len(projects), PROJECTS, "projects"),
    ):
        if count > most:
            yield Problem(
                ("people",), f"holds {count} {what}; a lab takes {most}", "use AWS's Identity Center for more"
            )
    lower = [name.lower() for name in people]
    for index, name in enumerate(people):
        if name.lower() in lower[:index]:
            yield Problem(
                ("people", name), "differs from another name by capital letters only, which AWS does not see"
            )


def _name_of_person(path: Path, name: str) -> Iterator[Problem]:
    if not _PERSON.fullmatch(name):
        told = f'"{clipped(name)}" is no name to sign in with: letters, digits and + = , . @ _ -, at most 64'
        yield Problem(path, told)


def _person_problems(path: Path, person: Mapping[str, Any]) -> Iterator[Problem]:
    groups, projects = person.get("groups", []), person.get("projects", [])
    if groups == [] and projects == []:
        yield warning(path, "is in no group and may do nothing", 'groups = ["data-scientists"]')
    for key, names in (("groups", groups), ("projects", projects)):
        for index, name in enumerate(names if isinstance(names, list) else ()):
            if name in names[:index]:
                yield Problem((*path, key, index), f'"{clipped(str(name))}" is there twice')
    for index, project in enumerate(projects if isinstance(projects, list) else ()):
        if isinstance(project, str):
            yield from name_problem((*path, "projects", index), project, "project")
    count = len(groups) + len(projects) if isinstance(groups, list) and isinstance(projects, list) else 0
    if count + 1 > USER_GROUPS:
        told = f"has {count} groups and projects; AWS lets a user be in {USER_GROUPS}, one of which is everybody's"
        yield Problem(path, told)
    yield from _address_of_mail((*path, "mail"), person.get("mail"))
