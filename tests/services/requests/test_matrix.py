"""The register of requests against its table of who may do and see what: ../matrix/requests.txt.

How the table is read, and what a new route needs: ../matrix/table.py.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import mongoengine
import pytest
from flask.testing import FlaskClient

from services.requests.app import create_app
from services.requests.documents import AUDITED
from services.requests.reactions import on_matches
from shared.events.auditing import Auditor
from shared.events.envelope import MATCH, Event
from shared.events.validation import example
from shared.events.versions import Version
from shared.settings import Settings
from shared.web.database import current_database
from shared.web.identity import Identity
from shared.web.tokens import KeyPair, issue_token
from shared.web.visibility import LEVELS
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

pytestmark = pytest.mark.long

TABLE = read_table("requests")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
HERE, ELSEWHERE = frozenset({"Western Africa"}), frozenset({"Eastern Asia"})
CALLERS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "own": ("requester", {"state": "SEN"}),
    "other": ("requester", {"state": "MLI"}),
    "donor": ("donor", {"organisation": "org-2"}),
    "party": ("donor", {"organisation": "org-1"}),
    "all": ("coordinator", {}),
    "region": ("coordinator", {"regions": HERE}),
    "elsewhere": ("coordinator", {"regions": ELSEWHERE}),
    "auditor": ("auditor", {}),
    "operator": ("operator", {}),
}
CIRCULATED = ("submit", "authenticate", "circulate")
STEPS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(LEVELS, CIRCULATED),
    "draft": (),
    "submitted": ("submit",),
    "authenticated": ("submit", "authenticate"),
    "returned": ("submit", "return"),
    "withdrawn": (*CIRCULATED, "withdraw"),
    "stays": CIRCULATED,
    "merged": (*CIRCULATED, "merge"),
}
SENT: Mapping[str, Callable[[World, str], Any]] = {
    "circulate": lambda *_: {"consent": "express"},
    "object": lambda *_: {"reason": "timing"},
    "return": lambda world, record: {
        "reason": "unconfirmed",
        "text": world.html(f"{record}.remark", f"zq{record}return"),
    },
    "withdraw": lambda world, record: {
        "reason": "other",
        "text": world.html(f"{record}.remark", f"zq{record}withdraw"),
    },
    "merge": lambda world, _: {"into": world.ids["stays"], "lines": []},
}
"""What steps on the way to a state are sent."""


def objective(mark: Callable[[str], str], name: str) -> dict[str, Any]:
    told = ("text", "indicator", "baseline", "target")
    return {part: mark(f"{name}{part}") for part in told}


def need(mark: Callable[[str], str], theme: str, **more: Any) -> dict[str, Any]:
    return {
        "theme": theme,
        "kind": "equipment",
        "objectives": [objective(mark, "line")],
        "sites": [mark("site")],
        **more,
    }


def body(world: World, record: str) -> dict[str, Any]:
    """A request that has a marker in every field with a text, and a line of every level."""

    def marks(level: str) -> Callable[[str], str]:
        return lambda name: world.html(f"{record}.{level}", f"zq{record}{level}{name}")

    def plain(name: str) -> str:
        return world.mark(f"{record}.all", f"zq{record}all{name}")

    mark = marks("all")
    return {
        "title": mark("title"),
        "description": mark("description"),
        "language": "en",
        "country": "SEN",
        "needs": [
            need(mark, "marking"),
            need(marks("parties"), "tracing", visibility="parties"),
            need(marks("coordinators"), "ddr", visibility="coordinators"),
        ],
        "source_report": {"title": mark("report"), "url": "https://example.org/", "year": 2024},
        "action_plan": {"title": mark("plan"), "url": "https://example.org/"},
        "objectives": [objective(mark, "whole")],
        "evidence": [{"text": mark("evidence"), "url": "https://example.org/"}],
        "initiatives": [plain("initiative")],
        "confidentiality": record if record in LEVELS else "restricted",
        "external_id": {"source": plain("source"), "id": plain("identifier")},
    }


PLAIN: dict[str, Any] = {
    "title": "Marking machines",
    "description": "Four portable machines.",
    "language": "en",
    "country": "SEN",
    "needs": [{"theme": "marking", "kind": "equipment", "quantity": 4, "unit": "machines"}],
}
OBJECTIVE = dict.fromkeys(("text", "indicator", "baseline", "target"), "All rifles marked.")
LONG = {
    **PLAIN,
    "needs": [{**PLAIN["needs"][0], "sites": ["Depot"], "objectives": [OBJECTIVE]}],
    "source_report": {"title": "Report"},
    "action_plan": {"title": "Plan"},
    "objectives": [OBJECTIVE],
    "evidence": [{"text": "A count."}],
}
"""A request with every text that it may have."""
STATE = {"contacts": [{"office": "National commission", "email": None, "phone": None}]}


def kept(world: World, record: str) -> dict[str, Any]:
    """A change of the record that leaves it what it is."""
    source = {"source": f"zq{record}allsource", "id": f"zq{record}allidentifier"}
    return {**LONG, "external_id": source}


BODIES: Mapping[str, Callable[[World, str], Any]] = {
    "POST /v1/requests": lambda *_: LONG,
    "POST /v1/requests/inferred": lambda *_: {
        name: PLAIN[name] for name in ("title", "description", "language")
    },
    "POST /v1/requests/advice": lambda *_: LONG,
    "POST /v1/requests/{request_id}/advice": kept,
    "PUT /v1/requests/{request_id}": kept,
    "POST /v1/requests/{request_id}/confirm-lines": lambda *_: {"lines": [{"index": 5}]},
    "POST /v1/requests/{request_id}/circulate": lambda *_: {"consent": "express"},
    "POST /v1/requests/{request_id}/object": lambda *_: {"reason": "timing"},
    "POST /v1/requests/{request_id}/return": lambda *_: {"reason": "unconfirmed"},
    "POST /v1/requests/{request_id}/merge": lambda world, _: {"into": world.ids["stays"]},
    "POST /v1/requests/{request_id}/endorse": lambda *_: {"text": "It fits our initiative."},
    "POST /v1/requests/{request_id}/show-endorsement": lambda *_: {
        "organisation": "org-1",
        "shown": False,
    },
    "PUT /v1/states/{alpha3}": lambda *_: STATE,
}


def queries(record: str) -> dict[str, str]:
    """The query of a list, by the table's word for it: `words:` and `line:` name a level."""
    kind, _, level = record.partition(":")
    if kind == "words":
        return {"q": f"zq{level.replace('.', '')}site"}
    if kind == "line":
        return {"theme": {"all": "marking", "parties": "tracing", "coordinators": "ddr"}[level]}
    return {}


