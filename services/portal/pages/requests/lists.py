"""The list of requests: a State's own, or those that its reader may see."""

from collections.abc import Mapping

from flask import Flask, Response, request
from flask_babel import gettext as _

from services.portal.pages import wording
from services.portal.pages.asked import as_end, code_of, cursor_of, states_of, words_of
from services.portal.pages.asking import get
from services.portal.pages.choices import countries, labels
from services.portal.pages.frame import account, for_signed_in, show
from services.portal.pages.requests.rows import line_rows
from services.portal.pages.searching import search
from shared.lifecycle import REQUEST
from shared.vocabulary.countries import all_countries, country_name
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.themes import THEMES

PAGE = "/requests"
EVERY = "all"
_SHOWN = 20
_COUNTRIES = frozenset(one.alpha3 for one in all_countries())


def install(app: Flask) -> None:
    """Add the page."""
    app.add_url_rule(PAGE, view_func=request_list)


@for_signed_in()
def request_list() -> Response:
    """The requests that the reader may see, the newest first; a State's own unless it asks."""
    own = account().state
    chosen = chosen_filters(request.args, own)
    asked = asked_of(chosen)
    page = {"limit": _SHOWN, "cursor": cursor_of(request.args)}
    found = search(lambda: get("requests", "/v1/requests", **page, **asked).body)
    return show(
        "requests/list.html",
        found.status,
        listed=[{**one, "rows": line_rows(one["needs"])} for one in found.items],
        next=found.next,
        away=found.away,
        wrong=found.wrong,
        chosen=chosen,
        states=states_of(asked["country"], None),
        wanted=as_end(theme=asked["theme"]),
        filtered=any(chosen[name] for name in ("q", "status", "theme", "kind")),
        own=own,
        choices=_choices(own),
    )


def chosen_filters(args: Mapping[str, str], own: str | None) -> dict[str, str | None]:
    """What the address asks for, without what is no code; `country` as the page has it.

    A State's own requests are listed unless it asks for another's, or for those of all.
    """
    return {
        "status": code_of(args, "status", REQUEST.states),
        "theme": code_of(args, "theme", THEMES),
        "kind": code_of(args, "kind", KINDS),
        "country": code_of(args, "country", _COUNTRIES | {EVERY}) or own,
        "q": words_of(args),
    }


def asked_of(chosen: Mapping[str, str | None]) -> dict[str, str | None]:
    """These filters as the register takes them."""
    return {**chosen, "country": None if chosen["country"] == EVERY else chosen["country"]}


def _choices(own: str | None) -> dict[str, list[tuple[str, str]]]:
    language = wording.here()
    others = [one for one in countries() if one[0] != own]
    first = [(own, country_name(own, language)), (EVERY, _("All States"))] if own else []
    return {
        "status": [(code, wording.status(code)) for code in REQUEST.states],
        "theme": labels(THEMES),
        "kind": labels(KINDS, in_order=True),
        "country": first + others,
    }
