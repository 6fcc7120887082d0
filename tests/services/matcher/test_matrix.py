"""The matcher against its table of who may do and see what: ../matrix/matcher.txt.

How the table is read, and what a new route needs: ../matrix/table.py.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import cache
from typing import Any

import mongoengine
import pytest
from flask import Flask
from flask.testing import FlaskClient

from services.matcher.alliance_documents import Alliance
from services.matcher.alliance_keeping import AllianceKeeper
from services.matcher.coverage_documents import coverage_id
from services.matcher.duplicate_documents import duplicate_id
from services.matcher.engine.geography import Geography
from shared.settings import Settings
from shared.web.database import connect_database, current_database
from shared.web.identity import Identity
from shared.web.tokens import KeyPair, issue_token
from shared.web.visibility import CONFIDENTIAL, LEVELS, narrowest
from tests.services.matcher.alike import Finder
from tests.services.matcher.alike import Worker as Comparing
from tests.services.matcher.conftest import Clock
from tests.services.matcher.covered import Worker as Covering
from tests.services.matcher.records import (
    NOW,
    activity_event,
    call_event,
    need,
    offer_event,
    provision,
    request_event,
)
from tests.services.matcher.world import Caller, received
from tests.services.matcher.world import World as Records
from tests.services.matrix.asking import Asked, Call, attach, credentials, new_file
from tests.services.matrix.html import HTML, lacking_html, with_html
from tests.services.matrix.table import Row, Snapshot, World, check_row, faults_of, read_table
from tests.services.matrix.trials import (  # noqa: F401 (tried here too)
    test_no_address_takes_an_operator_of_the_database,
    test_no_body_sets_what_it_does_not_have,
    test_no_field_takes_an_operator_of_the_database,
    test_no_filter_takes_an_operator_of_the_database,
    test_whatever_is_asked_is_answered_as_it_is_described,
)

pytestmark = pytest.mark.long

TABLE = read_table("matcher")
CALLERS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "own": ("requester", {"state": "SEN"}),
    "other": ("requester", {"state": "MLI"}),
    "party": ("donor", {"organisation": "org-1"}),
    "giver": ("donor", {"organisation": "org-2"}),
    "donor": ("donor", {"organisation": "org-3"}),
    "all": ("coordinator", {}),
    "region": ("coordinator", {"regions": frozenset({"Western Africa"})}),
    "elsewhere": ("coordinator", {"regions": frozenset({"Eastern Asia"})}),
    "auditor": ("auditor", {}),
    "operator": ("operator", {}),
}
NUMBERS = {level: 7100 + 100 * place for place, level in enumerate(LEVELS)}
"""Lines are numbered by their request's level, and ask for as many machines: both are markers."""

LINES = {"parties": 2, "coordinators": 3}
SAID = "zqsaid"
SCORES = dict.fromkeys(("adequate", "effective", "sustainable"), 3)
EMBARGO = {
    "country": "TGO",
    "resolution": f"S/RES/0000 (2020) {HTML}",
    "allowed": ["training"],
    "from": "2020-01-01",
    "source": "made up for the tests",
    "stated_on": "2026-01-01",
    "reason": "The tests need one.",
}
EXEMPTION = {
    "reference": "SC/EX/0001",
    "kinds": ["equipment"],
    "request": None,
    "from": "2026-01-01",
    "to": "2035-12-31",
}
GAPS = (
    *("proposal_id", "commitment_id", "case_id", "alliance_id", "application_id", "embargo_id"),
    *("allocation_id", "joining_id", "request", "record", "months", "number", "version"),
    *("record_id", "attachment_id"),
)


def line_of(level: str, own: str) -> int:
    """The number of the request's line that is for `own`."""
    return NUMBERS[level] + LINES[own]


def requested(world: World, level: str) -> Any:
    """A request of a level with a line for all who see it, one for parties, one for overseers."""
    mark = f"zq{level}"
    world.ids[level] = world.mark(f"{level}.all", mark)
    needs = [need(1, quantity=4, visibility=level, confidential=level in CONFIDENTIAL)]
    for own in LINES:
        seen = narrowest([level, own])
        number = int(world.mark(f"{level}.{own}", str(line_of(level, own))))
        needs.append(need(number, quantity=number, visibility=seen, confidential=True))
    return request_event(mark, visibility=level, needs=needs)


