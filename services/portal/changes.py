"""What changed since a page was made, as far as its reader may know of it.

Each record has the time at which its newest version was heard of, whichever worker heard it. Times
are of several machines' clocks, and a write is seen a moment after its time: so what was heard a
little before is told once more, and whoever is told twice of a version counts it once.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.portal.audience import World, themes_for
from services.portal.documents import Account
from services.portal.knowing import KINDS, asked_for, may_know
from services.portal.note_documents import Followed
from services.portal.own_lists import Came, came_since, known_of
from services.portal.own_notes import Noted, noted_since
from shared.events.versions import Version

OVERLAP = timedelta(seconds=10)
MOST_AGE = timedelta(hours=12)
MOST = 200
"""So many changes are told one by one; of more it is told that there are more."""
_ASKED = (
    *("record_type", "record", "epoch", "number", "status", "country", "organisation", "states"),
    *("request", "match", "visibility", "line_levels", "history", "offers", "entered"),
    *("themes", "line_themes", "score", "scores"),
    *("heard", "heard_at"),
)


@dataclass(frozen=True)
class Wanted:
    """What a page lists: what is of a theme, and of at least a score; None for all.

    Of proposals those alone that are of a `request` or of an `offer`. The reader's own
    notifications only where it asks for these (`notes`).
    """

    theme: str | None = None
    score: float | None = None
    request: str | None = None
    offer: str | None = None
    notes: bool = False

    def has(self, themes: Collection[str], score: float | None) -> bool:
        """Whether it lists such a record; of what no theme or score is known it may."""
        by_theme = self.theme is None or not themes or self.theme in themes
        return by_theme and (self.score is None or score is None or score >= self.score)

    def has_pair(self, request: str, offer: str) -> bool:
        """Whether it lists proposals of this request and this offer."""
        return self.request in (None, request) and self.offer in (None, offer)


ALL = Wanted()


@dataclass(frozen=True)
class Change:
    """A record that is new or otherwise by `version`.

    `kind` is a record's type, `request` the request that a match is of, `states` whose it is. A
    shortlist is of kind "proposal" with its request's id; `new` are the proposals that came on it,
    those of the reader's own offers where a donor reads, whose `version` is when the last of them
    came: what becomes of the others' it is not told.
    A "decision" has the id of the proposal that somebody decided on, or took that back.
    A "notification" is the reader's own; one that came before, and was read since, is `aside`.
    What is `aside` the page that asked does not list, though it may show it.
    """

    kind: str
    id: str
    version: str
    status: str | None = None
    request: str | None = None
    new: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    aside: bool = False

    def told(self) -> dict[str, Any]:
        """As pages read it."""
        lists = {"new": list(self.new), "states": list(self.states)}
        more = {"status": self.status, "request": self.request, "aside": self.aside, **lists}
        said = {name: value for name, value in more.items() if value}
        return {"kind": self.kind, "id": self.id, "version": self.version, **said}


@dataclass(frozen=True)
class Changes:
    """What changed by `until`; `more` where that is too much to be told one by one."""

    items: Sequence[Change]
    until: datetime
    more: bool = False


def hearing(record: Followed, now: datetime) -> dict[str, Any]:
    """The fields that say that this version was heard now; none where it was before.

    So a replay of what is known, or an event that comes twice, changes nothing.
    """
    version = _version(record)
    if record.heard == version:
        return {}
    heard: dict[str, Any] = {"heard": version, "heard_at": now}
    if record.record_type == "shortlist":
        since = {entry["offer"]: entry["at"] for entry in record.entered}
        heard["entered"] = [
            {"offer": offer, "at": since.get(offer, now)} for offer in record.offers
        ]
        came = {entry["offer"]: entry["at"] for entry in record.came}
        heard["came"] = [{"offer": one, "at": came.get(one, now)} for one in record.listed]
    return heard


def changes_since(
    account: Account, since: datetime, now: datetime, wanted: Wanted = ALL
) -> Changes:
    """What was heard since then that the account may know of. Raises PyMongoError."""
    kinds = KINDS.get(account.role, ())
    if not kinds:
        return Changes((), since)
    if since < now - MOST_AGE:
        return Changes((), now, more=True)
    begin = since - OVERLAP
    heard = Followed.objects(asked_for(account), heard_at__gt=begin)
    found = list(heard.order_by("heard_at").limit(MOST + 1).only(*_ASKED))
    came = came_since(account, begin, MOST + 1)
    noted = noted_since(account, begin, MOST + 1) if wanted.notes else []
    if max(map(len, (found, came, noted))) > MOST:
        last = heard.order_by("-heard_at").only("heard_at").first()
        return Changes((), max([since, *_times([last] if last else [], came, noted)]), more=True)
    world = World.around(found)
    known = [one for one in found if may_know(account, one, world)]
    own = known_of(account, came)
    themes = _themes(known, own) if wanted.theme is not None else {}
    told = [change for one in known for change in _change(account, one, begin, wanted, themes)]
    told += [_own_change(one, wanted, themes) for one in own]
    told += [_note_change(one) for one in noted]
    return Changes(told, max([since, *_times(found, own, noted)]))


def _times(
    found: Sequence[Followed], own: Sequence[Came], noted: Sequence[Noted]
) -> list[datetime]:
    """When these were heard, and when what is the reader's own came: of lists no other time."""
    lists = [at for one in own for at in one.at.values()]
    return [one.heard_at for one in found] + lists + [one.at for one in noted]


