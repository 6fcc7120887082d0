"""Records that a page names beside its own: looked up by their ids, many with each call."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from entraide.client import Answer
from services.portal.pages.asking import Ask, ask, gather, look_up
from services.portal.services import AwayError

Record = Mapping[str, Any]
Records = Mapping[str, Record]

LISTS: Final = {
    "requests": ("requests", "/v1/requests"),
    "offers": ("offers", "/v1/offers"),
    "request_titles": ("requests", "/v1/requests/titles"),
    "offer_titles": ("offers", "/v1/offers/titles"),
    "activities": ("offers", "/v1/activities"),
    "organisations": ("offers", "/v1/organisations"),
    "cases": ("matcher", "/v1/coverage"),
}
"""Where records are listed by their ids, or no more of them than what they are called."""
_SIDES: Final = {
    "request": ("requests",),
    "offer": ("offers",),
    "activity": ("activities",),
    "match": ("requests", "offers"),
    "coverage": ("requests", "activities"),
}
_AT_ONCE: Final = 50


def find(**ids: Iterable[str | None]) -> dict[str, Records]:
    """`requests`, `offers` and other LISTS by their ids, all at once; None is passed over.

    What is withheld from the reader, gone, or kept by a service that is away, is left out.
    """
    asked = {
        f"{kind} {place}": one
        for kind, some in ids.items()
        for place, one in enumerate(_in_parts(kind, some))
    }
    found: dict[str, dict[str, Record]] = {kind: {} for kind in ids}
    for name, answer in look_up(asked).items():
        found[name.partition(" ")[0]] |= _by_id(answer)
    return dict(found)


def find_for_sure(kind: str, ids: Iterable[str]) -> Records:
    """The records of one of LISTS that there are for the reader, by their ids; raises AwayError
    where that cannot be told."""
    asked = {f"part {place}": one for place, one in enumerate(_in_parts(kind, ids))}
    found: dict[str, Record] = {}
    for answer in gather(**asked).values():
        if isinstance(answer, AwayError):
            raise answer
        found |= _by_id(answer)
    return found


def _in_parts(kind: str, ids: Iterable[str | None]) -> Iterator[Ask]:
    service, path = LISTS[kind]
    every = sorted({one for one in ids if one})
    for place in range(0, len(every), _AT_ONCE):
        yield ask(service, path, id=every[place : place + _AT_ONCE], limit=_AT_ONCE)


def _by_id(answer: Answer) -> dict[str, Record]:
    return {one["id"]: one for one in answer.body["items"]}


def sides_of(kind: str, ids: Iterable[str]) -> dict[str, list[Record]]:
    """The records that tell a reader what each of these ids stands for, as far as they can be had.

    `kind` is "request", "offer", "activity", "match", "coverage", or any other, which nothing is
    looked up for.
    """
    parts = _SIDES.get(kind, ())
    split = {one: list(zip(parts, own, strict=False)) for one, own in _own_ids(kind, ids).items()}
    asked = {
        part: [own for pairs in split.values() for at, own in pairs if at == part] for part in parts
    }
    found = find(**asked)
    return {
        one: [found[part][own] for part, own in pairs if own in found[part]]
        for one, pairs in split.items()
    }


def _own_ids(kind: str, ids: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """The ids of the sides: a match's id is its request's and its offer's, a case tells its own."""
    if kind == "match":
        return {one: one.split(".", 1) for one in ids}
    if kind != "coverage":
        return {one: [one] for one in ids}
    every = list(ids)
    cases = find(cases=every)["cases"]
    return {
        one: [cases[one]["request"], cases[one]["activity"]] if one in cases else []
        for one in every
    }


def names_of(organisations: Iterable[str | None]) -> dict[str, str]:
    """The names of organisations by id; an id itself where no name is to be had just now."""
    wanted = {one for one in organisations if one}
    found = find(organisations=wanted)["organisations"]
    return {one: str(found[one]["name"]) if one in found else one for one in wanted}