def commitment(proposal: str, *lines: int) -> dict[str, Any]:
    """A machine for each of these lines of the request."""
    given = {"side": "offer", "line": 1, "quantity": len(lines)}
    return {
        "proposal": proposal,
        "lines": [given, *({"side": "request", "line": n, "quantity": 1} for n in lines)],
    }


def applied(*lines: int) -> dict[str, Any]:
    """What is asked of the call for these lines of the restricted request."""
    one = {"request": "zqrestricted", "quantity": 1, "amount": 100, "currency": "USD"}
    return {"call": "fund", "lines": [{**one, "line": line} for line in lines]}


def supposed(_world: World, _record: str) -> dict[str, Any]:
    """What if nothing is left out or added."""
    return {}


BODIES: Mapping[str, Callable[[World, str], Any]] = {
    "POST /v1/proposals/{proposal_id}/decision": lambda *_: {"decision": "endorse"},
    "POST /v1/proposals/{proposal_id}/answer": lambda *_: {"answer": "decline", "reason": "No."},
    "POST /v1/proposals/{proposal_id}/delivery": lambda *_: {"step": "start"},
    "POST /v1/proposals/{proposal_id}/figures": lambda *_: {"lines": [{"line": 1, "quantity": 1}]},
    "POST /v1/proposals/{proposal_id}/follow-ups/{months}/assessment": lambda *_: SCORES,
    "POST /v1/proposals/{proposal_id}/follow-ups/{months}/reply": lambda *_: {"text": "Noted."},
    "POST /v1/proposals/{proposal_id}/messages": lambda *_: {"text": "When?"},
    "PUT /v1/proposals/{proposal_id}/messages/read": lambda *_: {"up_to": 1},
    "POST /v1/messages/erase-name": lambda *_: {"signed": "Somebody"},
    "POST /v1/joinings": lambda world, record: {
        "proposal": world.ids.get(record, record),
        "role": "partner",
        "text": "We are near.",
    },
    "POST /v1/joinings/{joining_id}/answer": lambda *_: {"answer": "agree"},
    "POST /v1/commitments": lambda world, record: commitment(world.ids[record], 1),
    "POST /v1/commitments/{commitment_id}/release": lambda *_: {"reason": "It is over."},
    "POST /v1/duplicates/{case_id}/decision": lambda *_: {"decision": "link", "reason": "Alike."},
    "POST /v1/coverage/{case_id}/decision": lambda *_: {"decision": "dismiss", "reason": "No."},
    "POST /v1/alliances/{alliance_id}/decision": lambda *_: {"decision": "endorse"},
    "POST /v1/alliances/{alliance_id}/members/{request}/answer": lambda *_: {"answer": "agree"},
    "POST /v1/applications": lambda *_: applied(1),
    "PUT /v1/applications/{application_id}": lambda *_: applied(1),
    "POST /v1/applications/{application_id}/decline": lambda *_: {"reason": "Too late."},
    "POST /v1/embargoes": lambda *_: {
        **EMBARGO,
        "resolution": f"S/RES/0001 (2021) {HTML}",
        "exemptions": [EXEMPTION],
    },
    "PUT /v1/embargoes/{embargo_id}": lambda *_: {**EMBARGO, "exemptions": [EXEMPTION]},
    "POST /v1/embargoes/{embargo_id}/confirmation": lambda *_: {"reason": "It is so."},
    "POST /v1/embargoes/{embargo_id}/end": lambda *_: {"reason": "It is over."},
    "POST /v1/allocation/what-if": supposed,
    "POST /v1/allocations/{allocation_id}/accept": lambda world, _: {
        "proposals": [world.ids["allocated"]]
    },
    "POST /v1/models/{version}/use": lambda *_: {"instead_of": "prior-3"},
    "POST /v1/allocation/accept": lambda world, record: {"id": world.ids.get(record, record)},
}

QUERIES: Mapping[str, Callable[[str], dict[str, str]]] = {
    "/v1/proposals": lambda record: {"request": record},
    "/v1/proposals/triangular": lambda record: {"request": record},
    "/v1/commitments": lambda record: {} if record == "-" else {"proposal": record},
    "/v1/ledger": lambda record: {"record": record},
}
"""The query that names the record, where the path does not."""


