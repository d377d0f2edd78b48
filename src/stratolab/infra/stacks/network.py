"""Network: an environment's own, or one that it adopts; the groups by role, and the environment's domain.

Three tiers over the zones: public for load balancers and NAT gateways, private for everything that runs, isolated for
databases, which have no way out at all. In a network that is adopted only groups and domain are made.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troposphere import GetAtt, Join, Ref, Sub, Tags
from troposphere.ec2 import VPC, InternetGateway, VPCGatewayAttachment

from stratolab.config.labs.cidrs import plan
from stratolab.config.labs.databases import port_of
from stratolab.config.labs.tracking import environment_of
from stratolab.infra import flows
from stratolab.infra.blocks import domains, endpoints, subnets
from stratolab.infra.blocks.ip_sets import ip_set
from stratolab.infra.body import Body
from stratolab.infra.parts.flow_logs import flow_logs
from stratolab.infra.parts.role_groups import ROLE_GROUPS, own_jobs_in, people_in, role_groups
from stratolab.infra.stacks import foundation
from stratolab.infra.values import Given, Output, taken

if TYPE_CHECKING:
    from stratolab.config.labs.cidrs import SubnetPlan, Tier
    from stratolab.config.labs.models import LabConfig
    from stratolab.config.labs.networks import EnvironmentConfig, VpcConfig
    from stratolab.infra.values import Taken

VPC_ID = Output("network", "Vpc", "The network", "AWS::EC2::VPC::Id", published="network/vpc")
CIDR = Output("network", "Cidr", "The network's range of addresses", published="network/cidr")
PUBLIC_SUBNETS = Output(
    "network",
    "PublicSubnets",
    "Subnets of load balancers",
    "List<AWS::EC2::Subnet::Id>",
    "network/subnets/public",
)
PRIVATE_SUBNETS = Output(
    "network",
    "PrivateSubnets",
    "Subnets of what runs",
    "List<AWS::EC2::Subnet::Id>",
    "network/subnets/private",
)
ISOLATED_SUBNETS = Output(
    "network",
    "IsolatedSubnets",
    "Subnets of databases",
    "List<AWS::EC2::Subnet::Id>",
    "network/subnets/isolated",
)
NAT_ADDRESSES = Output(
    "network", "NatAddresses", "Addresses that calls come from", "CommaDelimitedList", "network/nat-addresses"
)
NAT_IP_SET = Output(
    "network", "NatIpSet", "ARN of the firewall's set of the NAT's addresses", published="waf/nat"
)
ZONE = Output("network", "Zone", "The zone of the environment's domain", published="domain/zone")
NAME_SERVERS = Output(
    "network", "NameServers", "Servers to delegate the domain to", "CommaDelimitedList", "domain/name-servers"
)
DOMAIN = Output("network", "Domain", "The environment's domain", published="domain/name")
CERTIFICATE = Output(
    "network", "Certificate", "ARN of the domain's certificate", published="domain/certificate"
)
GROUPS = {
    one.title: Output(
        "network",
        one.title,
        f"Security group: {one.about}",
        "AWS::EC2::SecurityGroup::Id",
        f"groups/{one.role}",
    )
    for one in ROLE_GROUPS
}
BALANCER_GROUP, SERVICE_GROUP = GROUPS["BalancerGroup"], GROUPS["ServiceGroup"]
JOB_GROUP, FUNCTION_GROUP = GROUPS["JobGroup"], GROUPS["FunctionGroup"]
EGRESS_ONLY_GROUP, DATABASE_GROUP = GROUPS["EgressOnlyGroup"], GROUPS["DatabaseGroup"]

TIERS: tuple[Tier, ...] = ("public", "private", "isolated")


@dataclass(frozen=True, slots=True)
class Site:
    """Where the stack is: the lab, the environment's name and options."""

    lab: LabConfig
    name: str
    options: EnvironmentConfig

    @property
    def label(self) -> str:
        """What its resources' names begin with."""
        return f"{self.lab.lab.name}-{self.name}"


def build(lab: LabConfig, environment: str) -> Body:
    """The stack of one environment."""
    site = Site(
        lab, environment, next(part for name, part in lab.environments.items() if name == environment)
    )
    return _adopted(site, site.options.vpc) if site.options.vpc else _own(site)


