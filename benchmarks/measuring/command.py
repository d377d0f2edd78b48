"""`python -m benchmarks.NAME [--short] [--fresh]`: the same command for every benchmark."""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measuring import machine, page
from benchmarks.measuring.places import KEPT, RESULTS
from benchmarks.measuring.records import Records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.measuring.page import Section


@dataclass(frozen=True)
class Run:
    """One run of a benchmark. `short` proves that it works, in seconds; only the full form is worth reading."""

    short: bool
    records: Records

    def say(self, text: str) -> None:
        """Tell the person who waits."""
        print(text, flush=True)


def main(
    name: str,
    doc: str,
    run: Callable[[Run], Section],
    *,
    words: Sequence[str] | None = None,
    kept: Path = KEPT,
    results: Path = RESULTS,
) -> int:
    """Read the options, run, and show the section; the full form writes it into RESULTS.md."""
    options = _options(name, doc, words)
    records = Records.open(None if options.short else kept / "results.json", name, fresh=options.fresh)
    if records.values:
        print(
            f"going on with an interrupted run: {len(records.values)} values are there (--fresh measures all again)"
        )
    began = time.monotonic()
    section = run(Run(options.short, records))
    text = page.with_section("", section, machine.here())
    print("\n" + text.split("\n\n", 2)[2])
    print(f"benchmarks.{name}: {time.monotonic() - began:.0f} s")
    if not options.short:
        page.write(results, section, machine.here())
        records.finish()
    return 0


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _options(name: str, doc: str, words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=doc.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="prove that it runs, in seconds; writes nothing")
    parser.add_argument(
        "--fresh", action="store_true", help="measure all again, also what an interrupted run has left"
    )
    return parser.parse_args(words)
