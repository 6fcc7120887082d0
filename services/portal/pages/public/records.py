"""Lists and pages of what was made public: requests, offers, activities."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import pgettext

from services.portal.pages.asked import cursor_of
from services.portal.pages.choices import countries, labels
from services.portal.pages.frame import page
from services.portal.pages.offers.rows import line_row, size_of
from services.portal.pages.public.reading import get, show_public
from services.portal.pages.requests.rows import asked
from services.portal.pages.searching import search
from services.portal.pages.wording import share
from services.portal.services import RefusedError
from shared.vocabulary.countries import AREAS, all_countries
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.themes import THEMES
from shared.web.problems import not_found

Record = Mapping[str, Any]
SHOWN = 20
MOST_WORDS = 200
FILTERS = ("theme", "kind", "region", "country")
_KNOWN: Mapping[str, Callable[[], Any]] = {
    "theme": lambda: {term.code for term in THEMES},
    "kind": lambda: {term.code for term in KINDS},
    "region": lambda: {term.code for term in AREAS},
    "country": lambda: {one.alpha3 for one in all_countries()},
}


@dataclass(frozen=True)
class Kind:
    """A kind of record: its service, the page's title, how a list and its empty state are named."""

    service: str
    title: object
    missing: object
    none: object
    where: object


KIND_OF = {
    "requests": Kind(
        "requests",
        _l("What States ask for"),
        _l("The list of requests"),
        _l("No request is public yet."),
        _l("State"),
    ),
    "offers": Kind(
        "offers",
        _l("What donors offer"),
        _l("The list of offers"),
        _l("No offer is public yet."),
        _l("For which State"),
    ),
    "activities": Kind(
        "offers",
        _l("Assistance under way"),
        _l("The list of activities"),
        _l("No activity is public yet."),
        _l("State"),
    ),
}


def install(app: Flask) -> None:
    """Add the pages."""
    for name in KIND_OF:
        path, kept = f"/public/{name}", {"name": name}
        app.add_url_rule(path, f"public-{name}", list_records, defaults=kept)
        app.add_url_rule(f"{path}/<string:record_id>", f"public-{name}-one", one, defaults=kept)


@page
def list_records(name: str) -> Response:
    """Public records of a kind, the newest first, by the filters in the address."""
    kind = KIND_OF[name]
    chosen = asked_of()
    asked = {"limit": SHOWN, "cursor": cursor_of(request.args), **chosen}
    found = search(lambda: get(kind.service, f"/v1/public/{name}", **asked))
    return show_public(
        "public/list.html",
        HTTPStatus(found.status),
        wide=True,
        name=name,
        kind=kind,
        rows=[_row(name, record) for record in found.items],
        next=found.next,
        away=found.away,
        wrong=found.wrong,
        chosen=chosen,
        filtered=any(chosen.values()),
        choices={
            "theme": labels(THEMES),
            "kind": labels(KINDS),
            "region": labels(AREAS),
            "country": countries(),
        },
    )


def asked_of() -> dict[str, str | None]:
    """What the address of a list asks for."""
    return {one: _chosen(one) for one in FILTERS} | {"q": _words()}


@page
def one(name: str, record_id: str) -> Response:
    """One public record; the page of the 404 for one that is not, or that is no more."""
    try:
        found = get(KIND_OF[name].service, f"/v1/public/{name}/{record_id}")
    except RefusedError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            raise not_found("page") from None
        raise
    return show_public(
        "public/record.html",
        wide=True,
        name=name,
        kind=KIND_OF[name],
        record=_row(name, found),
    )


def _row(name: str, record: Record) -> dict[str, Any]:
    """A record with its lines in words."""
    if name == "requests":
        return {**record, "rows": [_need(need) for need in record["needs"]]}
    if name == "offers":
        return {**record, "rows": [_provision(line) for line in record["provisions"]]}
    size = size_of(record, "quantity")
    return {
        **record,
        "rows": [{"theme": record["theme"], "kind": record["kind"], "size": size, "parts": ()}],
    }


def _need(need: Record) -> dict[str, Any]:
    size = asked(need)
    parts = [
        (pgettext("amount", "Delivered"), share(need["given"]), need["given"], "delivered"),
        (pgettext("amount", "Committed"), share(need["met"]), need["met"], "committed"),
        (_("Needed"), size or _("not said"), 0.0, ""),
    ]
    return {**need, "size": size, "parts": parts}


def _provision(line: Record) -> dict[str, Any]:
    row = line_row(line)
    return {**line, "size": row.size, "parts": row.parts}


def _chosen(name: str) -> str | None:
    """A filter of the address; None where it names nothing that is known."""
    value = request.args.get(name, "")
    return value if value in _KNOWN[name]() else None


def _words() -> str | None:
    words = request.args.get("q", "").replace("\x00", " ")
    return " ".join(words.encode("utf-8", "ignore").decode().split())[:MOST_WORDS] or None