@pytest.fixture(scope="module")
def headers(keys: KeyPair, api_clock: Clock) -> Callable[..., dict[str, str]]:
    """The header of a caller's token."""

    def make(role: str, **bound: Any) -> dict[str, str]:
        identity = Identity("somebody", role, **bound)
        token = issue_token(keys, identity, timedelta(hours=1), api_clock())
        return {"Authorization": f"Bearer {token}"}

    return make


@pytest.fixture(scope="module")
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="module")
def world(
    api_settings: Settings, client: FlaskClient, headers: Callable[..., dict[str, str]]
) -> World:
    """Requests of Senegal of every level, offers to them, and one of everything else."""
    world = World()
    connect_database(api_settings)
    records = Records()
    free = {"conditions": [], "eligibility": {"countries": [], "regions": [], "groups": []}}
    machines = [provision(1, capacity=1000)]
    offers = {"o1": "org-1", "o2": "org-2", "o3": "org-1", "o4": "org-1", "o5": "org-1"}
    requests = [requested(world, level) for level in LEVELS]
    events = [
        *requests,
        request_event("ben", country="BEN", needs=[need(1, quantity=4)]),
        *(
            offer_event(id_, organisation=organisation, provisions=machines, **free)
            for id_, organisation in offers.items()
        ),
        call_event(
            "fund",
            organisation="org-2",
            fund_cents=500_000,
            ceiling_cents=300_000,
            eligibility=free["eligibility"],
            themes=[],
            window=None,
        ),
    ]
    records.hears(events)

    def call(role: str, **bound: Any) -> Caller:
        return Caller(client, headers(role, **bound), call)

    coordinator = call("coordinator")
    for level in LEVELS:
        for offer in ("o1", "o2"):
            world.ids[f"{level}.{offer}"] = f"zq{level}.{offer}"
        if level != "coordinators":  # no donor could answer for that one
            done = coordinator.decide(f"zq{level}.o1", "endorse", reason=SAID)
            assert done.status_code == 200, done.text
    world.markers["said.all"] = [SAID]
    state = headers("requester", state="SEN")
    attach(client, world, "restricted", "/v1/proposals/zqrestricted.o1", state)
    party, _ = coordinator.parties("zqrestricted.o1")
    posted = party.post("/v1/proposals/zqrestricted.o1/messages", {"text": "Where to?"})
    assert posted.status_code == 201, posted.text
    for name, offer in (("agreed", "o3"), ("committed", "o4"), ("delivered", "o5")):
        world.ids[name] = f"zqrestricted.{offer}"
        coordinator.agreed(world.ids[name])
    every = (1, line_of("restricted", "parties"), line_of("restricted", "coordinators"))
    for name in ("committed", "delivered"):
        made = coordinator.post("/v1/commitments", commitment(world.ids[name], *every))
        assert made.status_code == 201, made.text
        world.ids[f"{name}-commitment"] = made.json["id"]
    for step in ("start", "deliver"):
        for who in coordinator.parties(world.ids["delivered"]):
            who.step(world.ids["delivered"], "delivery", {"step": step})
    finder = Finder()
    finder.alike = {
        ("request", "zqcoordinators", "zqpublic"): 0.9,
        ("request", "zqpublic", "ben"): 0.8,
        ("offer", "o1", "o3"): 0.7,
        ("offer", "o1", "o2"): 0.6,
    }
    Comparing(finder).hears(*events, kept=False)
    for record, side, pair in (
        ("alike", "request", ("zqcoordinators", "zqpublic")),
        ("joint-alike", "request", ("ben", "zqpublic")),
        ("offers-alike", "offer", ("o1", "o3")),
        ("donors-alike", "offer", ("o1", "o2")),
    ):
        world.ids[record] = duplicate_id(side, *pair)
    Covering().hears(*events, activity_event("a1", organisation="org-3"), kept=True)
    world.ids["covered"] = coverage_id("zqrestricted", 1, "a1")
    world.ids["covered-secret"] = coverage_id("zqcoordinators", 1, "a1")
    keeper = AllianceKeeper(Geography.of_vocabulary(NOW.date()))
    for event in events:
        keeper.hear(received(event))
    keeper.form()
    keeper.write({0, 1, 2}, NOW.date(), NOW)
    alliance = Alliance.objects.first()
    world.ids["alliance"] = alliance.id
    world.ids["alliance/id"] = next(
        one.request for one in alliance.members if one.request in world.ids.values()
    )
    state = call("requester", state="SEN")
    for name, line in (("draft", every[2]), ("sent", 1)):
        made = state.post("/v1/applications", applied(line))
        assert made.status_code == 201, made.text
        world.ids[name] = made.json["id"]
    path = f"/v1/applications/{world.ids['sent']}"
    assert state.post(f"{path}/submit", etag=state.get(path).headers["ETag"]).status_code == 200
    joining = {"proposal": "zqpublic.o1", "role": "partner", "text": "We are near."}
    made = call("donor", organisation="org-2").post("/v1/joinings", joining)
    assert made.status_code == 201, made.text
    world.ids["joining"] = made.json["id"]
    made = coordinator.post("/v1/embargoes", EMBARGO)
    assert made.status_code == 201, made.text
    world.ids["embargo"] = made.json["id"]
    found = coordinator.get("/v1/allocation").json
    world.ids["allocation"] = found["id"]
    world.ids["allocated"] = found["first_commitments"][0]["proposal"]
    return world


