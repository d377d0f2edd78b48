"""Why a new version of the tracking server did not take over: what ECS and the containers themselves say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.core.errors import RemoteError, StratolabError
from stratolab.lab.deployed import need

if TYPE_CHECKING:
    from stratolab.aws.services import Ending
    from stratolab.infra.catalogue import Stack
    from stratolab.lab.aws import AwsLab

LAST = 12  # lines of a container's log


def explained(lab: AwsLab, stack: Stack, error: RemoteError) -> RemoteError:
    """The error with why the new copies ended, as far as that can be found out; the same error otherwise."""
    try:
        told = _endings(lab, stack)
    except StratolabError:
        return error
    if not told:
        return error
    return RemoteError(
        f"the new copies did not come up, and the old ones go on: {told}\n  AWS says: {error.what}",
        doing="tracking update",
        hint="mend the image, then: stratolab tracking update",
    )


def _endings(lab: AwsLab, stack: Stack) -> str:
    need("boto3")
    from stratolab.aws.logs import LogStreams
    from stratolab.aws.services import Services
    from stratolab.infra.stacks import tracking

    outputs = lab.outputs([stack])[stack.key]
    services = Services(lab.clients.of("ecs"))
    found = services.endings(outputs[tracking.CLUSTER.name], outputs[tracking.SERVICE.name])
    ending = next((one for one in found if one.failed), None)
    if ending is None or ending.failed is None:
        return ""
    name, _, _ = ending.failed
    stream = f"{name}/{name}/{ending.task}"  # awslogs: its prefix, the container, the task
    lines, _ = LogStreams(lab.clients.of("logs")).after(outputs[tracking.LOGS.name], stream)
    return _words(ending) + "".join(f"\n    {line}" for line in lines[-LAST:] if line.strip())


def _words(ending: Ending) -> str:
    name, reason, code = ending.failed or ("", "", None)
    how = reason or (f"exit code {code}" if code is not None else ending.reason)
    return f"{name} ended with {how}"
