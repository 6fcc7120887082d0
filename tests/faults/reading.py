"""The final reads: what anybody can read once nothing is left to do."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing
from functools import partial
from http import HTTPStatus
from typing import Any

import pymongo

from deploy.cli.client import Client
from entraide.client import ProblemError
from services.matcher.domain import ledger_line_id
from shared.events.reader import read_to_end
from shared.events.versions import Version
from shared.settings import Settings
from tests.faults.history import Final, Held, Line, Operation, Seen, Shortlisted, Told

SIDES = {"requests.v1": "request", "offers.v1": "offer"}
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


def read_final(
    client: Client, settings: Settings, mongodb: str, records: Iterable[str], pairs: Sequence[str]
) -> Final:
    """Read the records, by side and id, and all that came of them; `pairs` are the bank's.

    Versions that the matcher keeps come from its database at `mongodb`; all else is read as anybody
    reads it, by HTTP and from the topics.
    """
    seen = {record: _seen(client, record) for record in records}
    database: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(mongodb)
    with closing(database):
        kept = database[settings.database]
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
    shortlists = {
        request: Shortlisted(version, _proposed(client, request.partition(":")[2]))
        for request, version in ranked.items()
    }
    ledger = [
        line
        for record in sorted({one for pair in pairs for one in pair.split(".")})
        for line in lines_of(client.items("matcher", "/v1/ledger", record=record))
    ]
    return Final(
        records={record: one for record, one in seen.items() if one is not None},
        views=views,
        events=tuple(_told(settings)),
        shortlists=shortlists,
        ledger=tuple(ledger),
        commitments={id_: held for pair in pairs for id_, held in _commitments(client, pair)},
    )


def _seen(client: Client, record: str) -> Seen | None:
    side, _, id_ = record.partition(":")
    try:
        answer = client.get(f"{side}s", f"/v1/{side}s/{id_}")
    except ProblemError as problem:
        if problem.status != HTTPStatus.NOT_FOUND:
            raise
        return None
    version = Version.parse(answer.etag.strip('"'))
    return Seen(version, answer.body["title"], answer.body["status"] in SHOWN)


def _proposed(client: Client, request: str) -> tuple[str, ...]:
    return tuple(one["offer"] for one in client.items("matcher", "/v1/proposals", request=request))


def _commitments(client: Client, pair: str) -> Iterable[tuple[str, Held]]:
    for one in client.items("matcher", "/v1/commitments", proposal=pair):
        lines = {_ledger_line(line): float(line["quantity"]) for line in one["lines"]}
        amount = round(next(iter(lines.values())) * 1000)
        yield one["id"], Held(f"{pair}/{amount}", one["status"] == "held", lines)


def _ledger_line(line: Mapping[str, Any]) -> str:
    names = ("side", "record", "line", "measure", "unit")
    return ledger_line_id(*(line[name] for name in names))


def _told(settings: Settings) -> Iterable[Told]:
    prefix = settings.topic_prefix
    for record in read_to_end(settings, [prefix + name for name in SIDES]):
        headers = dict(record.headers)
        topic = record.topic.removeprefix(prefix)
        try:
            version = Version(int(headers["ce_epoch"]), int(headers["ce_number"]))
            name = f"{SIDES[topic]}:{record.key.decode()}"
        except (KeyError, ValueError, AttributeError):
            continue  # poison, which a fault put there
        yield Told(topic, name, version, gone=record.value is None)


def known_already(final: Final, pairs: Collection[str]) -> list[Operation]:
    """What a history begins with that comes after these reads, with the commitments of `pairs`."""
    operations = []
    for record, seen in final.records.items():
        wrote = partial(Operation, "before", "write", record, 0, 0)
        if seen.matched:
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
    return operations
