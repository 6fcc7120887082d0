"""Who sees which requests and lines: every level, every reader, reading, listing and searching."""

import uuid
from datetime import UTC, datetime

import pytest
from pymongo.errors import AutoReconnect

from services.requests.documents import AUDITED
from services.requests.reactions import on_matches
from shared.events.auditing import Auditor
from shared.events.envelope import Event, check
from shared.events.validation import example
from shared.events.versions import Version
from shared.web.database import current_database
from shared.web.visibility import LEVELS, Sight, narrowest, sees

NOW = datetime(2026, 1, 1, tzinfo=UTC)
READERS = {
    "owner": ("requester", {"state": "SEN"}),
    "other State": ("requester", {"state": "MLI"}),
    "donor": ("donor", {"organisation": "org-1"}),
    "party": ("donor", {"organisation": "org-2"}),
    "coordinator": ("coordinator", {}),
    "coordinator there": ("coordinator", {"regions": ["Western Africa"]}),
    "coordinator elsewhere": ("coordinator", {"regions": ["Eastern Asia"]}),
    "auditor": ("auditor", {}),
    "operator": ("operator", {}),
}
SIGHT = {
    "owner": Sight.COORDINATORS,
    "other State": Sight.PUBLIC,
    "donor": Sight.RESTRICTED,
    "party": Sight.PARTIES,
    "coordinator": Sight.COORDINATORS,
    "coordinator there": Sight.COORDINATORS,
    "coordinator elsewhere": Sight.RESTRICTED,
    "auditor": Sight.COORDINATORS,
    "operator": Sight.COORDINATORS,
}
OPEN = {"theme": "marking", "kind": "equipment"}
FOR_PARTIES = {"theme": "tracing", "kind": "training", "visibility": "parties"}
SECRET = {"theme": "ddr", "kind": "infrastructure", "visibility": "coordinators"}


@pytest.fixture
def act(caller):
    def make(name):
        role, claims = READERS[name]
        return caller(role, **claims)

    return make


def match(request, number=1, status="endorsed", organisation="org-2"):
    id_ = f"{request}.o-{organisation}"
    data = {
        **example("entraide.match.v1"),
        "id": id_,
        "request": request,
        "offer": f"o-{organisation}",
        "organisation": organisation,
        "status": status,
    }
    event = Event("entraide.match.v1", "/entraide/matcher", id_, NOW, Version(1, number), data)
    check(event)
    return event


def listed(who, **query):
    return [item["id"] for item in who.get("/v1/requests", query_string=query).json["items"]]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", READERS)
def test_records_and_lines_of_every_level(record, act, name, level):
    external = {"source": uuid.uuid4().hex, "id": "1"}
    made = record(
        "circulated",
        confidentiality=level,
        needs=[OPEN, FOR_PARTIES, SECRET],
        external_id=external,
    )
    id_ = made.json["id"]
    on_matches([match(id_)])
    who, query = act(name), {"external_source": external["source"]}
    answer = who.get(f"/v1/requests/{id_}")
    if not sees(SIGHT[name], level):
        assert answer.status_code == 404
        assert listed(who, **query) == []
        return
    assert listed(who, **query) == [id_]
    own = ("public", "parties", "coordinators")
    seen = [n for n, line in enumerate(own, 1) if sees(SIGHT[name], narrowest([level, line]))]
    assert [need["line"] for need in answer.json["needs"]] == seen
    assert answer.json["hidden_lines"] == 3 - len(seen)
    for number, line in enumerate((OPEN, FOR_PARTIES, SECRET), 1):
        found = listed(who, theme=line["theme"], **query)
        assert found == ([id_] if number in seen else [])


@pytest.mark.parametrize("status", ["proposed", "rejected"])
def test_only_who_was_endorsed_is_a_party(record, act, status):
    made = record("circulated", confidentiality="parties").json["id"]
    assert act("party").get(f"/v1/requests/{made}").status_code == 404
    on_matches([match(made)])
    assert act("party").get(f"/v1/requests/{made}").status_code == 200
    assert act("donor").get(f"/v1/requests/{made}").status_code == 404
    on_matches([match(made, 2, status)])
    assert act("party").get(f"/v1/requests/{made}").status_code == 404
    on_matches([match(made)])
    assert act("party").get(f"/v1/requests/{made}").status_code == 404