def _themes(records: Sequence[Followed], own: Sequence[Came]) -> Mapping[str, Sequence[str]]:
    """The themes of the requests whose proposals are among these."""
    requests = [one.record for one in records if one.record_type == "shortlist"]
    requests += [one.request for one in own]
    ids = [f"request:{one}" for one in requests]
    return {one.record: one.themes for one in Followed.objects(id__in=ids).only("record", "themes")}


def _change(
    account: Account,
    record: Followed,
    begin: datetime,
    wanted: Wanted,
    themes: Mapping[str, Sequence[str]],
) -> Iterator[Change]:
    version, states = _version(record), tuple(record.states or filter(None, [record.country]))
    if record.record_type != "shortlist":
        kind, status = record.record_type, record.status
        of = themes_for(account, record) if kind == "request" else ()
        aside = not wanted.has(of, record.score)
        yield Change(kind, record.record, version, status, record.request, (), states, aside)
        return
    scores = dict(zip(record.offers, record.scores, strict=False))  # none in what is kept of old
    new = [
        entry["offer"]
        for entry in record.entered
        if _later(entry, begin)
        and wanted.has_pair(record.record, entry["offer"])
        and wanted.has(themes.get(record.record, ()), scores.get(entry["offer"]))
    ]
    ids = tuple(f"{record.record}.{offer}" for offer in new)
    yield Change("proposal", record.record, version, new=ids, states=states, aside=not ids)


def _own_change(one: Came, wanted: Wanted, themes: Mapping[str, Sequence[str]]) -> Change:
    """By no version of the list, which moves with what others offer."""
    version = version_at(max(one.at.values()))
    listed = wanted.has(themes.get(one.request, ()), None)
    new = [offer for offer in one.at if listed and wanted.has_pair(one.request, offer)]
    ids = tuple(f"{one.request}.{offer}" for offer in new)
    return Change("proposal", one.request, version, new=ids, states=(one.country,), aside=not ids)


def _note_change(one: Noted) -> Change:
    return Change("notification", one.id, version_at(one.at), aside=not one.new)


def version_at(at: datetime) -> str:
    """A time as the version of what has none of its own."""
    return f"0.{round(1000 * at.timestamp())}"


def _later(entry: Mapping[str, Any], begin: datetime) -> bool:
    return bool(entry["at"] > begin)


def _version(record: Followed) -> str:
    return str(Version(record.epoch, record.number))
