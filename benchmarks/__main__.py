"""All benchmarks, one after the other: `make bench`, or `python -m benchmarks [--short] [--fresh] [--only NAME ...]`.

Each is a process of its own, `python -m benchmarks.NAME`, and all run even if one fails. The full form takes most of an
hour and writes benchmarks/RESULTS.md, section by section; interrupted, it goes on where it was.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measuring import machine, page
from benchmarks.measuring.places import KEPT, RESULTS, ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

# Benchmarks that write Markdown of their own, which becomes a section as it is: title, words of the full form.
ADOPTED = {"overhead": ("Sweep overhead in detail", ["--samplers", "auto"])}


def main() -> int:
    known = names()
    options = _options(known)
    failed = []
    began = time.monotonic()
    for name in options.only or known:
        print(f"\n== benchmarks.{name}", flush=True)
        if not _run(name, short=options.short, fresh=options.fresh):
            failed.append(name)
    print(f"\n{time.monotonic() - began:.0f} s in all" + (f"; failed: {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


def names() -> list[str]:
    """The benchmarks: every folder with a `__main__.py`, in the order of the page."""
    found = [path.parent.name for path in Path(__file__).parent.glob("*/__main__.py")]
    return sorted(found, key=page.place)


def _run(name: str, *, short: bool, fresh: bool) -> bool:
    """Run one; whether it went well."""
    if name not in ADOPTED or short:
        return _python(name, ["--short"] if short else ["--fresh"] if fresh else [])
    title, words = ADOPTED[name]
    told = KEPT / f"{name}.md"
    told.parent.mkdir(parents=True, exist_ok=True)
    if not _python(name, [*words, "--write", str(told)]):
        return False
    page.write(RESULTS, page.Section(name, title, told.read_text(encoding="utf-8")), machine.here())
    return True


def _python(name: str, words: Sequence[str]) -> bool:
    command = [sys.executable, "-m", f"benchmarks.{name}", *words]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def _options(known: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="prove that each one runs; writes nothing")
    parser.add_argument(
        "--fresh", action="store_true", help="measure all again, also what an interrupted run has left"
    )
    parser.add_argument(
        "--only", nargs="+", choices=known, metavar="NAME", help=f"some of: {', '.join(known)}"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
