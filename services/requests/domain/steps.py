"""The steps of a request's life (`shared.lifecycle.REQUEST`): who takes which when, and why.

Submitted in the State's name, it is authenticated by a coordinator; it is circulated at once where
the State has consented expressly, else when its time to object is over. How far it is covered
follows from what the ledger holds of its lines.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

from services.requests.documents import AssistanceRequest, NeedLine, Remark, State
from services.requests.domain.calendars import add_working_days, working_days_of
from services.requests.domain.requests import require_action
from shared.events.outbox import Transition
from shared.lifecycle import REQUEST
from shared.registers.commitments import Held, held_of_line
from shared.registers.counting import counted_line
from shared.registers.steps import SERVICE, named, take_step, take_step_as
from shared.web.identity import Identity

_OVER_EVERYWHERE = time(12, tzinfo=UTC)
"""When the day before has ended in every time zone of the world."""

_COVERING = {"circulated": "uncover", "partly-covered": "cover-partly", "covered": "cover"}


def submit(
    request: AssistanceRequest, consent: str | None, identity: Identity, now: datetime
) -> None:
    """Submit a draft; with `consent` "express" it needs no time to object. 404, 403 or 409."""
    require_action(identity, "submit", request)
    take_step(REQUEST, request, "submit", identity, now)
    request.consent = consent
    request.introduced_by = None if identity.inviter is None else named(identity.inviter)


def authenticate(
    request: AssistanceRequest, state: State | None, identity: Identity, now: datetime
) -> None:
    """Say that the request does come from the State's point of contact; 404, 403 or 409.

    It is circulated with it where the State consented expressly or lets no time pass; else
    `circulates_at` tells when. `state` has the State's settings, None for the usual ones.
    """
    require_action(identity, "authenticate", request)
    take_step(REQUEST, request, "authenticate", identity, now)
    settings = State(id=request.country) if state is None else state
    if request.consent is not None:
        _circulate_as_service(request, "express-consent", now)
    elif settings.no_objection_days == 0:
        _circulate_as_service(request, "no-objection", now)
    else:
        request.circulates_at = objection_ends(now, settings)


def circulate(request: AssistanceRequest, identity: Identity, now: datetime) -> None:
    """Circulate an authenticated request on the State's express consent; 404, 403 or 409."""
    require_action(identity, "circulate", request)
    take_step(REQUEST, request, "circulate", identity, now, "express-consent")
    _note_circulated(request, "express")


def circulate_if_due(request: AssistanceRequest, now: datetime) -> None:
    """Circulate an authenticated request whose time to object is over; others stay as they are."""
    due = request.circulates_at
    if request.status == "authenticated" and due is not None and due <= now:
        _circulate_as_service(request, "no-objection", now)


def send_back(
    request: AssistanceRequest,
    action: str,
    reason: str,
    text: str | None,
    identity: Identity,
    now: datetime,
) -> None:
    """Make a draft again of a request that its State objects to (`object`) or that a coordinator
    cannot authenticate (`return`); 404, 403 or 409."""
    require_action(identity, action, request)
    take_step(REQUEST, request, action, identity, now, reason)
    request.consent = request.circulates_at = None
    _remark(request, text)


def end(
    request: AssistanceRequest,
    action: str,
    reason: str | None,
    text: str | None,
    identity: Identity,
    now: datetime,
) -> None:
    """Withdraw or close the request; raises the 404, 403 or 409 problem."""
    require_action(identity, action, request)
    take_step(REQUEST, request, action, identity, now, reason)
    _remark(request, text)


def settle(request: AssistanceRequest, held: Held, now: datetime) -> None:
    """Bring a circulated request to the state that follows from what the ledger holds of it.

    `held` is of this request's lines; other states stay as they are.
    """
    if request.status not in REQUEST.shown:
        return
    coverage = _coverage(request, request.needs, held)
    if coverage != request.status:
        action = _COVERING[coverage]
        take_step_as(REQUEST, request, action, (SERVICE, None), now, "commitments")
    request.shown_as = _coverage(request, (n for n in request.needs if not n.confidential), held)


def rename_published(request: AssistanceRequest, now: datetime) -> None:
    """Carry over a request that was published before there were more steps than that."""
    if request.status == "published":
        step = Transition(
            source="published", target="circulated", action="circulate", at=now, role=SERVICE
        )
        request.history.append(step)
        request.status = step.target
        _note_circulated(request, request.consent or "express")


def objection_ends(authenticated: datetime, state: State) -> datetime:
    """When the State's working days to object are over, wherever on earth it counts them."""
    works = working_days_of(state)
    last = add_working_days(authenticated.date(), state.no_objection_days, works)
    return datetime.combine(last + timedelta(days=1), _OVER_EVERYWHERE)


def _coverage(request: AssistanceRequest, needs: Iterable[NeedLine], held: Held) -> str:
    """How far these lines are covered, as a state; a request without lines cannot be."""
    parts = [
        (held_of_line(held, request.id, need.line, own), own.amount)
        for need in needs
        for own in (counted_line(need, "quantity"),)
    ]
    if parts and all(amount >= whole for amount, whole in parts):
        return "covered"
    return "partly-covered" if any(amount for amount, _ in parts) else "circulated"


def _circulate_as_service(request: AssistanceRequest, reason: str, now: datetime) -> None:
    take_step_as(REQUEST, request, "circulate", (SERVICE, None), now, reason)
    _note_circulated(request, request.consent or "no-objection")


def _note_circulated(request: AssistanceRequest, consent: str) -> None:
    request.consent = consent
    request.shown_as = request.status


def _remark(request: AssistanceRequest, text: str | None) -> None:
    """Keep what was said about the last step: here, for no event has it."""
    if text is not None:
        last = request.history[-1]
        request.remarks.append(Remark(action=last.action, at=last.at, role=last.role, text=text))
