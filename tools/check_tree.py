"""What must not be committed: `python tools/check_tree.py`, part of `make lint`.

Looks at every file that git has or would add: paths of the machine that wrote it, registry addresses
in a lock, what looks like a secret, large files. Prints all findings and exits 1 if there is one.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
LARGEST = 1_000_000  # bytes; a clone should stay quick

# Written so that no pattern matches its own text here.
SECRETS = {
    "an AWS access key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a GitHub token": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{40,})"),
    "a Slack token": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    "a signed web token": re.compile(r"\beyJ[A-Za-z0-9_-]{16,}\.eyJ[A-Za-z0-9_-]{16,}\."),
    "a password in an address": re.compile(
        r"\b[a-z][a-z0-9+]*://[^\s/:@\"'{}<>$]+:[^\s/:@\"'{}<>$*]{6,}@(?!localhost|127\.|\[::1\]|[\w.-]*\bexample\b)"
    ),
}
HARMLESS = re.compile(r"EXAMPLE")  # AWS's own documentation keys end in it
LOCK = re.compile(
    r"(^|/)(locks/.*|[^/]*lock[^/]*\.(txt|json|toml)|[^/]*\.lock|requirements[^/]*\.txt|pip\.conf|\.npmrc)$"
)
ADDRESS = re.compile(r"https?://|\bfile:|--?index-url|find-links|trusted-host|\s@\s|git\+")


def files() -> list[Path]:
    """Every file that git has, or that `git add .` would add."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return sorted({ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()})


def machine_paths() -> re.Pattern[str]:
    """The folders that are this machine's own: the home, the parent of this clone."""
    own = {"/ro" + "ot/", f"{Path.home()}/", f"{ROOT.parent}/"} - {"//", "/", "/tmp/"}  # noqa: S108 - a name, not a file
    return re.compile("|".join(rf"(?<![\w.~$}}-]){re.escape(path)}" for path in sorted(own)))


def findings(path: Path, machine: re.Pattern[str]) -> Iterator[str]:
    """Everything wrong with one file."""
    name = path.relative_to(ROOT).as_posix()
    content = path.read_bytes()
    if len(content) > LARGEST:
        yield f"{name}: {len(content)} bytes; at most {LARGEST} are committed"
    if b"\0" in content[:8000]:
        return
    is_lock = LOCK.search(name) is not None
    for number, line in enumerate(content.decode(errors="replace").splitlines(), 1):
        if machine.search(line):
            yield f"{name}:{number}: a path of one machine"
        if is_lock and ADDRESS.search(line):
            yield f"{name}:{number}: a lock names an address"
        if not HARMLESS.search(line):
            yield from (
                f"{name}:{number}: {kind}" for kind, pattern in SECRETS.items() if pattern.search(line)
            )


def unhashed(lock: Path) -> Iterator[str]:
    """Requirements of a lock that have no hash."""
    for entry in re.split(r"\n(?=[A-Za-z0-9])", lock.read_text(encoding="utf-8")):
        if "==" in entry.split("\n")[0] and "--hash=sha256:" not in entry:
            yield f"{lock.relative_to(ROOT)}: {entry.split()[0]} has no hash"


def main() -> int:
    machine = machine_paths()
    found = [finding for path in files() for finding in findings(path, machine)]
    found += [finding for lock in sorted((ROOT / "locks").glob("*.txt")) for finding in unhashed(lock)]
    print("\n".join(found) if found else "tree: clean")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
