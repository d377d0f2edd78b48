"""docs/costs.md: what a lab costs while nothing runs, by profile, worked out from its templates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stratolab.config.labs.load import lab_from_mapping
from stratolab.core.units import format_money
from stratolab.cost.busy import busy
from stratolab.cost.rates import read
from stratolab.cost.standing import Standing, standing
from stratolab.infra.catalogue import stacks

REGION = "us-east-1"  # the one of which every price is known
PROFILES = ("lab", "standard", "hardened")
STEPS: dict[str, dict[str, Any]] = {
    "the ground: buckets, keys, people, budgets, audit, the network of `prod`": {
        "environments": {"prod": {}}
    },
    "with a PostgreSQL database in it": {"environments": {"prod": {"database": {}}}},
    "with queues for jobs, on Fargate and on spare machines": {
        "queues": {"small": {}, "large": {"kind": "spot", "max_vcpus": 256}}
    },
    "with the tracking server, under a domain": {
        "lab": {"domain": "lab.example.com", "zone": "Z0123456789EXAMPLE"},
        "tracking": {},
    },
    "with a second environment `dev`, without a database": {
        "environments": {"prod": {"database": {}}, "dev": {}}
    },
}
"""What a lab has more than in the row before."""

TEXT = """\
# What a lab costs

{about}, in US dollars, before tax and before any free tier. This page is worked out from the
templates that the profiles give and compared with them by a test; `stratolab plan` says the same of your own
`lab.toml`, after `stratolab cost refresh` with today's prices of its region.

## A month in which nothing runs

| what there is | lab | standard | hardened |
| --- | ---: | ---: | ---: |
{steps}

Queues add no more than the alarms of their events: they fall to no machine at all (`min_vcpus = 0`). What comes on
top is billed by use: storage, logs, requests, what flows through NAT gateways and private ways.

## What it is spent on

For the last row of the table above.

| resource | lab | standard | hardened |
| --- | ---: | ---: | ---: |
{items}

## An hour in which everything is at work

| | lab | standard | hardened |
| --- | ---: | ---: | ---: |
| the last row, at the upper limits that are set | {busy} |

That is the most that such a lab spends in an hour, not what it spends as a rule: `max_vcpus` of the queues and the
most copies of services decide it.

## What to choose

- `lab` has no NAT gateway: what runs in its private subnets reaches the services of AWS that it needs by private ways,
  and nothing else of the world. `nat = "one"` in an environment changes that alone.
- `standard` pays for one NAT gateway in each environment, a larger database and a key of its own.
- `hardened` pays for NAT in every zone, private ways to AWS's services besides, a second copy of a database that is
  larger again, and a key for each use.

Each of these is a key of [lab.toml](reference/lab.md): a profile decides only what is not given.

## By use, and not in the tables

{notes}
"""


def page() -> str:
    """The page."""
    rates = read(Path("nowhere"), REGION)
    found = [
        {profile: _templates(profile, step) for profile in PROFILES} for step in range(1, len(STEPS) + 1)
    ]
    rows = [
        f"| {what} | {_row(format_money(standing(each, rates).dollars) for each in found[place].values())} |"
        for place, what in enumerate(STEPS)
    ]
    last = {profile: standing(templates, rates) for profile, templates in found[-1].items()}
    told = {note for one in last.values() for note in one.notes}
    notes = sorted(note.removeprefix("by use: ") for note in told if "acme-" not in note)
    return TEXT.format(
        about=rates.about[0].upper() + rates.about[1:],
        steps="\n".join(rows),
        items="\n".join(_items(last)),
        busy=_row(format_money(busy(each, rates).dollars) for each in found[-1].values()),
        notes="\n".join(f"- {note}" for note in notes),
    )


def _row(cells: Any) -> str:
    return " | ".join(cells)


def _items(last: dict[str, Standing]) -> list[str]:
    """A row for each thing that costs, the dearest first."""
    costs: dict[str, dict[str, float]] = {}
    for profile, one in last.items():
        for item in one.items:
            costs.setdefault(item.type, {}).setdefault(profile, 0.0)
            costs[item.type][profile] += item.dollars
    ordered = sorted(costs.items(), key=lambda pair: (-max(pair[1].values()), pair[0]))
    return [
        f"| `{kind}` | {_row(format_money(by[profile]) if by.get(profile) else '-' for profile in PROFILES)} |"
        for kind, by in ordered
        if any(by.values())
    ]


def _templates(profile: str, steps: int) -> list[dict[str, Any]]:
    tables: dict[str, Any] = {"lab": {"name": "acme", "region": REGION, "profile": profile}}
    for more in list(STEPS.values())[:steps]:
        tables |= {**more, "lab": {**tables["lab"], **more.get("lab", {})}}
    return [stack.template for stack in stacks(lab_from_mapping(tables, "docs/costs.md"))]
