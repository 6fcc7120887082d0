"""What notifications are about: the records that they tell of, by title, many with each call."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from services.portal.note_documents import Followed, Notification
from services.portal.pages.finding import Record, find

_TITLES: Final = {
    "request": "request_titles",
    "offer": "offer_titles",
    "activity": "activities",
}
"""Where the titles of records are asked for, by their type."""

_Named = tuple[str, str]
"""A record by its type and id."""


def told_about(notes: Iterable[Notification]) -> dict[str, list[Record]]:
    """By the notification's id what the records are called that it is about, and in which language.

    What the reader may not see now, or is kept by a service that is away, is left out.
    """
    named = _named(list(notes))
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for records in named.values():
        for kind, id_ in records:
            wanted[_TITLES[kind]].add(id_)
    found = find(**wanted)
    return {
        note: [found[_TITLES[kind]][id_] for kind, id_ in records if id_ in found[_TITLES[kind]]]
        for note, records in named.items()
    }


def _named(notes: Sequence[Notification]) -> dict[str, list[_Named]]:
    """A record that has a title stands for itself, a proposal's id is those of its sides, and of
    others it is known what they are about."""
    keys = {note.id: f"{note.record_type}:{note.record}" for note in notes}
    others = sorted(keys[note.id] for note in notes if note.record_type not in {*_TITLES, "match"})
    about = _kept_of(others) if others else {}
    named: dict[str, list[_Named]] = {}
    for note in notes:
        if note.record_type in _TITLES:
            named[note.id] = [(note.record_type, note.record)]
        elif note.record_type == "match":
            named[note.id] = list(zip(("request", "offer"), note.record.split("."), strict=False))
        else:
            named[note.id] = about.get(keys[note.id], [])
    return named


def _kept_of(keys: Sequence[str]) -> Mapping[str, list[_Named]]:
    return {
        one.id: [(kind, id_) for kind, _, id_ in (text.partition(":") for text in one.about)]
        for one in Followed.objects(id__in=keys).only("about")
    }
