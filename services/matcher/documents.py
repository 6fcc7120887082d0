"""What the matcher keeps."""

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

import orjson
from mongoengine import (
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    EmbeddedDocument,
    EmbeddedDocumentField,
    EmbeddedDocumentListField,
    FloatField,
    IntField,
    ListField,
    StringField,
)
from pymongo import UpdateOne
from pymongo.collection import Collection

from services.matcher.alliance_documents import Alliance
from services.matcher.application_documents import Application
from services.matcher.coverage_documents import CoverageCase
from services.matcher.domain import SOURCE, Take
from services.matcher.duplicate_documents import DuplicateCase
from services.matcher.embargo_documents import Embargo
from services.matcher.engine.suiting import PRIORITIES
from services.matcher.joining_documents import Joining
from services.matcher.life_documents import (
    Accepted,
    Delivered,
    FollowUp,
    LineKey,
    Report,
    Said,
    ToldLine,
    newest_told,
)
from shared.attachments.documents import Attachment
from shared.events.envelope import COMMITMENT, MATCH, SHORTLIST
from shared.events.outbox import Aggregate, EventRecord, Version, timestamp
from shared.registers.newest import INDEX
from shared.vocabulary.themes import THEMES

_AT_ONCE = 500


class Shortlist(Aggregate):
    """The best proposals for one request, best first; the id is `shortlist-<request id>`.

    `entries` is JSON text, one object an offer in the order of `offers`: organisation, score,
    features (in the model's order), serves, unserved (need lines), evidence, and where others are
    in its way `displaced` and `same_donor` (rivals.py); those superseded by what is committed come
    last. Nothing inside it is queried, and as text the document is written in half the time of
    fifty embedded documents. The index of `offers` finds the lists of an offer, and of a donor by
    its offers. `suits` is, in their order, how well the request suits each of them but for its
    priority (engine/suiting.py), so that an offer's list is put in order without reading the
    entries; `superseded` are those of them whose proposals others supersede, so that they are
    counted without, and `themes` those of the needs that any of them serves. `waits_at` is the rank
    of the best of which nobody has decided yet and that is not superseded, 0 where there is none,
    and `waits_for` the rank of the best such one for each theme that any serves (waiting_for): a
    queue passes by all of which everything is handled, or everything of its theme.
    Lists are read in the order of `turn` (turn_of). An earlier version's lists have none of the
    others until they are ranked again, and may name the offers' donors instead.
    `fence` is the epoch of the partition's owner that wrote it last.
    `request_version` is the version of the request that was ranked last, `told_version` the one
    that was ranked when the entries last changed: only then is there an event.
    """

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "shortlists",
        "indexes": [
            "turn",
            ("country", "turn"),
            ("offers", "turn"),
            ("waits_at", "turn"),
            ("waits_for", "turn"),
            "partition",
        ],
        "retired_indexes": [
            *("donors_1_request_1", "offers_1_request_1", "themes_1_request_1"),
            *("request_1", "country_1_request_1", "themes_1_turn_1"),
        ],
        "strict": False,
    }

    request = StringField(required=True)
    turn = StringField()
    country = StringField(required=True)
    request_version = StringField(required=True)
    told_version = StringField(required=True)
    model = StringField(required=True)
    as_of = StringField(required=True)
    partition = IntField(required=True)
    fence = IntField(required=True)
    offers = ListField(StringField())
    suits = ListField(FloatField())
    superseded = ListField(StringField())
    themes = ListField(StringField())
    waits_at = IntField()
    waits_for = ListField(StringField())
    entries = StringField(required=True, default="[]")

    @staticmethod
    def bring_up(collection: Collection[dict[str, Any]]) -> None:
        """Give the lists that an earlier version stored a turn, behind those of a stated priority,
        and let their best wait, for each theme, until they are ranked again: no list leaves out
        what has none."""
        _give(collection, "turn", lambda stored: turn_of(stored["request"], None))
        _give(collection, "waits_at", lambda _: 1)
        _give(collection, "waits_for", _may_wait_for)

    def event(self) -> EventRecord | None:
        """The ranked offers; None for a request that never had any."""
        return shortlist_event(self.to_mongo())


def _may_wait_for(stored: Mapping[str, Any]) -> list[str]:
    return [waiting_for(theme, 1) for theme in stored.get("themes", THEMES.codes())]


