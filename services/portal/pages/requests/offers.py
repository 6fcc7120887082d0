"""The offers that fit a request, as its reader may see them, each with why."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Flask, Response, request
from flask_babel import gettext as _
from flask_babel import pgettext

from entraide.client.records.matcher import ProposalViewPage
from entraide.client.records.requests import RequestView
from services.portal.house import house
from services.portal.pages import embargoed, wording
from services.portal.pages.asked import cursor_of
from services.portal.pages.asking import ask, gather, get_one
from services.portal.pages.dollars import in_currency
from services.portal.pages.finding import find
from services.portal.pages.frame import account, for_signed_in, show
from services.portal.pages.requests.lists import PAGE
from services.portal.pages.requests.rights import is_own, sees_offers, told_of_embargoes
from services.portal.promised import committed_of, may_serve
from services.portal.services import AwayError
from shared.lifecycle import REQUEST

_SHOWN = 20


def install(app: Flask) -> None:
    """Add the page."""
    app.add_url_rule(f"{PAGE}/<string:request_id>/offers", view_func=offers_that_fit)


@for_signed_in()
def offers_that_fit(request_id: str) -> Response:
    """The offers that fit, the best first."""
    view = get_one("requests", "/v1/requests", request_id).of(RequestView)
    cursor = cursor_of(request.args)
    asked = ask("matcher", "/v1/proposals", request=request_id, limit=_SHOWN, cursor=cursor)
    answer = gather(offers=asked)["offers"]
    found = None if isinstance(answer, AwayError) else answer.of(ProposalViewPage)
    told = told_of_embargoes(account(), view)
    return show(
        "requests/offers.html",
        it=view,
        sees=sees_offers(account(), view),
        own=is_own(account(), view),
        is_final=REQUEST.is_final(view["status"]),
        away=found is None,
        embargoed=embargoed.of_request(request_id) if told else embargoed.NOTHING,
        listed=offer_rows(found["items"], view["needs"]) if found else [],
        next=found["next"] if found else None,
    )


def offer_rows(
    proposals: Sequence[Mapping[str, Any]], needs: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Proposals for the request that has these `needs`, with the offer's title, its organisation's
    name, and what it would give in words.

    A title or name that is not to be had just now is left out: the reasons are there.
    """
    lines = {need["line"]: need for need in needs}
    found = find(
        offer_titles=[one["offer"] for one in proposals],
        organisations=[one["organisation"] for one in proposals],
    )
    rows = []
    for one in proposals:
        offer = found["offer_titles"].get(one["offer"], {})
        rows.append(
            {
                **one,
                "title": offer.get("title"),
                "language": offer.get("language"),
                "by": found["organisations"].get(one["organisation"], {}).get("name"),
                "gives": [
                    *(_given(line) for line in committed_of(one, "request") if line["theme"]),
                    *(
                        _gives(serving, lines.get(serving["need"], {}))
                        for serving in may_serve(one)
                    ),
                ],
            }
        )
    return rows


def _given(line: Mapping[str, Any]) -> dict[str, Any]:
    """What of a need line is committed already."""
    told = wording.told(line["committed"], line["measure"], line["unit"])
    words = f"{pgettext('amount', 'Committed')} {told}"
    return {"line": line["line"], "theme": line["theme"], "kind": line["kind"], "words": words}


def _gives(serving: Mapping[str, Any], need: Mapping[str, Any]) -> dict[str, Any]:
    """What a provision does for a need line: theme, kind, and how much of what is needed."""
    words = ""
    if serving["quantity"] is not None and serving["of"] is not None:
        words = _("%(given)s of %(needed)s", given=_count(serving), needed=_count(serving, "of"))
    elif serving["amount"] is not None and serving["amount_of"] is not None:
        given, needed = (_money(serving[name], need) for name in ("amount", "amount_of"))
        if given is not None and needed is not None:
            words = _("%(given)s of %(needed)s", given=given, needed=needed)
    return {
        "line": serving["need"],
        "theme": serving["theme"],
        "kind": serving["kind"],
        "words": words,
    }


def _money(dollars: float, need: Mapping[str, Any]) -> str | None:
    """What is told in US dollars, in the currency of the need line; None without a rate."""
    currency = need.get("currency") or "USD"
    whole = need.get("amount")
    like = () if whole is None else (whole,)
    own = in_currency(dollars, currency, house().clock().date(), like)
    return None if own is None else wording.amount(own, currency)


def _count(serving: Mapping[str, Any], name: str = "quantity") -> str:
    if name == "of" and serving["unit"]:
        return wording.quantity(serving[name], serving["unit"], of=True)
    return wording.number(serving[name])
