"""CIS AWS Foundations Benchmark 7.0: what a lab does about each recommendation, by profile, and what is left to whom.

Where a template shows it, `EVIDENCE` looks there, so `docs/cis.md` says what the templates of the samples really have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tests.gates.finding import subjects
from tests.gates.reading import resources, text_of
from tests.gates.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.gates.reading import Template

PROFILES = {"lab": "lab", "standard": "standard", "hardened": "hardened"}
"""Profiles, and the sample that stands for each."""


class Row(NamedTuple):
    """A recommendation, in our words, and who sees to it."""

    number: str
    about: str
    by: str


TEMPLATE = "template"
YOU = "you"
LOOKED_AT = "you; `doctor` looks"
ORGANISATION = "your organisation"
HARDEN = "`account harden`"

ROWS: tuple[Row, ...] = (
    Row("2.1.1", "root access of member accounts is managed centrally", ORGANISATION),
    Row("2.1.2", "guardrails for all accounts (service control policies)", ORGANISATION),
    Row("2.1.3", "no workload in the management account", ORGANISATION),
    Row("2.1.4", "organisational units by environment and sensitivity", ORGANISATION),
    Row("2.1.5", "a delegated administrator for policies", ORGANISATION),
    Row("2.1.6", "delegated administrators for integrated services", ORGANISATION),
    Row("2.2", "contact details are current", YOU),
    Row("2.3", "a security contact is registered", YOU),
    Row("2.4", "root has no access key", LOOKED_AT),
    Row("2.5", "root has a second factor", LOOKED_AT),
    Row("2.6", "root's second factor is a device", YOU),
    Row("2.7", "root does no daily work", f"{LOOKED_AT}; alarm 5.3 tells"),
    Row("2.8", "passwords have 14 characters", HARDEN),
    Row("2.9", "passwords are not used again", HARDEN),
    Row(
        "2.10", "everybody with a password has a second factor", f"{TEMPLATE}: nothing is allowed without one"
    ),
    Row("2.11", "what nobody used for 45 days is disabled", LOOKED_AT),
    Row(
        "2.12",
        "access keys are rotated within 90 days",
        f"{TEMPLATE}: nobody is given one, unless access.access_keys",
    ),
    Row("2.13", "people have rights by groups only", TEMPLATE),
    Row("2.14", "no policy allows everything", TEMPLATE),
    Row("2.15", "a role for cases with AWS Support", YOU),
    Row("2.16", "machines use roles", f"{TEMPLATE}: no access key in any"),
    Row("2.17", "no expired certificate in IAM", f"{YOU}; the lab's are in ACM, which renews them"),
    Row(
        "2.18",
        "access analyzer is on in all regions",
        f"{TEMPLATE}, in the lab's region; other regions: {YOU}",
    ),
    Row("2.19", "people are managed centrally where there are many accounts", ORGANISATION),
    Row("2.20", "full access to CloudShell is restricted", f"{TEMPLATE}: no group has it"),
    Row("2.21", "no policy of a resource is for everyone", TEMPLATE),
    Row("3.1.1", "buckets refuse plain HTTP", TEMPLATE),
    Row(
        "3.1.2",
        "buckets ask for a second factor to delete",
        f"{YOU}: only root can set it; versions and the lock stand in",
    ),
    Row("3.1.3", "data is discovered and classified", f"{YOU}: Macie, priced by the gigabyte"),
    Row("3.1.4", "buckets block public access", f"{TEMPLATE}; for the account: {HARDEN}"),
    Row("3.2.1", "databases are encrypted", TEMPLATE),
    Row("3.2.2", "databases upgrade minor versions", TEMPLATE),
    Row("3.2.3", "databases are not public", TEMPLATE),
    Row("3.2.4", "databases are in several zones", TEMPLATE),
    Row("3.3.1", "file systems are encrypted", f"{TEMPLATE}: a lab has none"),
    Row("4.1", "a trail in all regions", TEMPLATE),
    Row("4.2", "the trail's files are validated", TEMPLATE),
    Row("4.3", "AWS Config is on in all regions", f"{YOU}: priced by the change"),
    Row("4.4", "the trail's bucket has access logs", TEMPLATE),
    Row("4.5", "the trail is encrypted by a key of one's own", TEMPLATE),
    Row("4.6", "keys are rotated", TEMPLATE),
    Row("4.7", "networks have flow logs", f"{TEMPLATE}, unless an environment sets flow_logs to none"),
    Row("4.8", "writes of objects are recorded", f"{TEMPLATE}: security.data_events"),
    Row("4.9", "reads of objects are recorded", f"{TEMPLATE}: security.data_events"),
    Row("4.10", "web front ends have access logs", TEMPLATE),
    Row("5.1", "alarm: calls that were refused", TEMPLATE),
    Row("5.2", "alarm: signing in without a second factor", TEMPLATE),
    Row("5.3", "alarm: use of root", TEMPLATE),
    Row("5.4", "alarm: changes of policies", TEMPLATE),
    Row("5.5", "alarm: changes of the trail", TEMPLATE),
    Row("5.6", "alarm: failures to sign in", TEMPLATE),
    Row("5.7", "alarm: keys disabled or about to be deleted", TEMPLATE),
    Row("5.8", "alarm: changes of buckets' policies", TEMPLATE),
    Row("5.9", "alarm: changes of AWS Config", TEMPLATE),
    Row("5.10", "alarm: changes of security groups", TEMPLATE),
    Row("5.11", "alarm: changes of network ACLs", TEMPLATE),
    Row("5.12", "alarm: changes of gateways", TEMPLATE),
    Row("5.13", "alarm: changes of routes", TEMPLATE),
    Row("5.14", "alarm: changes of networks", TEMPLATE),
    Row("5.15", "alarm: changes of the organisation", TEMPLATE),
    Row("5.16", "Security Hub is on", f"{TEMPLATE}: security.hub"),
    Row(
        "6.1.1",
        "volumes are encrypted by default, in all regions",
        f"{HARDEN}, in the lab's region; other regions: {YOU}",
    ),
    Row("6.1.2", "file sharing (CIFS) is for trusted networks", TEMPLATE),
    Row("6.2", "no network ACL lets the world reach consoles", TEMPLATE),
    Row("6.3", "no security group lets the world (IPv4) reach consoles", TEMPLATE),
    Row("6.4", "no security group lets the world (IPv6) reach consoles", TEMPLATE),
    Row("6.5", "default security groups let nothing pass", f"{HARDEN}; nothing of a lab uses one"),
    Row("6.6", "routes of peered networks are narrow", f"{TEMPLATE}: a lab peers none"),
    Row("6.7", "machines take version 2 of the metadata service only", TEMPLATE),
    Row("6.8", "services of AWS are reached by endpoints", f"{TEMPLATE}, unless a network is adopted"),
)


def evidence(number: str, templates: Sequence[Template]) -> bool | None:
    """Whether the templates of a lab show a recommendation; None if nothing of theirs is concerned."""
    look = _alarm(number) if number.startswith("5.") and number != "5.16" else EVIDENCE.get(number)
    return look(templates) if look else None


def table() -> dict[str, dict[str, bool | None]]:
    """By number and profile, what the samples' templates show."""
    labs = {profile: [one.stack.template for one in subjects([name])] for profile, name in PROFILES.items()}
    return {
        row.number: {profile: evidence(row.number, labs[profile]) for profile in PROFILES} for row in ROWS
    }