def _give(
    collection: Collection[dict[str, Any]],
    name: str,
    value: Callable[[Mapping[str, Any]], object],
) -> None:
    """Set what lists lack, by their request and themes."""
    shown = {"request": 1, "themes": 1}
    while some := list(collection.find({name: None}, shown).limit(_AT_ONCE)):
        writes = [
            UpdateOne({"_id": one["_id"], name: None}, {"$set": {name: value(one)}}) for one in some
        ]
        collection.bulk_write(writes, ordered=False)


def shortlist_event(
    stored: Mapping[str, Any], entries: Sequence[Mapping[str, Any]] | None = None
) -> EventRecord | None:
    """The event of a shortlist as it is stored: the ranked offers; None where there never were any.

    `entries` are its entries where they have been read already.

    Whoever writes hundreds of shortlists makes no document of each: that takes longer than all
    else that is done for one.
    """
    if not stored["offers"] and stored["number"] == 1:
        return None
    entries = read_entries(stored["entries"]) if entries is None else entries
    ranked = zip(stored["offers"], entries, strict=True)
    return EventRecord(
        type=SHORTLIST,
        source=SOURCE,
        subject=stored["_id"],
        time=stored["updated_at"],
        version=Version(stored["epoch"], stored["number"]),
        data={
            "request": stored["request"],
            "country": stored["country"],
            "model": stored["model"],
            "as_of": stored["as_of"],
            "entries": [
                {"offer": offer, "score": entry["score"], "rank": rank, **_displaced(entry)}
                if "displaced" in entry
                else {"offer": offer, "score": entry["score"], "rank": rank}
                for rank, (offer, entry) in enumerate(ranked, start=1)
            ],
            "request_version": stored["told_version"],
        },
    )


def _displaced(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What a shortlist's event tells of rivals: the code and who they are, not which need line."""
    found = entry.get("displaced")
    if found is None:
        return {}
    by = [
        {name: value for name, value in rival.items() if name != "needs"} for rival in found["by"]
    ]
    return {"displaced": {"code": found["code"], "by": by}}


_WAITING = ("newest_unkept", "newest_unfiled", "due_at", "owes")


class Match(Aggregate):
    """A proposal that somebody acted on; the id is `<request>.<offer>`.

    `entry` is the shortlist's entry at the time of the latest decision, as JSON text, so that the
    proposal can be explained after it has left the shortlist. `reason` never leaves the matcher.
    `holds` are the commitments that it is committed by, `released` those that are over: as in a
    ledger line, so that one write decides, and a late repeat commits nothing. `unkept` are
    decisions that the log has yet to take over, `newest_unkept` is the last one's id: see
    decision_log.py. `request_material` and `offer_material` are digests of both sides as they were
    decided on (material.py), `reopened_by` the sides whose change brought a rejected one back.
    `attempts` are the ids of the idempotent requests that took a step.

    `answer_by` is when silence ends it, `due_at` when time alone takes its next step
    (clockwork.py), `reminders` when somebody is to be reminded. `accepted` are the offer's
    conditions that the State accepted, `pledges` what the donor said it would give of each line of
    the offer, `pledged_needs` what that is of the need lines that these serve, `pledged_otherwise`
    the need lines of which it cannot be said in their own unit (pledges.py).
    `outcome` is what came of it, from delivery on.
    `owes`: the ledger has yet to follow what it has become (settling.py). `unfiled` is what was
    written in its thread and has yet to be filed there, `newest_unfiled` marks the last of it: see
    thread_filing.py.
    """

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "matches",
        "indexes": [
            *("request", "offer", ["organisation", "status"]),
            *(
                [name, when]
                for name in ("country", "organisation", "status")
                for when in ("-created_at", "created_at")
            ),
            INDEX,
            *({"fields": [name], "sparse": True} for name in _WAITING),
        ],
    }

    request = StringField(required=True)
    offer = StringField(required=True)
    country = StringField(required=True)
    organisation = StringField(required=True)
    status = StringField(required=True)
    score = FloatField()
    model = StringField()
    rank = IntField()
    entry = StringField()
    request_version = StringField(required=True)
    offer_version = StringField(required=True)
    request_material = StringField()
    offer_material = StringField()
    reopened_by = ListField(StringField())
    attempts = ListField(StringField())
    reason = StringField()
    holds = ListField(StringField())
    released = ListField(StringField())
    unkept = ListField(DictField(), default=None)
    newest_unkept = StringField()
    answer_by = DateTimeField()
    due_at = DateTimeField()
    reminders = ListField(DateTimeField())
    accepted = EmbeddedDocumentListField(Accepted)
    pledges = EmbeddedDocumentListField(ToldLine)
    pledged_needs = EmbeddedDocumentListField(ToldLine)
    pledged_otherwise = ListField(IntField())
    said = EmbeddedDocumentListField(Said)
    reports = EmbeddedDocumentListField(Report)
    follow_ups = EmbeddedDocumentListField(FollowUp)
    outcome = EmbeddedDocumentField(Delivered)
    owes = BooleanField(default=None)
    unfiled = ListField(DictField(), default=None)
    newest_unfiled = StringField()

    def event(self) -> EventRecord:
        """The state of the proposal, without anything that was said of it."""
        data = {
            "id": self.id,
            "request": self.request,
            "offer": self.offer,
            "country": self.country,
            "organisation": self.organisation,
            "status": self.status,
            "score": self.score,
            "model": self.model,
            "request_version": self.request_version,
            "offer_version": self.offer_version,
            "answer_by": self.answer_by and timestamp(self.answer_by),
            "accepted": [{"kind": one.kind, "hash": one.hash} for one in self.accepted],
            "follow_ups": [one.data() for one in self.follow_ups],
            "pledged": [
                *(_line_data("offer", one.key, one.amount) for one in self.pledges),
                *(_line_data("request", one.key, one.amount) for one in self.pledged_needs),
            ],
            "pledged_otherwise": list(self.pledged_otherwise),
            "reported": [
                _line_data(side, key, amount)
                for side, told in newest_told(self.reports).items()
                for key, amount in sorted(told.items())
            ],
            **({} if self.outcome is None else {"outcome": self.outcome.data()}),
            "history": [transition.data() for transition in self.history],
        }
        return self.envelope(MATCH, SOURCE, data)


