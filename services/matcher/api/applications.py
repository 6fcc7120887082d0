"""Applications to trust funds' calls, over HTTP."""

from collections.abc import Callable, Mapping
from typing import Any

from flask.views import MethodView

from services.matcher import application_checks, applications
from services.matcher.application_documents import Application
from services.matcher.application_rules import APPLICATION
from services.matcher.application_schemas import (
    ApplicationBody,
    ApplicationQuery,
    ApplicationView,
    DeclineBody,
)
from services.matcher.application_views import application_view
from services.matcher.engine.geography import Geography
from services.matcher.existence import knows_application
from services.matcher.record_views import View, views_by_record
from services.matcher.rights import oversees, owns_offer
from shared.events.outbox import DuplicateId, Transition, change, create
from shared.ids import new_id
from shared.lifecycle import IllegalTransition
from shared.registers.context import context
from shared.registers.schemas import StepBody
from shared.registers.steps import party_of, subject_of
from shared.registers.writing import load
from shared.web.blueprint import Blueprint
from shared.web.idempotency import (
    create_or_resume,
    current_attempt,
    current_idempotency_key,
    idempotent,
    idempotent_id,
    resuming,
)
from shared.web.identity import (
    Identity,
    covered_countries,
    covers,
    current_identity,
    require_roles,
)
from shared.web.paging import page, page_schema
from shared.web.preconditions import conditional, etag, required_version
from shared.web.problems import conflict, forbidden, not_found

blueprint = Blueprint(
    "applications",
    __name__,
    url_prefix="/v1",
    description="Requests put together into applications to trust funds' calls.",
)
Answer = tuple[dict[str, Any], dict[str, str]]


@blueprint.route("/applications")
class Applications(MethodView):
    """What was asked of calls."""

    @blueprint.arguments(ApplicationQuery, location="query")
    @blueprint.response(200, page_schema(ApplicationView))
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """List applications, the newest first: a State's own, or those made to a fund."""
        identity = current_identity()
        found = Application.objects
        for name in ("call", "status"):
            if args[name] is not None:
                found = found.filter(**{name: args[name]})
        if identity.role == "requester":
            found = found.filter(states=identity.state)
        elif identity.role == "donor":
            found = found.filter(organisation=identity.organisation, submitted_at__ne=None)
        elif not oversees(identity, None):
            found = found.filter(states__in=covered_countries(identity))
        return page(found, args, lambda one: application_view(one, identity))

    @require_roles("requester", "coordinator")
    @idempotent
    @blueprint.arguments(ApplicationBody)
    @blueprint.response(201, ApplicationView)
    def post(self, body: dict[str, Any]) -> Answer:
        """Assemble an application: a State of its own requests, a coordinator of several."""
        identity, now = current_identity(), context().clock()
        key = current_idempotency_key()
        application = Application(
            id=new_id() if key is None else idempotent_id(identity, key),
            author=identity.state,
            status=APPLICATION.initial,
            attempts=[] if key is None else [current_attempt()],
            history=[_told("assemble", None, identity, now)],
        )
        _fill(application, body, identity)

        def made() -> Application:
            create(application, now)
            return application

        def earlier() -> Application:
            stored = load(Application, application.id)
            if current_attempt() not in stored.attempts:
                raise DuplicateId(stored.id)
            return stored

        stored = create_or_resume(made, earlier)
        shown, tag = _shown(stored, identity)
        return shown, {**tag, "Location": f"/v1/applications/{stored.id}"}


@blueprint.route("/applications/<string:application_id>")
class OneApplication(MethodView):
    """One application."""

    @blueprint.response(200, ApplicationView)
    def get(self, application_id: str) -> Answer:
        """Read an application, what the call allows, and what came of it."""
        identity = current_identity()
        return _shown(_find(application_id, identity), identity)

    @require_roles("requester", "coordinator")
    @conditional
    @blueprint.arguments(ApplicationBody)
    @blueprint.response(200, ApplicationView)
    def put(self, body: dict[str, Any], application_id: str) -> Answer:
        """Assemble a draft anew; other States have to agree again."""
        identity, expected, now = current_identity(), required_version(), context().clock()
        _require_author(_find(application_id, identity), identity)

        def step(stored: Application) -> None:
            if stored.status != APPLICATION.initial:
                allowed = APPLICATION.allowed(stored.status)
                raise IllegalTransition("change", stored.status, allowed)
            _fill(stored, body, identity)
            stored.history.append(_told("assemble", stored.status, identity, now))

        return _shown(change(Application, application_id, expected, step, now), identity)


@blueprint.route("/applications/<string:application_id>/agreement", methods=["POST"])
@require_roles("requester")
@conditional
@blueprint.arguments(StepBody, required=False)
@blueprint.response(200, ApplicationView)
def agree(_body: dict[str, Any], application_id: str) -> Answer:
    """Agree for a State that its requests are part of a draft, as it is now."""
    identity, expected, now = current_identity(), required_version(), context().clock()
    _find(application_id, identity)

    def step(stored: Application) -> None:
        if stored.status != APPLICATION.initial:
            raise IllegalTransition("agree to", stored.status, APPLICATION.allowed(stored.status))
        if identity.state not in stored.agreed:
            stored.agreed = sorted({*stored.agreed, identity.state})
            stored.history.append(_told("agree", stored.status, identity, now))

    return _shown(change(Application, application_id, expected, step, now), identity)