def _own(site: Site) -> Body:
    cut = plan(ipaddress.IPv4Network(site.options.cidr or ""), site.options.zones)
    return Body(
        about=f"stratolab {site.label}: network, groups and domain",
        inputs=_inputs(site),
        resources=(
            *vpc(site),
            *tiers(site, cut),
            *routes(site),
            *nat_gateways(site),
            *acls(site, cut),
            *private_ways(site),
            *flow_logs(site.lab, site.name, site.options),
            *groups(site, Ref("Vpc"), nat_addresses(site)),
            *nat_ip_set(site),
            *domain(site),
        ),
        outputs={
            VPC_ID: Ref("Vpc"),
            CIDR: GetAtt("Vpc", "CidrBlock"),
            PUBLIC_SUBNETS: _listed([Ref(title) for title in subnets.titles("public", site.options.zones)]),
            PRIVATE_SUBNETS: _listed([Ref(title) for title in subnets.titles("private", site.options.zones)]),
            ISOLATED_SUBNETS: _listed(
                [Ref(title) for title in subnets.titles("isolated", site.options.zones)]
            ),
            **({NAT_ADDRESSES: _listed(nat_addresses(site))} if nat_addresses(site) else {}),
            **({NAT_IP_SET: GetAtt("NatIpSet", "Arn")} if nat_addresses(site) else {}),
            **group_outputs(),
            **domain_outputs(site),
        },
    )


def _adopted(site: Site, vpc: VpcConfig) -> Body:
    given = _given(vpc)
    return Body(
        about=f"stratolab {site.label}: groups and domain in an adopted network",
        inputs=tuple(given.values()),
        resources=(*groups(site, taken(given[VPC_ID]), []), *domain(site)),
        outputs={
            **{output: _listed_parameter(parameter) for output, parameter in given.items()},
            **({} if vpc.isolated else {ISOLATED_SUBNETS: _listed_parameter(given[PRIVATE_SUBNETS])}),
            **group_outputs(),
            **domain_outputs(site),
        },
    )


# -- inputs -----------------------------------------------------------------------------------------


def _inputs(site: Site) -> tuple[Taken, ...]:
    """The boundary for the role of the flow logs, and the key for their log group."""
    if site.options.flow_logs == "none":
        return ()
    return (foundation.BOUNDARY, *((foundation.LOGS_KEY,) if foundation.has_keys(site.lab) else ()))


def _given(vpc: VpcConfig) -> dict[Output, Given]:
    """The adopted network's parts, as parameters: CloudFormation checks that each exists."""
    values = {
        VPC_ID: vpc.id,
        CIDR: vpc.cidr,
        PUBLIC_SUBNETS: ",".join(vpc.public),
        PRIVATE_SUBNETS: ",".join(vpc.private),
        ISOLATED_SUBNETS: ",".join(vpc.isolated),
    }
    return {
        output: Given(f"Adopted{output.name}", output.about, value, output.type)
        for output, value in values.items()
        if value
    }


def _listed(values: list[Any]) -> Any:
    return Join(",", values)


def _listed_parameter(given: Given) -> Any:
    return Join(",", taken(given)) if given.type.startswith("List<") else taken(given)


# -- the network itself -----------------------------------------------------------------------------


def vpc(site: Site) -> list[Any]:
    """The network with its way to the internet, which only the public tier uses."""
    return [
        VPC(
            "Vpc",
            CidrBlock=site.options.cidr,
            EnableDnsSupport=True,
            EnableDnsHostnames=True,
            Tags=Tags(Name=site.label),
        ),
        InternetGateway("InternetGateway", Tags=Tags(Name=site.label)),
        VPCGatewayAttachment("GatewayAttachment", VpcId=Ref("Vpc"), InternetGatewayId=Ref("InternetGateway")),
    ]


def tiers(site: Site, cut: SubnetPlan) -> list[Any]:
    """Every tier's subnets."""
    return [
        subnet
        for tier in TIERS
        for subnet in subnets.subnets(tier, cut.subnets[tier], site.label, Ref("Vpc"))
    ]


def routes(site: Site) -> list[Any]:
    """Public: to the internet. Private: a table a zone, so that each can have its own NAT. Isolated: nowhere."""
    zones = range(1, site.options.zones + 1)
    made = [
        subnets.route_table("PublicRoutes", f"{site.label}-public", Ref("Vpc")),
        subnets.route_to_world("PublicRoutes", by_gateway="InternetGateway", attachment="GatewayAttachment"),
        subnets.route_table("IsolatedRoutes", f"{site.label}-isolated", Ref("Vpc")),
        *(
            subnets.route_table(f"Private{zone}Table", f"{site.label}-private-{zone}", Ref("Vpc"))
            for zone in zones
        ),
    ]
    for zone in zones:
        made += [
            subnets.uses_table(f"Public{zone}", "PublicRoutes"),
            subnets.uses_table(f"Isolated{zone}", "IsolatedRoutes"),
            subnets.uses_table(f"Private{zone}", f"Private{zone}Table"),
        ]
    return made


def nat_gateways(site: Site) -> list[Any]:
    """No NAT, one for all zones, or one a zone; and the private tier's way through."""
    made: list[Any] = []
    for zone in range(1, _nats(site) + 1):
        name = f"{site.label}-nat-{zone}"
        made += subnets.nat(f"Nat{zone}", name, subnet=f"Public{zone}", attachment="GatewayAttachment")
    if made:
        for zone in range(1, site.options.zones + 1):
            made.append(subnets.route_through_nat(f"Private{zone}Table", f"Nat{min(zone, _nats(site))}"))
    return made


