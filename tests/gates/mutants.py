"""Mutants: templates of which one security property has been weakened, to see whether any gate notices.

The weakenings are general (every boolean, every property whose name speaks of protection, every statement of every
policy, every rule of a network), so a new stack is mutated without a word here. One mutant has one weakening.
"""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.gates.reading import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.gates.reading import Template

Resource = dict[str, Any]
Weakened = tuple[str, Resource | None]
"""What was done, and the resource as it is now; None if it is gone."""


class Mutant(NamedTuple):
    """A weakened template: what was done, and to which resource."""

    what: str
    title: str
    template: Template

    @property
    def name(self) -> str:
        return f"{self.title}: {self.what}"


PROTECTION = re.compile(
    r"(Encrypt|Kms(?!DataKeyReuse)|KMS|PublicAccessBlock|Ownership|Versioning|LoggingConf|(?<!Insights)Retention|Boundary|Rotation|LogFileValidation|Ssl|"
    r"MetadataOptions|DeletionProtection|IAMDatabase|ManageMaster|Mutability|Scanning|ReadonlyRoot|^User$|"
    r"RetryStrategy|LogConfiguration|SecurityGroupEgress|AlarmActions|Selectors$|"
    r"LogsLogGroupArn|ObjectLock|^Features$|Subscribers$|SourceAccount|SourceArn|WebACLId|Approval)"
)
"""Properties whose name speaks of protection: each is taken away, wherever it stands."""
NOT_PROTECTION = {
    "BucketKeyEnabled": "asks KMS less often: a price",
    "AllowMajorVersionUpgrade": "whether an upgrade is possible when asked for",
    "CopyTagsToSnapshot": "what a bill is split by",
    "DeleteOnTermination": "tidies up",
    "EnablePerformanceInsights": "shows which statements are slow",
    "EnableDnsHostnames": "names within the network",
    "EnableDnsSupport": "names within the network",
    "EventBridgeEnabled": "tells of new objects",
    "ExpiredObjectDeleteMarker": "tidies up",
    "Essential": "which container's end is the task's",
    "ExcludePunctuation": "of which letters a password is made; its length is what counts",
    "Egress": "the direction of a rule, mutated as a rule",
    "PrivateDnsEnabled": "without it calls take the public way, encrypted as well; endpoints then serve nobody",
    "IncludeCredit": "what a budget counts",
    "IncludeDiscount": "what a budget counts",
    "IncludeOtherSubscription": "what a budget counts",
    "IncludeRecurring": "what a budget counts",
    "IncludeRefund": "what a budget counts",
    "IncludeSubscription": "what a budget counts",
    "IncludeSupport": "what a budget counts",
    "IncludeTax": "what a budget counts",
    "IncludeUpfront": "what a budget counts",
    "RotateImmediatelyOnUpdate": "whether the first exchange waits for its day",
    "ReplaceComputeEnvironment": "how a change is made",
    "TerminateJobsOnUpdate": "how a change is made",
    "UseAmortized": "what a budget counts",
    "UseBlended": "what a budget counts",
}
"""Booleans that protect nothing, with what they do: these are not flipped."""
SAFER = {"MultiAZ": True, "PrivilegedMode": False, "ReadOnly": True}
"""Booleans that protect one way round only: what is safer is flipped, its opposite is not."""
WATCHERS = {
    "AWS::AccessAnalyzer::Analyzer",
    "AWS::CloudTrail::Trail",
    "AWS::CloudWatch::Alarm",
    "AWS::EC2::FlowLog",
    "AWS::EC2::SubnetNetworkAclAssociation",
    "AWS::Events::Rule",
    "AWS::GuardDuty::Detector",
    "AWS::Logs::MetricFilter",
    "AWS::S3::BucketPolicy",
    "AWS::WAFv2::WebACLAssociation",
}
"""Types whose resources protect by being there: each is taken away."""


def mutants(template: Template) -> Iterator[Mutant]:
    """Every mutant of a template, in a fixed order."""
    for title, resource in template["Resources"].items():
        for weaken in WEAKENINGS:
            for what, weakened in weaken(copy.deepcopy(resource)):
                yield Mutant(what, title, _with(template, title, weakened))
    for what, added in ADDED.items():
        yield Mutant(what, "Added", {**template, **_merged(template, added)})


# -- any resource ---------------------------------------------------------------------------------


def forget(resource: Resource) -> Iterator[Weakened]:
    """The resource's end is the end of what it holds."""
    for key in ("DeletionPolicy", "UpdateReplacePolicy"):
        if resource.get(key, "Delete") != "Delete":
            yield f"{key} is gone", {name: value for name, value in resource.items() if name != key}