def page() -> str:
    """The whole of docs/cis.md."""
    shown = {True: "yes", False: "no", None: ""}
    found = table()
    heads = ["7.0", "recommendation, in our words", "seen to by", *PROFILES]
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    for row in ROWS:
        cells = [shown[found[row.number][profile]] for profile in PROFILES]
        lines.append(f"| {row.number} | {row.about} | {row.by} | {' | '.join(cells)} |")
    return "\n".join([INTRODUCTION, *lines, ""])


INTRODUCTION = """\
# CIS AWS Foundations 7.0

What a lab does about each of the 70 recommendations of the CIS AWS Foundations Benchmark 7.0.0, and what is
left to whom. The last three columns are what the templates of a lab of that profile have, read from them by a
test (`tests/gates/cis.py`): yes, no, or nothing where no template can show it or nothing of the lab is
concerned. Which option changes an answer stands beside it.

- `account harden` does by calls of the API what CloudFormation has no resource for.
- "you" is the owner of the account, by hand; "your organisation" is whoever runs the AWS organisation that it
  is in.
- Numbers are those of version 7.0.0: they change from version to version.

A benchmark is not all: what else every template must hold is in [The gates of the
templates](contributing-gates.md), and what no test of ours can show in [What is not proved](unproven.md). On
an account of yours, prowler's `prowler aws --compliance cis_7.0_aws` looks at what is there.
"""


