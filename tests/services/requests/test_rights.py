"""Who sees and does what: every role, in every state, and what confidential lines give away."""

import pytest
import structlog

ROLES = {
    "owner": ("requester", {"state": "SEN"}),
    "other State": ("requester", {"state": "MLI"}),
    "donor": ("donor", {"organisation": "org-1"}),
    "coordinator": ("coordinator", {}),
    "auditor": ("auditor", {}),
    "operator": ("operator", {}),
}
STATES = ("draft", "submitted", "authenticated", "circulated", "closed", "withdrawn")
READS = {
    "owner": set(STATES),
    "other State": set(),
    "donor": {"circulated"},
    "coordinator": set(STATES) - {"draft"},
    "auditor": set(STATES),
    "operator": set(STATES),
}
WRITES = {
    "change": {"owner", "operator"},
    "submit": {"owner", "operator"},
    "authenticate": {"coordinator"},
    "return": {"coordinator"},
    "object": {"owner", "operator"},
    "circulate": {"owner", "coordinator", "operator"},
    "close": {"owner", "coordinator", "operator"},
    "withdraw": {"owner", "operator"},
}
STARTS = {
    "change": "circulated",
    "submit": "draft",
    "authenticate": "submitted",
    "return": "submitted",
    "object": "authenticated",
    "circulate": "authenticated",
    "close": "circulated",
    "withdraw": "circulated",
}
SENT = {
    "circulate": {"consent": "express"},
    "object": {"reason": "timing"},
    "return": {"reason": "unconfirmed"},
}


@pytest.fixture
def act(caller):
    def make(name):
        role, claims = ROLES[name]
        return caller(role, **claims)

    return make


def take(who, action, identifier, etag, body):
    address = f"/v1/requests/{identifier}"
    if action == "change":
        return who.put(address, body(title="Changed"), etag)
    return who.post(f"{address}/{action}", SENT.get(action), etag)


def without_instance(answer):
    return {name: value for name, value in answer.json.items() if name != "instance"}


@pytest.mark.parametrize("status", STATES)
@pytest.mark.parametrize("name", ROLES)
def test_reading(record, act, name, status):
    made = record(status, external_id={"source": f"{name[:5]}-{status}", "id": "1"})
    who = act(name)
    answer = who.get(f"/v1/requests/{made.json['id']}")
    query = {"external_source": f"{name[:5]}-{status}"}
    listed = who.get("/v1/requests", query_string=query).json["items"]
    if status in READS[name]:
        assert answer.status_code == 200
        assert [item["id"] for item in listed] == [made.json["id"]]
    else:
        assert answer.status_code == 404
        assert listed == []
        missing = who.get("/v1/requests/000000000000000000000000")
        assert without_instance(answer) == without_instance(missing)


@pytest.mark.parametrize("action", WRITES)
@pytest.mark.parametrize("name", ROLES)
def test_writing(record, act, body, name, action):
    start = STARTS[action]
    made = record(start)
    answer = take(act(name), action, made.json["id"], made.headers["ETag"], body)
    if name in WRITES[action]:
        assert answer.status_code == 200
    else:
        assert answer.status_code == (403 if start in READS[name] else 404)


@pytest.mark.parametrize("name", ["other State", "donor", "coordinator"])
def test_a_stale_version_does_not_tell_that_a_draft_is_there(record, act, body, name):
    made = record("draft")
    there = take(act(name), "change", made.json["id"], '"9.9"', body)
    missing = take(act(name), "change", "000000000000000000000000", '"9.9"', body)
    assert there.status_code == 404
    assert without_instance(there) == without_instance(missing)


@pytest.mark.parametrize("name", ROLES)
def test_creating(act, body, name):
    answer = act(name).post("/v1/requests", body())
    assert answer.status_code == (201 if name in {"owner", "operator"} else 403)


def test_withdrawn_draft_stays_with_its_owner(record, act):
    made = record("draft")
    address = f"/v1/requests/{made.json['id']}"
    owner = act("owner")
    assert owner.post(f"{address}/withdraw", None, made.headers["ETag"]).status_code == 200
    assert owner.get(address).status_code == 200
    assert act("coordinator").get(address).status_code == 404


