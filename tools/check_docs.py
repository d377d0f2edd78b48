"""Whether every link in the documentation leads somewhere: `python tools/check_docs.py`.

Reads all Markdown files of the project: a relative link must name a file of it, an anchor a heading.
Addresses on the web are not visited.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$", re.MULTILINE)


def pages() -> list[Path]:
    """The Markdown files that readers meet."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])


@cache
def anchors(page: Path) -> frozenset[str]:
    """The anchors that a page's headings make, by GitHub's rule: lower case, no punctuation, dashes."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    made: dict[str, int] = {}
    names = []
    for heading in HEADING.findall(text):
        shown = LINK.sub(lambda link: link[0][1 : link[0].index("]")], heading.replace("`", ""))
        name = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
        names.append(f"{name}-{made[name]}" if name in made else name)
        made[name] = made.get(name, 0) + 1
    return frozenset(names)


def dead_links(page: Path) -> Iterator[str]:
    """The links of a page that lead nowhere."""
    text = CODE.sub(
        "", FENCE.sub(lambda block: "\n" * block[0].count("\n"), page.read_text(encoding="utf-8"))
    )
    for match in LINK.finditer(text):
        target, _, anchor = match[1].partition("#")
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        place = f"{page.relative_to(ROOT)}:{text.count(chr(10), 0, match.start()) + 1}"
        file = (page.parent / target).resolve() if target else page
        if not file.exists():
            yield f"{place}: no file {target}"
        elif anchor and file.suffix == ".md" and anchor not in anchors(file):
            yield f"{place}: no heading #{anchor} in {file.relative_to(ROOT)}"


def main() -> int:
    read = pages()
    found = [finding for page in read for finding in dead_links(page)]
    print("\n".join(found) if found else f"docs: {len(read)} pages, every link leads somewhere")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
