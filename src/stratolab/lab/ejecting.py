"""A lab without stratolab: its templates, a script that deploys them, and a page that says how they fit together."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

from stratolab.core.errors import RefusedError
from stratolab.infra.body import INLINE_MOST
from stratolab.infra.images import tracking

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stratolab.infra.catalogue import Input, Stack

SCRIPT = "deploy.sh"
PAGE = "README.md"
IMAGE = "images/tracking"
"""Where what makes the tracking server's image is."""
_HEAD = """\
#!/bin/sh
# Deploy the lab {lab} with the AWS command line alone. Running it again changes what differs and nothing else.
# It needs: aws (version 2), credentials that may do it, and nothing of stratolab.
set -eu
cd "$(dirname "$0")"
export AWS_REGION={region} AWS_DEFAULT_REGION={region}

output() {{ # output STACK NAME: what a stack gives
    aws cloudformation describe-stacks --stack-name "$1" \\
        --query "Stacks[0].Outputs[?OutputKey=='$2'].OutputValue" --output text
}}

kept() {{ # kept STACK NAME FIRST: what a parameter of a stack is now; FIRST while there is no such stack
    found=$(aws cloudformation describe-stacks --stack-name "$1" \\
        --query "Stacks[0].Parameters[?ParameterKey=='$2'].ParameterValue" --output text 2>/dev/null) || found=
    case $found in '' | None) echo "$3" ;; *) echo "$found" ;; esac
}}
"""


def eject(stacks: Sequence[Stack], folder: Path, *, lab: str, region: str, force: bool) -> list[Path]:
    """Write a lab as plain CloudFormation into a folder; the files.

    Raises `RefusedError` if the folder holds anything already, unless `force`.
    """
    if folder.exists() and any(folder.iterdir()) and not force:
        raise RefusedError(f"{folder} is not empty", doing="eject", hint="name a new folder, or add --force")
    folder.mkdir(parents=True, exist_ok=True)
    texts = {f"{stack.name}.json": _template(stack) for stack in stacks}
    texts[SCRIPT] = _script(stacks, lab, region)
    texts[PAGE] = _page(stacks, lab, region)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / SCRIPT).chmod(0o755)
    if any(stack.concern == "tracking" for stack in stacks):
        texts |= _server_image(folder)
    codes = {one.key: one for stack in stacks for one in stack.code}
    for key, code in codes.items():
        (folder / key).parent.mkdir(exist_ok=True)
        (folder / key).write_bytes(code.archive())
    return [folder / name for name in (*texts, *codes)]


def _server_image(folder: Path) -> dict[str, str]:
    """Write what makes the tracking server's image; its files by their names."""
    files = {f"{IMAGE}/{name}": content.decode() for name, content in tracking.recipe().files.items()}
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return files


def _template(stack: Stack) -> str:
    """Indented for reading, unless only the dense form is short enough to be sent without a bucket."""
    readable = json.dumps(stack.template, indent=2) + "\n"
    return stack.body if _long(readable) and not _long(stack.body) else readable


def _long(template: str) -> bool:
    return len(template.encode()) > INLINE_MOST


def _script(stacks: Sequence[Stack], lab: str, region: str) -> str:
    names = {stack.key: stack.name for stack in stacks}
    return _HEAD.format(lab=lab, region=region) + "".join(_deploy(stack, names, region) for stack in stacks)


def _deploy(stack: Stack, names: dict[str, str], region: str) -> str:
    """The lines that deploy one stack. A long template goes by way of the lab's bucket, which the first stack makes."""
    words = [
        "aws cloudformation deploy",
        f"--stack-name {stack.name}",
        f"--template-file {stack.name}.json",
        f"--capabilities {' '.join(stack.capabilities)}",
        "--no-fail-on-empty-changeset",
        *([f"--region {stack.region}"] if stack.region != region else []),
    ]
    bucket = f'"$(output {names["foundation"]} CodeBucket)"'
    copies = [f"aws s3 cp --only-show-errors {one.key} s3://{bucket}/{one.key}\n" for one in stack.code]
    if _long(_template(stack)):
        words.append(f"--s3-bucket {bucket} --s3-prefix templates/{stack.name}")
    given = [f"{one.parameter}={_value(one, stack, names)}" for one in stack.inputs]
    if given:
        words.append("--parameter-overrides " + " ".join(given))
    words.append("--tags " + " ".join(shlex.quote(f"{key}={value}") for key, value in stack.tags.items()))
    return f"\n# {stack.about}\n" + "".join(copies) + " \\\n    ".join(words) + "\n"


def _value(one: Input, stack: Stack, names: dict[str, str]) -> str:
    if one.kept:
        return f'"$(kept {stack.name} {one.parameter} {shlex.quote(one.value)})"'
    return f'"$(output {names[one.stack]} {one.output})"' if one.stack else shlex.quote(one.value)


def _page(stacks: Sequence[Stack], lab: str, region: str) -> str:
    rows = "\n".join(
        f"| `{stack.name}.json` | {stack.about} | {', '.join(f'`{need}`' for need in stack.needs) or '-'} |"
        for stack in stacks
    )
    return f"""\
# The lab {lab} as plain CloudFormation

Region {region}. `./{SCRIPT}` deploys everything in order with the AWS command line; run it again after a change.
The templates hold no secrets.

| template | what it makes | takes outputs of |
| --- | --- | --- |
{rows}

- To take it down, delete the stacks in the reverse order: `aws cloudformation delete-stack --stack-name NAME`.
  Buckets, keys and databases are kept or saved as their `DeletionPolicy` says.
- `functions/` holds the code of Lambda functions, `scripts/` what they run in databases; the script copies both to the
  lab's bucket.
- `{IMAGE}/`, where there is a tracking server, makes its image: `docker build {IMAGE}`, or zipped by the stack's
  CodeBuild project. Push it to the stack's output `Repository`, and give its address with the digest as the parameter
  `ImageDigest`. A project's image comes about in the same way. Both stacks keep theirs when the script is run again.
- What CloudFormation cannot set (the account's password policy, encryption by default and the like) is not in here.
- `stratolab plan` recognises these stacks again by their names and tags, should you come back.
"""
