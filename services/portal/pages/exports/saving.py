"""A list as a file: all that its page would show, page after page of its service, as it comes."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

from flask import Response, g, request, stream_with_context

from services.portal.catalogues import say
from services.portal.house import house
from services.portal.lists.fields import Listing, Names, Record
from services.portal.lists.files import CSV, JSONL, TYPES, XLSX, pieces_of
from services.portal.lists.registers import PUBLIC
from services.portal.pages.asking import be_patient, reader
from services.portal.pages.exports.progress import Progress
from services.portal.pages.exports.queries import LISTS, ROLES, asked_for
from services.portal.pages.finding import find
from services.portal.pages.frame import account, for_signed_in, page, show
from services.portal.pages.public.records import asked_of as public_filters
from services.portal.pages.wording import here
from services.portal.services import Ask, AwayError, Reader, RefusedError, ask
from shared.web.problems import not_found

ENDINGS: Final = ((XLSX, "xlsx"), (CSV, "CSV (HXL)"), (JSONL, "JSON Lines"))
_PAGE: Final = 200
_PAUSES: Final = (1.0, 5.0, 20.0)
"""Seconds to wait for a service that is away in the midst of a file, or that was asked too much."""

_WHOLE: Final = ("allocated", "unmet", "trail")
"""Lists of one record: files of them stand on its page alone."""


@for_signed_in()
def all_lists() -> Response:
    """Every list that the reader may save as a file, also those that have no page."""
    role, language = account().role, here()
    return show(
        "exports/all.html",
        lists=[
            (name, say(language, one.title))
            for name, one in LISTS.items()
            if role in ROLES.get(name, (role,)) and name not in _WHOLE
        ],
        public=[(name, say(language, one.title)) for name, one in PUBLIC.items()],
    )


@for_signed_in()
def save_list(name: str, ending: str) -> Response:
    """A list as its reader may see it, by the filters of its page."""
    if ending not in TYPES:
        raise not_found("file")
    return _answer(name, ending, LISTS.get(name), lambda: asked_for(name, request.args), reader)


@page
def save_public_list(name: str, ending: str) -> Response:
    """A list of what was made public, by the filters of its page."""
    listing = PUBLIC.get(name)
    if ending not in TYPES or listing is None:
        raise not_found("file")
    asked = ask(listing.service, listing.path, **public_filters())
    nobody = Reader("", here(), g.request_id, patient=True)
    return _answer(f"public-{name}", ending, listing, lambda: asked, lambda: nobody)


def _answer(
    name: str,
    ending: str,
    listing: Listing | None,
    asked: Callable[[], Ask],
    own: Callable[[], Reader],
) -> Response:
    wanted = asked()
    if listing is None:
        raise not_found("file")
    be_patient()
    pages = _pages(wanted, own)
    pieces = pieces_of(listing, ending, pages, _look, here())
    return Response(
        stream_with_context(pieces),
        content_type=TYPES[ending],
        headers={
            "Content-Disposition": f'attachment; filename="{name}.{ending}"',
            "Content-Language": here(),
            "X-Accel-Buffering": "no",  # it goes out as it comes; a proxy would keep it
        },
    )


def _pages(asked: Ask, own: Callable[[], Reader]) -> Iterator[Sequence[Record]]:
    """Page after page; what the first is refused for is raised at once, before any is sent."""
    progress = Progress()
    first = _fetch(asked, own, None)

    def pages() -> Iterator[Sequence[Record]]:
        found = first
        while True:
            yield found["items"]
            progress.add(len(found["items"]), done=found["next"] is None)
            if found["next"] is None:
                return
            found = _again(asked, own, found["next"])

    return pages()


def _fetch(asked: Ask, own: Callable[[], Reader], cursor: str | None) -> Mapping[str, Any]:
    query = {"limit": _PAGE, **asked.query, "cursor": cursor}
    return house().services.fetch(own(), replace(asked, query=query)).body


def _again(asked: Ask, own: Callable[[], Reader], cursor: str) -> Mapping[str, Any]:
    """The next page; asked for again after a while where the service is away for a while."""
    for pause in _PAUSES:
        try:
            return _fetch(asked, own, cursor)
        except AwayError:
            time.sleep(pause)
        except RefusedError as error:
            if error.status != HTTPStatus.TOO_MANY_REQUESTS:
                raise
            time.sleep(pause)
    return _fetch(asked, own, cursor)


def _look(ids: Mapping[str, set[str]]) -> Names:
    return find(**ids) if any(ids.values()) else {}
