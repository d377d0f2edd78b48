"""Where and when it was measured."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path


def here() -> str:
    """One line: the day, processor, cores, memory, kernel, Python, and how busy the machine was."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    now = time.strftime("%Y-%m-%d %H:%M", time.gmtime())
    return (
        f"{now} UTC; {_processor()}, {os.cpu_count()} cores, {memory:.0f} GB; "
        f"Linux {platform.release().split('-')[0]}, Python {platform.python_version()}; load {load:.1f} at the end"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()