def take_away(resource: Resource) -> Iterator[Weakened]:
    """A property that protects is gone."""
    for path in _paths(resource.get("Properties", {})):
        narrowing = resource["Type"] == "AWS::EC2::VPCEndpoint" and path == ("PolicyDocument",)
        bounding = resource["Type"] == "AWS::Batch::JobDefinition" and path == ("Timeout",)
        if PROTECTION.search(str(path[-1])) or narrowing or bounding:
            changed, around = _around(resource, path)
            del around[path[-1]]
            yield f"{_told(path)} is gone", changed


def flip(resource: Resource) -> Iterator[Weakened]:
    """A switch stands the other way."""
    for path in _paths(resource.get("Properties", {})):
        changed, around = _around(resource, path)
        key, value = path[-1], around[path[-1]]
        if isinstance(value, bool) and key not in NOT_PROTECTION and SAFER.get(key, value) is value:
            around[key] = not value
            yield f"{_told(path)} is {not value}", changed


def untag(resource: Resource) -> Iterator[Weakened]:
    """Nobody can tell whose it is."""
    for key in ("Tags", "HostedZoneTags"):
        if key in resource.get("Properties", {}):
            changed, around = _around(resource, (key,))
            del around[key]
            yield "has no tags", changed


def remove(resource: Resource) -> Iterator[Weakened]:
    """What watches or closes is gone."""
    if resource["Type"] in WATCHERS:
        yield "is gone", None


# -- policies -------------------------------------------------------------------------------------


def loosen_statements(resource: Resource) -> Iterator[Weakened]:
    """A statement of a policy says more, or a denial less."""
    for path in _paths(resource.get("Properties", {})):
        if path[-1] != "Statement":
            continue
        if not isinstance(_around(resource, path)[1]["Statement"], list):
            continue  # a firewall's rule has one too, of another kind
        for number, statement in enumerate(_around(resource, path)[1]["Statement"]):
            for what, looser in _looser(statement):
                changed, around = _around(resource, path)
                around["Statement"][number : number + 1] = [looser] if looser else []
                if around["Statement"]:
                    yield f"{statement.get('Sid', number)} {what}", changed
        changed, around = _around(resource, path)
        whole = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        who = {"Principal": {"AWS": "*"}} if "Principal" in around["Statement"][0] else {}
        around["Statement"].append({**whole, **who})
        yield f"{_told(path)} allows everything", changed


def _looser(statement: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any] | None]]:
    yield from (_denies_less if statement["Effect"] == "Deny" else _allows_more)(statement)


def _denies_less(statement: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any] | None]]:
    yield "is gone", None
    actions = statement.get("Action", [])
    if isinstance(actions, list) and len(actions) > 1:
        yield f"no longer denies {actions[0]}", {**statement, "Action": actions[1:]}
    if "NotAction" in statement:
        yield "spares s3:*", {**statement, "NotAction": [*listed(statement["NotAction"]), "s3:*"]}
    if keys := statement.get("Condition", {}).get("BoolIfExists"):
        yield "asks with Bool", {**statement, "Condition": {"Bool": keys}}


def _allows_more(statement: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any] | None]]:
    actions = listed(statement.get("Action", []))
    if actions and actions[0] != "*" and not actions[0].endswith(":*"):
        service = actions[0].partition(":")[0]
        yield f"allows {service}:*", {**statement, "Action": [*actions, f"{service}:*"]}
    if len(listed(statement.get("NotAction", []))) > 1:
        yield "spares one less", {**statement, "NotAction": listed(statement["NotAction"])[:1]}
    if statement.get("Resource", "*") != "*":
        yield "is about everything", {**statement, "Resource": "*"}
    if "Condition" in statement:
        yield "has no condition", {key: value for key, value in statement.items() if key != "Condition"}
    if statement.get("Principal", {"AWS": "*"}) not in ("*", {"AWS": "*"}):
        yield "is for everyone", {**statement, "Principal": {"AWS": "*"}}


def give_everything(resource: Resource) -> Iterator[Weakened]:
    """An administrator's policy is attached."""
    if resource["Type"] in {"AWS::IAM::Group", "AWS::IAM::Role", "AWS::IAM::User"}:
        changed, around = _around(resource, ("ManagedPolicyArns",))
        administrator = "arn:aws:iam::aws:policy/AdministratorAccess"
        around["ManagedPolicyArns"] = [*around.get("ManagedPolicyArns", []), administrator]
        yield "is an administrator", changed


def unguard(resource: Resource) -> Iterator[Weakened]:
    """A person is in no group, and so under no guard; or has a password in the template."""
    if resource["Type"] == "AWS::IAM::User":
        changed, around = _around(resource, ("Groups",))
        around["Groups"] = around["Groups"][1:]
        yield "is not in the first of his groups", changed
        changed, around = _around(resource, ("LoginProfile",))
        around["LoginProfile"] = {"Password": {"Ref": "Given"}}
        yield "has a password", changed


