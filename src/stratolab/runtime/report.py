"""`report`: hand metrics from a running script to whoever runs it."""

from __future__ import annotations

import json
import os
import sys


def report(*, step: int | None = None, **metrics: float) -> None:
    """Report metrics, `log_loss=0.41`, of this job, optionally at a step.

    Under stratolab a line of JSON is appended to the file named by `STRATOLAB_REPORT`, in one write, so that
    several processes of a job may report at once. Anywhere else the line goes to standard output, which
    stratolab would read too. NumPy scalars are accepted.

    Raises `TypeError` for a metric that is not a number.
    """
    values = {name: _number(name, value) for name, value in metrics.items()}
    if step is not None:
        values["step"] = int(step)
    line = json.dumps(values) + "\n"
    path = os.environ.get("STRATOLAB_REPORT")
    if not path:
        sys.stdout.write(line)
        sys.stdout.flush()
        return
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, line.encode())
    finally:
        os.close(file)


def _number(name: str, value: object) -> float | int:
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        raise TypeError(f"report({name}=...) wants a number, not {type(value).__name__}")
    return value if isinstance(value, int) else float(value)
