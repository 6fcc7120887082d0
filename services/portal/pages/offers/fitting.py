"""/fitting-requests: the requests that any of a donor's offers fits, the best with why."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Flask, Response, request

from services.portal.pages.asked import as_end, code_of, cursor_of, states_of
from services.portal.pages.asking import ask, gather, look_up
from services.portal.pages.choices import by_name, countries, labels
from services.portal.pages.finding import Record, Records, find
from services.portal.pages.frame import account, for_roles, show
from services.portal.pages.wording import isolated
from services.portal.services import AwayError
from shared.vocabulary.countries import AREAS, all_countries
from shared.vocabulary.themes import THEMES

PAGE = "/fitting-requests"
_SHOWN = 20
_MOST_TITLES = 200
_MOST_ID = 128


def install(app: Flask) -> None:
    """Add the page."""
    app.add_url_rule(PAGE, view_func=fitting_requests)


@for_roles("donor")
def fitting_requests() -> Response:
    """The requests that the donor's offers fit, the best first, as the address asks for them."""
    chosen = asked_of(request.args)
    page = {"limit": _SHOWN, "cursor": cursor_of(request.args)}
    answer = gather(found=ask("matcher", "/v1/fitting-requests", **chosen, **page))["found"]
    found = None if isinstance(answer, AwayError) else answer.body
    listed = [] if found is None else list(found["items"])
    titles = find(request_titles=[one["request"] for one in listed])["request_titles"]
    offers = _own_offers()
    return show(
        "offers/fitting.html",
        wide=True,
        away=found is None,
        listed=[_row(one, titles, offers or {}) for one in listed],
        next=None if found is None else found["next"],
        chosen=chosen,
        states=states_of(chosen["state"], chosen["region"]),
        wanted=as_end(offer=chosen["offer"], theme=chosen["theme"]),
        filtered=any(chosen.values()),
        any_offer=offers is None or bool(offers),
        offers=None if offers is None else _choices(offers),
        themes=labels(THEMES),
        regions=labels(AREAS),
        countries=countries(),
    )


def asked_of(args: Mapping[str, str]) -> dict[str, str | None]:
    """What the address asks for, without what is no code; as the matcher takes it."""
    return {
        "offer": args.get("offer", "")[:_MOST_ID] or None,
        "theme": code_of(args, "theme", THEMES.codes()),
        "state": code_of(args, "place", [one.alpha3 for one in all_countries()]),
        "region": code_of(args, "place", AREAS.codes()),
    }


def _own_offers() -> Records | None:
    """What each of the donor's published offers is called, by its id; None where the register of
    offers is away."""
    wanted = {"organisation": account().organisation, "status": "published"}
    found: dict[str, Record] = {}
    cursor = None
    while True:
        asked = ask("offers", "/v1/offers/titles", **wanted, limit=_MOST_TITLES, cursor=cursor)
        answer = look_up({"titles": asked}).get("titles")
        if answer is None:
            return None
        found |= {one["id"]: one for one in answer.body["items"]}
        if (cursor := answer.body["next"]) is None:
            return found


def _choices(offers: Records) -> Sequence[tuple[str, str]]:
    return by_name((id_, isolated(one["title"])) for id_, one in offers.items())


def _row(one: Mapping[str, Any], titles: Records, offers: Records) -> dict[str, Any]:
    return {
        "id": one["request"],
        "country": one["country"],
        "titled": titles.get(one["request"]),
        "proposals": [
            (fit, offers.get(fit["offer"])) for fit in (*one["proposals"], *one["others"])
        ],
    }