# -- networks -------------------------------------------------------------------------------------


def open_ways(resource: Resource) -> Iterator[Weakened]:
    """A rule lets the world in, or all ports; a route leads out; a subnet hands out public addresses."""
    kind = resource["Type"]
    if kind in {"AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroup"}:
        for port in (22, 443, 5432):
            changed, around = _around(resource, ("CidrIp",))
            rule = {
                "CidrIp": "0.0.0.0/0",
                "FromPort": port,
                "ToPort": port,
                "IpProtocol": "tcp",
                "Description": "-",
            }
            if kind == "AWS::EC2::SecurityGroup":
                around.pop("CidrIp", None)
                around["SecurityGroupIngress"] = [*around.get("SecurityGroupIngress", []), rule]
            else:
                around.pop("SourceSecurityGroupId", None)
                around.update(rule)
            yield f"lets the world in on {port}", changed
    if kind == "AWS::EC2::NetworkAclEntry" and not resource["Properties"].get("Egress"):
        changed, around = _around(resource, ("CidrBlock",))
        around.update(CidrBlock="0.0.0.0/0", Protocol=-1, RuleAction="allow")
        around.pop("PortRange", None)
        yield "lets everything in", changed
    if kind == "AWS::EC2::Route" and "NatGatewayId" in resource["Properties"]:
        changed, around = _around(resource, ("NatGatewayId",))
        del around["NatGatewayId"]
        around["GatewayId"] = {"Ref": "InternetGateway"}
        yield "leads straight to the internet", changed
    if kind == "AWS::EC2::Subnet":
        changed, around = _around(resource, ("MapPublicIpOnLaunch",))
        around["MapPublicIpOnLaunch"] = True
        yield "hands out public addresses", changed


def weaken_values(resource: Resource) -> Iterator[Weakened]:
    """A value of a property that is always there in a weaker form."""
    for (kind, key), value in VALUES.items():
        if resource["Type"] == kind:
            changed, around = _around(resource, (key,))
            if around.get(key) != value:
                around[key] = value
                yield f"{key} is {value}", changed


VALUES: dict[tuple[str, str], Any] = {
    ("AWS::Batch::JobDefinition", "PropagateTags"): False,
    ("AWS::EC2::FlowLog", "TrafficType"): "ACCEPT",
    ("AWS::ECR::Repository", "ImageTagMutability"): "MUTABLE",
    ("AWS::ElasticLoadBalancingV2::Listener", "SslPolicy"): "ELBSecurityPolicy-2016-08",
    ("AWS::Events::Rule", "State"): "DISABLED",
    ("AWS::KMS::Key", "PendingWindowInDays"): 1,
    ("AWS::RDS::DBInstance", "PubliclyAccessible"): True,
    ("AWS::S3::Bucket", "AccessControl"): "PublicRead",
}
ADDED: dict[str, Template] = {
    "an access key": {
        "Resources": {"Added": {"Type": "AWS::IAM::AccessKey", "Properties": {"UserName": "ana"}}}
    },
    "a secret in an output": {"Outputs": {"Added": {"Value": "{{resolve:secretsmanager:acme/general/db}}"}}},
    "a password as a parameter": {"Parameters": {"AddedPassword": {"Type": "String", "Default": "hunter2"}}},
}
WEAKENINGS: tuple[Callable[[Resource], Iterator[Weakened]], ...] = (
    forget,
    take_away,
    flip,
    untag,
    remove,
    loosen_statements,
    give_everything,
    unguard,
    open_ways,
    weaken_values,
)


# -- parts ----------------------------------------------------------------------------------------


def _with(template: Template, title: str, resource: Resource | None) -> Template:
    rest = {key: value for key, value in template["Resources"].items() if key != title}
    return {**template, "Resources": rest if resource is None else {**rest, title: resource}}


def _merged(template: Template, added: Template) -> Template:
    return {part: {**template.get(part, {}), **entries} for part, entries in added.items()}


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place below a value, but for what stands within a policy's statements or a function of CloudFormation."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in pairs:
        if str(key).startswith("Fn::"):
            return
        yield (*path, key)
        if key not in {"Statement", "Tags"}:
            yield from _paths(part, (*path, key))


def _around(resource: Resource, path: tuple[Any, ...]) -> tuple[Resource, Any]:
    """A copy of the resource, and in it what holds the place."""
    changed = copy.deepcopy(resource)
    around = changed.setdefault("Properties", {})
    for key in path[:-1]:
        around = around[key]
    return changed, around


def _told(path: tuple[Any, ...]) -> str:
    return ".".join(map(str, path))
