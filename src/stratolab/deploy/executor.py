"""Carrying out a plan: stacks that do not need one another side by side, each until it is as it is wanted.

What is to be done with a stack is asked of `states` again after each step, so it does not matter where an earlier
`up` was ended: this one goes on there. The change set that is carried out is made anew, since outputs of other stacks
may have changed meanwhile; if it would lose data that the plan did not name, the stack is left as it is. What nobody
wants any more goes last, once everything else is as it is wanted.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from stratolab.aws.errors import BusyError
from stratolab.aws.failures import first_cause
from stratolab.aws.stacks import StackStatus
from stratolab.core.crash import crash_point
from stratolab.core.errors import RefusedError, RemoteError, StratolabError
from stratolab.core.names import new_id
from stratolab.deploy import kept, planner, teardown
from stratolab.deploy.following import Follower
from stratolab.deploy.holdings import holds_data
from stratolab.deploy.models import Began, Ended, Failed, Moved
from stratolab.deploy.states import Step, case

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from stratolab.aws.stacks import ChangeSet
    from stratolab.aws.stacks import Stack as Deployed
    from stratolab.deploy.kept import Kept
    from stratolab.deploy.models import Consent, Event, Left, Outputs, StackPlan
    from stratolab.deploy.tools import Tools
    from stratolab.infra.catalogue import Stack

SIDE_BY_SIDE = 4
STEPS = 12  # looks at one stack in one `up`; the longest way that we know takes five
AGAIN = 2.0  # seconds until another look, when someone else is changing the stack
GOOD = {
    StackStatus.CREATE_COMPLETE,
    StackStatus.UPDATE_COMPLETE,
    StackStatus.IMPORT_COMPLETE,
}


@dataclass(slots=True)
class Applied:
    """What came of it: outputs by the stack's key, errors by the same, what was not begun, what outlives its stack."""

    outputs: Outputs = field(default_factory=dict)
    errors: dict[str, StratolabError] = field(default_factory=dict)
    not_begun: list[str] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)


def apply(
    stacks: Sequence[Stack],
    tools: Tools,
    *,
    consent: Consent = frozenset(),
    outputs: Outputs | None = None,
    unwanted: Sequence[StackPlan] = (),
    protect: bool = True,
) -> Applied:
    """Make these stacks what they are wanted to be, then delete the `unwanted` ones of the plan.

    `outputs` are those of stacks that are not among them. After a failure nothing new is begun, what is under way is
    followed to its end. Raises nothing of AWS: errors are in what is returned. KeyboardInterrupt leaves AWS to go on by
    itself.
    """
    done = Applied(outputs=dict(outputs or {}))
    waiting = {stack.key: stack for stack in stacks}
    running: set[str] = set()
    inbox: queue.SimpleQueue[Event | tuple[str, Deployed | StratolabError]] = queue.SimpleQueue()
    pool = ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="stack")
    stop = threading.Event()

    def bring(stack: Stack, known: Outputs) -> None:
        began = time.monotonic()
        one = _One(stack, known, replace(tools, tell=inbox.put), consent, stop)
        try:
            there = one.bring(protect=protect)
        except StratolabError as error:
            inbox.put(Failed(stack.key, time.monotonic() - began, str(error)))
            inbox.put((stack.key, error))
        except BaseException as error:  # noqa: BLE001 - the caller's thread has to hear of it
            inbox.put((stack.key, RemoteError(repr(error), doing=f"bringing {stack.key} up")))
        else:
            inbox.put(Ended(stack.key, time.monotonic() - began, changed=one.changed))
            inbox.put((stack.key, there))

    try:
        while waiting or running:
            for key in [] if done.errors else _ready(waiting, running, done.outputs):
                running.add(key)
                pool.submit(bring, waiting.pop(key), dict(done.outputs))
            if not running:
                break
            message = inbox.get()
            if not isinstance(message, tuple):
                tools.tell(message)
                continue
            key, result = message
            running.discard(key)
            if isinstance(result, StratolabError):
                done.errors[key] = result
            else:
                done.outputs[key] = result.outputs
    finally:
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)
    done.not_begun = list(waiting)
    _delete(unwanted, tools, consent, done)
    return done


