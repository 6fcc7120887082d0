"""The register of arms embargoes, and what it says of requests, over HTTP."""

from dataclasses import replace
from datetime import date
from typing import Any

from flask.views import MethodView

from services.matcher import embargoes
from services.matcher.embargo_documents import Embargo, embargo_id
from services.matcher.embargo_schemas import (
    EmbargoBody,
    EmbargoConfirmationBody,
    EmbargoEndBody,
    EmbargoQuery,
    EmbargoView,
    RulingView,
)
from services.matcher.embargo_views import embargo_view, ruling_view
from services.matcher.record_views import View, stored_view
from services.matcher.rights import hidden_lines, oversees, owns_request, sees_request
from shared.events.outbox import DuplicateId
from shared.registers.context import context
from shared.registers.writing import load
from shared.web.blueprint import Blueprint
from shared.web.idempotency import create_or_resume, current_attempt, idempotent, resuming
from shared.web.identity import Identity, current_identity, require_covered, require_roles
from shared.web.languages import LanguageQuery, reading_language
from shared.web.logging import record_confidential_read
from shared.web.paging import page, page_schema
from shared.web.preconditions import conditional, etag, required_version
from shared.web.problems import conflict, not_found

blueprint = Blueprint(
    "embargoes",
    __name__,
    url_prefix="/v1",
    description="Arms embargoes and their exemptions: what help a State may not be given.",
)
Answer = tuple[dict[str, Any], dict[str, str]]


@blueprint.route("/embargoes")
class Embargoes(MethodView):
    """The register."""

    @blueprint.arguments(EmbargoQuery, location="query")
    @blueprint.response(200, page_schema(EmbargoView))
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """List embargoes, the newest entry first; past and coming ones too without `on`."""
        identity, found = current_identity(), Embargo.objects
        for field, name in (("country", "state"), ("status", "status")):
            if args[name] is not None:
                found = found.filter(**{field: args[name]})
        if args["on"] is not None:
            day = args["on"].isoformat()
            found = found.filter(start__lte=day, end__not__lt=day)
        language = reading_language(args["language"])
        return page(found, args, lambda one: embargo_view(one, identity, language, _today()))

    @require_roles("coordinator")
    @idempotent
    @blueprint.arguments(EmbargoBody)
    @blueprint.response(201, EmbargoView)
    def post(self, body: dict[str, Any]) -> Answer:
        """Enter an embargo: it bars from its first day on, whatever was proposed before."""
        identity, now = current_identity(), context().clock()
        require_covered(identity, body["country"])
        id_ = embargo_id(body["country"], body["resolution"])

        def earlier() -> Embargo:
            found = load(Embargo, id_)
            if current_attempt() not in found.attempts:
                raise DuplicateId(id_)
            return found

        try:
            embargo = create_or_resume(
                lambda: embargoes.record(body, identity, now, current_attempt()), earlier
            )
        except DuplicateId:
            detail = f"There is an entry for it already: /v1/embargoes/{id_}."
            known = conflict("duplicate", detail)
            raise replace(known, members={"existing": id_}) from None
        answer, tag = _shown(embargo, identity)
        return answer, {**tag, "Location": f"/v1/embargoes/{embargo.id}"}


@blueprint.route("/embargoes/<string:embargo_id>")
class OneEmbargo(MethodView):
    """One entry."""

    @blueprint.response(200, EmbargoView)
    def get(self, embargo_id: str) -> Answer:
        """Read an entry."""
        return _shown(load(Embargo, embargo_id), current_identity())

    @require_roles("coordinator")
    @conditional
    @blueprint.arguments(EmbargoBody)
    @blueprint.response(200, EmbargoView)
    def put(self, body: dict[str, Any], embargo_id: str) -> Answer:
        """Replace what an entry says, its exemptions too; State and resolution stay."""
        identity, expected = current_identity(), required_version()
        require_covered(identity, load(Embargo, embargo_id).country)
        now = context().clock()
        return _shown(embargoes.amend(embargo_id, body, expected, identity, now), identity)


@blueprint.route("/embargoes/<string:embargo_id>/confirmation", methods=["POST"])
@require_roles("coordinator")
@idempotent
@conditional
@blueprint.arguments(EmbargoConfirmationBody)
@blueprint.response(200, EmbargoView)
def confirmation(body: dict[str, Any], embargo_id: str) -> Answer:
    """Say that an entry of a list is right."""
    identity, expected = current_identity(), required_version()
    require_covered(identity, load(Embargo, embargo_id).country)
    attempt, now = current_attempt(), context().clock()
    done = _done_before(embargo_id) or embargoes.confirm(
        embargo_id, body["reason"], expected, identity, now, attempt
    )
    return _shown(done, identity)


@blueprint.route("/embargoes/<string:embargo_id>/end", methods=["POST"])
@require_roles("coordinator")
@idempotent
@conditional
@blueprint.arguments(EmbargoEndBody)
@blueprint.response(200, EmbargoView)
def end(body: dict[str, Any], embargo_id: str) -> Answer:
    """Say that an embargo is over after a day; nothing can be changed in the entry then."""
    identity, expected = current_identity(), required_version()
    require_covered(identity, load(Embargo, embargo_id).country)
    attempt, now = current_attempt(), context().clock()
    done = _done_before(embargo_id) or embargoes.end(
        embargo_id, body["on"] or now.date(), body["reason"], expected, identity, now, attempt
    )
    return _shown(done, identity)


@blueprint.route("/embargoes/rulings/<string:request>")
class Ruling(MethodView):
    """What embargoes say of a request."""

    @require_roles("coordinator", "auditor", "operator", "requester")
    @blueprint.arguments(LanguageQuery, location="query")
    @blueprint.response(200, RulingView)
    def get(self, args: dict[str, Any], request: str) -> dict[str, Any]:
        """Read which of a request's lines may be served today, and why others are not."""
        identity = current_identity()
        view = stored_view("request", request)
        if view is None or not _may_know(identity, view):
            raise not_found("request")
        hidden = hidden_lines(identity, view)
        if view.hidden_lines:
            record_confidential_read(identity.subject, identity.role, request, len(hidden))
        return ruling_view(view, hidden, reading_language(args["language"]), _today())


def _may_know(identity: Identity, view: View) -> bool:
    overseen = oversees(identity) and sees_request(identity, view, None)
    return overseen or owns_request(identity, view.owner)


def _done_before(id_: str) -> Embargo | None:
    """The entry, if an earlier attempt with this request's idempotency key did its work."""
    if not resuming():
        return None
    found: Embargo | None = Embargo.objects(id=id_, attempts=current_attempt()).first()
    return found


def _shown(embargo: Embargo, identity: Identity) -> Answer:
    view = embargo_view(embargo, identity, reading_language(None), _today())
    return view, {"ETag": etag(embargo.version)}


def _today() -> date:
    return context().clock().date()
