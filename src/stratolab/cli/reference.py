"""The reference of all commands as Markdown, made from the commands themselves.

`python -m stratolab.cli.reference` prints it; docs/reference/commands.md holds it, and a test keeps the two equal.
"""

from __future__ import annotations

import argparse
import os
import sys

from stratolab.cli import main, table

_ABOUT = """\
Made from the commands by `make docs`. Every command has `--help` with examples, `-C DIR` to work in another folder and
`--debug` to see the traceback of an error. Results go to standard output, notes and progress to standard error; colour
is used on terminals only, and not where `NO_COLOR` is set."""
_EXIT_CODES = """\
| code | meaning |
| --- | --- |
| 0 | done |
| 1 | the work failed (a job, every trial of a sweep) |
| 2 | the input was wrong: a file, a key, a flag; nothing was begun |
| 3 | refused for safety: going on could lose work or do it twice |
| 4 | the other side failed: the database, a server |
| 130 | interrupted; what was running has been cleaned up |

`replay` gives 0 for the same values and 1 for others. `run` and `jobs retry` give the exit code of their job: its own,
128 and the signal's number if a signal killed it, 124 if it ran out of time, 137 if it ran out of memory, 127 if it
could not be started.
"""


def markdown() -> str:
    """The whole page."""
    parts = [
        "# Commands",
        "",
        _ABOUT,
        "",
        "## Exit codes",
        "",
        _EXIT_CODES,
    ]
    for group in dict.fromkeys(command.group for command in table.COMMANDS):
        parts += [f"## {group}", ""]
        for command in table.COMMANDS:
            if command.group == group:
                parts += _section(command)
    return "\n".join(parts).rstrip() + "\n"


def _section(command: table.Command) -> list[str]:
    page = main.load(command)
    parser = main.parser_of(command, page)
    parser.formatter_class = lambda prog: argparse.RawDescriptionHelpFormatter(prog, width=100)
    usage = parser.format_usage().removeprefix("usage: ").strip()
    lines = [f"### stratolab {command.words}", "", parser.description or "", "", "```", usage, "```", ""]
    actions = parser._actions  # noqa: SLF001 - argparse offers no other way
    rows = [_row(action) for action in actions if not _everywhere(action)]
    if rows:
        lines += ["| argument | meaning |", "| --- | --- |", *rows, ""]
    return [*lines, "```sh", page.EXAMPLES.rstrip(), "```", ""]


def _row(action: argparse.Action) -> str:
    names = ", ".join(f"`{name}`" for name in action.option_strings) or f"`{action.metavar or action.dest}`"
    values = (
        f" `{action.metavar or action.dest.upper()}`" if action.option_strings and action.nargs != 0 else ""
    )
    choices = f" ({', '.join(map(str, action.choices))})" if action.choices else ""
    return f"| {names}{values} | {action.help or ''}{choices} |".replace("\n", " ")


def _everywhere(action: argparse.Action) -> bool:
    return bool({"-h", "--folder", "--debug"} & set(action.option_strings))


if __name__ == "__main__":
    os.environ["COLUMNS"] = "100"
    sys.stdout.write(markdown())
