"""/operations: how the services do, how far consumers are behind, and dead letters."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from flask import Response, flash, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from services.portal import operating
from services.portal.house import House, house
from services.portal.pages import asking
from services.portal.pages.asking import ask
from services.portal.pages.forms import PageForm
from services.portal.pages.frame import account, for_roles, go, show
from services.portal.services import AwayError
from services.portal.trail import actor_of_account

T = TypeVar("T")
PAGE: Final = "/operations"
SERVICES: Final = ("requests", "offers", "matcher")
_MAX_ID: Final = 64
_SHOWN: Final = 100

REASONS: Final[Mapping[str, object]] = {
    "broken-body": lazy_gettext("What it says cannot be read."),
    "broken-header": lazy_gettext("A header is not as it has to be."),
    "content-type": lazy_gettext("It is in a format that is not read."),
    "handler-failed": lazy_gettext("The consumer failed over it."),
    "key-mismatch": lazy_gettext("Its key is of another record."),
    "missing-header": lazy_gettext("A header is missing."),
    "schema": lazy_gettext("What it says is not as its type has to be."),
    "subject-mismatch": lazy_gettext("It belongs to another record than it says."),
    "unknown-specversion": lazy_gettext("It goes by a version of CloudEvents that is not known."),
    "unknown-type": lazy_gettext("Its type is not known."),
    "unknown-version": lazy_gettext("This version of its type is not known."),
    "unreadable": lazy_gettext("The broker's record cannot be read."),
    "wrong-topic": lazy_gettext("It does not belong in this topic."),
}
"""Why a consumer could not understand an event, by the codes of dead letters."""


@for_roles("operator")
def operations() -> Response:
    """Each service, the consumers, and what they could not understand."""
    asked = {
        f"{kind} {name}": ask(name, path)
        for name in SERVICES
        for kind, path in (("ready", "/readyz"), ("outbox", "/v1/operations"))
    }
    asking.be_patient()
    found = asking.gather(**asked)
    lags, letters = _or_none(operating.lags), _or_none(operating.letters)
    return show(
        "administration/operations.html",
        wide=True,
        services=[
            {
                "name": name,
                "ready": not isinstance(found[f"ready {name}"], AwayError),
                "checks": _checks(found[f"ready {name}"]),
                "outbox": _outbox(found[f"outbox {name}"]),
            }
            for name in SERVICES
        ],
        lags=lags,
        letters=None if letters is None else letters[:_SHOWN],
        reasons=REASONS,
        count=0 if letters is None else len(letters),
        bare=PageForm(),
    )


@for_roles("operator")
def retry_letter() -> Response:
    """Send one dead letter back to its topic."""
    letter = request.form.get("letter", "")[:_MAX_ID]
    if not PageForm().validate_on_submit() or not letter:
        flash(_("This page had been open for too long. Nothing was done: look again."))
        return go(PAGE)
    try:
        done = operating.retry(house(), letter, actor_of_account(account()), house().clock())
    except AwayError:
        flash(_("The broker cannot be reached just now. Try again soon."))
        return go(PAGE)
    if done is None:
        flash(_("There is no such dead letter."))
    elif done.refused:
        flash(_("It cannot be sent back: replay what its owner holds (entraide replay)."))
    else:
        flash(_("It was sent back to its topic. If it fails again it comes back here."))
    return go(PAGE)


def _or_none(ask: Callable[[House], T]) -> T | None:
    """What the broker tells; None without one."""
    try:
        return ask(house())
    except AwayError:
        return None


def _checks(answer: Any) -> list[tuple[str, str]] | None:
    """The checks of a service with their states, also while it is not ready; None: it is away."""
    checks = answer.told.get("checks") if isinstance(answer, AwayError) else answer.body["checks"]
    return checks and [(name, str(one["state"])) for name, one in checks.items()]


def _outbox(answer: Any) -> list[dict[str, Any]] | None:
    """What waits to be published; None where that is not known just now."""
    if isinstance(answer, AwayError):
        return None
    return [
        {**one, "since": one["since"] and datetime.fromisoformat(one["since"])}
        for one in answer.body["outbox"]
        if one["waiting"]
    ]
