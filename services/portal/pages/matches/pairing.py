"""From a request or an offer to what an organisation can join: a pair of both that it may read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, request
from flask_babel import gettext as _

from services.portal.pages.asked import code_of, cursor_of
from services.portal.pages.asking import ask, gather, get_one
from services.portal.pages.finding import names_of
from services.portal.pages.frame import account, for_roles, show
from services.portal.services import AwayError
from shared.lifecycle import REQUEST
from shared.web.problems import not_found

PAGE = "/matches/joining"
_SHOWN = 20
Data = Mapping[str, Any]


@dataclass(frozen=True)
class _Page:
    """Records of a list, and where its next page begins; or that their service is away."""

    items: Sequence[Data] = ()
    next: str | None = None
    away: bool = False


@for_roles("donor")
def choose_pair() -> Response:
    """The offers whose help for a request can be joined, or the requests that an offer may help.

    Nobody but its parties knows of a proposal: so these are records of one of its themes, which
    the address names, whether they were ever proposed for each other or not.
    """
    request_id, offer_id = request.args.get("request"), request.args.get("offer")
    if request_id:
        of = get_one("requests", "/v1/requests", request_id).body
        themes = _themes(of["needs"])
        found = _alike("offers", themes, status="published")
        rows = [
            _row(one, f"{request_id}.{one['id']}", str(one["organisation"]))
            for one in found.items
            if one["organisation"] != account().organisation
        ]
    elif offer_id:
        of = get_one("offers", "/v1/offers", offer_id).body
        themes = _themes(of["provisions"])
        found = _alike("requests", themes)
        rows = [
            _row(one, f"{one['id']}.{offer_id}", None, one["country"])
            for one in found.items
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
        themes=themes,
        theme=_chosen(themes),
        next=found.next,
        away=found.away,
    )


def _themes(lines: Sequence[Data]) -> list[str]:
    return list(dict.fromkeys(line["theme"] for line in lines))


def _chosen(themes: Sequence[str]) -> str | None:
    """The theme that the address names, or else the first; None where there is none."""
    return code_of(request.args, "theme", themes) or next(iter(themes), None)


def _alike(service: str, themes: Sequence[str], **query: str) -> _Page:
    """A page of the records with a line of the theme that is chosen."""
    theme = _chosen(themes)
    if theme is None:
        return _Page()
    of_it = {"theme": theme, "cursor": cursor_of(request.args), "limit": _SHOWN}
    found = gather(alike=ask(service, f"/v1/{service}", **of_it, **query))["alike"]
    if isinstance(found, AwayError):
        return _Page(away=True)
    return _Page(found.body["items"], found.body["next"])


def _row(one: Data, pair: str, by: str | None, country: str | None = None) -> dict[str, Any]:
    return {
        "title": one["title"],
        "language": one["language"],
        "pair": pair,
        "by": by,
        "country": country,
    }
