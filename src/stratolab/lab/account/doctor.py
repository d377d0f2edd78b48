"""Checks of an AWS lab's account: what is wrong, why it matters, the one step that mends it (R1).

They come in the order in which to mend things, each as soon as it is known. What cannot be looked at, for want of
credentials, of a right or of a network, is a warning that says so; nothing is taken to be well that was not seen.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from stratolab.core.errors import InputError, RefusedError, RemoteError
from stratolab.core.units import format_duration
from stratolab.lab.doctor import Check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stratolab.aws.people import Login, People
    from stratolab.infra.catalogue import Stack
    from stratolab.lab.aws import AwsLab

SKEW_LIMIT = 300
"""Seconds that a clock may be off before AWS refuses every call (IAM's guide, Signature Version 4)."""
SKEW_SEEN = 30
SOON = timedelta(minutes=15)
OLD_KEY = timedelta(days=90)
UNUSED = timedelta(days=45)
"""CIS AWS Foundations 7.0: keys are exchanged after 90 days, what was not used for 45 is taken away."""
ROOT_AT_REST = timedelta(days=30)
_ROOT = "root can do everything, and nothing limits it"
_SIGN_IN = "aws login, then stratolab doctor"


def examine(lab: AwsLab, *, offline: bool, clock: Callable[[], float] = time.time) -> Iterator[Check]:
    """The checks of a lab's file, and of its account unless `offline`."""
    yield from _file(lab)
    try:
        lab.config  # noqa: B018 - read for what it raises
    except InputError:
        return
    if offline:
        yield Check("account", "ok", "not looked at, as --offline says")
        return
    try:
        lab.caller  # noqa: B018
    except RefusedError as error:
        yield Check(
            "account", "error", error.what, "what is meant for one account must not reach another", error.hint
        )
    except InputError as error:
        yield _unseen(error.what, error.hint)
    except RemoteError as error:
        yield _unreached(error)
    else:
        yield from _Account(lab, clock()).checks()


def _file(lab: AwsLab) -> Iterator[Check]:
    from stratolab.config.labs.load import inspect_lab
    from stratolab.core.findings import errors

    findings = inspect_lab(lab.file)
    wrong = errors(findings)
    if wrong:
        more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        yield Check(
            "lab.toml",
            "error",
            f"{wrong[0]}{more}",
            "nothing of the lab can be planned",
            "stratolab config check",
        )
        return
    told = f"{lab.name} in {lab.region}, profile {lab.config.lab.profile}"
    if not findings:
        yield Check("lab.toml", "ok", told)
    for finding in findings:
        yield Check(
            "lab.toml", "warning", f"{told}; {finding.key}", finding.message, finding.hint or "lab.toml"
        )


def _unseen(why: str, fix: str) -> Check:
    return Check("account", "warning", f"not looked at: {why}", "so nothing is known of it", fix)


def _unreached(error: RemoteError) -> Check:
    from stratolab.aws.errors import ClockError, CredentialsError

    if isinstance(error, ClockError):
        return Check("clock", "error", error.what, "AWS refuses what is signed at another time", error.hint)
    return _unseen(error.what, _SIGN_IN if isinstance(error, CredentialsError) else error.hint)


class _Account:
    """The account of a lab whose caller is known, at one moment."""

    def __init__(self, lab: AwsLab, now: float) -> None:
        self._lab = lab
        self._now = datetime.fromtimestamp(now, UTC)

    def checks(self) -> Iterator[Check]:
        """All of them. One that is denied does not stop the others; credentials that run out do."""
        from stratolab.aws.errors import CredentialsError, DeniedError

        parts: tuple[tuple[str, Callable[[], Iterator[Check]]], ...] = (
            ("credentials", self._credentials),
            ("account", self._account),
            ("clock", self._clock),
            ("region", self._region),
            ("root user", self._root),
            ("second factor", self._factor),
            ("people", self._people),
            ("rights", self._rights),
            ("settings", self._settings),
            ("stacks", self._stacks),
            ("quotas", self._ahead),
        )
        for name, part in parts:
            try:
                yield from part()
            except CredentialsError as error:
                yield Check(name, "error", error.what, "the rest was not looked at", _SIGN_IN)
                return
            except DeniedError as error:
                fix = f"the right {error.action}; who has which: stratolab lab policy"
                yield Check(name, "warning", f"not looked at: {error.what}", "so it is not known", fix)
            except RemoteError as error:
                yield Check(
                    name, "warning", f"not looked at: {error}", "so it is not known", "stratolab doctor"
                )

    # -- who we are --------------------------------------------------------------------------------

    def _credentials(self) -> Iterator[Check]:
        from stratolab.lab.account.shell import ends

        caller, kind = self._lab.caller, self._lab.clients.kind()
        source = f"profile {kind.profile}" if kind.method != "env" else "this shell's environment"
        told = f"{caller.name} ({caller.arn}), from {source}"
        until = kind.until or ends()
        if caller.is_root:
            fix = 'sign in as an admin of the lab instead: [people.NAME] with groups = ["admins"] in lab.toml'
            yield Check("credentials", "error", f"the root user's, from {source}", _ROOT, fix)
        elif until and until - self._now < SOON:
            left = max(0.0, (until - self._now).total_seconds())
            yield Check(
                "credentials", "warning", f"{told}; they run out in {format_duration(left)}",
                "a longer verb would stop half-way, and go on when typed again", "sign in again: aws login",
            )  # fmt: skip
        elif kind.lasting:
            yield Check(
                "credentials", "warning", f"{told}; a key that does not run out",
                "who finds it is you, until somebody notices", "aws login, or work in: stratolab shell",
            )  # fmt: skip
        else:
            ending = f"; until {until.astimezone():%H:%M}" if until else ""
            yield Check("credentials", "ok", told + ending)

    def _account(self) -> Iterator[Check]:
        """That credentials of another account are refused is checked before: `AwsLab.caller`."""
        account = self._lab.caller.account
        if self._lab.config.lab.account:
            yield Check("account", "ok", f"{account}, as lab.toml says")
        else:
            yield Check(
                "account", "warning", f"{account}; lab.toml names none",
                "credentials of another account would be taken as well", f'account = "{account}" in [lab] of lab.toml',
            )  # fmt: skip

    def _clock(self) -> Iterator[Check]:
        at = self._lab.caller.at
        if at is None:
            return
        off = abs((self._now - at).total_seconds())
        told = f"{format_duration(off)} off AWS's" if off > 1 else "as AWS's"
        if off <= SKEW_SEEN:
            yield Check("clock", "ok", told)
        else:
            level = "error" if off > SKEW_LIMIT else "warning"
            why = f"AWS refuses what is signed {SKEW_LIMIT // 60} minutes away"
            yield Check("clock", level, told, why, "timedatectl set-ntp true")

    def _region(self) -> Iterator[Check]:
        from stratolab.aws.clients import Clients

        usual, wanted = Clients("").region, self._lab.region
        if usual and usual != wanted:
            yield Check(
                "region", "warning", f"the lab is in {wanted}, your AWS settings say {usual}",
                "other tools look where the lab is not", f"export AWS_REGION={wanted}, or work in: stratolab shell",
            )  # fmt: skip
        else:
            yield Check("region", "ok", wanted)

    # -- who else there is -------------------------------------------------------------------------

    @cached_property
    def _iam(self) -> People:
        from stratolab.aws.people import People

        return People(self._lab.clients.of("iam"))

    @cached_property
    def _logins(self) -> list[Login]:
        return self._iam.logins()

    def _root(self) -> Iterator[Check]:
        factor, no_keys = self._iam.root_is_safe()
        console = "sign in as root: https://console.aws.amazon.com/iam/home#/security_credentials, "
        if not factor:
            yield Check("root user", "error", "it has no second factor", _ROOT, console + "Assign MFA device")
        if not no_keys:
            yield Check("root user", "error", "it has access keys", _ROOT, console + "delete its access keys")
        root = next((login for login in self._logins if login.is_root), None)
        used = root.used if root else None
        told = f"last used {used:%Y-%m-%d}" if used else "never used since anybody can tell"
        if used and self._now - used < ROOT_AT_REST:
            yield Check(
                "root user", "warning", told, "it is for nothing but opening the account",
                "work as an admin of the lab; if it was not you: stratolab password, and change root's",
            )  # fmt: skip
        elif factor and no_keys:
            yield Check("root user", "ok", f"a second factor, no keys, {told}")

    def _factor(self) -> Iterator[Check]:
        user = self._lab.caller.user
        if not user:
            yield Check("second factor", "ok", "no user of IAM's: it is up to where you sign in")
        elif self._iam.factors(user):
            yield Check("second factor", "ok", f"{user} has one")
        else:
            yield Check(
                "second factor", "error", f"{user} has none", "without it a stolen password is enough",
                "console, your name at the top right, Security credentials, Assign MFA device",
            )  # fmt: skip

    def _people(self) -> Iterator[Check]:
        """The credential report may be four hours old."""
        users = [login for login in self._logins if not login.is_root]
        bare = [one.name for one in users if one.password and not one.mfa]
        keyed = [one.name for one in users if one.keys]
        old = [one.name for one in users if one.oldest_key and self._now - one.oldest_key > OLD_KEY]
        idle = [one.name for one in users if one.used and self._now - one.used > UNUSED]
        if bare:
            yield Check(
                "people", "error", f"with a password and no second factor: {', '.join(bare)}",
                "a stolen password is enough",
                "they enrol one when they sign in; the lab's groups let them do nothing else before",
            )  # fmt: skip
        unwanted = keyed if not self._lab.config.access.access_keys else []
        if unwanted:
            yield Check(
                "people", "warning", f"with access keys: {', '.join(unwanted)}",
                "a key works from anywhere until it is withdrawn, and lab.toml wants none",
                f"aws iam list-access-keys --user-name {unwanted[0]}, then delete-access-key; stratolab shell instead",
            )  # fmt: skip
        elif old:
            yield Check(
                "people", "warning", f"with a key of more than {OLD_KEY.days} days: {', '.join(old)}",
                "the longer it lies about, the more have seen it", "a new key, then delete-access-key of the old one",
            )  # fmt: skip
        if idle:
            yield Check(
                "people", "warning", f"nothing done for {UNUSED.days} days: {', '.join(idle)}",
                "nobody would notice if somebody else did", "take them out of [people] in lab.toml, then stratolab up",
            )  # fmt: skip
        if not (bare or unwanted or old or idle):
            count = "nobody of IAM's" if not users else ", ".join(one.name for one in users)
            yield Check("people", "ok", count)

    def _rights(self) -> Iterator[Check]:
        """By stack, since each segment of work has its own group."""
        caller = self._lab.caller
        if caller.is_root:
            yield Check("rights", "ok", "root may do everything")
            return
        if not caller.user:
            yield Check(
                "rights", "ok", f"not asked: {caller.name} is a session, whose own limits IAM does not tell"
            )
            return
        lacking = [stack for stack in self._lab.stacks if not self._may_change(stack)]
        if not lacking:
            yield Check("rights", "ok", f"{caller.user} may change every stack")
            return
        from stratolab.infra.segments import OPERATORS, OWNER

        groups = {
            one.group for one in (OWNER, *OPERATORS) for stack in lacking if stack.concern in one.concerns
        }
        yield Check(
            "rights", "warning", f"{caller.user} may not change: {', '.join(stack.key for stack in lacking)}",
            "stratolab up would be denied there",
            f"an admin adds {', '.join(sorted(groups))} to groups of [people.{caller.user}] in lab.toml",
        )  # fmt: skip

    def _may_change(self, stack: Stack) -> bool:
        caller = self._lab.caller
        place = (
            f"arn:{caller.partition}:cloudformation:{stack.region}:{caller.account}:stack/{stack.name}/any"
        )
        calls = ("cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet")
        return all(self._iam.may(caller.arn, calls, place).values())

    # -- the account and the lab in it -------------------------------------------------------------

    def _settings(self) -> Iterator[Check]:
        from stratolab.lab.account import hardening

        plan = hardening.plan(hardening.of(self._lab), self._lab.config)
        for name, error in plan.unread.items():
            fix = f"the right {getattr(error, 'action', '')}; who has which: stratolab lab policy"
            yield Check(
                "settings", "warning", f"{name} not looked at: {error.what}", "so it is not known", fix
            )
        if plan.needed:
            yield Check(
                "settings", "warning", f"not as they should be: {', '.join(one.name for one in plan.needed)}",
                "; ".join(one.about for one in plan.needed[:2]), "stratolab account harden",
            )  # fmt: skip
        elif not plan.unread:
            yield Check("settings", "ok", f"{len(plan.changes)} of {len(plan.changes)} as they should be")

    def _stacks(self) -> Iterator[Check]:
        from stratolab.deploy.states import Step, case

        sound = 0
        missing: list[str] = []
        for key, name, is_wanted, there in self._lab.status():
            found = case(there.status if there else None)
            if not is_wanted:
                told = f"{name} is there, and lab.toml does not want it"
                yield Check(
                    "stacks",
                    "warning",
                    told,
                    "it may cost",
                    "stratolab plan shows what it holds, up deletes it",
                )
            elif there is None:
                missing.append(key)
            elif there.status.endswith("FAILED") or found.up in {Step.REFUSE, Step.CLEAR}:
                yield Check(
                    "stacks", "error", f"{key}: {there.status}", found.means, found.hint or "stratolab up"
                )
            elif found.up is not Step.UPDATE or "ROLLBACK" in there.status:
                yield Check("stacks", "warning", f"{key}: {there.status}", found.means, "stratolab up")
            else:
                sound += 1
        if missing:
            told = f"not there yet: {', '.join(missing)}"
            yield Check(
                "stacks", "warning", told, "the lab is not whole", "stratolab plan, then stratolab up"
            )
        if sound:
            yield Check("stacks", "ok", f"{sound} of {len(self._lab.stacks)} as they were last wanted")

    def _ahead(self) -> Iterator[Check]:
        """What the stacks that are not there yet would come up against."""
        from stratolab.core.findings import Level
        from stratolab.deploy import planner

        names = {name for _, name, _, there in self._lab.status() if there}
        missing = [stack for stack in self._lab.stacks if stack.name not in names]
        if not missing:
            yield Check("quotas", "ok", "nothing more is wanted")
            return
        plan = planner.offline(self._lab.name, self._lab.region, missing)
        found = self._lab.outlook(plan, [stack.key for stack in missing])
        for one in found.obstacles:
            sure = one.level is Level.ERROR
            why = "stratolab up would fail there" if sure else "it may come in the way of stratolab up"
            yield Check("quotas", "error" if sure else "warning", one.what, why, one.fix or "stratolab plan")
        if not found.obstacles:
            yield Check(
                "quotas",
                "ok",
                f"they suffice for what is not there yet: {', '.join(one.key for one in missing)}",
            )