@pytest.fixture(scope="module")
def client(register_settings: Settings) -> Iterator[FlaskClient]:
    yield create_app(register_settings).test_client()
    mongoengine.disconnect()


@pytest.fixture(scope="module")
def headers(keys: KeyPair) -> Callable[..., dict[str, str]]:
    """The header of a caller's token."""

    def make(role: str, subject: str = "somebody", **bound: Any) -> dict[str, str]:
        identity = Identity(subject, role, **bound)
        token = issue_token(keys, identity, timedelta(hours=1), datetime.now(UTC))
        return {"Authorization": f"Bearer {token}"}

    return make


@pytest.fixture(scope="module")
def world(client: FlaskClient, headers: Callable[..., dict[str, str]]) -> World:
    """A request of every level and in every state, with markers; org-1 is a party to each."""
    world = World()
    operator = headers("operator")
    for state in ("SEN", "MLI"):
        made = client.put(f"/v1/states/{state}", json=STATE, headers=operator)
        world.ids[state], world.etags[state] = state, made.headers["ETag"]
    for record, steps in STEPS.items():
        subject = f"zq{record}subject"
        if steps:
            world.mark(f"{record}.subject", subject)
        for step in ("", *steps):
            role = "coordinator" if step in ("authenticate", "return", "merge") else "operator"
            who = headers(role, subject)
            sent = (
                body(world, record) if not step else SENT.get(step, lambda *_: None)(world, record)
            )
            path = f"/v1/requests/{world.ids[record]}/{step}" if step else "/v1/requests"
            if step:
                who["If-Match"] = world.etags[record]
            made = client.post(path, headers=who, **({} if sent is None else {"json": sent}))
            assert made.status_code < 300, (record, step, made.get_json())
            world.ids[record], world.etags[record] = made.get_json()["id"], made.headers["ETag"]
        on_matches([endorsed(world.ids[record])])
    for level in LEVELS:
        attach(client, world, level, f"/v1/requests/{world.ids[level]}", operator)
    stays = f"/v1/requests/{world.ids['stays']}"
    attach(client, world, "stays", stays, operator, visibility="coordinators")
    auditor = Auditor("requests", AUDITED, current_database)
    auditor.prepare()
    while auditor.take_over():
        pass
    return world


def endorsed(request: str) -> Event:
    """A match of an offer of org-1 that was endorsed for the request."""
    id_ = f"{request}.o"
    data = {**example(MATCH), "id": id_, "request": request, "offer": "o", "status": "endorsed"}
    data["organisation"] = "org-1"
    return Event(MATCH, "/entraide/matcher", id_, NOW, Version(1, 1), data)


@pytest.fixture(scope="module")
def snapshot(world: World) -> Snapshot:
    return Snapshot(current_database())


def test_every_route_has_a_line(client: FlaskClient) -> None:
    faults = faults_of(TABLE, client.application)
    assert not faults, "\n" + "\n".join(faults)


def test_rows_send_html_in_every_text(client: FlaskClient, world: World) -> None:
    def body_of(route: str) -> Any:
        return BODIES[route](world, "restricted") if route in BODIES else None

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
        who = credentials(column, row.method, CALLERS, headers, "requests", "operator")
        if row.method != "GET" and row.record in world.etags:
            who["If-Match"] = world.etags[row.record]
        id_ = world.ids.get(row.record, row.record)
        file = world.ids.get(f"{row.record}/id", row.record)
        path = row.path.format(
            request_id=id_, alpha3=id_, record=id_, record_id=id_, attachment_id=file
        )
        if row.method == "POST" and row.path.endswith("/attachments"):
            naming, options = new_file()
            return Call("POST", path, {"headers": who | naming, **options})
        route = f"{row.method} {row.path}"
        sent = with_html(
            client.application, route, BODIES.get(route, lambda *_: None)(world, row.record)
        )
        options = {} if sent is None else {"json": sent}
        options |= {"headers": who, "query_string": queries(row.record)}
        return Call(row.method, path, options)

    return Asked(client.application, TABLE, world, snapshot, call)


@pytest.mark.parametrize("row", TABLE.rows, ids=str)
def test_callers_are_answered_as_the_table_says(row: Row, asked: Asked) -> None:
    check_row(row, TABLE, asked.world, asked.snapshot, asked.sender())
