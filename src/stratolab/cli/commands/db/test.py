"""`stratolab db test`: try the way to a database, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from stratolab.runtime.databases.examining import Step

EXAMPLES = """\
  stratolab db test                name, port, TLS, login, query of [databases.default]
  stratolab db test archive        of [databases.archive]
  stratolab db test --lab acme --environment prod      from within the lab's network, by the function beside it
  stratolab db test --json
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    opt.database_argument(parser)
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.core.errors import RemoteError
    from stratolab.lab import databases
    from stratolab.lab.aws_databases import chosen

    found = chosen(options.database, options.lab, options.environment)
    address, steps = (
        databases.examine(*found) if isinstance(found, tuple) else (found.address, found.examine())
    )
    failed = next((step for step in steps if not step.ok), None)
    if options.json:
        ui.document(
            {
                "database": options.database or "default",
                "address": str(address),
                "ok": failed is None,
                "steps": [_document(step) for step in steps],
            }
        )
        return RemoteError.exit_code if failed else 0
    ui.say(ui.clean(str(address)))
    rows = [
        (step.name, "ok" if step.ok else "failed", f"{step.seconds * 1000:.1f} ms", step.found)
        for step in steps
    ]
    ui.table(("step", "result", "took", "found"), rows, right=("took",))
    if failed:
        raise RemoteError(failed.found, doing=f"db test, {failed.name}", hint=failed.hint)
    return 0


def _document(step: Step) -> dict[str, object]:
    return {
        "step": step.name,
        "ok": step.ok,
        "seconds": round(step.seconds, 6),
        "found": step.found,
        "hint": step.hint,
    }
