"""The final reads: what anybody can read once nothing is left to do."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from functools import partial
from http import HTTPStatus
from typing import Any

import pymongo
from pymongo.database import Database

from deploy.cli.client import Client
from entraide.client import ProblemError
from services.matcher.documents import AGGREGATES
from services.matcher.domain import ledger_line_id
from services.portal.followed_state import DECISION, FOLLOWED
from shared.events.envelope import ACTIVITY
from shared.events.reader import read_to_end
from shared.events.topics import ACTIVITIES, MATCHES, OFFERS, REQUESTS
from shared.events.versions import Version
from shared.settings import Settings
from tests.faults.afresh import kept_and_due
from tests.faults.decisions import decided
from tests.faults.history import Final, Held, Line, Operation, Seen, Shortlisted, Told
from tests.faults.reading_portal import fates, invited

AS_OF = "2026-11-23"
"""The day that it is for every house."""
SIDES = {REQUESTS: "request", OFFERS: "offer"}
TOLD = {**SIDES, ACTIVITIES: "activity"}
"""What owners tell of, by topic. What comes of activities nobody keeps but in cases."""
_NAMES = {**FOLLOWED, ACTIVITY: TOLD[ACTIVITIES]}
_AMOUNTS = {"request": ("needs", "quantity"), "offer": ("provisions", "capacity")}
SHOWN = frozenset({"circulated", "published"})


def lines_of(items: Iterable[Mapping[str, Any]]) -> tuple[Line, ...]:
    """Ledger lines as the API shows them."""
    return tuple(
        Line(
            one["id"],
            *(float(one[name]) for name in ("limit", "held", "free")),
            tuple((hold["commitment"], float(hold["amount"])) for hold in one["holds"]),
        )
        for one in items
    )


@dataclass(frozen=True)
class Asked:
    """Of what to read: records by side and id, the bank's pairs, and what was decided at the
    portal, keys with their proposals, by which account."""

    records: Collection[str]
    pairs: Sequence[str]
    deferred: Mapping[str, str]
    account: str


def read_final(
    client: Client, settings: Mapping[str, Settings], mongodb: str, asked: Asked
) -> Final:
    """Read these records, all activities, and all that came of them.

    Versions that the matcher and the portal keep come from their databases at `mongodb`, which
    `settings` name by service, and so do cases, with the records that are compared anew for them,
    and what became of what the portal acknowledged; all else is read as anybody reads it, by HTTP
    and from the topics.
    """
    seen = {record: seen_now(client, record) for record in sorted(asked.records)}
    seen |= _activities(client)
    database: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(mongodb, tz_aware=True)
    with closing(database):
        kept = database[settings["matcher"].database]
        views = {
            f"{view['side']}:{view['record']}": Version(view["epoch"], view["number"])
            for view in kept["record_views"].find(
                {"side": {"$in": list(SIDES.values())}, "status": {"$ne": "gone"}}
            )
        }
        ranked = {
            f"request:{one['request']}": Version.parse(one["request_version"])
            for one in kept["shortlists"].find({}, {"request": 1, "request_version": 1})
        }
        told_of = dict(_kept(kept))
        cases, due = kept_and_due(database, settings, date.fromisoformat(AS_OF))
        portal = database[settings["portal"].database]
        there = {"status": {"$ne": "gone"}, "record_type": {"$ne": DECISION}}
        followed = {
            one["_id"]: Version(one["epoch"], one["number"])
            for one in portal["followed"].find(there, {"epoch": 1, "number": 1})
        }
        decided_later = fates(kept, portal, asked.deferred, asked.account)
        invitations = invited(portal)
    shortlists = {
        request: Shortlisted(version, _proposed(client, request.partition(":")[2]))
        for request, version in ranked.items()
    }
    banked = sorted(
        {one for pair in asked.pairs for one in zip(SIDES.values(), pair.split("."), strict=True)}
    )
    ledger = [
        line
        for _, record in banked
        for line in lines_of(client.items("matcher", "/v1/ledger", record=record))
    ]
    return Final(
        records={record: one for record, one in seen.items() if one is not None},
        views=views,
        events=tuple(_told(settings["matcher"])),
        shortlists=shortlists,
        ledger=tuple(ledger),
        commitments={id_: held for pair in asked.pairs for id_, held in _commitments(client, pair)},
        kept=told_of,
        followed=followed,
        taken={line: amount for one in banked for line, amount in _taken(client, *one)},
        cases=cases,
        due=due,
        fates=decided_later,
        invited=invitations,
    )


def _kept(database: Database[dict[str, Any]]) -> Iterator[tuple[str, Version]]:
    """What the matcher keeps and tells of, by the names that the portal has for them."""
    for kind in AGGREGATES:
        for stored in database[kind._get_collection_name()].find():
            event = kind._from_son(stored).event()
            if event is not None:
                yield f"{FOLLOWED[event.type]}:{event.subject}", event.version


def _taken(client: Client, side: str, record: str) -> Iterator[tuple[str, float]]:
    """What the owner says is committed of each of its lines, which are counted in units."""
    lines, amount = _AMOUNTS[side]
    for line in client.get(f"{side}s", f"/v1/{side}s/{record}").body[lines]:
        committed = (line if side == "request" else line["figures"])["committed"][amount]
        yield ledger_line_id(side, record, line["line"], "quantity", line["unit"]), float(committed)


def seen_now(client: Client, record: str) -> Seen | None:
    """A request or an offer as its owner shows it; None where there is none."""
    side, _, id_ = record.partition(":")
    try:
        answer = client.get(f"{side}s", f"/v1/{side}s/{id_}")
    except ProblemError as problem:
        if problem.status != HTTPStatus.NOT_FOUND:
            raise
        return None
    version = Version.parse(answer.etag.strip('"'))
    return Seen(version, answer.body["title"], answer.body["status"] in SHOWN)


def _activities(client: Client) -> dict[str, Seen]:
    """All there are: one whose registering was never answered is told of all the same."""
    return {
        f"activity:{one['id']}": Seen(Version.parse(one["version"]), one["title"])
        for one in client.items("offers", "/v1/activities")
    }


def _proposed(client: Client, request: str) -> tuple[str, ...]:
    return tuple(one["offer"] for one in client.items("matcher", "/v1/proposals", request=request))


def _commitments(client: Client, pair: str) -> Iterable[tuple[str, Held]]:
    for one in client.items("matcher", "/v1/commitments", proposal=pair):
        lines = {_ledger_line(line): float(line["quantity"]) for line in one["lines"]}
        amount = round(next(iter(lines.values())) * 1000)
        version = Version.parse(one["version"])
        yield one["id"], Held(f"{pair}/{amount}", one["status"] == "held", lines, version)


def _ledger_line(line: Mapping[str, Any]) -> str:
    names = ("side", "record", "line", "measure", "unit")
    return ledger_line_id(*(line[name] for name in names))


def _told(settings: Settings) -> Iterable[Told]:
    prefix = settings.topic_prefix
    for record in read_to_end(settings, [prefix + name for name in (*TOLD, MATCHES)]):
        headers = dict(record.headers)
        topic = record.topic.removeprefix(prefix)
        try:
            version = Version(int(headers["ce_epoch"]), int(headers["ce_number"]))
            name = f"{_NAMES[headers['ce_type'].decode()]}:{record.key.decode()}"
        except (KeyError, ValueError, AttributeError):
            continue  # poison, which a fault put there
        yield Told(topic, name, version, gone=record.value is None)


def known_already(final: Final, pairs: Collection[str]) -> list[Operation]:
    """What a history begins with that comes after these reads, with the commitments of `pairs`."""
    operations = []
    for record, seen in final.records.items():
        wrote = partial(Operation, "before", "write", record, 0, 0)
        if seen.matched and record.partition(":")[0] in SIDES.values():
            operations += [
                wrote("unknown", None, seen.value),
                Operation("before", "publish", record, 0, 0, "ok", seen.version),
            ]
        else:
            operations.append(wrote("ok", seen.version, seen.value))
    operations += [
        Operation("before", "commit", "", 0, 0, "ok", key=held.key, made=id_)
        if held.holds
        else Operation("before", "commit", "", 0, 0, "unknown", key=held.key)
        for id_, held in final.commitments.items()
        if held.key.partition("/")[0] in pairs
    ]
    operations += [
        Operation("before", "decide", pair, 0, 0, "ok", value=step)
        for pair, step in decided(final).elements()
    ]
    operations += [
        Operation("before", "defer", f"match:{fate.proposal}", 0, 0, "ok", key=key)
        for key, fate in final.fates.items()
        if fate.times or fate.waits or fate.told
    ]
    operations += [
        Operation("before", "invite", one.email, 0, 0, "ok" if one.mails else "unknown", made=id_)
        for id_, one in final.invited.items()
    ]
    return operations