def test_public_request_is_open_to_other_states_once_circulated(record, act):
    circulated = record("circulated", confidentiality="public")
    draft = record("draft", confidentiality="public")
    other = act("other State")
    assert other.get(f"/v1/requests/{circulated.json['id']}").status_code == 200
    assert other.get(f"/v1/requests/{draft.json['id']}").status_code == 404


SECRET = {
    "theme": "ddr",
    "kind": "infrastructure",
    "quantity": 3,
    "unit": "bunkers",
    "confidential": True,
    "objectives": [{"text": "Reinforce the hidden bunker at Zighinkor"}],
}
OPEN = {"theme": "marking", "kind": "equipment"}
SEES = {"owner", "coordinator", "auditor", "operator"}


@pytest.fixture
def confidential(record):
    """A circulated request with an open line and a confidential one, and a source of its own."""

    def make(source):
        external = {"source": source, "id": "1"}
        return record("circulated", needs=[OPEN, SECRET], external_id=external).json["id"]

    return make


@pytest.mark.parametrize("name", ["owner", "donor", "coordinator", "auditor", "operator"])
def test_confidential_lines(confidential, act, name):
    source = f"secret-{name}"
    identifier = confidential(source)
    who = act(name)
    read = who.get(f"/v1/requests/{identifier}")
    listed = who.get("/v1/requests", query_string={"external_source": source})
    for answer, shown in ((read, read.json), (listed, listed.json["items"][0])):
        if name in SEES:
            assert [need["line"] for need in shown["needs"]] == [1, 2]
            assert shown["hidden_lines"] == 0
        else:
            assert [need["line"] for need in shown["needs"]] == [1]
            assert shown["hidden_lines"] == 1
            for word in ("bunker", "Zighinkor", "ddr", "infrastructure"):
                assert word not in answer.get_data(as_text=True)


@pytest.mark.parametrize("name", ["owner", "donor", "coordinator", "auditor", "operator"])
@pytest.mark.parametrize(
    "query",
    [
        {"q": "Zighinkor"},
        {"q": "hidden bunker"},
        {"theme": "ddr"},
        {"kind": "infrastructure"},
        {"theme": "ddr", "kind": "infrastructure"},
    ],
)
def test_search_reveals_no_confidential_line(confidential, act, name, query):
    source = f"search-{name}-{'-'.join(query)}-{len(str(query))}"
    identifier = confidential(source)
    answer = act(name).get("/v1/requests", query_string={**query, "external_source": source})
    assert [item["id"] for item in answer.json["items"]] == ([identifier] if name in SEES else [])


def test_open_and_confidential_words_are_told_apart(record, act):
    external = {"source": "both-words", "id": "1"}
    record("circulated", title="A bunker for all", needs=[SECRET], external_id=external)
    query = {"external_source": "both-words", "q": "bunker"}
    assert len(act("donor").get("/v1/requests", query_string=query).json["items"]) == 1
    query["q"] = "bunker Zighinkor"
    assert act("donor").get("/v1/requests", query_string=query).json["items"] == []
    assert len(act("owner").get("/v1/requests", query_string=query).json["items"]) == 1


def test_signature_says_nothing_of_confidential_lines(record):
    secret = {**SECRET, "objectives": [{"text": "marking machines"}]}
    made = record("circulated", title="Help", description="Help is needed.", needs=[secret])
    assert made.json["signature"]["concepts"] == []


def test_reading_a_confidential_record_is_logged_without_content(confidential, act):
    identifier = confidential("logged")
    donor = act("donor")
    with structlog.testing.capture_logs() as logs:
        donor.get(f"/v1/requests/{identifier}")
        donor.get("/v1/requests", query_string={"external_source": "logged"})
        titles = donor.get("/v1/requests/titles", query_string={"id": [identifier]}).json["items"]
    assert [(one["id"], set(one)) for one in titles] == [(identifier, {"id", "title", "language"})]
    read = [entry for entry in logs if entry["event"] == "confidential record read"]
    assert [(e["subject"], e["role"], e["id"]) for e in read] == [("test", "donor", identifier)] * 3
    assert "bunker" not in str(logs)


def test_reading_an_open_record_is_not_logged(record, act):
    identifier = record("circulated").json["id"]
    with structlog.testing.capture_logs() as logs:
        act("donor").get(f"/v1/requests/{identifier}")
        act("donor").get("/v1/requests/titles", query_string={"id": [identifier]})
    assert [entry for entry in logs if entry["event"] == "confidential record read"] == []
