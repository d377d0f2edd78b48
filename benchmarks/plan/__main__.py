"""A plan without an account, ours and others' way to a template: `python -m benchmarks.plan`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measuring import command, rounds
from benchmarks.measuring.page import Bar, Section
from benchmarks.measuring.places import our_python
from benchmarks.measuring.tables import number, ratio, table
from benchmarks.measuring.usage import measure
from benchmarks.plan.network import parts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.measuring.command import Run

_ROUNDS, _SHORT_ROUNDS = 9, 1
TROPOSPHERE, FLOOR = "troposphere", "dictionaries to JSON"
SMALL, LARGEST, LINT = "stratolab plan, one environment", "stratolab plan, the largest lab", "cfn-lint"
SECONDS = 1.0  # of CPU that the largest plan may take
READING = """\
Whole processes; seconds of CPU are medians of {rounds} interleaved rounds (one before is not counted), the ratio is to
`{base}` of the same round. troposphere and the dictionaries write a network of {few} resources; cfn-lint looks at that
one. `stratolab plan --offline` also reads and checks `lab.toml`, prices the lab, and tells rights and what is open.
Terraform and the CDK are not here: they need a provider of 450 MB, or Node."""


def run(run: Run) -> Section:
    """Time all of them."""
    wanted = _SHORT_ROUNDS if run.short else _ROUNDS
    with command.scratch() as folder:
        ways, sizes = _ways(folder)
        taken = run.records.once("cpu", lambda: _time(run, ways, folder, wanted))
    rows = [
        [
            f"**{name}**" if name in {SMALL, LARGEST} else name,
            str(sizes[name]),
            ratio(rounds.ratio(taken, name, TROPOSPHERE)),
            number(rounds.median(taken, name), 2),
        ]
        for name in ways
    ]
    shown = table(("what", "resources", "times troposphere", "CPU s"), rows)
    told = READING.format(rounds=wanted, base=TROPOSPHERE, few=len(parts()))
    largest = rounds.median(taken, LARGEST)
    assert largest is not None
    bar = Bar(
        f"seconds of CPU for {LARGEST} ({sizes[LARGEST]} resources)",
        f"at most {SECONDS:g}",
        number(largest, 2),
        largest <= SECONDS,
    )
    return Section("plan", "A plan without an account", f"{told}\n\n{shown}", [bar])


def _ways(folder: Path) -> tuple[dict[str, list[str]], dict[str, int]]:
    """The commands by name, the one with which others are compared first, and how many resources each makes."""
    from stratolab.infra.catalogue import stacks  # noqa: PLC0415 - the benchmarks' list of names loads none of it
    from stratolab.testing.labs import largest, sample  # noqa: PLC0415

    script = str(Path(__file__).with_name("network.py"))
    program = str(Path(our_python()).with_name("stratolab"))
    template = folder / "network.json"
    template.write_text(
        json.dumps(
            {
                "Resources": {
                    title: {"Type": f"AWS::EC2::{kind}", "Properties": properties}
                    for title, (kind, properties) in parts().items()
                }
            }
        ),
        encoding="utf-8",
    )
    ways = {
        TROPOSPHERE: [our_python(), script, "troposphere"],
        FLOOR: [our_python(), script, "dictionaries"],
        LINT: [str(Path(program).with_name("cfn-lint")), "--non-zero-exit-code", "none", str(template)],
    }
    sizes = dict.fromkeys(ways, len(parts()))
    for name, lab in ((SMALL, sample("lab")), (LARGEST, largest())):
        place = folder / ("largest" if name == LARGEST else "small")
        (place / "sql").mkdir(parents=True)
        (place / "sql" / "games.sql").write_text("CREATE TABLE games (id integer);\n", encoding="utf-8")
        (place / "lab.toml").write_text(
            _toml(lab.model_dump(mode="json", by_alias=True, exclude_unset=True)), encoding="utf-8"
        )
        ways[name] = [program, "-C", str(place), "plan", "--offline"]
        sizes[name] = sum(len(stack.template["Resources"]) for stack in stacks(lab))
    return ways, sizes


def _toml(tables: Mapping[str, object]) -> str:
    """A configuration as TOML: each top-level table in one line, which TOML takes for an inline one."""
    return "".join(f"{json.dumps(key)} = {_value(value)}\n" for key, value in tables.items())


def _value(value: object) -> str:
    if isinstance(value, dict):
        inside = (f"{json.dumps(key)} = {_value(one)}" for key, one in value.items() if one is not None)
        return "{ " + ", ".join(inside) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    return json.dumps(value)


def _time(run: Run, ways: Mapping[str, list[str]], folder: Path, wanted: int) -> list[dict[str, float]]:
    """Seconds of CPU by name, a dictionary a round."""
    found: list[dict[str, float]] = []
    for turn in range(-1, wanted):
        found.append(
            {name: measure(ways[name], folder=folder).cpu for name in rounds.order(list(ways), max(turn, 0))}
        )
        run.say(f"round {turn + 1} of {wanted}" if turn >= 0 else "warmed up")
    return found[1:]


if __name__ == "__main__":
    sys.exit(command.main("plan", __doc__ or "", run))
