"""The list of offers: a donor's own, to others those that they may see."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, request
from flask_babel import gettext as _

from services.portal.pages.asked import code_of, cursor_of, words_of
from services.portal.pages.asking import get
from services.portal.pages.choices import labels
from services.portal.pages.finding import names_of
from services.portal.pages.frame import account, for_signed_in, show
from services.portal.pages.offers.parties import owns, whose_of
from services.portal.pages.offers.rows import line_row
from services.portal.pages.searching import search
from services.portal.pages.wording import status
from shared.lifecycle import OFFER
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.themes import THEMES

PAGE = "/offers"
SHOWN = 20


def install(app: Flask) -> None:
    """Add the page."""
    app.add_url_rule(PAGE, view_func=list_offers)


@for_signed_in()
def list_offers() -> Response:
    """The offers that the reader may see, a donor's own unless all are asked for."""
    own = account()
    donor = own.role == "donor"
    asked = asked_of(request.args)
    mine = asked["organisation"] is not None
    terms = {"limit": SHOWN, "cursor": cursor_of(request.args), **asked}
    found = search(lambda: get("offers", "/v1/offers", **terms).body)
    names = names_of(offer["organisation"] for offer in found.items)
    return show(
        "offers/list.html",
        found.status,
        wide=True,
        away=found.away,
        wrong=found.wrong,
        donor=donor,
        mine=mine,
        chosen=asked["status"],
        rows=[_row(offer, names) for offer in found.items],
        next=found.next,
        filters=[
            (
                "status",
                _("Where it stands"),
                [(one, status(one)) for one in OFFER.states if mine or one != "draft"],
            ),
            ("theme", _("Theme"), labels(THEMES)),
            ("kind", _("Kind of help"), labels(KINDS)),
        ],
        filtered=any(request.args.get(name) for name in ("status", "theme", "kind", "q")),
    )


def asked_of(args: Mapping[str, str]) -> dict[str, str | None]:
    """What the address asks for: a donor's own unless it asks for those of all."""
    return {
        "organisation": whose_of(account(), args),
        "status": code_of(args, "status", OFFER.states),
        "theme": code_of(args, "theme", THEMES.codes()),
        "kind": code_of(args, "kind", KINDS.codes()),
        "q": words_of(args),
    }


def _row(offer: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {
        **{name: offer[name] for name in ("id", "title", "language", "status", "window")},
        "donor": names[offer["organisation"]],
        "own": owns(account(), offer),
        "lines": [line_row(line) for line in offer["provisions"]],
    }