def etag_of(path: str, client: FlaskClient, who: dict[str, str]) -> str | None:
    """The present ETag of what a path is about, as a coordinator of all regions reads it."""
    parts = path.split("/")
    for end in range(4, len(parts) + 1):
        for more in ("", "/life"):
            found = client.get("/".join(parts[:end]) + more, headers=who).headers.get("ETag")
            if found is not None:
                return found
    return None


@pytest.fixture(scope="module")
def snapshot(world: World) -> Iterator[Snapshot]:
    yield Snapshot(current_database())
    mongoengine.disconnect()


def test_every_route_has_a_line(client: FlaskClient) -> None:
    faults = faults_of(TABLE, client.application)
    assert not faults, "\n" + "\n".join(faults)


def test_rows_send_html_in_every_text(client: FlaskClient, world: World) -> None:
    def body_of(route: str) -> Any:
        return BODIES[route](world, "agreed") if route in BODIES else None

    assert lacking_html(client.application, body_of) == []


@pytest.fixture(scope="module")
def asked(
    client: FlaskClient,
    headers: Callable[..., dict[str, str]],
    world: World,
    snapshot: Snapshot,
) -> Asked:
    """What callers send for a row."""

    @cache
    def tag_of(path: str) -> str | None:
        return etag_of(path, client, headers("coordinator"))

    def call(column: str, row: Row) -> Call:
        name, _, rest = row.record.partition("/")
        id_, rest = world.ids.get(name, name), rest or world.ids.get(f"{name}/id", "")
        path = row.path
        for place, gap in enumerate(part for part in GAPS if f"{{{part}}}" in row.path):
            path = path.replace(f"{{{gap}}}", id_ if place == 0 else rest)
        asks = row.method == "GET" and row.record != "-"
        query = QUERIES.get(row.path, lambda _: {})(id_) if asks else {}
        tag = world.etags.get(name)
        if tag is None and row.method != "GET":
            tag = tag_of(path)
        who = credentials(column, row.method, CALLERS, headers, "matcher", "coordinator")
        if tag is not None:
            who["If-Match"] = tag
        route = f"{row.method} {row.path}"
        sent = with_html(client.application, route, BODIES.get(route, lambda *_: None)(world, name))
        options: dict[str, Any] = {} if sent is None else {"json": sent}
        if row.method == "POST" and row.path.endswith("/attachments"):
            naming, options = new_file()
            who |= naming
        return Call(row.method, path, {"headers": who, "query_string": query, **options})

    return Asked(client.application, TABLE, world, snapshot, call)


@pytest.mark.parametrize("row", TABLE.rows, ids=str)
def test_callers_are_answered_as_the_table_says(row: Row, asked: Asked) -> None:
    asked.snapshot.restore()
    check_row(row, TABLE, asked.world, asked.snapshot, asked.sender())
