"""The door of the command line: from the words typed to an exit code.

Exit codes: 0 done, 1 the work failed, 2 the input was wrong, 3 refused for safety, 4 the other side
failed, 130 interrupted. `run` gives its job's own.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from typing import TYPE_CHECKING, NoReturn, Protocol, cast

from stratolab.cli import table, ui
from stratolab.core.errors import InputError, Interrupted, StratolabError
from stratolab.core.names import did_you_mean, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stratolab.cli.table import Command

BROKEN_PIPE = 141  # what a shell shows for a program that a closed pipe ended


class Page(Protocol):
    """What a command's module offers."""

    EXAMPLES: str

    def arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""

    def run(self, options: argparse.Namespace) -> int:
        """Do it, and give the exit code."""


def run() -> NoReturn:
    """The program `stratolab`."""
    sys.exit(main(sys.argv[1:]))


def main(arguments: Sequence[str]) -> int:
    """Carry out one command line and give its exit code."""
    if "_ARGCOMPLETE" in os.environ:
        return _complete()
    try:
        return _dispatch(list(arguments))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE


def _dispatch(arguments: list[str]) -> int:
    debug = "--debug" in arguments
    try:
        arguments = _common_last(arguments)
        command, count = table.find(arguments)
        if command is None:
            return _without_command(arguments)
        page = load(command)
        options = _options(command, page, arguments[count:])
        if options.folder:
            _enter(options.folder)
        return page.run(options)
    except (KeyboardInterrupt, Interrupted) as error:
        if debug:
            raise
        ui.error(error if isinstance(error, Interrupted) else Interrupted("interrupted"))
        return Interrupted.exit_code
    except StratolabError as error:
        if debug:
            raise
        ui.error(error)
        return error.exit_code
    finally:
        sys.stdout.flush()


def _common_last(arguments: list[str]) -> list[str]:
    """`-C DIR` and `--debug` may stand before the command too."""
    first: list[str] = []
    while arguments[:1] == ["--debug"] or (arguments[:1] in (["-C"], ["--folder"]) and len(arguments) > 1):
        count = 1 if arguments[0] == "--debug" else 2
        first, arguments = first + arguments[:count], arguments[count:]
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return [*arguments[:end], *first, *arguments[end:]]


def _options(command: Command, page: Page, words: list[str]) -> argparse.Namespace:
    """The options; what stands behind `--` goes to the command that the page runs, as it is."""
    end = words.index("--") if "--" in words else len(words)
    parser = parser_of(command, page)
    options = parser.parse_args(words[:end])
    if words[end:]:
        if "arguments" not in options:
            parser.error(f"it takes nothing behind --: {' '.join(words[end + 1 :])}")
        options.arguments = [*options.arguments, *words[end + 1 :]]
    return options


def load(command: Command) -> Page:
    """The module of a command."""
    return cast("Page", importlib.import_module(f"stratolab.cli.commands.{command.page}"))


