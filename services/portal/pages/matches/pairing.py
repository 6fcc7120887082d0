"""From a request or an offer to what an organisation can join: a pair of both that it may read."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, request
from flask_babel import gettext as _

from entraide.client import Answer
from services.portal.pages.asking import ask, gather, get_one
from services.portal.pages.finding import names_of
from services.portal.pages.frame import account, for_roles, show
from shared.lifecycle import REQUEST
from shared.web.problems import not_found

PAGE = "/matches/joining"
_SHOWN = 50
_MOST_THEMES = 3
Data = Mapping[str, Any]


@for_roles("donor")
def choose_pair() -> Response:
    """The offers whose help for a request can be joined, or the requests that an offer may help.

    Nobody but its parties knows of a proposal: so these are records of the same themes, whether
    they were ever proposed for each other or not.
    """
    request_id, offer_id = request.args.get("request"), request.args.get("offer")
    if request_id:
        of = get_one("requests", f"/v1/requests/{request_id}").body
        found = _alike("offers", of["needs"], status="published")
        rows = [
            _row(one, f"{request_id}.{one['id']}", str(one["organisation"]))
            for one in found or ()
            if one["organisation"] != account().organisation
        ]
    elif offer_id:
        of = get_one("offers", f"/v1/offers/{offer_id}").body
        found = _alike("requests", of["provisions"])
        rows = [
            _row(one, f"{one['id']}.{offer_id}", None, one["country"])
            for one in found or ()
            if one["status"] in REQUEST.shown
        ]
    else:
        raise not_found("pair")
    names = names_of([one["by"] for one in rows if one["by"]])
    return show(
        "matches/pair.html",
        of=of,
        title=_("Which offer?") if request_id else _("For which request?"),
        rows=[{**one, "by": names.get(one["by"], one["by"])} for one in rows],
        away=found is None,
    )


def _alike(service: str, lines: Sequence[Data], **query: str) -> list[Data] | None:
    """Records with a line of one of the first themes, each once; None while the service is away."""
    themes = list(dict.fromkeys(line["theme"] for line in lines))[:_MOST_THEMES]
    asked = {
        f"theme_{n}": ask(service, f"/v1/{service}", theme=theme, limit=_SHOWN, **query)
        for n, theme in enumerate(themes)
    }
    answers = [one for one in gather(**asked).values() if isinstance(one, Answer)]
    if asked and not answers:
        return None
    return list({one["id"]: one for answer in answers for one in answer.body["items"]}.values())


def _row(one: Data, pair: str, by: str | None, country: str | None = None) -> dict[str, Any]:
    return {
        "title": one["title"],
        "language": one["language"],
        "pair": pair,
        "by": by,
        "country": country,
    }