def _line_data(side: str, key: LineKey, amount: int) -> dict[str, Any]:
    line, measure, unit = key
    return {"side": side, "line": line, "measure": measure, "amount": amount, "unit": unit}


class CommitmentLine(EmbeddedDocument):
    """What a commitment takes from one ledger line, in that line's own unit.

    Money that was given in another currency is kept beside it as it was given, with the day of
    the rate.
    """

    side = StringField(required=True)
    record = StringField(required=True)
    line = IntField(required=True)
    measure = StringField(required=True)
    unit = StringField(required=True)
    amount = IntField(required=True)
    given_cents = IntField()
    given_currency = StringField()
    rate_date = StringField()

    def take(self) -> Take:
        """The line as the ledger takes it."""
        return Take(self.side, self.record, self.line, self.measure, self.unit, self.amount)


class Commitment(Aggregate):
    """What is promised of an offer's lines to a request's lines; its lines stand in the ledger.

    One that stands for assistance under way (`coverage` is the case) takes lines of the request
    alone: it has no match and no offer. Nor has one that a call pays for by an `application`.
    `alliance` is the one for whose sake it is made, if any. A `provisional` one was held before
    donor and State agreed: it is given back when its time is over, and kept once both have agreed.
    `reason` is why it was released, in the words of who did; `refusal` why it was refused or
    barred, `because` the same by its code (refusing.py). `shortage` is which line had less than was
    asked, and how much (shortages.py), where that was why it was refused.
    """

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "commitments",
        "indexes": [
            *("match", "status", "expires_at", INDEX),
            *(("country", "-created_at"), ("organisation", "-created_at")),
        ],
    }

    match = StringField()
    request = StringField(required=True)
    offer = StringField()
    country = StringField(required=True)
    organisation = StringField()
    coverage = StringField()
    alliance = StringField()
    application = StringField()
    status = StringField(required=True)
    lines = EmbeddedDocumentListField(CommitmentLine, required=True)
    expires_at = DateTimeField()
    refusal = StringField()
    because = DictField()
    shortage = DictField()
    provisional = BooleanField()
    reason = StringField()

    def event(self) -> EventRecord:
        """The state of the commitment and its lines."""
        kept = ("side", "record", "line", "measure", "amount", "unit")
        data = {
            "id": self.id,
            "match": self.match,
            "request": self.request,
            "offer": self.offer,
            "country": self.country,
            "organisation": self.organisation,
            "status": self.status,
            "coverage": self.coverage,
            "application": self.application,
            "lines": [{name: line[name] for name in kept} for line in self.lines],
            "expires_at": self.expires_at and timestamp(self.expires_at),
            "history": [transition.data() for transition in self.history],
        }
        return self.envelope(COMMITMENT, SOURCE, data)


