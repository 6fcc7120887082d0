"""The register of offers against its table of who may do and see what: ../matrix/offers.txt.

How the table is read, and what a new route needs: ../matrix/table.py.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import mongoengine
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.offers.app import create_app
from services.offers.documents import AUDITED
from shared.events.auditing import Auditor
from shared.settings import Settings
from shared.web.database import current_database
from shared.web.identity import Identity
from shared.web.tokens import KeyPair, issue_token
from tests.services.matrix.asking import Asked, Call, attach, credentials, new_file
from tests.services.matrix.html import lacking_html, with_html
from tests.services.matrix.table import Row, Snapshot, World, check_row, faults_of, read_table
from tests.services.matrix.trials import (  # noqa: F401 (tried here too)
    test_no_address_takes_an_operator_of_the_database,
    test_no_body_sets_what_it_does_not_have,
    test_no_field_takes_an_operator_of_the_database,
    test_no_filter_takes_an_operator_of_the_database,
    test_whatever_is_asked_is_answered_as_it_is_described,
)
from tests.services.offers.iati_files import activity, file

pytestmark = pytest.mark.long

TABLE = read_table("offers")
CALLERS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "state": ("requester", {"state": "SEN"}),
    "own": ("donor", {"organisation": "org-1"}),
    "donor": ("donor", {"organisation": "org-2"}),
    "all": ("coordinator", {}),
    "region": ("coordinator", {"regions": frozenset({"Western Africa"})}),
    "auditor": ("auditor", {}),
    "operator": ("operator", {}),
}
STEPS: Mapping[str, tuple[str, ...]] = {
    "draft": (),
    "submitted": ("submit",),
    "published": ("submit", "publish"),
    "closed": ("submit", "publish", "close"),
    "withdrawn": ("submit", "withdraw"),
    "public": ("submit", "publish"),
    "stays": ("submit", "publish"),
    "merged": ("submit", "publish", "merge"),
}
ORGANISATION = {"name": "Agency of the tests", "type": "state", "country": "JPN"}
TEXTS = {"title": "Marking machines", "description": "On loan.", "language": "en"}
PROVISION = {"theme": "marking", "kind": "equipment", "capacity": 10, "unit": "machines"}
PLAIN = {**TEXTS, "organisation": "org-1", "provisions": [PROVISION]}
CONDITION = {"kind": "reporting", "text": "A report every half year."}
CONTACT = {"office": "Unit of the tests"}
LINKED = {"links": [{"title": "Terms", "url": "https://fund.example/terms"}]}
ACTIVITY = {
    **TEXTS,
    "country": "SEN",
    "organisation": "org-1",
    "theme": "marking",
    "kind": "equipment",
}
OWNED: Mapping[str, dict[str, Any]] = {
    "calls": {**TEXTS, "organisation": "org-1"},
    "experts": {**TEXTS, "organisation": "org-1"},
    "lessons": {**TEXTS, "organisation": "org-1"},
}
OF_STATE = {**TEXTS, "country": "SEN"}


def offer(world: World, record: str) -> dict[str, Any]:
    """An offer that has a marker in every field with a text."""

    def plain(name: str) -> str:
        return world.mark(f"{record}.all", f"zq{record}{name}")

    def mark(name: str) -> str:
        return world.html(f"{record}.all", f"zq{record}{name}")

    return {
        **PLAIN,
        "title": mark("title"),
        "description": mark("description"),
        "conditions": [{"kind": "reporting", "text": mark("condition")}],
        "external_id": {"source": plain("source"), "id": plain("identifier")},
        "public": record not in ("published", "stays", "merged"),
    }


def kept(_world: World, record: str) -> dict[str, Any]:
    """A change of the offer that leaves it what it is."""
    source = {"source": f"zq{record}source", "id": f"zq{record}identifier"}
    return {**PLAIN, "conditions": [CONDITION], "external_id": source}


def entry(noun: str) -> Callable[[World, str], Any]:
    """An entry of the catalogue, of org-1 or of SEN as the record's word says."""
    return lambda _, record: (
        {**(OF_STATE if record.startswith("sen-") else OWNED[noun]), **LINKED}
    )


BODIES: Mapping[str, Callable[[World, str], Any]] = {
    "POST /v1/offers": lambda *_: {**PLAIN, "conditions": [CONDITION]},
    "PUT /v1/offers/{offer_id}": kept,
    "POST /v1/offers/inferred": lambda *_: TEXTS,
    "POST /v1/offers/{offer_id}/confirm-lines": lambda *_: {"lines": [{"index": 5}]},
    "POST /v1/offers/{offer_id}/merge": lambda world, _: {"into": world.ids["stays"]},
    "POST /v1/activities": lambda *_: ACTIVITY,
    "PUT /v1/activities/{activity_id}": lambda *_: ACTIVITY,
    "PUT /v1/organisations/{organisation_id}": lambda *_: {**ORGANISATION, "contacts": [CONTACT]},
    **{f"POST /v1/{noun}": entry(noun) for noun in OWNED},
    **{f"PUT /v1/{noun}/{{entry_id}}": entry(noun) for noun in OWNED},
}


