"""`stratolab completion`: the line that switches on TAB completion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  eval "$(stratolab completion bash)"         put it into ~/.bashrc
  eval "$(stratolab completion zsh)"          put it into ~/.zshrc
  stratolab completion fish | source          put it into ~/.config/fish/config.fish
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), help="your shell")


def run(options: Namespace) -> int:
    """Do it."""
    from argcomplete.shell_integration import shellcode

    ui.say(shellcode(["stratolab"], shell=options.shell))
    return 0
