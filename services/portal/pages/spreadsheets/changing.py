"""Records changed by a spreadsheet that they came out in: what would change, and changing it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from services.portal.house import house
from services.portal.pages.asking import ask, look_up, reader
from services.portal.pages.offers.bodies import offer_body
from services.portal.pages.requests.bodies import body_of as request_body
from services.portal.pages.spreadsheets.kinds import Kind, own_party
from services.portal.pages.wording import here
from services.portal.services import AwayError, RefusedError
from services.portal.sheets.changes import LinesError, changed_body, changed_columns
from services.portal.sheets.columns import unit_of
from services.portal.sheets.faults import Fault
from services.portal.sheets.limits import changed_too_much
from services.portal.sheets.rows import check_changed
from shared.lifecycle import IllegalTransition

_AT_ONCE: Final = 8
_ACTIVITY: Final = (
    *("title", "description", "language", "country", "organisation", "donor_country", "theme"),
    *("kind", "quantity", "unit", "amount", "currency", "window", "status", "partners", "public"),
    "external_id",
)


@dataclass(frozen=True)
class Change:
    """A record that a file changes: the columns' keys, the body to be sent, its version.

    `rows` are what the file's rows say otherwise than the record's, `sight` who sees it then.
    """

    id: str
    title: str
    columns: Sequence[str]
    body: Mapping[str, Any]
    etag: str
    rows: Sequence[Mapping[str, Any]]
    sight: str


def changes_of(kind: Kind, rows: Sequence[Mapping[str, Any]]) -> tuple[list[Change], list[Fault]]:
    """What rows that name records' ids change of these, and what is wrong with such rows.

    A record that is not the reader's own, or not there, is a fault, and so is what the register
    would refuse while it takes the changes of other records; one as it stands is no change.
    """
    held: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        held[row["id"]].append(row)
    asked = {id_: ask(kind.service, f"{kind.path}/{id_}") for id_ in held if _is_plain(id_)}
    found = look_up(asked)
    changes, faults = [], []
    for id_, told in held.items():
        answer = found.get(id_)
        if answer is None or answer.body[kind.party] != own_party(kind):
            faults.append(Fault("id", told[0]["cell"]["id"], {"text": id_}))
            continue
        before = [_as_read(row) for row in kind.rows(answer.body)]
        if len(before) != len(told):
            faults.append(Fault("rows", told[0]["cell"]["id"], {"count": len(before)}))
            continue
        said = [
            {key: value for key, value in kind.meant(row, stands).items() if key != "cell"}
            for row, stands in zip(told, before, strict=True)
        ]
        columns = changed_columns(before, said)
        if columns:
            body = _body(kind, answer.body)
            try:
                body = changed_body(body, before, said, kind.bodies, own_party(kind), kind.lines)
            except LinesError:
                faults.append(Fault("lines", told[0]["cell"]["id"]))
                continue
            otherwise = [
                {key: row[key] for key in changed_columns([stands], [row])}
                for row, stands in zip(said, before, strict=True)
            ]
            cells = [(row["cell"], one) for row, one in zip(told, otherwise, strict=True)]
            edited = [{**stands, **row} for row, stands in zip(said, before, strict=True)]
            wrong = check_changed(cells, edited, kind.columns, here())
            wrong += changed_too_much(body, cells, kind.limits)
            wrong += _out_of_step(kind, answer.body, body, cells)
            if wrong:
                faults += wrong
                continue
            sight = kind.rows({**answer.body, **body})[0][kind.sight]
            title = answer.body["title"]
            changes.append(Change(id_, title, columns, body, answer.etag, otherwise, sight))
    return changes, faults


def send_changes(
    kind: Kind, changes: Sequence[Change]
) -> Iterator[tuple[Change, Exception | None]]:
    """Change the records; each with why it was not changed, if so."""
    services, own = house().services, reader()

    def send(change: Change) -> Exception | None:
        path = f"{kind.path}/{change.id}"
        try:
            services.send(own, "PUT", kind.service, path, change.body, if_match=change.etag)
        except (AwayError, RefusedError) as error:
            return error
        return None

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield from zip(changes, list(pool.map(send, changes)), strict=True)


def _out_of_step(
    kind: Kind, record: Mapping[str, Any], body: Mapping[str, Any], told: Sequence[tuple[Any, Any]]
) -> list[Fault]:
    """What the state of a record forbids: to change it at all, or to come to stand elsewhere.

    What has its state beside its body is over in a final one; where the body says it, a step must
    lead to it.
    """
    cells, _otherwise = told[0]
    if "status" not in body:
        return [Fault("over", cells["id"])] if kind.life.is_final(record["status"]) else []
    if body["status"] != record["status"]:
        try:
            kind.life.action_between(record["status"], body["status"])
        except IllegalTransition:
            return [Fault("step", cells["status"])]
    return []


def _body(kind: Kind, record: Mapping[str, Any]) -> dict[str, Any]:
    if kind.lines == "provisions":
        return offer_body(record)
    if kind.lines == "needs":
        return request_body(record)
    return {name: record[name] for name in _ACTIVITY}


def _as_read(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A record's row as a file is read: a unit that stands there by its name has its code."""
    return {**row, "unit": unit_of(row["unit"])} if row.get("unit") else row


def _is_plain(id_: str) -> bool:
    """Whether it stands in an address as it is."""
    return id_.isascii() and id_.replace("-", "").replace("_", "").replace(".", "").isalnum()