def test_a_match_that_a_restore_made_vanish_makes_no_party(record, act):
    made = record("circulated", confidentiality="parties").json["id"]
    event = match(made)
    on_matches([event])
    gone = Event(event.type, event.source, event.subject, NOW, Version(2, 0), {}, tombstone=True)
    on_matches([gone])
    assert act("party").get(f"/v1/requests/{made}").status_code == 404


def test_a_confidential_line_is_one_for_coordinators(record, act):
    made = record("circulated", needs=[{**OPEN, "confidential": True}, FOR_PARTIES])
    on_matches([match(made.json["id"])])
    shown = act("owner").get(f"/v1/requests/{made.json['id']}").json["needs"]
    told = [(need["confidential"], need["visibility"]) for need in shown]
    assert told == [(True, "coordinators"), (True, "parties")]
    seen = act("party").get(f"/v1/requests/{made.json['id']}").json
    assert [need["line"] for need in seen["needs"]] == [2]


def test_a_coordinator_of_other_regions_authenticates_nothing(record, act):
    made = record("submitted")
    address = f"/v1/requests/{made.json['id']}/authenticate"
    etag = made.headers["ETag"]
    assert act("coordinator elsewhere").post(address, None, etag).status_code == 404
    assert act("coordinator there").post(address, None, etag).status_code == 200


def reads_of(who, made):
    auditor = Auditor("requests", AUDITED, current_database)
    auditor.prepare()
    while auditor.take_over():
        pass
    answer = who.get(f"/v1/requests/{made.json['id']}/reads")
    assert answer.status_code == 200, answer.json
    assert {one["what"] for one in answer.json["items"]} <= {"read"}
    return [(one["role"], one["party"], one["subject"]) for one in answer.json["items"]]


def test_an_owner_sees_who_read_what_is_confidential(record, act):
    external = {"source": uuid.uuid4().hex, "id": "1"}
    made = record("circulated", needs=[OPEN, SECRET], external_id=external)
    before = len(reads_of(act("owner"), made))
    address = f"/v1/requests/{made.json['id']}"
    act("donor").get(address)
    listed(act("donor"), external_source=external["source"])
    act("coordinator").get(address)
    act("other State").get(address)
    assert reads_of(act("owner"), made)[before:] == [
        ("donor", "org-1", None),
        ("donor", "org-1", None),
        ("coordinator", None, None),
    ]
    assert reads_of(act("auditor"), made)[-1] == ("coordinator", None, "test")


def test_whose_the_reads_are(record, act):
    made = record("circulated", needs=[SECRET], confidentiality="public")
    for name, status in (
        ("owner", 200),
        ("auditor", 200),
        ("operator", 200),
        ("coordinator", 403),
        ("donor", 403),
        ("other State", 403),
    ):
        path = f"/v1/requests/{made.json['id']}/reads"
        assert act(name).get(path).status_code == status, name
    hidden = record("circulated", confidentiality="coordinators")
    assert act("donor").get(f"/v1/requests/{hidden.json['id']}/reads").status_code == 404


def test_reads_of_what_is_open_are_nobodys_business(record, act):
    made = record("circulated", needs=[OPEN])
    act("donor").get(f"/v1/requests/{made.json['id']}")
    assert reads_of(act("owner"), made) == []


def test_what_is_read_is_on_record_before_it_is_shown(record, act, monkeypatch):
    made = record("circulated", needs=[SECRET])

    def fail(*_, **__):
        raise AutoReconnect("the database has gone away")

    monkeypatch.setattr("shared.web.reads.leave_notes", fail)
    answer = act("coordinator").get(f"/v1/requests/{made.json['id']}")
    assert answer.status_code >= 500
    assert "ddr" not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"confidentiality": "secret"}, "confidentiality"),
        ({"confidentiality": None}, "confidentiality"),
        ({"needs": [{**OPEN, "visibility": "public"}]}, "needs[0].visibility"),
    ],
)
def test_levels_that_do_not_exist(senegal, body, members, field):
    answer = senegal.post("/v1/requests", body(**members))
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)


def test_nobody_sees_an_unknown_level():
    assert not sees(Sight.COORDINATORS, "unheard-of")
    assert narrowest(["public", "parties", "restricted"]) == "parties"