def nat_addresses(site: Site) -> list[Any]:
    """The addresses that calls from the private tier come from."""
    return [Ref(f"Nat{zone}Address") for zone in range(1, _nats(site) + 1)]


def _nats(site: Site) -> int:
    return {"none": 0, "one": 1, "per-zone": site.options.zones}[site.options.nat]


def acls(site: Site, cut: SubnetPlan) -> list[Any]:
    """Every tier's network ACL: what `flows` says, and the way back of it."""
    given = flows.flows(nat=_nats(site) > 0, database_ports=database_ports(site))
    return [
        part
        for tier in TIERS
        for part in subnets.acl(
            tier, site.label, Ref("Vpc"), flows.rules(tier, cut, given), site.options.zones
        )
    ]


def database_ports(site: Site) -> list[int]:
    """Where databases of this environment listen: its own, and the tracking server's if it is here."""
    tracking = site.lab.tracking
    here = tracking is not None and environment_of(tracking, site.lab.environments) == site.name
    databases = [site.options.database, tracking.database if tracking is not None and here else None]
    return sorted({port_of(database) for database in databases if database is not None})


# -- private ways -----------------------------------------------------------------------------------


def private_ways(site: Site) -> list[Any]:
    """S3 and DynamoDB always, for they cost nothing; other services as the options say."""
    zones, every = site.options.zones, {"gateway": (), "needed": endpoints.NEEDED, "all": endpoints.ALL}
    tables = [Ref(f"Private{zone}Table") for zone in range(1, zones + 1)]
    where = [
        Ref(title)
        for title in subnets.titles("private", zones if site.options.endpoint_zones == "all" else 1)
    ]
    return [
        endpoints.gateway(
            "S3Endpoint",
            "s3",
            vpc=Ref("Vpc"),
            tables=tables,
            also=[endpoints.layers_of_images(), endpoints.answers_to_cloudformation()],
        ),
        endpoints.gateway("DynamodbEndpoint", "dynamodb", vpc=Ref("Vpc"), tables=tables),
        *(
            endpoints.interface(
                service, vpc=Ref("Vpc"), subnets=where, group=GetAtt("EndpointGroup", "GroupId")
            )
            for service in every[site.options.endpoints]
        ),
    ]


# -- who may call whom ------------------------------------------------------------------------------


def groups(site: Site, vpc_id: Any, nat: list[Any]) -> list[Any]:
    """The groups by role; the lab's people and the environment's own jobs may reach load balancers."""
    return [
        *role_groups(site.lab.lab.name, site.name, vpc_id, database_ports=database_ports(site)),
        *people_in(site.lab.access.addresses),
        *own_jobs_in([Sub("${" + address.data["Ref"] + "}/32") for address in nat]),
    ]


def group_outputs() -> dict[Output, Any]:
    """The groups' ids."""
    return {output: GetAtt(title, "GroupId") for title, output in GROUPS.items()}


def nat_ip_set(site: Site) -> list[Any]:
    """The NAT's addresses for the firewall: a service lets the lab's own jobs and builds in by it."""
    addresses = [Sub("${" + address.data["Ref"] + "}/32") for address in nat_addresses(site)]
    about = f"Addresses that calls from {site.label} come from"
    return (
        [ip_set("NatIpSet", site.lab.lab.name, site.name, "nat", about=about, addresses=addresses)]
        if addresses
        else []
    )


# -- the domain -------------------------------------------------------------------------------------


def domain(site: Site) -> list[Any]:
    """The environment's zone. With a way to prove that it is ours, a certificate too: else it would wait for days."""
    name = domain_name(site)
    if name is None:
        return []
    parent, own = site.lab.lab.zone, Ref("Zone")
    proven = parent is not None or site.lab.lab.delegated
    waits = {"DependsOn": "Delegation"} if parent else {}
    return [
        domains.zone("Zone", name, f"stratolab {site.label}"),
        *([domains.delegation("Delegation", "Zone", name, parent)] if parent else []),
        *([domains.certificate("Certificate", name, zone_id=own, **waits)] if proven else []),
    ]


def domain_outputs(site: Site) -> dict[Output, Any]:
    """What others need to make names and to serve them."""
    name = domain_name(site)
    if name is None:
        return {}
    proven = site.lab.lab.zone is not None or site.lab.lab.delegated
    return {
        ZONE: Ref("Zone"),
        DOMAIN: name,
        NAME_SERVERS: _listed(GetAtt("Zone", "NameServers")),
        **({CERTIFICATE: Ref("Certificate")} if proven else {}),
    }


def domain_name(site: Site) -> str | None:
    """The environment's domain, `prod.lab.example.com`; None if the lab has none."""
    return f"{site.name}.{site.lab.lab.domain}" if site.lab.lab.domain else None
