"""How one gets to a lab's tracking server: load balancer, name, certificate, and the firewall before them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import GetAtt, Ref

from stratolab.infra import names
from stratolab.infra.blocks import balancers, domains, firewalls
from stratolab.infra.blocks.ip_sets import ip_set
from stratolab.infra.blocks.security_groups import from_address, group
from stratolab.infra.flows import HTTPS
from stratolab.infra.stacks import account, foundation, network
from stratolab.infra.values import taken

if TYPE_CHECKING:
    from stratolab.infra.parts.tracking_site import Site
    from stratolab.infra.values import Output


def doors(site: Site) -> list[Any]:
    """The load balancer with its name and certificate; it answers to the server's names only."""
    name, public = site.lab.lab.name, site.options.public
    subnets = taken(network.PUBLIC_SUBNETS if public else network.PRIVATE_SUBNETS)
    groups = [taken(network.BALANCER_GROUP), *([GetAtt("Callers", "GroupId")] if site.addresses else [])]
    return [
        *_callers(site),
        balancers.balancer(
            "Balancer",
            # A load balancer cannot move in or out: one on the other side is a new one, with another name.
            names.named("load balancer", name, site.label, "" if public else "inside"),
            public=public,
            subnets=subnets,
            groups=groups,
            logs=taken(foundation.LOGS_BUCKET),
            prefix="alb/tracking",
        ),
        balancers.targets(
            "Targets",
            names.named("target group", name, site.label),
            vpc=taken(network.VPC_ID),
            health="/health",
        ),
        *_certificate(site),
        balancers.listener("Listener", "Balancer", site.options.certificate or Ref("Certificate")),
        *balancers.for_hosts("Hosts", "Listener", "Targets", names_of(site)),
        *(
            [balancers.alias("Address", site.hosts[0], taken(network.ZONE), "Balancer")]
            if site.lab.lab.domain
            else []
        ),
    ]


def _callers(site: Site) -> list[Any]:
    """A group that lets the server's own list of addresses reach the load balancer."""
    if not site.addresses:
        return []
    listed = dict.fromkeys(site.options.addresses)
    about = "Addresses that may call the tracking server"
    vpc = taken(network.VPC_ID)
    return [
        group(
            "Callers",
            site.lab.lab.name,
            site.environment,
            "tracking-callers",
            about,
            vpc=vpc,
            out_to_world={},
        ),
        *(
            from_address(
                names.title("Caller", one), "Callers", one, port=HTTPS, why="The tracking server's list"
            )
            for one in listed
        ),
    ]


def _certificate(site: Site) -> list[Any]:
    if site.options.certificate:
        return []
    return [domains.certificate("Certificate", site.hosts[0], zone_id=taken(network.ZONE))]


def names_of(site: Site) -> list[Any]:
    """The names that it answers to."""
    return [*site.hosts] or [GetAtt("Balancer", "DNSName")]


def guards(site: Site) -> list[Any]:
    """The firewall before it, with the addresses of people, or the server's own list, and of the lab's own jobs."""
    lab, label = site.lab.lab.name, site.label
    sets, callers = _own_sets(site)
    jobs = [taken(network.NAT_IP_SET)] if site.reached_by_nat else []
    if not site.options.public:
        about = f"Addresses of the network of {site.environment}"
        sets.append(
            ip_set("InsideIpSet", lab, f"{label}-inside", about=about, addresses=[taken(network.CIDR)])
        )
        jobs.append(GetAtt("InsideIpSet", "Arn"))
    name = names.named("ip set", lab, label)
    log_days, key = site.lab.security.log_days, site.key(foundation.LOGS_KEY)
    return [
        *sets,
        firewalls.firewall("Firewall", name, jobs=jobs, people=callers),
        firewalls.before("FirewallAtBalancer", "Firewall", "Balancer"),
        *firewalls.firewall_log("FirewallLog", name, "Firewall", days=log_days, key=key),
    ]


def people(site: Site) -> tuple[Output, ...]:
    """The account's sets of people's addresses, if the server has no list of its own."""
    if site.addresses:
        return ()
    two = any(":" in one for one in site.lab.access.addresses)
    return (account.PEOPLE_IP_SET, *((account.PEOPLE_IP_SET_V6,) if two else ()))


def _own_sets(site: Site) -> tuple[list[Any], list[Any]]:
    """The server's own sets of addresses, and ARNs of those that hold who may come in."""
    if not site.addresses:
        return [], [taken(one) for one in people(site)]
    made = [
        ip_set(
            f"CallersIpSetV{version}",
            site.lab.lab.name,
            f"{site.label}-callers-v{version}",
            about=f"Addresses that may call the tracking server of {site.lab.lab.name}",
            addresses=list(dict.fromkeys(listed)),
            version=f"IPV{version}",
        )
        for version, listed in site.addresses.items()
    ]
    return made, [GetAtt(one.title, "Arn") for one in made]
