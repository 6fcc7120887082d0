"""A directory of requests, offers and activities in the gold format, as bodies for the APIs.

Loading and evaluating both start here, so that they mean the same by a row.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from deploy.cli.goldformat import FILES, GoldSetError, RawRow, RowError, read_rows
from shared.ids import derived_id

Kind = Literal["organisation", "offer", "activity", "request"]
Body = dict[str, Any]

_SOURCE = re.compile(r"[!-~]{1,100}")
SET_DATE = "2026-01-01"
"""The day that the format's sets are made for."""

PROVIDER_TYPE = "other"
"""The format does not say what kind of organisation provides an activity."""


@dataclass(frozen=True)
class Row:
    """One record: the set's own id, the id that the service derives from it, and its body."""

    kind: Kind
    external: str
    id: str
    body: Body
    file: str
    line: int


@dataclass(frozen=True)
class GoldSet:
    """The rows of a directory whose shape is right, and the errors of the others."""

    source: str
    organisations: tuple[Row, ...]
    offers: tuple[Row, ...]
    activities: tuple[Row, ...]
    requests: tuple[Row, ...]
    errors: tuple[RowError, ...]


def read_set(
    directory: Path, *, text_only: bool = False, oddities: list[RowError] | None = None
) -> GoldSet:
    """Read a directory; `text_only` leaves out needs, provisions and priority.

    With `oddities` what is no reason to read nothing of a row is told there and is no error: fields
    of its own, lines that count otherwise, a donor of which another row says otherwise.

    Its name is the source under which the set's ids are kept. Raises GoldSetError when none of
    the files is there or one cannot be read at all; a row that is wrong becomes a RowError.
    """
    present = [name for name in FILES if (directory / name).is_file()]
    if not present:
        raise GoldSetError(f"{directory} has none of {', '.join(FILES)}")
    source = directory.resolve().name
    if not _SOURCE.fullmatch(source):
        raise GoldSetError(
            f"the directory's name is kept with the set's ids: rename {source!r} to printable "
            "ASCII without spaces, 100 characters at most"
        )
    errors: list[RowError] = []
    found: dict[str, list[tuple[int, str, RawRow]]] = {kind: [] for kind in FILES.values()}
    for name in present:
        found[FILES[name]] = list(read_rows(directory / name, FILES[name], errors, oddities))
    organisations = _organisations(source, found, errors if oddities is None else oddities)
    by_name = {row.external: row.id for row in organisations}

    def rows(kind: Kind, file: str, body_of: Callable[[RawRow], Body]) -> tuple[Row, ...]:
        return tuple(
            Row(kind, external, record_id(kind, source, body), body, file, line)
            for line, external, raw in found[kind]
            for body in [body_of(raw) | {"external_id": {"source": source, "id": external}}]
        )

    return GoldSet(
        source=source,
        organisations=organisations,
        offers=rows("offer", "offers.jsonl", lambda raw: offer_body(raw, by_name, text_only)),
        activities=rows("activity", "activities.jsonl", lambda raw: activity_body(raw, by_name)),
        requests=rows("request", "requests.jsonl", lambda raw: request_body(raw, text_only)),
        errors=tuple(sorted(errors, key=lambda error: (error.file, error.line))),
    )


def record_id(kind: Kind, source: str, body: Mapping[str, Any]) -> str:
    """The id that the owning service gives a record with an external id: 24 hexadecimal digits."""
    external = body["external_id"]["id"]
    if kind == "request":
        return derived_id("request", str(body["country"]), source, external)
    if kind == "offer":
        return derived_id("offer", str(body["organisation"]), source, external)
    provider = body["organisation"]
    owner = () if provider is None else ("organisation", str(provider))
    return derived_id("activity", *owner, source, external)


def request_body(raw: Mapping[str, Any], text_only: bool) -> Body:
    """The body of POST /v1/requests for a row of requests.jsonl."""
    return {
        **{name: raw[name] for name in ("country", "language", "title", "description")},
        "window": _window(raw),
        "confidentiality": "public" if raw.get("public") else "restricted",
        "channel": None if text_only else raw["channel"],
        "priority": None if text_only else raw["priority"],
        "needs": [] if text_only else [_line(line, "quantity") for line in raw["needs"]],
    }


