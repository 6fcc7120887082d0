"""One request with everything of it that its reader may see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from flask import Flask, Response
from werkzeug.datastructures import MultiDict

from entraide.client import Answer
from entraide.client.records.requests import RequestView
from services.portal.pages import embargoed, wording
from services.portal.pages.asking import Ask, ask, gather, get_one
from services.portal.pages.finding import names_of
from services.portal.pages.forms import PageForm
from services.portal.pages.frame import account, for_signed_in, show
from services.portal.pages.introducing import introducer_of
from services.portal.pages.keeping import give_back
from services.portal.pages.requests.lists import PAGE
from services.portal.pages.requests.offers import offer_rows
from services.portal.pages.requests.readings import donors_of, party
from services.portal.pages.requests.rights import (
    is_own,
    may_change,
    oversees,
    sees_offers,
    steps_for,
    told_of_embargoes,
)
from services.portal.pages.requests.rows import line_rows, steps_of
from services.portal.services import AwayError
from shared.ids import new_id
from shared.lifecycle import REQUEST

_OFFERS_SHOWN = 3
_READS_SHOWN = 20
_NOT_YET_SEEN = {"draft", "submitted"}
"""Where likely duplicates are still the State's to mend; later coordinators find them."""
_ADVISED = {"requester", "coordinator", "operator"}
_READS_TOLD = {"requester", "auditor", "operator"}


@dataclass(frozen=True)
class Tried:
    """A step that was refused: what was typed, and what is wrong, by field or, "", as a whole."""

    step: str
    typed: MultiDict[str, str]
    faults: Mapping[str, str]
    status: int


@dataclass(frozen=True)
class Parts:
    """What a page asked for beside the request: answers, and the names of what is away."""

    found: Mapping[str, Any]
    away: frozenset[str] = field(default_factory=frozenset)


def install(app: Flask) -> None:
    """Add the page."""
    app.add_url_rule(f"{PAGE}/<string:request_id>", view_func=request_page)


@for_signed_in()
def request_page(request_id: str) -> Response:
    """The request."""
    return record_page(request_id)


def record_page(request_id: str, tried: Tried | None = None) -> Response:
    """The page of a request; after a step that was refused, with what was typed, which is given
    back where the step cannot be taken any more."""
    answer = get_one("requests", "/v1/requests", request_id)
    view = answer.of(RequestView)
    steps = steps_for(account(), view)
    if tried and tried.step not in steps and tried.typed.get("text", "").strip():
        return give_back(" ".join(tried.faults.values()), HTTPStatus.CONFLICT)
    parts = _parts(view)
    told = told_of_embargoes(account(), view)
    return show(
        "requests/record.html",
        tried.status if tried else HTTPStatus.OK,
        it=view,
        lines=line_rows(view["needs"]),
        suggested=[one for one in suggested_lines(view) if one["line"] is None],
        history=list(steps_of(view)),
        introducer=introducer_of(view),
        own=is_own(account(), view),
        sees_offers=sees_offers(account(), view),
        writes=may_change(account(), view),
        steps=steps,
        parts=parts.found,
        away=parts.away,
        embargoed=embargoed.of_request(request_id) if told else embargoed.NOTHING,
        etag=answer.etag,
        may_join=account().role == "donor" and answer.body["status"] in REQUEST.shown,
        key=new_id(),
        bare=PageForm(),
        tried=tried,
        names=names_of(_organisations(view, parts)),
        party=party,
        organisation=account().organisation,
    )


def suggested_lines(view: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Lines that the text seems to describe, as `line_rows` has them."""
    found = view.get("inferred", {}).get("lines", [])
    nothing = {"quantity": 0, "amount": None, "whole": False}
    counted = {"pledged": nothing, "committed": nothing, "delivered": nothing}
    return line_rows([{**line, **counted} for line in found])


def _organisations(view: Mapping[str, Any], parts: Parts) -> list[str]:
    """Those that endorse the request, that took a step, and that read it while confidential."""
    endorsing = [one["organisation"] for one in view["endorsements"]]
    reads = parts.found["reads"]["items"] if "reads" in parts.found else []
    return list(dict.fromkeys([*endorsing, *donors_of([*view["history"], *reads])]))


def _parts(view: Mapping[str, Any]) -> Parts:
    role, own = account().role, is_own(account(), view)
    address = f"/v1/requests/{view['id']}"
    asked: dict[str, Ask] = {
        "files": ask("requests", f"{address}/attachments"),
        "offers": ask("matcher", "/v1/proposals", request=view["id"], limit=_OFFERS_SHOWN),
    }
    if own and view["status"] in _NOT_YET_SEEN:
        asked["similar"] = ask("requests", f"{address}/similar")
    if oversees(account(), view) and role in _ADVISED and view["status"] == "draft":
        asked["advice"] = ask("requests", f"{address}/advice", language=wording.here())
    if own or role in _READS_TOLD - {"requester"}:
        asked["reads"] = ask("requests", f"{address}/reads", limit=_READS_SHOWN)
    return _sorted(gather(**asked), view["needs"])


def _sorted(answers: Mapping[str, Answer | AwayError], needs: Sequence[Mapping[str, Any]]) -> Parts:
    found = {name: one.body for name, one in answers.items() if isinstance(one, Answer)}
    if "offers" in found:
        listed = offer_rows(found["offers"]["items"], needs)
        found["offers"] = {**found["offers"], "items": listed}
    return Parts(found, frozenset(name for name in answers if name not in found))