class PartitionFence(Document):
    """The epoch of a partition's owner: raised by each new owner. The id is `<topic>/<number>`."""

    meta = {"collection": "partition_fences"}  # noqa: RUF012 (mongoengine declares it so)

    id = StringField(primary_key=True)
    epoch = IntField(required=True)


class ViewLine(EmbeddedDocument):
    """A line of a record: in which unit it is counted, how much, and whether all may see it.

    `worth_*` is the money that the owner states beside a quantity, `portions` in how many grants
    the money is given, `priority` the State's own for the line.
    """

    line = IntField(required=True)
    measure = StringField(required=True)
    unit = StringField(required=True)
    limit = IntField(required=True)
    confidential = BooleanField(required=True)
    for_parties = BooleanField(default=False)
    worth_cents = IntField()
    worth_currency = StringField()
    portions = IntField()
    priority = StringField()


class RecordView(Document):
    """What the matcher's API knows of a request, an offer or a call, from its newest event; it is
    read as record_views.View.

    A projection: the id is `<side>:<record id>`, the owner a State or an organisation. `stated` is
    what its proposals are explained with, as engine/stated.py packs it, `material` the digest of
    what is material in it (material.py). `priority` is the State's own, `eligibility` says whom an
    offer or a call is for, `terms` a call's window, themes and kinds. `conditions` are an offer's,
    by kind, `condition_hashes` those of their texts in the same order, empty for one that the
    register tells no hash of. `visibility` is who sees a request (shared.web.visibility).
    """

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "record_views",
        "indexes": ["record", ("owner", "side")],
    }

    id = StringField(primary_key=True)
    side = StringField(required=True)
    record = StringField(required=True)
    epoch = IntField(required=True)
    number = IntField(required=True)
    owner = StringField()
    status = StringField(required=True)
    donor_type = StringField()
    donor_country = StringField()
    conditions = ListField(StringField())
    condition_hashes = ListField(StringField())
    lines = EmbeddedDocumentListField(ViewLine)
    ceiling_cents = IntField()
    ceiling_currency = StringField()
    call = StringField()
    stated = StringField()
    material = StringField()
    priority = StringField()
    eligibility = DictField()
    terms = DictField()
    visibility = StringField()


def view_id(side: str, record: str) -> str:
    """The identifier of a record's view."""
    return f"{side}:{record}"


def shortlist_id(request: str) -> str:
    """The identifier of a request's shortlist."""
    return f"shortlist-{request}"


def turn_of(request: str, priority: str | None) -> str:
    """Where a request's shortlist stands among others, as text that sorts: the State's most urgent
    first, of equal priority by id."""
    return f"{len(PRIORITIES) - PRIORITIES.get(priority or '', 0)}-{request}"


def waiting_for(theme: str, rank: int) -> str:
    """What a shortlist says of a theme for which its best that waits has that rank."""
    return f"{theme} {rank}"


def entry_text(entry: Any) -> str:
    """JSON text of a shortlist's entry or entries: the same for the same values."""
    return orjson.dumps(entry).decode()


def read_entries(text: str) -> list[dict[str, Any]]:
    """The entries that `entry_text` made a text of."""
    entries: list[dict[str, Any]] = orjson.loads(text)
    return entries


def is_superseded(entry: Mapping[str, Any]) -> bool:
    """Whether others supersede the proposal of a shortlist's entry (rivals.py)."""
    return (entry.get("displaced") or {}).get("code") == "superseded"


def entries_of(shortlist: Mapping[str, Any], best: int | None = None) -> list[dict[str, Any]]:
    """A stored shortlist's entries, the `best` ones or all, each with its `offer` and `rank`."""
    ranked = zip(shortlist["offers"], read_entries(shortlist["entries"]), strict=True)
    return [
        {**entry, "offer": offer, "rank": rank}
        for rank, (offer, entry) in enumerate(islice(ranked, best), start=1)
    ]


def decided_serves(match: Match) -> Sequence[Mapping[str, Any]]:
    """What an offer does for which need, as it was decided on; nothing before a decision."""
    return orjson.loads(match.entry)["serves"] if match.entry else ()


AGGREGATES: tuple[type[Any], ...] = (
    Shortlist,
    Match,
    Commitment,
    Alliance,
    DuplicateCase,
    CoverageCase,
    Embargo,
    Application,
    Joining,
)
"""The documents that have events."""

AUDITED = (*(kind for kind in AGGREGATES if kind is not Shortlist), Attachment)
"""The documents with a history of steps, for the audit trail."""