@blueprint.route("/applications/<string:application_id>/submit", methods=["POST"])
@require_roles("requester", "coordinator")
@idempotent
@conditional
@blueprint.arguments(StepBody, required=False)
@blueprint.response(200, ApplicationView)
def submit(_body: dict[str, Any], application_id: str) -> Answer:
    """Send a draft to the fund: within the call's window, themes, States, ceiling and fund."""

    def send(stored: Application) -> None:
        missing = sorted(set(stored.states) - set(stored.agreed))
        if missing:
            raise conflict("not-agreed", f"These States have yet to agree: {', '.join(missing)}.")
        _require_admitted(stored)
        stored.submitted_at = context().clock()

    return _step(application_id, "submit", _require_author, send)


@blueprint.route("/applications/<string:application_id>/withdraw", methods=["POST"])
@require_roles("requester", "coordinator")
@idempotent
@conditional
@blueprint.arguments(StepBody, required=False)
@blueprint.response(200, ApplicationView)
def withdraw(_body: dict[str, Any], application_id: str) -> Answer:
    """Take an application back, for good; each of its States may, until the fund has decided."""
    return _step(application_id, "withdraw", _require_author_or_state, lambda _: None)


@blueprint.route("/applications/<string:application_id>/approve", methods=["POST"])
@require_roles("donor", "operator")
@idempotent
@conditional
@blueprint.arguments(StepBody, required=False)
@blueprint.response(200, ApplicationView)
def approve(_body: dict[str, Any], application_id: str) -> Answer:
    """Approve an application: all its lines are committed in the ledger, or none is.

    Answers 409 `refused` with the reason where the ledger cannot: the application stands as it was.
    """
    identity = current_identity()
    _step(
        application_id,
        "approve",
        _require_fund,
        lambda stored: applications.begin_approval(stored, identity),
    )
    settled = applications.settle(application_id, context().clock())
    if settled.status != "approved":
        reason = settled.refusal or f"the application is {settled.status}"
        raise conflict("refused", f"Nothing was committed: {reason}.")
    return _shown(settled, identity)


@blueprint.route("/applications/<string:application_id>/decline", methods=["POST"])
@require_roles("donor", "operator")
@idempotent
@conditional
@blueprint.arguments(DeclineBody)
@blueprint.response(200, ApplicationView)
def decline(body: dict[str, Any], application_id: str) -> Answer:
    """Decline an application, with the reason."""

    def note(stored: Application) -> None:
        stored.reason = body["reason"]

    return _step(application_id, "decline", _require_fund, note)


def _step(
    id_: str,
    action: str,
    require: Callable[[Application, Identity], None],
    also: Callable[[Application], object],
) -> Answer:
    identity, expected = current_identity(), required_version()
    found = _find(id_, identity)
    require(found, identity)
    attempt, now = current_attempt(), context().clock()
    if resuming() and attempt in found.attempts:
        return _shown(found, identity)
    done = applications.take(id_, action, expected, identity, now, also, attempt)
    return _shown(done, identity)


def _fill(application: Application, body: Mapping[str, Any], identity: Identity) -> None:
    now = context().clock()
    call = application_checks.call_view(body["call"])
    views = views_by_record("request", (line["request"] for line in body["lines"]))
    own = {id_: view for id_, view in views.items() if _may_use(view, identity)}
    lines = application_checks.applied_lines(body["lines"], own, now.date())
    states = [own[line.request].owner or "" for line in lines]
    applications.assemble(application, call, lines, states)


def _may_use(view: View, identity: Identity) -> bool:
    if identity.role == "requester":
        return bool(view.owner == identity.state)
    return covers(identity, view.owner)


def _require_admitted(application: Application) -> None:
    geography = Geography.of_vocabulary(context().clock().date())
    views = views_by_record("request", application.requests)
    call = application_checks.call_view(application.call)
    application_checks.require_admitted(call, application.lines, views, geography)


def _find(id_: str, identity: Identity) -> Application:
    found: Application | None = Application.objects(id=id_).first()
    if found is None or not knows_application(identity, found):
        raise not_found("application")
    return found


def _require_author(application: Application, identity: Identity) -> None:
    if application.author != identity.state or not covers(identity, *application.states):
        raise forbidden("Only who assembled the application may do this.")


def _require_author_or_state(application: Application, identity: Identity) -> None:
    if identity.state not in application.states:
        _require_author(application, identity)


def _require_fund(application: Application, identity: Identity) -> None:
    if identity.role == "donor" and not owns_offer(identity, application.organisation):
        raise forbidden("Only the fund may do this.")


def _told(action: str, source: str | None, identity: Identity, now: Any) -> Transition:
    return Transition(
        source=source,
        target=source or APPLICATION.initial,
        action=action,
        at=now,
        role=identity.role,
        party=party_of(identity),
        subject=subject_of(identity),
    )


def _shown(application: Application, identity: Identity) -> Answer:
    return application_view(application, identity), {"ETag": etag(application.version)}
