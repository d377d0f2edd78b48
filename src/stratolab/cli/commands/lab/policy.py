"""`stratolab lab policy`: the IAM policies that a lab gives people, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab lab policy                             their names
  stratolab lab policy operators-network           what those who deploy networks may do
  stratolab lab policy data-scientists > policy.json

Long ones come as several documents, since IAM takes 6,144 characters in one.
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("name", nargs="?", default="", help="the policy's name (default: list the names)")


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.lab.aws import AwsLab
    from stratolab.lab.policies import policies, policy

    lab = AwsLab.around()
    place = {"REGION": lab.region} | ({"ACCOUNT": lab.config.lab.account} if lab.config.lab.account else {})
    found = policies(lab.stacks, place)
    if not options.name:
        rows = [
            (name, str(len(documents)), str(sum(len(one["Statement"]) for one in documents)))
            for name, documents in found.items()
        ]
        ui.table(("policy", "documents", "statements"), rows, right=("documents", "statements"))
        return 0
    documents = policy(found, options.name)
    ui.document(documents[0] if len(documents) == 1 else documents)
    return 0
