"""Records that a page names beside its own: looked up by their ids, many with each call."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from services.portal.pages.asking import Ask, ask, look_up

Record = Mapping[str, Any]
Records = Mapping[str, Record]

LISTS: Final = {
    "requests": ("requests", "/v1/requests"),
    "offers": ("offers", "/v1/offers"),
    "organisations": ("offers", "/v1/organisations"),
}
"""Where records are listed by their ids."""
_SIDES: Final = {"request": ("requests",), "offer": ("offers",), "match": ("requests", "offers")}
_AT_ONCE: Final = 50


def find(**ids: Iterable[str | None]) -> dict[str, Records]:
    """`requests`, `offers`, `organisations` by their ids, all at once; None is passed over.

    What is withheld from the reader, gone, or kept by a service that is away, is left out.
    """
    asked: dict[str, Ask] = {}
    for kind, some in ids.items():
        service, path = LISTS[kind]
        every = sorted({one for one in some if one})
        for place in range(0, len(every), _AT_ONCE):
            part = every[place : place + _AT_ONCE]
            asked[f"{kind} {place}"] = ask(service, path, id=part, limit=_AT_ONCE)
    found: dict[str, dict[str, Record]] = {kind: {} for kind in ids}
    for name, answer in look_up(asked).items():
        found[name.partition(" ")[0]] |= {one["id"]: one for one in answer.body["items"]}
    return dict(found)


def sides_of(kind: str, ids: Iterable[str]) -> dict[str, list[Record]]:
    """The records that tell a reader what each of these ids stands for, as far as they can be had.

    `kind` is "request", "offer", "match", whose id is its request's and its offer's, or any other,
    which nothing is looked up for.
    """
    parts = _SIDES.get(kind, ())
    split = {one: list(zip(parts, one.split(".", len(parts) - 1), strict=False)) for one in ids}
    asked = {
        part: [own for pairs in split.values() for at, own in pairs if at == part] for part in parts
    }
    found = find(**asked)
    return {
        one: [found[part][own] for part, own in pairs if own in found[part]]
        for one, pairs in split.items()
    }


def names_of(organisations: Iterable[str | None]) -> dict[str, str]:
    """The names of organisations by id; an id itself where no name is to be had just now."""
    wanted = {one for one in organisations if one}
    found = find(organisations=wanted)["organisations"]
    return {one: str(found[one]["name"]) if one in found else one for one in wanted}