def offer_body(raw: Mapping[str, Any], organisations: Mapping[str, str], text_only: bool) -> Body:
    """The body of POST /v1/offers for a row of offers.jsonl."""
    return {
        **{name: raw[name] for name in ("language", "title", "description")},
        "organisation": organisations.get(str(raw["donor"]), ""),
        "window": _window(raw),
        "eligibility": {
            name: list(raw["eligibility"][name]) for name in ("countries", "regions", "groups")
        },
        "conditions": [{"text": text} for text in raw["conditions"]],
        **_shown(raw),
        "provisions": [] if text_only else [_line(line, "capacity") for line in raw["provisions"]],
    }


def _window(raw: Mapping[str, Any]) -> Body:
    return {name: raw["window"][name] for name in ("from", "to")}


def _shown(raw: Mapping[str, Any]) -> Body:
    """Whether everybody may see it, where the row says so."""
    return {"public": True} if raw.get("public") else {}


def activity_body(raw: Mapping[str, Any], organisations: Mapping[str, str]) -> Body:
    """The body of POST /v1/activities for a row of activities.jsonl."""
    plain = ("country", "language", "title", "description", "theme", "kind", "quantity", "unit")
    return {
        **{name: raw[name] for name in plain},
        **_money(raw),
        **_shown(raw),
        "organisation": organisations.get(str(raw["provider"]), ""),
        "window": {"from": raw["start"], "to": raw["end"]},
        "status": raw["status"],
    }


_FIELDS = {
    "organisation": {"name": "donor", "type": "donor_type", "country": "donor_country"},
    "offer": {"organisation": "donor", "external_id": "id", "external_id.id": "id"},
    "activity": {
        "organisation": "provider",
        "window.from": "start",
        "window.to": "end",
        "window": "end",
        "external_id": "id",
        "external_id.id": "id",
    },
    "request": {"external_id": "id", "external_id.id": "id"},
}


def format_field(kind: Kind, name: str) -> str:
    """The format's name for a field of a body: `needs[0].amount` is `needs[0].amount_usd`."""
    own = _FIELDS[kind].get(name, name)
    if own.startswith("conditions[") and own.endswith("].text"):
        return own.removesuffix(".text")
    head, _, last = own.rpartition(".")
    if last in {"amount", "currency"}:
        return f"{head}.amount_usd" if head else "amount_usd"
    return own


def _line(raw: Mapping[str, Any], measure: str) -> Body:
    line = {name: raw[name] for name in ("theme", "kind", measure, "unit")}
    return line | _money(raw)


def _money(raw: Mapping[str, Any]) -> Body:
    amount = raw["amount_usd"]
    return {"amount": amount, "currency": None if amount is None else "USD"}


def _organisations(
    source: str, found: Mapping[str, list[tuple[int, str, RawRow]]], errors: list[RowError]
) -> tuple[Row, ...]:
    """Donors and providers by name; the first row that names one says what it is."""
    rows: dict[str, Row] = {}

    def add(name: str, body: Body, file: str, line: int) -> None:
        identifier = derived_id("organisation", source, name)
        rows[name] = Row("organisation", name, identifier, {"name": name} | body, file, line)

    for line, _, raw in found["offer"]:
        name, body = str(raw["donor"]), {"type": raw["donor_type"], "country": raw["donor_country"]}
        if name not in rows:
            add(name, body, "offers.jsonl", line)
        elif rows[name].body != {"name": name} | body:
            message = f"differs from what line {rows[name].line} says of the same donor"
            errors.append(RowError("offers.jsonl", line, "donor_type, donor_country", message))
    for line, _, raw in found["activity"]:
        name = str(raw["provider"])
        if name not in rows:
            add(name, {"type": PROVIDER_TYPE, "country": None}, "activities.jsonl", line)
    return tuple(rows.values())
