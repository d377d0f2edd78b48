"""Any valid `lab.toml`, for Hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from stratolab.config.labs.check_projects import RESERVED
from stratolab.config.labs.cidrs import smallest
from stratolab.config.labs.models import GROUPS
from stratolab.config.labs.queues import FARGATE, USUAL_TYPES, usual_types
from stratolab.config.labs.regions import WITHOUT_CODECOMMIT, ZONES
from stratolab.core.names import NAME

Tables = dict[str, Any]


def names(most: int) -> st.SearchStrategy[str]:
    return st.from_regex(NAME, fullmatch=True).filter(lambda text: len(text) <= most)


lab_names = names(20).filter(lambda text: text != "local")
texts = st.text("abcXYZ019 _.:/=+@-", min_size=1, max_size=64)
percents = st.lists(st.integers(1, 1000), min_size=1, max_size=5, unique=True).map(sorted)
mails = st.lists(names(20).map(lambda word: f"{word}@example.com"), max_size=10, unique=True)
addresses = st.lists(
    st.integers(1, 254).map(lambda number: f"203.0.{number}.0/24")
    | st.integers(1, 0xFFFF).map(lambda number: f"2001:db8:{number:x}::/48"),
    max_size=50,
    unique=True,
)
database = st.fixed_dictionaries(
    {},
    optional={
        "engine": st.sampled_from(["postgres", "mysql"]),
        "port": st.integers(1150, 65_535).filter(lambda port: port not in {1433, 1521, 3306, 5432}),
        "applications": st.lists(names(30).map("a-{}".format), max_size=3, unique=True),
        "rotation": st.sampled_from(["lambda", "none"]),
    },
)


@st.composite
def labs(draw: st.DrawFn) -> Tables:
    """The tables of a lab: everything that shapes its templates, within what the checks accept."""
    region = draw(st.sampled_from(sorted(ZONES)))
    lab: Tables = {
        "name": draw(lab_names),
        "region": region,
        "profile": draw(st.sampled_from(["lab", "standard", "hardened"])),
        **_some(draw, {"owner": texts, "tags": st.dictionaries(names(40), texts, max_size=30)}),
    }
    if draw(st.booleans()):
        lab |= {"domain": f"{draw(names(40))}.example.com"}
        lab |= _some(
            draw, {"zone": st.from_regex(r"Z[A-Z0-9]{5,31}", fullmatch=True), "delegated": st.booleans()}
        )
    kinds = draw(st.lists(st.sampled_from(["prod", "stage", "dev"]), min_size=1, unique=True))
    environments = {name: draw(environment(number, ZONES[region])) for number, name in enumerate(kinds)}
    return {
        "lab": lab,
        "budget": _some(
            draw,
            {
                "monthly": st.floats(0.01, 1e6),
                "alerts": percents,
                "forecast": st.integers(0, 1000),
                "low": st.integers(0, 99),
                "mail": mails,
                "scope": st.sampled_from(["account", "lab"]),
            },
        ),
        "access": _some(draw, {"addresses": addresses, "access_keys": st.booleans()}),
        "people": draw(
            st.dictionaries(st.from_regex(r"[a-z0-9+=,.@_-]{1,64}", fullmatch=True), person, max_size=6)
        ),
        "projects": draw(
            st.dictionaries(names(40).filter(lambda name: name not in RESERVED), project(region), max_size=3)
        ),
        "security": _some(
            draw,
            {
                "keys": st.sampled_from(["aws", "one", "each"]),
                **{
                    key: st.booleans()
                    for key in ("threat_detection", "hub", "analyzer", "trail", "data_events")
                },
                "object_lock": st.booleans(),
                "audit_days": st.integers(1, 3653),
            },
        ),
        "buckets": _some(draw, {"tiering": st.integers(0, 3653), "old_versions": st.integers(1, 3653)}),
        "environments": environments,
        **draw(computing(region)),
    }


@st.composite
def computing(draw: st.DrawFn, region: str) -> Tables:
    """Compute environments, and queues that have machines of their own, or some of these of one sort."""
    kinds = [kind for kind in USUAL_TYPES if kind in FARGATE or usual_types(kind, region)]
    shared = draw(st.dictionaries(names(38).map("c-{}".format), st.sampled_from(kinds), max_size=4))
    queues = {}
    for name in draw(st.lists(names(38).map("q-{}".format), max_size=4, unique=True)):
        fargate = draw(st.booleans())
        chain = [one for one, kind in shared.items() if (kind in FARGATE) == fargate][:3]
        own = {"kind": draw(st.sampled_from(kinds)), "max_vcpus": draw(st.integers(1, 1000))}
        queues[name] = {
            **({"compute": chain} if chain and draw(st.booleans()) else own),
            "priority": draw(st.integers(0, 1000)),
            "enabled": draw(st.booleans()),
            "start_within": draw(st.integers(600, 86_400)),
        }
    return {"compute": {name: {"kind": kind} for name, kind in shared.items()}, "queues": queues}


def project(region: str) -> st.SearchStrategy[Tables]:
    """A project; its source lies in CodeCommit where there is that, and nowhere else by default."""
    without = region in WITHOUT_CODECOMMIT
    source = {"source": st.just("none") if without else st.sampled_from(["codecommit", "none"])}
    return st.fixed_dictionaries(
        source if without else {},
        optional={
            **({} if without else source),
            "secrets": st.lists(names(30), max_size=3, unique=True),
            "images": st.integers(1, 1000),
        },
    )


person = st.fixed_dictionaries(
    {},
    optional={
        "groups": st.lists(st.sampled_from(GROUPS), max_size=5, unique=True),
        "projects": st.lists(names(40), max_size=4, unique=True),
    },
)


@st.composite
def environment(draw: st.DrawFn, number: int, zones_of_region: int) -> Tables:
    """An environment in a range of its own: 10.0 to 10.63 for the first, and so on."""
    zones = draw(st.integers(2, min(6, zones_of_region)))
    length = draw(st.integers(16, smallest(zones)))
    offset = draw(st.integers(0, 2 ** (length - 10) - 1)) << (32 - length)
    start = (10 << 24) + (number << 22) + offset
    cidr = f"{start >> 24}.{start >> 16 & 255}.{start >> 8 & 255}.{start & 255}/{length}"
    if draw(st.integers(0, 4)) == 0:
        vpc = {"id": "vpc-0123456789abcdef0", "cidr": cidr, **draw(adopted)}
        return {"vpc": {**vpc, "id": f"vpc-0123456789abcdef{number}"}, **_some(draw, {"database": database})}
    return {
        "cidr": cidr,
        "zones": zones,
        **_some(
            draw,
            {
                "nat": st.sampled_from(["none", "one", "per-zone"]),
                "endpoints": st.sampled_from(["gateway", "needed", "all"]),
                "endpoint_zones": st.sampled_from(["one", "all"]),
                "flow_logs": st.sampled_from(["none", "rejected", "all"]),
                "database": database,
            },
        ),
    }


def _subnets(first: int) -> list[str]:
    return [f"subnet-0123456789abcde{number:02x}" for number in range(first, first + 3)]


adopted = st.fixed_dictionaries(
    {"private": st.just(_subnets(0))},
    optional={"isolated": st.just(_subnets(16)), "public": st.just(_subnets(32))},
)


def _some(draw: st.DrawFn, keys: dict[str, st.SearchStrategy[Any]]) -> Tables:
    """Some of the keys, each drawn."""
    return {key: draw(values) for key, values in keys.items() if draw(st.booleans())}
