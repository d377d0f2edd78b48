"""What IAM decides and ministack does not ask (AUTH=true only): second factors, passed roles, tags, machine types.

`mfa` checks codes as a device makes them and remembers which sessions were opened with one. `passing` asks for
`iam:PassRole` wherever a call hands a role to a service. `resources` says which resources a call is about, and
which of them must be allowed besides the first.
"""

from __future__ import annotations

from ministack import app


def attach() -> None:
    """Put the checks in front of the services; codes are checked in any case, permissions only under AUTH."""
    from tests.emulator.extension.identity import mfa, passing, resources

    mfa.attach()
    if app.AUTH:
        passing.attach()
        resources.attach()
