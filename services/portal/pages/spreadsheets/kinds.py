"""The kinds of records that spreadsheets hold, and how a record becomes a row again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.portal.pages.frame import account
from services.portal.sheets.columns import Column
from services.portal.sheets.limits import Limits
from services.portal.sheets.requests_table import (
    REQUEST_LIMITS,
    REQUESTS,
    meant_row,
    request_bodies,
    request_rows,
)
from services.portal.sheets.tables import (
    ACTIVITIES,
    OFFER_LIMITS,
    OFFERS,
    SOURCE,
    activity_bodies,
    offer_bodies,
)
from shared.lifecycle import ASSISTANCE, OFFER, REQUEST, Lifecycle
from shared.web.problems import not_found

CSV, XLSX = "csv", "xlsx"
ENDINGS: Mapping[str, str] = {
    CSV: "text/csv; charset=utf-8",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
Record = Mapping[str, Any]


@dataclass(frozen=True)
class Kind:
    """Records of one kind: whose they are, where they are kept, how they are rows.

    `role` brings them in, for the party that it acts for; `party` is the register's filter by it.
    `lines` is the member with a record's lines, empty where a record is its only line; `counted`
    is what a line counts in, `sight` the column of who sees a record. `limits` are those of its
    lists, `life` the states that it goes through. `meant` is a file's row of a record as it is
    meant, beside that which the record itself makes.
    """

    role: str
    service: str
    path: str
    party: str
    columns: Sequence[Column]
    lines: str
    counted: str
    sight: str
    drafts: bool
    limits: Limits
    life: Lifecycle
    bodies: Callable[[Sequence[Record], str], list[dict[str, Any]]]
    rows: Callable[[Record], list[Record]]
    meant: Callable[[Record, Record], Record] = lambda row, _own: row


def kind_of(name: str) -> Kind:
    """The kind of that name."""
    if name not in KINDS:
        raise not_found("page")
    return KINDS[name]


def own_party(kind: Kind) -> str:
    """The State or the organisation that the reader acts for."""
    own = account()
    return str(own.state if kind.party == "country" else own.organisation)


def cells(kind: Kind, row: Record, language: str) -> list[Any]:
    """A row's cells, codes by their names in the reader's language."""
    return [_cell(column, row.get(column.key), language) for column in kind.columns]


def _cell(column: Column, value: Any, language: str) -> Any:
    names = {} if column.labels is None else column.labels(language)
    if isinstance(value, list):
        return "; ".join(names.get(code, code) for code in value)
    return names.get(value, value) if isinstance(value, str) else value


def _offer_rows(offer: Record) -> list[Record]:
    """A row for each line; conditions go along, as many as there are lines, then rows of their own.

    What is of the offer stands in each.
    """
    lines = [
        {
            **{name: line[name] for name in ("theme", "kind", "unit", "amount", "currency")},
            "quantity": line["capacity"],
        }
        for line in offer["provisions"]
    ]
    told = [
        {"condition_kind": one["kind"], "condition": one["text"]} for one in offer["conditions"]
    ]
    count = max(len(lines), len(told), 1)
    lines += [{}] * (count - len(lines))
    told += [{}] * (count - len(told))
    common = {**_common(offer), **offer["eligibility"]}
    return [{**common, **line, **one} for line, one in zip(lines, told, strict=True)]


def _activity_rows(activity: Record) -> list[Record]:
    copied = ("country", "theme", "kind", "quantity", "unit", "amount", "currency", "status")
    return [{**_common(activity), **{name: activity[name] for name in copied}}]


def _common(record: Record) -> dict[str, Any]:
    external, window = record["external_id"] or {}, record["window"] or {}
    return {
        "reference": external.get("id") if external.get("source") == SOURCE else None,
        **{name: record[name] for name in ("title", "description", "language", "partners", "id")},
        "public": "public" if record.get("public") else "restricted",
        "from": window.get("from"),
        "to": window.get("to"),
    }


KINDS: Mapping[str, Kind] = {
    "requests": Kind(
        role="requester",
        service="requests",
        path="/v1/requests",
        party="country",
        columns=REQUESTS,
        lines="needs",
        counted="quantity",
        sight="level",
        drafts=True,
        limits=REQUEST_LIMITS,
        life=REQUEST,
        bodies=request_bodies,
        rows=request_rows,
        meant=meant_row,
    ),
    "offers": Kind(
        role="donor",
        service="offers",
        path="/v1/offers",
        party="organisation",
        columns=OFFERS,
        lines="provisions",
        counted="capacity",
        sight="public",
        drafts=True,
        limits=OFFER_LIMITS,
        life=OFFER,
        bodies=offer_bodies,
        rows=_offer_rows,
    ),
    "activities": Kind(
        role="donor",
        service="offers",
        path="/v1/activities",
        party="organisation",
        columns=ACTIVITIES,
        lines="",
        counted="quantity",
        sight="public",
        drafts=False,
        limits={},
        life=ASSISTANCE,
        bodies=activity_bodies,
        rows=_activity_rows,
    ),
}
