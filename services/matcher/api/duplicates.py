"""Records that seem to be the same, and decisions on them, over HTTP."""

from typing import Any

from flask.views import MethodView

from services.matcher.cases import NotYet
from services.matcher.duplicate_documents import DuplicateCase
from services.matcher.duplicate_schemas import (
    SORTS,
    DuplicateDecisionBody,
    DuplicateQuery,
    DuplicateView,
)
from services.matcher.duplicate_views import duplicate_view, states_of
from services.matcher.duplicates import decide, seen_version, views_of
from services.matcher.existence import known_duplicates, knows_duplicate
from shared.registers.conditions import joined
from shared.registers.context import context
from shared.registers.newest import newest
from shared.vocabulary.countries import countries_asked
from shared.web.blueprint import Blueprint
from shared.web.identity import Identity, current_identity, require_covered, require_roles
from shared.web.languages import LanguageQuery, reading_language
from shared.web.paging import page_schema
from shared.web.preconditions import conditional, etag, required_version
from shared.web.problems import not_found, not_read_yet

blueprint = Blueprint(
    "duplicates",
    __name__,
    url_prefix="/v1",
    description="Requests, and offers, that seem to have been posted twice.",
)
Answer = tuple[dict[str, Any], dict[str, str]]


@blueprint.route("/duplicates")
class Duplicates(MethodView):
    """Pairs of records that seem to be the same."""

    @blueprint.arguments(DuplicateQuery, location="query")
    @blueprint.response(200, page_schema(DuplicateView))
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """List cases, the newest or the likeliest first. Owners see pairs of which both records
        are theirs."""
        identity = current_identity()
        language = reading_language(args["language"])
        condition = _condition(identity, args)
        shown = newest(
            DuplicateCase, [condition], args, ["pending_events"], sort=SORTS[args["sort"]]
        )
        views = views_of(*shown["items"])
        items = [duplicate_view(case, views, identity, language) for case in shown["items"]]
        return {**shown, "items": items}


@blueprint.route("/duplicates/<string:case_id>")
class OneDuplicate(MethodView):
    """One pair."""

    @blueprint.arguments(LanguageQuery, location="query")
    @blueprint.response(200, DuplicateView)
    def get(self, args: dict[str, Any], case_id: str) -> Answer:
        """Read a case: what speaks for and against the same, side by side."""
        identity = current_identity()
        return _shown(_find(case_id, identity), identity, reading_language(args["language"]))


@blueprint.route("/duplicates/<string:case_id>/decision", methods=["POST"])
@require_roles("coordinator")
@conditional
@blueprint.arguments(DuplicateDecisionBody)
@blueprint.response(200, DuplicateView)
def decision(body: dict[str, Any], case_id: str) -> Answer:
    """Link a pair or dismiss it: it is shown no more unless one of both changes materially."""
    identity, expected = current_identity(), required_version()
    case = _find(case_id, identity)
    require_covered(identity, *states_of(case))
    now = context().clock()
    try:
        decided = decide(case, body["decision"], body["reason"], expected, identity, now)
    except NotYet:
        raise not_read_yet() from None
    return _shown(decided, identity, reading_language(None))


def _condition(identity: Identity, args: dict[str, Any]) -> dict[str, Any]:
    condition = known_duplicates(identity)
    if args["side"] is not None and condition.setdefault("side", args["side"]) != args["side"]:
        condition["side"] = {"$in": []}
    if args["record"] is not None:
        condition["records"] = args["record"]
    if args["status"] is not None or args["record"] is None:
        condition["status"] = args["status"] or "open"
    states = countries_asked(args["country"], args["region"])
    if states is not None:
        condition = joined([condition, {"side": "request", "left_owner": {"$in": states}}])
    if args["score"] is not None:
        condition["score"] = {"$gte": args["score"]}
    return condition


def _find(case_id: str, identity: Identity) -> DuplicateCase:
    case: DuplicateCase | None = DuplicateCase.objects(id=case_id).first()
    if case is None or not knows_duplicate(identity, case):
        raise not_found("case")
    return case


def _shown(case: DuplicateCase, identity: Identity, language: str) -> Answer:
    views = views_of(case)
    shown = duplicate_view(case, views, identity, language)
    return shown, {"ETag": etag(seen_version(case, views))}
