"""Cases of assistance under way that seems to cover a need line: opened, closed, decided on.

The owner of the request's partition opens a case, and brings it up to date whenever the request or
the activity changes, fenced as shortlists are (shortlists.py) and never by older versions of
either. Its id derives from request, line and activity, so what is found twice makes one case. What
was decided stays until either record changes materially: each decision keeps a digest of both.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from services.matcher.actors import MATCHER, transition
from services.matcher.cases import Fenced, NotYet, Wanted
from services.matcher.coverage_documents import CoverageCase, coverage_id
from services.matcher.coverage_rules import (
    COMPLETED,
    COVERAGE,
    FALLEN_ACTIVITY,
    FALLEN_REQUEST,
    due_step,
)
from services.matcher.documents import CommitmentLine
from services.matcher.engine.coverage import Covering
from services.matcher.material import changed
from services.matcher.record_views import View, stored_view
from shared.events.outbox import StaleVersion, change
from shared.events.versions import Version
from shared.registers.steps import take_step
from shared.web.identity import Identity

MOST_ATTEMPTS = 20
"""Ids of idempotent requests that a case remembers."""


@dataclass(frozen=True, slots=True)
class KnownRequest:
    """What a worker has heard of a request; `partition` is the one that its events are in."""

    partition: int
    version: Version
    status: str
    country: str


@dataclass(frozen=True, slots=True)
class KnownActivity:
    """What a worker has heard of an activity.

    `material` is a digest (material.py), `last` its last day, if it states one.
    """

    version: Version
    status: str
    country: str
    organisation: str | None
    material: str
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """A need line and an activity, and what was heard of both."""

    request: str
    line: int
    activity: str
    of_request: KnownRequest
    of_activity: KnownActivity

    @property
    def id(self) -> str:
        """The identifier of its case."""
        return coverage_id(self.request, self.line, self.activity)

    def has_fallen(self) -> bool:
        """Whether one of both is cancelled, withdrawn or gone."""
        activity, request = self.of_activity.status, self.of_request.status
        return activity in FALLEN_ACTIVITY or request in FALLEN_REQUEST

    def has_ended(self, on: date, confirmed: date | None) -> bool:
        """Whether the activity's last day had come when it was confirmed, and has passed by now.

        Not if it was completed: what it was to give it has given then.
        """
        last = self.of_activity.last
        if last is None or self.of_activity.status == COMPLETED:
            return False
        return last < on and (confirmed is None or confirmed <= last)


def wanted(
    pair: Pair, found: Covering | None, fence: int, on: date, now: datetime
) -> Wanted[CoverageCase]:
    """What the case of a pair is to become for what the pair is on a day.

    `found` is what the engine finds, None where it finds nothing. Fenced and NotYet are what the
    change of one that there is raises.
    """
    new = None
    if found is not None and not pair.has_fallen():
        new = partial(_new, pair, found, fence, now)
    return Wanted(CoverageCase, pair.id, fence, _mutation(pair, found, fence, on, now), new)


def _mutation(
    pair: Pair, found: Covering | None, fence: int, on: date, now: datetime
) -> Callable[[CoverageCase], None]:
    def mutate(case: CoverageCase) -> None:
        if case.fence > fence:
            raise Fenced
        if case.reads_older(pair.of_request.version, pair.of_activity.version):
            return
        step = due_step(
            case.status,
            alike=found is not None,
            fallen=pair.has_fallen(),
            ended=pair.has_ended(on, case.confirmed_on),
            changed=lambda: _changed(case, pair),
        )
        if found is not None and (step is not None or case.status in ("open", "confirmed")):
            _tell(case, pair, found, always=step is not None)
        elif step is not None:
            _note_versions(case, pair)
        if step is not None:
            case.fence = fence
            _step(case, step, now)
        case.short = case.is_short()

    return mutate


def known_request(case: CoverageCase) -> View:
    """What is known of a case's request. Raises NotYet where that is older than what the case tells
    of: what is material in it could not be kept, and no change would bring the case back."""
    view = stored_view("request", case.request)
    if view is None or view.version < Version.parse(case.request_version):
        raise NotYet
    return view


def seen_version(case: CoverageCase, request: View | None) -> Version:
    """What a case is read in and decided on: its own version and what is material in its request.

    So nobody decides on a need that has changed since it was read; what is committed to it changes
    the request and not this. Of the activity the case says itself what is material.
    """
    return Version.of_several((case.version, request and request.material))


def decide(
    case: CoverageCase,
    action: str,
    reason: str | None,
    line: CommitmentLine | None,
    expected: Version | None,
    identity: Identity,
    now: datetime,
    attempt: str | None = None,
    beyond: int | None = None,
) -> CoverageCase:
    """Take the step `confirm` or `dismiss`, as seen in `expected` (see `seen_version`); returns the
    case.

    `line` is what a confirmed case wants of the need, `beyond` what the activity is said to give
    beside that; `attempt` the id of the idempotent request.
    The ledger is yet to follow: see coverage_holds.settle. Raises IllegalTransition, StaleVersion,
    NotFound, and NotYet as `known_request`.
    """
    view = known_request(case)
    if expected is not None and expected != seen_version(case, view):
        raise StaleVersion(seen_version(case, view))

    def mutate(case: CoverageCase) -> None:
        was_held = bool(case.commitments)
        take_step(COVERAGE, case, action, identity, now)
        case.request_settled = view.material
        case.activity_settled = case.activity_material
        case.reason = reason
        if attempt is not None:
            case.attempts = [*case.attempts, attempt][-MOST_ATTEMPTS:]
        if line is not None:
            case.measure, case.counted_in = line.measure, line.unit
            case.wanted, case.beyond = line.amount, beyond
        case.owes = action == "confirm" or was_held
        case.short = case.is_short()

    try:
        return change(CoverageCase, case.id, case.version, mutate, now)
    except StaleVersion:
        current = CoverageCase.objects.get(id=case.id)
        raise StaleVersion(seen_version(current, view)) from None


def _new(pair: Pair, found: Covering, fence: int, now: datetime) -> CoverageCase:
    case = CoverageCase(
        id=pair.id,
        request=pair.request,
        line=pair.line,
        activity=pair.activity,
        country=pair.of_request.country,
        status=COVERAGE.initial,
        partition=pair.of_request.partition,
        fence=fence,
        history=[transition("find", None, COVERAGE.initial, MATCHER, now)],
    )
    _tell(case, pair, found, always=True)
    return case


def _tell(case: CoverageCase, pair: Pair, found: Covering, *, always: bool) -> None:
    """Put into the case what the engine finds; versions are noted with what was read in them."""
    told = {
        "score": found.score,
        "features": list(found.features),
        "asks": list(found.asks),
        "gives": list(found.gives),
        "concepts": list(found.concepts),
        "excluded": list(found.excluded),
        "basis": found.extent.basis,
        "part": found.extent.part,
        "given": found.extent.given,
        "needed": found.extent.needed,
        "unit": found.extent.unit,
        "activity_material": pair.of_activity.material,
        "activity_status": pair.of_activity.status,
    }
    if always or any(getattr(case, name) != value for name, value in told.items()):
        for name, value in told.items():
            setattr(case, name, value)
        _note_versions(case, pair)


def _note_versions(case: CoverageCase, pair: Pair) -> None:
    case.request_version = str(pair.of_request.version)
    case.activity_version = str(pair.of_activity.version)
    case.organisation = pair.of_activity.organisation
    case.activity_status = pair.of_activity.status
    last = pair.of_activity.last
    case.activity_last = None if last is None else last.isoformat()


def _step(case: CoverageCase, action: str, now: datetime) -> None:
    target = COVERAGE.target(action, case.status)
    case.history.append(transition(action, case.status, target, MATCHER, now))
    case.status = target
    case.owes = bool(case.commitments) or action == "resume"
    if action == "reopen":
        case.request_settled = case.activity_settled = None
    if action == "resume":
        case.activity_settled = case.activity_material


def _changed(case: CoverageCase, pair: Pair) -> bool:
    """Whether either record is materially another than when somebody decided."""
    activity = case.activity_settled
    if activity and pair.of_activity.material and changed(activity, pair.of_activity.material):
        return True
    view = stored_view("request", pair.request)
    if view is None or view.version < pair.of_request.version:
        raise NotYet
    settled = case.request_settled
    return bool(settled and view.material and changed(settled, view.material))