# -- evidence ---------------------------------------------------------------------------------------


def _of(templates: Sequence[Template], *kinds: str) -> Iterator[dict[str, Any]]:
    return (properties for template in templates for _, properties in resources(template, *kinds))


def _every(kind: str, key: str, *, value: Any = True) -> Callable[[Sequence[Template]], bool | None]:
    """All resources of a type have this value; None if there are none."""

    def look(templates: Sequence[Template]) -> bool | None:
        found = [one.get(key) == value for one in _of(templates, kind)]
        return all(found) if found else None

    return look


def _some(kind: str, key: str = "", *, value: Any = None) -> Callable[[Sequence[Template]], bool]:
    """There is a resource of a type, with this property, of this value if one is given."""
    return lambda templates: any(
        not key or (one.get(key) == value if value is not None else bool(one.get(key)))
        for one in _of(templates, kind)
    )


def _holds(*rules: str) -> Callable[[Sequence[Template]], bool]:
    """These rules of our own object to nothing."""
    asked = [rule for rule in RULES if rule.number in rules]
    return lambda templates: not any(list(rule.check(one)) for rule in asked for one in templates)


def _alarm(number: str) -> Callable[[Sequence[Template]], bool]:
    told = f"(CIS {number})"
    return lambda templates: any(
        told in one.get("AlarmDescription", "") and bool(one.get("AlarmActions"))
        for one in _of(templates, "AWS::CloudWatch::Alarm")
    )


def _objects_recorded(templates: Sequence[Template]) -> bool:
    trails = _of(templates, "AWS::CloudTrail::Trail")
    return any("AWS::S3::Object" in text_of(one.get("AdvancedEventSelectors", [])) for one in trails)


def _audit_bucket_logged(templates: Sequence[Template]) -> bool:
    titles = [resources(template, "AWS::S3::Bucket") for template in templates]
    return any(
        title == "AuditBucket" and "LoggingConfiguration" in one for part in titles for title, one in part
    )


def _machines_guarded(templates: Sequence[Template]) -> bool | None:
    machines = list(_of(templates, "AWS::EC2::Instance", "AWS::EC2::LaunchTemplate"))
    return _holds("STR08")(templates) if machines else None


def _front_ends_logged(templates: Sequence[Template]) -> bool | None:
    said = [
        {(part["Key"], str(part["Value"]).lower()) for part in one.get("LoadBalancerAttributes", [])}
        for one in _of(templates, "AWS::ElasticLoadBalancingV2::LoadBalancer")
    ]
    return all(("access_logs.s3.enabled", "true") in one for one in said) if said else None


DATABASE = "AWS::RDS::DBInstance"
EVIDENCE: dict[str, Callable[[Sequence[Template]], bool | None]] = {
    "2.10": _holds("STR33"),
    "2.12": _holds("STR01"),
    "2.13": _holds("STR33"),
    "2.14": _holds("STR05", "STR28"),
    "2.16": _holds("STR01"),
    "2.18": _some("AWS::AccessAnalyzer::Analyzer"),
    "2.20": _holds("STR05"),
    "2.21": _holds("STR06", "STR31"),
    "3.1.1": _holds("STR34"),
    "3.1.4": _holds("STR34"),
    "3.2.1": _every(DATABASE, "StorageEncrypted"),
    "3.2.2": _every(DATABASE, "AutoMinorVersionUpgrade"),
    "3.2.3": _every(DATABASE, "PubliclyAccessible", value=False),
    "3.2.4": _every(DATABASE, "MultiAZ"),
    "4.1": _some("AWS::CloudTrail::Trail", "IsMultiRegionTrail", value=True),
    "4.2": _some("AWS::CloudTrail::Trail", "EnableLogFileValidation", value=True),
    "4.4": _audit_bucket_logged,
    "4.5": _some("AWS::CloudTrail::Trail", "KMSKeyId"),
    "4.6": _every("AWS::KMS::Key", "EnableKeyRotation"),
    "4.7": _holds("STR38"),
    "4.8": _objects_recorded,
    "4.9": _objects_recorded,
    "4.10": _front_ends_logged,
    "5.16": _some("AWS::SecurityHub::Hub"),
    "6.1.2": _holds("STR10"),
    "6.2": _holds("STR10"),
    "6.3": _holds("STR10"),
    "6.4": _holds("STR10"),
    "6.7": _machines_guarded,
    "6.8": _some("AWS::EC2::VPCEndpoint"),
}
