"""A file of activities, piece by piece: no more than a page of matches is held at a time."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, Protocol
from xml.etree.ElementTree import indent, tostring

from services.portal.iati.activities import Records, activity_of, organisations_of

PATH = "/v1/matches/activities"
"""Where the matcher tells of committed matches."""
PAGE = 50
VERSION = "2.03"
MEDIA_TYPE = "application/xml; charset=utf-8"
Stored = Mapping[str, Any]


class NothingError(ValueError):
    """No match is committed that the reader may see: the standard knows no file without one."""


class Source(Protocol):
    """Where matches and the records that they name are read, with the reader's own rights."""

    def page(self, cursor: str | None) -> Stored:
        """A page of PATH, of at most PAGE matches: `items` and `next`."""
        ...

    def find(
        self, requests: Sequence[str], offers: Sequence[str], organisations: Sequence[str]
    ) -> Mapping[str, Mapping[str, Stored]]:
        """`requests`, `offers` and `organisations` by id, of each at most as many as a page names.

        What may not be read is left out; a service that is away is an error.
        """
        ...


def pieces(source: Source, now: datetime, *, own: str | None) -> Iterator[bytes]:
    """The file's bytes; what `source` raises at the first page is raised at once.

    `own` is the organisation that the file is made for; what is another's is told at second hand.
    Raises NothingError.
    """
    pages = _pages(source)
    first = next(pages, None)
    if first is None:
        raise NothingError
    return _written(chain([first], pages), now, own)


def _pages(source: Source) -> Iterator[tuple[Sequence[Stored], Records]]:
    """Pages with matches in them, each with the records that these name."""
    cursor: str | None = None
    while True:
        page = source.page(cursor)
        if page["items"]:
            yield page["items"], _records(page["items"], source)
        cursor = page["next"]
        if cursor is None:
            return


def _written(
    pages: Iterator[tuple[Sequence[Stored], Records]], now: datetime, own: str | None
) -> Iterator[bytes]:
    at = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<iati-activities version="{VERSION}" generated-datetime="{at}">\n'
    ).encode()
    for page, records in pages:
        for match in page:
            second = match["organisation"] != own
            activity = activity_of(match, records, at_second_hand=second)
            indent(activity)
            yield tostring(activity, encoding="unicode").encode() + b"\n"
    yield b"</iati-activities>\n"


def _records(page: Sequence[Stored], source: Source) -> Records:
    names = sorted({one for match in page for one in organisations_of(match)})
    requests = sorted({match["request"] for match in page})
    found = source.find(requests, [], names)
    known = found["requests"]
    # A request may be withheld by now from the donor that serves it; its own offer never is.
    others = sorted({match["offer"] for match in page if match["request"] not in known})
    offers = source.find([], others, [])["offers"] if others else {}
    return Records(known, offers, found["organisations"])
