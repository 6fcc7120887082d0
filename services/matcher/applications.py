"""Applications to calls: assembling, submitting, and what the fund's yes takes from the ledger.

Approving reserves one commitment for each request, each under an id that follows from the
application, the approval and the request, so whoever repeats it, or does it at the same time, does
nothing twice. Each takes its need lines, the call's fund, and two ledger lines whose limit is the
call's ceiling for one project: that of the request and that of the application as a whole. Where
the ledger refuses one, all are given back and the application stands as it was submitted. What was
begun and left the worker's sweep finishes.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from services.matcher import commitments
from services.matcher.actors import MATCHER, Actor
from services.matcher.apart import apart
from services.matcher.application_checks import in_currency
from services.matcher.application_documents import Application, AppliedLine
from services.matcher.application_rules import APPLICATION, UNFINISHED
from services.matcher.calls import THE_LINE, open_projects, project_record
from services.matcher.documents import Commitment, CommitmentLine
from services.matcher.embargo_checks import lines_bar
from services.matcher.record_views import View, stored_view
from shared.events.outbox import DuplicateId, Version, change
from shared.graces import over
from shared.lifecycle import SHOWN, IllegalTransition
from shared.registers.steps import party_of, take_step, take_step_as
from shared.web.identity import Identity
from shared.web.problems import Problem

GRACE = timedelta(seconds=30)
"""How long an approval that was begun is left to whoever began it."""


def assemble(
    application: Application,
    call: View,
    lines: Sequence[AppliedLine],
    states: Sequence[str],
) -> None:
    """Make a draft what a body says; whoever agreed to something else has to agree again."""
    application.call, application.organisation = call.record, call.owner
    application.lines = list(lines)
    application.states = sorted(set(states))
    application.agreed = [s for s in application.states if s == application.author]


def take(
    id_: str,
    action: str,
    expected: Version,
    identity: Identity,
    now: datetime,
    also: Callable[[Application], object],
    attempt: str | None,
) -> Application:
    """Take a step that a person takes; `also` may refuse, and notes what belongs to it.

    Raises NotFound, StaleVersion and IllegalTransition.
    """

    def step(application: Application) -> None:
        take_step(APPLICATION, application, action, identity, now)
        also(application)
        if attempt is not None:
            application.attempts = [*application.attempts, attempt]

    return change(Application, id_, expected, step, now)


def begin_approval(application: Application, identity: Identity) -> None:
    """Note whose yes the commitments of this approval follow from."""
    application.tries += 1
    party = party_of(identity)
    application.actor = [identity.role] if party is None else [identity.role, party]
    application.refusal = None


def settle(id_: str, now: datetime) -> Application:
    """Lead an approval to its end; returns the application as it is then. Safe to repeat."""
    application: Application = Application.objects.get(id=id_)
    while application.status in UNFINISHED:
        if application.status == "approving":
            refusal = _commit(application, now)
            action = "hold" if refusal is None else "fail"
            application = _lead(application, action, refusal, now)
        else:
            _give_back(application, now)
            application = _lead(application, "return", application.refusal, now)
    return application


def sweep(now: datetime) -> int:
    """Settle approvals that were begun and left; one that fails is logged and tried again."""
    left = over("updated_at", now, GRACE)
    ids = list(Application.objects(status__in=UNFINISHED, __raw__=left).scalar("id"))
    for id_ in ids:
        with apart("application not settled", id_):
            settle(id_, now)
    return len(ids)


def _commit(application: Application, now: datetime) -> str | None:
    """Hold every request's commitment; why that cannot be, None if all hold."""
    call = stored_view("call", application.call)
    if call is None or call.status != "published":
        return "the call is open no more"
    for request in application.requests:
        asked = stored_view("request", request)
        if asked is None or asked.status not in SHOWN:
            return f"the request {request} is open no more"
        try:
            begun = _begun(application, call, asked, now)
        except Problem as problem:
            return problem.detail
        commitment = begun if isinstance(begun, str) else commitments.finish(begun.id, now)
        if isinstance(commitment, str):
            return commitment
        if commitment.status == "held" and not _goes_on(application):
            _release(commitment.id, now)  # another gave all back before this was there
            return "the approval was given up"
        if commitment.status != "held":
            return commitment.refusal or f"the commitment is {commitment.status}"
    return None


def _begun(application: Application, call: View, asked: View, now: datetime) -> Commitment | str:
    """The commitment to one request, begun; why there is none where an embargo bars it."""
    id_ = application.commitment(asked.record)
    found: Commitment | None = Commitment.objects(id=id_).first()
    if found is not None:
        return found
    lines = _lines(application, call, asked, now)
    barred = lines_bar(asked.owner, asked.record, lines, now.date())
    if barred is not None:
        return barred
    open_projects(lines, now)
    commitment = Commitment(
        id=id_,
        application=application.id,
        request=asked.record,
        country=asked.owner,
        organisation=application.organisation,
        lines=lines,
    )
    actor = Actor(*application.actor)
    with suppress(DuplicateId):  # another settles the same approval
        return commitments.begin_with(commitment, actor, now)
    begun: Commitment = Commitment.objects.get(id=id_)
    return begun


def _lines(
    application: Application, call: View, asked: View, now: datetime
) -> list[CommitmentLine]:
    own = [line for line in application.lines if line.request == asked.record]
    known = {line.line: line for line in asked.lines}
    lines = []
    for line in own:
        unit = known[line.line].unit if line.line in known else line.unit or line.currency
        taken = CommitmentLine(
            side="request", record=asked.record, line=line.line, measure="quantity", unit=unit
        )
        if line.taken is None:
            taken.measure = "money"
            taken.amount = in_currency([line], unit, now.date())
        else:
            taken.amount = line.taken
        lines.append(taken)
    limits = [("call", call.record, one.unit) for one in call.lines]
    if call.ceiling is not None:
        _, currency = call.ceiling
        projects = (asked.record, application.id)
        limits += [("project", project_record(call.record, one), currency) for one in projects]
    return lines + [
        CommitmentLine(
            side=side,
            record=record,
            line=THE_LINE,
            measure="money",
            unit=currency,
            amount=in_currency(own, currency, now.date()),
        )
        for side, record, currency in limits
    ]


def _give_back(application: Application, now: datetime) -> None:
    for request in application.requests:
        id_ = application.commitment(request)
        if Commitment.objects(id=id_).only("id").first() is None:
            continue
        if commitments.finish(id_, now).status == "held":
            _release(id_, now)


def _release(id_: str, now: datetime) -> None:
    with suppress(IllegalTransition):  # another gives it back
        commitments.start_release(id_, None, MATCHER, now)
    commitments.finish(id_, now)


def _goes_on(application: Application) -> bool:
    running = {"tries": application.tries, "status__in": ["approving", "approved"]}
    return bool(Application.objects(id=application.id, **running).count())


def _lead(application: Application, action: str, refusal: str | None, now: datetime) -> Application:
    """Take a step that follows, unless another who settles the same took one already."""
    tries = application.tries

    def step(stored: Application) -> None:
        if stored.tries == tries and action in APPLICATION.allowed(stored.status):
            take_step_as(APPLICATION, stored, action, (MATCHER.role, None), now)
            stored.refusal = refusal

    return change(Application, application.id, None, step, now)
