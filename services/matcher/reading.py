"""What a process has read of what is open: kept by version, so that only what changed is read anew.

A view, a proposal or a shortlist never says something else under the same version, whichever
process wrote it. So the database is asked for versions each time, and for contents only where a
version is another than that which was read before. For several threads: what is kept is never
changed, only replaced.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from mongoengine import Document

from services.matcher.documents import Match, RecordView, Shortlist, read_entries
from services.matcher.domain import proposal_id
from services.matcher.linking import Around, Linked, Linking
from services.matcher.record_views import View, Views, view_of
from shared.lifecycle import SHOWN

MOST_DOCUMENTS = 20_000
"""So many documents of a kind are kept at most, some kilobytes each."""
MOST_LINKS = 200_000
"""So many links are kept at most, a few hundred bytes each."""
_AT_ONCE = 500

_T = TypeVar("_T")
_Version = tuple[Any, ...]
_VERSION = {"epoch": 1, "number": 1, "updated_at": 1}
"""What tells a document from what it was; when it was written too, should a store be made anew."""
_Matches = Mapping[str, Match]


class Kept(Generic[_T]):
    """The documents of a kind that are wanted, each the same object while its version stays."""

    def __init__(
        self,
        kind: type[Document],
        wanted: Mapping[str, Any],
        made: Callable[[Mapping[str, Any]], _T],
    ) -> None:
        """Nothing was read yet; `wanted` is the filter that tells which documents count, `made`
        what each is read as."""
        self._kind, self._wanted, self._made = kind, wanted, made
        self._known: tuple[str, dict[str, tuple[_Version, _T]]] = ("", {})

    def current(self) -> dict[str, _T]:
        """The documents by id, as they are now. Raises pymongo's errors."""
        collection = self._kind._get_collection()
        of, known = self._known
        if of != collection.full_name:
            known = {}
        found: dict[str, tuple[_Version, _T]] = {}
        changed = []
        for one in collection.find(self._wanted, _VERSION):
            before = known.get(one["_id"])
            if before is not None and before[0] == _version(one):
                found[one["_id"]] = before
            else:
                changed.append(one["_id"])
        for ids in _parts(changed):
            for one in collection.find({"_id": {"$in": ids}, **self._wanted}):
                found[one["_id"]] = _version(one), self._made(one)
        self._known = collection.full_name, found if len(found) <= MOST_DOCUMENTS else {}
        return {id_: document for id_, (_, document) in found.items()}


@dataclass(frozen=True)
class _Request:
    """What links a request, and what that follows from."""

    version: _Version
    view: View
    offers: frozenset[str]
    matches: _Matches
    linked: Linked


@dataclass(frozen=True)
class _Last:
    of: str
    on: date
    offers: Views
    calls: Views
    requests: Mapping[str, _Request]


class KeptLinks:
    """What links each request, linked anew where something that it follows from is otherwise."""

    def __init__(self) -> None:
        """Nothing was linked yet."""
        self._last: _Last | None = None

    def current(
        self, requests: Views, around: Around, matches: _Matches, *, keep: bool
    ) -> dict[str, Linked]:
        """What links each of these requests that has a shortlist.

        `keep` it where this is all that is open, not what would be if. Raises pymongo's errors.
        """
        collection = Shortlist._get_collection()
        last = self._last
        if last is not None and (last.of, last.on) != (collection.full_name, around.on):
            last = None
        otherwise = set() if last is None else _otherwise(last, around)
        of_requests = _by_request(matches)
        found: dict[str, _Request] = {}
        changed = []
        for one in collection.find({}, {"request": 1, **_VERSION}):
            view = requests.get(one["request"])
            if view is None:
                continue
            before = None if last is None else last.requests.get(view.record)
            if (
                before is not None
                and before.version == _version(one)
                and before.view is view
                and otherwise.isdisjoint(before.offers)
                and _same(before.matches, of_requests.get(view.record, {}))
            ):
                found[view.record] = before
            else:
                changed.append(one["_id"])
        read = {"request": 1, "offers": 1, "entries": 1, **_VERSION}
        for ids in _parts(changed):
            for one in collection.find({"_id": {"$in": ids}}, read):
                view = requests[one["request"]]
                found[view.record] = _linked(view, one, around, of_requests.get(view.record, {}))
        if keep:
            many = sum(len(one.linked.links.every) for one in found.values())
            kept = found if many <= MOST_LINKS else {}
            self._last = _Last(collection.full_name, around.on, around.offers, around.calls, kept)
        return {request: one.linked for request, one in found.items()}


class Reading:
    """What a process has read: views of what is open, proposals, and what links requests."""

    def __init__(self) -> None:
        """Nothing was read yet."""
        self.views: Kept[View] = Kept(RecordView, {"status": {"$in": sorted(SHOWN)}}, view_of)
        self.matches: Kept[Match] = Kept(Match, {}, Match._from_son)
        self.links = KeptLinks()


def _linked(
    view: View, shortlist: Mapping[str, Any], around: Around, matches: _Matches
) -> _Request:
    linking = Linking(view, around)
    entries = read_entries(shortlist["entries"])
    for offer, entry in zip(shortlist["offers"], entries, strict=True):
        if offer in around.offers:
            linking.add(offer, entry, matches.get(proposal_id(view.record, offer)))
    offers = frozenset(shortlist["offers"])
    return _Request(_version(shortlist), view, offers, matches, linking.linked())


def _otherwise(before: _Last, after: Around) -> set[str]:
    """The offers that came, went or changed, or whose call did."""
    calls = {
        id_
        for id_ in before.calls.keys() | after.calls.keys()
        if before.calls.get(id_) is not after.calls.get(id_)
    }
    return {
        id_
        for id_ in before.offers.keys() | after.offers.keys()
        if before.offers.get(id_) is not after.offers.get(id_) or after.offers[id_].call in calls
    }


def _by_request(matches: _Matches) -> Mapping[str, _Matches]:
    found: defaultdict[str, dict[str, Match]] = defaultdict(dict)
    for id_, match in matches.items():
        found[match.request][id_] = match
    return found


def _same(before: _Matches, after: _Matches) -> bool:
    """Whether these are the very same: documents are equal already where their ids are."""
    return before.keys() == after.keys() and all(before[id_] is after[id_] for id_ in before)


def _version(document: Mapping[str, Any]) -> _Version:
    return document["epoch"], document["number"], document.get("updated_at")


def _parts(ids: Sequence[str]) -> Iterator[Collection[str]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]