def parser_of(
    command: Command, page: Page, parser: argparse.ArgumentParser | None = None
) -> argparse.ArgumentParser:
    """The parser of one command, with the options that all commands have."""
    parser = parser or Parser(
        prog=f"stratolab {command.words}",
        description=command.summary[0].upper() + command.summary[1:] + ".",
        epilog=f"examples:\n{page.EXAMPLES.rstrip()}" if page.EXAMPLES else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    page.arguments(parser)
    common = parser.add_argument_group("everywhere")
    common.add_argument(
        "-C", "--folder", metavar="DIR", help="work in this folder instead of the current one"
    )
    common.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


class Parser(argparse.ArgumentParser):
    """argparse, with our way of saying what is wrong."""

    def error(self, message: str) -> NoReturn:
        """Name the flag, the nearest right one, and where to read on."""
        hint = f"{self.prog} --help"
        if message.startswith("unrecognized arguments: -"):
            flag = message.split()[2].split("=", maxsplit=1)[0]
            near = nearest(flag, self._option_string_actions)
            hint = f"did you mean {near}? ({hint})" if near else hint
            if any(action.dest == "arguments" for action in self._actions):
                own = message.partition(": ")[2]
                hint = f"what is for the command that it runs stands behind --: -- {own}; or {hint}"
        raise InputError(message, doing=self.prog, hint=hint)


def _enter(folder: str) -> None:
    try:
        os.chdir(folder)
    except OSError as error:
        raise InputError(f"cannot work in {folder!r}: {error.strerror}", doing="--folder") from error


def _without_command(arguments: list[str]) -> int:
    words = [word for word in arguments if not word.startswith("-")]
    if "--version" in arguments[:1]:
        ui.say(f"stratolab {_version()}")
        return 0
    if not words:
        wrong = [flag for flag in arguments if flag not in {"-h", "--help", "--debug"}]
        if wrong:
            raise InputError(f"unknown option {wrong[0]}", hint="stratolab --help")
        ui.say(overview())
        return 0
    nouns = table.nouns()
    if words[0] in nouns:
        if len(words) == 1 or words[1] == "help":
            ui.say(noun_help(words[0]))
            return 0 if {"-h", "--help"} & set(arguments) or len(words) > 1 else InputError.exit_code
        verbs = [command.words.split()[1] for command in nouns[words[0]]]
        raise InputError(
            f"unknown command '{words[0]} {words[1]}'",
            doing="stratolab",
            hint=f"{did_you_mean(words[1], verbs)} (stratolab {words[0]} --help)",
        )
    known = {command.words.split()[0] for command in table.COMMANDS}
    near = nearest(words[0], known)
    hint = f"did you mean {near!r}? (stratolab --help)" if near else "stratolab --help"
    raise InputError(f"unknown command {words[0]!r}", doing="stratolab", hint=hint)


def overview() -> str:
    """What `stratolab --help` prints."""
    lines = [
        "stratolab: from a script on a laptop to a lab in your own AWS account, and back.",
        "",
        "usage: stratolab COMMAND [options]",
    ]
    width = max(len(command.words) for command in table.COMMANDS)
    for group in dict.fromkeys(command.group for command in table.COMMANDS):
        lines += ["", f"{group}:"]
        lines += [f"  {c.words:<{width}}  {c.summary}" for c in table.COMMANDS if c.group == group]
    lines += [
        "",
        "Every command has --help with examples, -C DIR to work elsewhere, and --debug.",
        "First steps: stratolab init demo && cd demo && stratolab sweep tune",
    ]
    return "\n".join(lines)


def noun_help(noun: str) -> str:
    """What `stratolab jobs --help` prints."""
    commands = table.nouns()[noun]
    width = max(len(command.words) for command in commands)
    lines = [f"usage: stratolab {noun} VERB [options]", ""]
    lines += [f"  stratolab {command.words:<{width}}  {command.summary}" for command in commands]
    return "\n".join(lines)


def _version() -> str:
    from importlib.metadata import version

    return version("stratolab")


def _complete() -> int:
    """Answer the shell's TAB. Of the pages only that of the command in the line is loaded."""
    import argcomplete

    typed = os.environ.get("COMP_LINE", "").split()[1:]
    wanted, _ = table.find(_common_last(typed))
    root = argparse.ArgumentParser(prog="stratolab")
    root.add_argument(
        "-C", "--folder", dest="root_folder"
    )  # a dest of its own: a command's default would hide it
    commands = root.add_subparsers()
    groups: dict[str, argparse._SubParsersAction[argparse.ArgumentParser]] = {}
    for command in table.COMMANDS:
        noun, _, verb = command.words.partition(" ")
        if verb and noun not in groups:
            groups[noun] = commands.add_parser(noun).add_subparsers()
        parser = groups[noun].add_parser(verb) if verb else commands.add_parser(noun)
        if command is wanted:
            parser_of(command, load(command), parser)
    argcomplete.autocomplete(root)
    return 0
