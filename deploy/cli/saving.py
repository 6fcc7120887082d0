"""Lists of the services as files, read by their APIs page after page."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from deploy.cli.client import Client
from deploy.cli.progress import Advance
from services.portal.lists.fields import Listing, Names, Record
from services.portal.lists.files import Pages, pieces_of

_PAGE = 200
_AT_ONCE = 50
_PATHS = {
    "requests": ("requests", "/v1/requests"),
    "offers": ("offers", "/v1/offers"),
    "organisations": ("offers", "/v1/organisations"),
}


def pages_of(
    client: Client, listing: Listing, filters: Mapping[str, Any], advance: Advance
) -> Iterator[Sequence[Record]]:
    """Page after page of a list; `advance` is told how many records each has."""
    cursor: str | None = None
    while True:
        query = {"limit": _PAGE, **filters, "cursor": cursor}
        page = client.get(listing.service, listing.path, **query).body
        yield page["items"]
        advance(len(page["items"]))
        cursor = page["next"]
        if cursor is None:
            return


def pieces(
    client: Client, listing: Listing, ending: str, pages: Pages, language: str
) -> Iterator[bytes]:
    """The file, with the names of other records as far as the token may see them."""

    def look(ids: Mapping[str, set[str]]) -> Names:
        return {register: _found(client, register, sorted(some)) for register, some in ids.items()}

    return pieces_of(listing, ending, pages, look, language)


def _found(client: Client, register: str, ids: Sequence[str]) -> dict[str, Record]:
    service, path = _PATHS[register]
    found: dict[str, Record] = {}
    for place in range(0, len(ids), _AT_ONCE):
        some = ids[place : place + _AT_ONCE]
        answer = client.get(service, path, id=some, limit=_AT_ONCE)
        found |= {one["id"]: one for one in answer.body["items"]}
    return found