def _delete(unwanted: Sequence[StackPlan], tools: Tools, consent: Consent, done: Applied) -> None:
    """Delete what nobody wants any more; `done` is told of it."""
    if done.errors:
        done.not_begun += [stack.key for stack in unwanted]
        return
    try:
        done.left = teardown.remove(unwanted, tools, consent=consent)
    except StratolabError as error:
        done.errors[", ".join(stack.key for stack in unwanted)] = error


def _ready(waiting: dict[str, Stack], running: Collection[str], outputs: Outputs) -> list[str]:
    """Stacks that can begin: what they need has ended in this run, or lies outside of it."""
    ahead = {*waiting, *running}
    return [
        key
        for key, stack in waiting.items()
        if not any(need in ahead or need not in outputs for need in stack.needs)
    ][: max(0, SIDE_BY_SIDE - len(running))]


class _One:
    """One stack on its way."""

    def __init__(
        self, stack: Stack, outputs: Outputs, tools: Tools, consent: Consent, stop: threading.Event
    ) -> None:
        self.changed = False
        self._stack = stack
        self._outputs = outputs
        self._tools = tools
        self._cloud = tools.at(stack.region)
        self._consent = consent
        self._stop = stop

    def bring(self, *, protect: bool) -> Deployed:
        """Make it what it is wanted to be. Raises `StratolabError`."""
        for _ in range(STEPS):
            there = self._cloud.find(self._stack.name)
            settled = self._step(there)
            if settled:
                if protect and not settled.protected and holds_data(self._stack.template):
                    self._cloud.protect(settled.name, on=True)
                return settled
        raise RemoteError(
            f"{self._stack.name} does not come to rest: someone else is changing it too",
            doing=f"bringing {self._stack.key} up",
            hint="stratolab status",
        )

    def _step(self, there: Deployed | None) -> Deployed | None:
        """Do the next thing. The stack, once nothing is left to do."""
        found = case(there.status if there else None)
        if found.up is Step.REFUSE:
            raise RefusedError(
                found.means, doing=f"bringing {self._stack.key} up", hint=found.hint or "stratolab status"
            )
        if there is not None and found.up in {Step.WAIT, Step.CLEAR, Step.ROLL_BACK}:
            self._tools.tell(Began(self._stack.key, found.up, found.means))
            self._prepare(there, found.up)
            return None
        return self._change(there)

    def _prepare(self, there: Deployed, step: Step) -> None:
        """Bring a stack to a state from which it can be changed."""
        follower = self._follower(there.id)
        crash_point("up.before-prepare")
        if step is Step.CLEAR:
            if there.protected:
                self._cloud.protect(there.name, on=False)
            self._cloud.delete(there.id, token=new_id())
        elif step is Step.ROLL_BACK:
            self._cloud.continue_rollback(there.name, token=new_id())
        rest = follower.rest()
        done = {StackStatus.DELETE_COMPLETE} if step is Step.CLEAR else {StackStatus.UPDATE_ROLLBACK_COMPLETE}
        if step is not Step.WAIT and rest is not None and rest.status not in done:
            raise self._failure(follower, rest)

    def _change(self, there: Deployed | None) -> Deployed | None:
        """Create or update. None if AWS refused because someone else was quicker."""
        stack, cloud = self._stack, self._cloud
        create = there is None or there.status in {
            StackStatus.REVIEW_IN_PROGRESS,
            StackStatus.DELETE_COMPLETE,
        }
        parameters = stack.parameters(self._outputs, there.parameters if there and not create else None)
        if there and not create and planner.unchanged(stack, there, parameters, cloud):
            return there
        standing = {} if there is None or create else json.loads(cloud.template(stack.name))
        again = kept.find(stack.template, standing, self._tools.existing)
        if again:
            self._take_in(there, standing, again)
            return None
        self._tools.tell(Began(stack.key, Step.CREATE if create else Step.UPDATE))
        crash_point("up.before-change-set")
        try:
            asked = planner.change_set(
                stack,
                parameters,
                create=create,
                outputs=self._outputs,
                cloud=cloud,
                objects=self._tools.objects,
            )
        except BusyError:
            self._pause(AGAIN)
            return None
        if asked.empty and there:
            return self._whole(there)
        self._agreed(asked)
        crash_point("up.before-execute")
        return self._executed(asked, GOOD, point="up.executing")

    def _take_in(self, there: Deployed | None, standing: Mapping[str, Any], again: list[Kept]) -> None:
        """Import what outlived an earlier stack. A new one begins with that; its tags come with the change after."""
        stack, cloud = self._stack, self._cloud
        if there and there.status is StackStatus.REVIEW_IN_PROGRESS:  # for another change set
            cloud.delete(there.id, token=new_id())
        named = ", ".join(f"{one.logical} ({one.type})" for one in again)
        self._tools.tell(Began(stack.key, Step.TAKE_IN, named))
        crash_point("up.before-import")
        try:
            asked = planner.import_set(
                stack,
                again,
                standing=standing,
                there=there if standing else None,
                outputs=self._outputs,
                cloud=cloud,
                objects=self._tools.objects,
            )
        except BusyError:
            self._pause(AGAIN)
            return
        self._executed(asked, {StackStatus.IMPORT_COMPLETE}, point="up.importing")

    def _executed(self, asked: ChangeSet, good: Collection[StackStatus], *, point: str) -> Deployed | None:
        """Carry a change set out; the stack at the end of it. None if someone else was quicker.

        Raises `RemoteError` with the first real cause if the stack ends in none of the `good` states.
        """
        made = self._cloud.find(self._stack.name)
        follower = self._follower(made.id if made else self._stack.name)
        try:
            self._cloud.execute(asked, token=asked.id.rpartition("/")[2])
        except BusyError:
            self._pause(AGAIN)
            return None
        crash_point(point)
        self.changed = True
        rest = follower.rest()
        if rest is None or rest.status not in good:
            raise self._failure(follower, rest)
        return rest

    def _whole(self, there: Deployed) -> Deployed:
        """A stack that CloudFormation finds nothing to change in. Raises `RefusedError` if it is half done even so."""
        if there.status is StackStatus.UPDATE_FAILED:
            raise RefusedError(
                case(there.status).means,
                doing=f"bringing {self._stack.key} up",
                hint=f"take it back: aws cloudformation rollback-stack --stack-name {there.name}; then: stratolab up",
            )
        return there

    def _agreed(self, asked: ChangeSet) -> None:
        """Refuse to lose data that nobody has agreed to lose."""
        losses = [
            change
            for change in planner.changes_of(asked)
            if change.data == "lost" and (self._stack.key, change.logical) not in self._consent
        ]
        if not losses:
            return
        self._cloud.drop(asked)
        named = ", ".join(f"{change.logical} ({change.type}, {change.effect})" for change in losses)
        raise RefusedError(
            f"it would lose data that was not agreed upon: {named}",
            doing=f"bringing {self._stack.key} up",
            hint="stratolab plan shows it; stratolab up asks for each by name",
        )

    def _follower(self, stack: str) -> Follower:
        key = self._stack.key
        return Follower(stack, self._cloud, lambda event: self._tools.tell(Moved(key, event)), self._pause)

    def _pause(self, seconds: float) -> None:
        """Sleep, unless nobody waits for us any more."""
        (self._tools.sleep or self._stop.wait)(seconds)
        if self._stop.is_set():
            raise RemoteError("left", doing=f"following {self._stack.key}")

    def _failure(self, follower: Follower, rest: Deployed | None) -> RemoteError:
        cause = first_cause(follower.seen)
        what = str(cause) if cause else (rest.reason if rest and rest.reason else "AWS does not say why")
        left = case(rest.status).means if rest else "it is gone"
        hint = cause.hint if cause and cause.hint else "mend the cause, then: stratolab up"
        return RemoteError(f"{what}; {left}", doing=f"bringing {self._stack.key} up", hint=hint)
