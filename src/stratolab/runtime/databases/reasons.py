"""What a driver says went wrong, in a line: each gives it in a form of its own."""

from __future__ import annotations


def is_of_driver(error: BaseException) -> bool:
    """Whether a driver raised it: DB-API has them all derive from a class of this name."""
    return "Error" in {kind.__name__ for kind in type(error).__mro__}


def reason(error: BaseException) -> str:
    """The reason alone. pg8000 gives the server's answer as a table, PyMySQL a number before it, others a text."""
    said = error.args[-1] if error.args else ""
    text = str(said.get("M", "")) if isinstance(said, dict) else str(said)
    return next((line.strip() for line in text.splitlines() if line.strip()), type(error).__name__)
