"""Needs that assistance under way seems to cover, and decisions on them, over HTTP."""

from datetime import date
from typing import Any

from flask.views import MethodView

from services.matcher.cases import NotYet
from services.matcher.coverage_documents import CoverageCase
from services.matcher.coverage_holds import settle
from services.matcher.coverage_notes import given_of
from services.matcher.coverage_schemas import (
    CoverageDecisionBody,
    CoverageQuery,
    CoverageView,
)
from services.matcher.coverage_views import coverage_view
from services.matcher.coverages import decide, known_request, seen_version
from services.matcher.documents import CommitmentLine
from services.matcher.existence import knows_coverage
from services.matcher.promises import has_part, is_all_left, part_error, taken_line
from services.matcher.record_views import Line, View, stored_view, views_by_record
from services.matcher.rights import oversees
from shared.lifecycle import SHOWN
from shared.registers.conditions import Condition
from shared.registers.context import context
from shared.registers.newest import newest
from shared.vocabulary.countries import countries_asked
from shared.web.blueprint import Blueprint
from shared.web.idempotency import current_attempt, idempotent, resuming
from shared.web.identity import (
    Identity,
    covered_countries,
    current_identity,
    require_covered,
    require_roles,
)
from shared.web.languages import LanguageQuery, reading_language
from shared.web.paging import page_schema
from shared.web.preconditions import conditional, etag, required_version
from shared.web.problems import (
    FieldError,
    conflict,
    invalid,
    invalid_field,
    not_found,
    not_read_yet,
)

blueprint = Blueprint(
    "coverage",
    __name__,
    url_prefix="/v1",
    description="Need lines that assistance under way seems to cover.",
)
Answer = tuple[dict[str, Any], dict[str, str]]


@blueprint.route("/coverage")
class Coverage(MethodView):
    """Activities that seem to cover need lines."""

    @require_roles("coordinator", "auditor", "operator", "requester")
    @blueprint.arguments(CoverageQuery, location="query")
    @blueprint.response(200, page_schema(CoverageView))
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """List cases, the newest first; a State sees those of its own requests."""
        identity, language = current_identity(), reading_language(args["language"])
        wanted: Condition = {
            name: args[name] for name in ("request", "activity", "status") if args[name]
        }
        if args["id"]:
            wanted["_id"] = {"$in": args["id"]}
        if not wanted:
            wanted["status"] = "open"
        if args["score"] is not None:
            wanted["score"] = {"$gte": args["score"]}
        states = countries_asked(args["country"], args["region"])
        if not oversees(identity):
            own = identity.state
            states = [one for one in (own,) if one and (states is None or one in states)]
        elif not oversees(identity, None):
            held = covered_countries(identity)
            states = held if states is None else [one for one in states if one in held]
        if states is not None:
            wanted["country"] = {"$in": states}
        shown = newest(CoverageCase, [wanted], args, ["pending_events"])
        views = views_by_record("request", (case.request for case in shown["items"]))
        items = [
            coverage_view(case, views.get(case.request), identity, language)
            for case in shown["items"]
        ]
        return {**shown, "items": items}


@blueprint.route("/coverage/<string:case_id>")
class OneCoverage(MethodView):
    """One activity and need line."""

    @require_roles("coordinator", "auditor", "operator", "requester")
    @blueprint.arguments(LanguageQuery, location="query")
    @blueprint.response(200, CoverageView)
    def get(self, args: dict[str, Any], case_id: str) -> Answer:
        """Read a case: why the activity seems to cover the line, and how much of it."""
        identity = current_identity()
        return _shown(_find(case_id, identity), identity, reading_language(args["language"]))


@blueprint.route("/coverage/<string:case_id>/decision", methods=["POST"])
@require_roles("coordinator")
@conditional
@idempotent
@blueprint.arguments(CoverageDecisionBody)
@blueprint.response(200, CoverageView)
def decision(body: dict[str, Any], case_id: str) -> Answer:
    """Confirm that an activity covers a need line, or dismiss it.

    Confirmed, it lowers the open need. Dismissed, it is shown again only if the request or the
    activity changes materially.
    """
    identity, expected, now = current_identity(), required_version(), context().clock()
    case, attempt = _find(case_id, identity), current_attempt()
    require_covered(identity, case.country)
    if not (resuming() and attempt in case.attempts):
        action, reason = body["decision"], body["reason"]
        try:
            line, beyond = _wanted(case, known_request(case), body, now.date())
            decide(case, action, reason, line, expected, identity, now, attempt, beyond)
        except NotYet:
            raise not_read_yet() from None
    return _shown(settle(case.id, now), identity, reading_language(None))


def _wanted(
    case: CoverageCase, view: View, body: dict[str, Any], on: date
) -> tuple[CommitmentLine | None, int]:
    """What a confirmed case wants of its line, and what the activity gives beyond the line.

    None and nothing for one that is dismissed. Raises the 422 problem for what does not go together
    with the decision or with the line, or has a part of what is counted whole, and the 409 problem
    for a request that is not circulated or has no such line any more.
    """
    given = any(body[name] is not None for name in ("quantity", "amount"))
    if body["decision"] == "dismiss":
        if body["reason"] is None:
            raise invalid_field("reason", "A dismissal needs its reason.", "required")
        if given:
            raise invalid_field("decision", "What is dismissed covers nothing.", "invalid")
        return None, 0
    if view.status not in SHOWN:
        raise conflict("not-open", "The request is open no more.")
    own = next((one for one in view.lines if one.line == case.line), None)
    if own is None:
        raise conflict("no-line", f"The request has no line {case.line} any more.")
    errors: list[FieldError] = []
    line = taken_line(view, own, body, on, "", errors) if given else _found(case, own)
    if line is not None and _has_stray_part(case, view, own, line):
        errors.append(part_error(line.unit, ""))
    if line is None or errors:
        raise invalid([FieldError(one.field.lstrip("."), one.message, one.code) for one in errors])
    beyond = max(0, line.amount - own.limit)
    line.amount -= beyond
    return line, beyond


def _found(case: CoverageCase, own: Line) -> CommitmentLine:
    """What the case says that the activity gives of its line."""
    return CommitmentLine(
        side="request",
        record=case.request,
        line=case.line,
        measure=own.measure,
        unit=own.unit,
        amount=given_of(case, own),
    )


def _has_stray_part(case: CoverageCase, view: View, own: Line, line: CommitmentLine) -> bool:
    """Whether it has a part of what is counted whole that neither record states.

    All that is left of a line that states a part may be covered, and just so much as the activity
    states in the same unit; as of commitments, see promises.py.
    """
    if not has_part(line.measure, line.unit, line.amount) or is_all_left(view, line):
        return False
    return not (case.basis == "quantity" and line.amount == given_of(case, own))


def _find(case_id: str, identity: Identity) -> CoverageCase:
    case: CoverageCase | None = CoverageCase.objects(id=case_id).first()
    if case is None or not knows_coverage(identity, case):
        raise not_found("case")
    return case


def _shown(case: CoverageCase, identity: Identity, language: str) -> Answer:
    view = stored_view("request", case.request)
    return coverage_view(case, view, identity, language), {"ETag": etag(seen_version(case, view))}