@pytest.fixture(scope="module")
def client(register_settings: Settings) -> Iterator[FlaskClient]:
    yield create_app(register_settings).test_client()
    mongoengine.disconnect()


@pytest.fixture(scope="module")
def headers(keys: KeyPair) -> Callable[..., dict[str, str]]:
    """The header of a caller's token."""

    def make(role: str, **bound: Any) -> dict[str, str]:
        identity = Identity("somebody", role, **bound)
        token = issue_token(keys, identity, timedelta(hours=1), datetime.now(UTC))
        return {"Authorization": f"Bearer {token}"}

    return make


@pytest.fixture(scope="module")
def world(client: FlaskClient, headers: Callable[..., dict[str, str]]) -> World:
    """An offer of org-1 in every state, with markers; entries of every other noun."""
    world = World()

    def keep(record: str, made: TestResponse) -> None:
        assert made.status_code < 300, (record, made.get_json())
        world.ids[record], world.etags[record] = made.get_json()["id"], made.headers["ETag"]

    operator = headers("operator")
    for name in ("org-1", "org-2"):
        keep(name, client.put(f"/v1/organisations/{name}", json=ORGANISATION, headers=operator))
    for record, steps in STEPS.items():
        keep(record, client.post("/v1/offers", json=offer(world, record), headers=operator))
        for step in steps:
            who = headers("coordinator" if step == "merge" else "operator")
            who["If-Match"] = world.etags[record]
            sent = {"json": {"into": world.ids["stays"], "lines": []}} if step == "merge" else {}
            path = f"/v1/offers/{world.ids[record]}/{step}"
            keep(record, client.post(path, headers=who, **sent))
    for record in ("draft", "published"):
        attach(client, world, record, f"/v1/offers/{world.ids[record]}", operator)
    keep("stays", client.get(f"/v1/offers/{world.ids['stays']}", headers=operator))
    keep("activity", client.post("/v1/activities", json=ACTIVITY, headers=operator))
    shown = {**ACTIVITY, "public": True}
    keep("public-activity", client.post("/v1/activities", json=shown, headers=operator))
    for noun, sent in OWNED.items():
        keep(noun, client.post(f"/v1/{noun}", json=sent, headers=operator))
    for noun in ("experts", "lessons"):
        keep(f"sen-{noun}", client.post(f"/v1/{noun}", json=OF_STATE, headers=operator))
    auditor = Auditor("offers", AUDITED, current_database)
    auditor.prepare()
    while auditor.take_over():
        pass
    return world


@pytest.fixture(scope="module")
def snapshot(world: World) -> Snapshot:
    return Snapshot(current_database())


def test_every_route_has_a_line(client: FlaskClient) -> None:
    faults = faults_of(TABLE, client.application)
    assert not faults, "\n" + "\n".join(faults)


def test_rows_send_html_in_every_text(client: FlaskClient, world: World) -> None:
    def body_of(route: str) -> Any:
        return BODIES[route](world, "org") if route in BODIES else None

    assert lacking_html(client.application, body_of) == []


@pytest.fixture(scope="module")
def asked(
    client: FlaskClient,
    headers: Callable[..., dict[str, str]],
    world: World,
    snapshot: Snapshot,
) -> Asked:
    """What callers send for a row."""

    def call(column: str, row: Row) -> Call:
        who = credentials(column, row.method, CALLERS, headers, "offers", "operator")
        if row.method != "GET" and row.record in world.etags:
            who["If-Match"] = world.etags[row.record]
        id_ = world.ids.get(row.record, row.record)
        path = row.path.replace("{attachment_id}", world.ids.get(f"{row.record}/id", row.record))
        names = ("offer_id", "activity_id", "organisation_id", "entry_id", "record", "record_id")
        for name in names:
            path = path.replace(f"{{{name}}}", id_)
        options: dict[str, Any] = {}
        route = f"{row.method} {row.path}"
        sent = with_html(
            client.application, route, BODIES.get(route, lambda *_: None)(world, row.record)
        )
        if row.path == "/v1/activities/import":
            options = {"data": file(activity()), "content_type": "application/xml"}
            options["query_string"] = {} if row.record == "-" else {"organisation": row.record}
        elif row.method == "POST" and row.path.endswith("/attachments"):
            naming, options = new_file()
            who |= naming
        elif sent is not None:
            options = {"json": sent}
        elif row.record.startswith("zq"):
            options = {"query_string": {"q": row.record}}
        return Call(row.method, path, {"headers": who, **options})

    return Asked(client.application, TABLE, world, snapshot, call)


@pytest.mark.parametrize("row", TABLE.rows, ids=str)
def test_callers_are_answered_as_the_table_says(row: Row, asked: Asked) -> None:
    check_row(row, TABLE, asked.world, asked.snapshot, asked.sender())
