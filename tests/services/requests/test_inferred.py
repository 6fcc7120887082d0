"""What a request's text seems to ask for: who sees it, and how its author confirms it."""

import uuid

import pytest

from services.requests.documents import AssistanceRequest
from shared.language import vectors
from shared.registers.texts import inferred_of
from tests.services.requests.test_idempotency import lose_answers

TEXTS = {
    "en": (
        "Marking of firearms",
        "We need six marking machines, and training for 24 operators in Senegal before June 2027.",
    ),
    "fr": (
        "Marquage des armes à feu",
        "Nous demandons six machines de marquage et la formation de 24 opérateurs au Sénégal "
        "avant juin 2027.",
    ),
    "es": (
        "Marcado de armas de fuego",
        "Solicitamos seis máquinas de marcado y la capacitación de 24 operadores en el Senegal "
        "antes de junio de 2027.",
    ),
    "ru": (
        "Маркировка огнестрельного оружия",
        "Просим шесть маркировочных машин и обучение 24 операторов в Сенегале до июня 2027 года.",
    ),
    "ar": (
        "وسم الأسلحة النارية",
        "نطلب ٦ آلات وسم وتدريب ٢٤ ضابطاً في السنغال قبل يونيو ٢٠٢٧.",
    ),
    "zh": ("枪支标识", "我们需要6台打标机,并在2027年6月前在塞内加尔培训24名操作员。"),
}
SEES = {"owner", "coordinator", "auditor", "operator"}
ROLES = {
    "owner": ("requester", {"state": "SEN"}),
    "other State": ("requester", {"state": "MLI"}),
    "donor": ("donor", {"organisation": "org-1"}),
    "coordinator": ("coordinator", {}),
    "auditor": ("auditor", {}),
    "operator": ("operator", {}),
}
MARKED = {
    "title": "Machines to mark the rifles of the security forces",
    "description": "Four portable marking machines and spare parts. Budget: USD 120,000.",
    "language": None,
}


@pytest.fixture
def act(caller):
    def make(name):
        role, claims = ROLES[name]
        return caller(role, **claims)

    return make


@pytest.fixture
def free_text(record):
    """A request of which nobody has coded anything yet."""

    def make(status="draft", **members):
        return record(status, needs=[], **{**MARKED, **members})

    return make


def confirm(who, made, *lines, **headers):
    address = f"/v1/requests/{made.json['id']}/confirm-lines"
    return who.post(address, {"lines": list(lines)}, made.headers["ETag"], **headers)


@pytest.mark.parametrize("language", TEXTS)
def test_a_draft_without_lines_shows_what_its_text_seems_to_ask_for(free_text, senegal, language):
    title, description = TEXTS[language]
    made = free_text(title=title, description=description, language=language)
    shown = senegal.get(f"/v1/requests/{made.json['id']}").json
    inferred = shown["inferred"]
    assert shown["needs"] == []
    assert inferred["themes"][0]["code"] == "marking"
    assert inferred["themes"][0]["probability"] >= 0.6
    assert {place["code"] for place in inferred["places"]} == {"SEN"}
    assert {day["to"][:7] for day in inferred["dates"]} <= {"2027-05", "2027-06"}
    assert inferred["dates"]
    assert {(q["quantity"], q["unit"]) for q in inferred["quantities"]} == {
        (6, "machines"),
        (24, "persons"),
    }
    for line in inferred["lines"]:
        assert line["inferred"] is True
        assert line["line"] is None
    texts = {"title": title, "description": description}
    told = [*inferred["themes"], *inferred["kinds"], *inferred["lines"], *inferred["quantities"]]
    for one in told:
        assert 0 < one["probability"] <= 1
        for span in one["spans"]:
            assert texts[span["field"]][span["start"] : span["end"]].strip()


@pytest.mark.parametrize("name", ROLES)
def test_only_the_owner_and_overseers_see_it(free_text, act, name):
    made = free_text("circulated", confidentiality="public")
    shown = act(name).get(f"/v1/requests/{made.json['id']}").json
    assert ("inferred" in shown) == (name in SEES)


@pytest.mark.parametrize("name", ["owner", "coordinator", "donor"])
def test_lists_leave_it_out(free_text, act, name):
    external = {"source": f"lists-{name}", "id": "1"}
    free_text("circulated", external_id=external)
    query = {"external_source": external["source"]}
    (item,) = act(name).get("/v1/requests", query_string=query).json["items"]
    assert "inferred" not in item


def test_contradictions_are_shown_to_the_coordinator_and_not_to_donors(record, act):
    need = {"theme": "border-control", "kind": "infrastructure", "confidential": True}
    made = record("circulated", needs=[need], **MARKED)
    address = f"/v1/requests/{made.json['id']}"
    found = act("coordinator").get(address).json["inferred"]["contradictions"]
    told = [(one["of"], one["coded"], one["code"]) for one in found]
    assert ("theme", ["border-control"], "marking") in told
    assert "border-control" not in act("donor").get(address).text


def test_codes_that_the_text_bears_out_are_not_contradicted(record):
    inferred = record("submitted", **MARKED).json["inferred"]
    assert inferred["contradictions"] == []
    lines = {line["kind"]: line["line"] for line in inferred["lines"]}
    assert (lines["equipment"], lines["funding"]) == (1, None)


def test_a_record_from_before_is_read_when_it_is_shown(free_text, senegal):
    made = free_text()
    before = made.json["inferred"]
    AssistanceRequest._get_collection().update_one(
        {"_id": made.json["id"]}, {"$unset": {"inferred": 1}}
    )
    assert senegal.get(f"/v1/requests/{made.json['id']}").json["inferred"] == before


# Confirming


def test_confirmed_lines_are_needs_like_any_other(free_text, senegal):
    made = free_text()
    kinds = {line["kind"]: line for line in made.json["inferred"]["lines"]}
    chosen = kinds["equipment"]
    edits = {"priority": "high", "confidential": True, "sustainability": ["training"]}
    answer = confirm(senegal, made, {"index": chosen["index"], **edits})
    assert answer.status_code == 200, answer.json
    assert answer.json["version"] != made.json["version"]
    (need,) = answer.json["needs"]
    assert {name: need[name] for name in ("line", "theme", "kind", "quantity", "unit")} == {
        "line": 1,
        "theme": "marking",
        "kind": "equipment",
        "quantity": 4,
        "unit": "machines",
    }
    assert (need["priority"], need["confidential"], need["objectives"]) == ("high", True, [])
    assert answer.json["inferred"]["lines"][chosen["index"]]["line"] == 1


def test_edits_replace_what_was_inferred(free_text, senegal):
    edits = {
        "index": 0,
        "theme": "tracing",
        "kind": "equipment",
        "quantity": 2.5,
        "unit": "computers",
        "amount": 1000,
        "currency": "XOF",
        "window": {"from": "2027-01-01", "to": "2027-06-30"},
    }
    (need,) = confirm(senegal, free_text(), edits).json["needs"]
    assert {**edits, **need} == {"index": 0, **need}
    assert {name: need[name] for name in edits if name != "index"} == {
        name: value for name, value in edits.items() if name != "index"
    }


def test_confirming_a_submitted_request_tells_others(free_text, senegal):
    made = free_text("submitted")
    answer = confirm(senegal, made, {"index": 0})
    stored = AssistanceRequest.objects(id=made.json["id"]).first()
    event = stored.pending_events[-1]
    assert event["id"] == f"{made.json['id']}/{answer.json['version']}"
    assert [need["theme"] for need in event["data"]["needs"]] == ["marking"]
    assert "inferred" not in event["data"]
    assert answer.json["status"] == "submitted"


def test_numbers_go_on_after_those_ever_given(record, senegal):
    made = record(**MARKED)  # with line 1
    answer = confirm(senegal, made, {"index": 1}, {"index": 0})
    assert [need["line"] for need in answer.json["needs"]] == [1, 2, 3]


@pytest.mark.parametrize("name", ROLES)
def test_who_may_change_a_request_may_confirm_its_lines(free_text, act, name):
    answer = confirm(act(name), free_text("circulated"), {"index": 0})
    expected = 200 if name in {"owner", "operator"} else 404 if name == "other State" else 403
    assert answer.status_code == expected


def test_a_finished_request_gets_no_more_lines(free_text, senegal):
    answer = confirm(senegal, free_text("withdrawn"), {"index": 0})
    assert (answer.status_code, answer.json["type"]) == (409, "urn:entraide:problem:finished")


def test_the_version_that_was_seen_must_be_the_present_one(free_text, senegal):
    made = free_text()
    assert confirm(senegal, made, {"index": 0}).status_code == 200
    assert confirm(senegal, made, {"index": 1}).status_code == 412
    address = f"/v1/requests/{made.json['id']}/confirm-lines"
    assert senegal.post(address, {"lines": [{"index": 0}]}).status_code == 428


@pytest.mark.parametrize("lost", [False, True])
def test_confirmed_twice_under_one_key_it_is_done_once(free_text, senegal, lost):
    made, key = free_text(), uuid.uuid4().hex
    first = confirm(senegal, made, {"index": 0}, Idempotency_Key=key)
    if lost:
        lose_answers()
    again = confirm(senegal, made, {"index": 0}, Idempotency_Key=key)
    assert (again.status_code, again.json) == (200, first.json)
    assert len(again.json["needs"]) == 1


BAD = [
    ({}, "lines"),
    ({"lines": []}, "lines"),
    ({"lines": "all"}, "lines"),
    ({"lines": [{"index": 0}] * 7}, "lines"),
    ({"lines": [{}]}, "lines[0].index"),
    ({"lines": [{"index": -1}]}, "lines[0].index"),
    ({"lines": [{"index": 6}]}, "lines[0].index"),
    ({"lines": [{"index": "0"}]}, "lines[0].index"),
    ({"lines": [{"index": 0.0}]}, "lines[0].index"),
    ({"lines": [{"index": 5}]}, "lines[0].index"),
    ({"lines": [{"index": 0}, {"index": 0}]}, "lines[1].index"),
    ({"lines": [{"index": 0, "theme": None}]}, "lines[0].theme"),
    ({"lines": [{"index": 0, "theme": "markings"}]}, "lines[0].theme"),
    ({"lines": [{"index": 0, "kind": "magic"}]}, "lines[0].kind"),
    ({"lines": [{"index": 0, "quantity": -1}]}, "lines[0].quantity"),
    ({"lines": [{"index": 0, "quantity": None, "unit": "x"}]}, "lines[0].quantity"),
    ({"lines": [{"index": 0, "amount": 1}]}, "lines[0].currency"),
    ({"lines": [{"index": 0, "line": 1}]}, "lines[0].line"),
    ({"lines": [{"index": 0, "objectives": []}]}, "lines[0].objectives"),
    ({"surprise": 1, "lines": [{"index": 0}]}, "surprise"),
]


@pytest.mark.parametrize(("sent", "field"), BAD)
def test_bad_confirmations_name_the_field_and_change_nothing(free_text, senegal, sent, field):
    made = free_text()
    address = f"/v1/requests/{made.json['id']}"
    answer = senegal.post(f"{address}/confirm-lines", sent, made.headers["ETag"])
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json["errors"]]
    assert senegal.get(address).json["version"] == made.json["version"]


def test_a_request_has_at_most_a_hundred_lines(record, senegal):
    made = record(needs=[{"theme": "marking", "kind": "equipment"}] * 100, **MARKED)
    answer = confirm(senegal, made, {"index": 0})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "lines")


# While writing


@pytest.mark.parametrize("language", TEXTS)
def test_a_text_that_is_being_written_is_read_and_not_stored(free_text, senegal, language):
    title, description = TEXTS[language]
    sent = {"title": title, "description": description, "language": language}
    count = AssistanceRequest.objects.count()
    answer = senegal.post("/v1/requests/inferred", sent)
    assert answer.status_code == 200
    assert AssistanceRequest.objects.count() == count
    stored = free_text(**sent).json["inferred"]
    assert {**answer.json, "title": 0, "description": 0} == {**stored, "title": 0, "description": 0}


@pytest.mark.parametrize("name", ROLES)
def test_who_writes_requests_may_ask(act, name):
    answer = act(name).post("/v1/requests/inferred", {"title": "Marking machines"})
    expected = 200 if name in {"owner", "other State", "operator"} else 403
    assert answer.status_code == expected


NOTHING = [
    {},
    {"title": "", "description": ""},
    {"title": None, "description": None, "language": None},
    {"title": "   ", "description": "\n\t"},
    {"title": "🙂", "description": "🔫 🔫"},
    {"title": "\u200f\u202e", "description": "\u0007..."},
]


@pytest.mark.parametrize("sent", NOTHING)
def test_a_text_that_says_nothing_is_answered_with_nothing(senegal, sent):
    answer = senegal.post("/v1/requests/inferred", sent)
    assert answer.status_code == 200
    told = {name: value for name, value in answer.json.items() if name not in sent}
    assert not any(told[name] for name in told if name not in ("title", "description"))


ODD = {
    "one word": {"title": "armouries"},
    "mixed": {"title": "标识 marking", "description": "Нужны машины. Il faut six machines. ٦ آلات"},
    "wrong language": {"title": TEXTS["ru"][0], "language": "fr"},
    "another language": {"title": "Markierung von Waffen", "description": "Sechs Maschinen."},
    "controls": {"title": "mark\u0007ing\u200f machines", "description": "a\r\nb"},
    "marks of direction": {"description": "\u202bنطلب ٦ آلات وسم\u202c"},
    "longest": {"description": "Six marking machines. " * 900},
    "unbroken": {"description": "打" * 20_000},
}


@pytest.mark.parametrize("sent", ODD.values(), ids=ODD.keys())
def test_odd_texts_are_answered_with_offsets_into_what_was_read(senegal, sent):
    answer = senegal.post("/v1/requests/inferred", sent)
    assert answer.status_code == 200
    texts = {name: answer.json[name] or "" for name in ("title", "description")}
    for name in ("themes", "kinds", "lines", "quantities", "places", "dates"):
        for one in answer.json[name]:
            for span in one["spans"]:
                assert 0 <= span["start"] < span["end"] <= len(texts[span["field"]])


@pytest.mark.parametrize(
    ("sent", "status", "field"),
    [
        ({"description": "x" * 100_000}, 422, "description"),
        ({"title": "x" * 301}, 422, "title"),
        ({"description": "x" * 300_000}, 413, None),
        ({"language": "de"}, 422, "language"),
        ({"title": 7}, 422, "title"),
        ({"title": "a\x00b"}, 422, "title"),
        ({"needs": []}, 422, "needs"),
        ([], 422, None),
    ],
)
def test_bad_texts_are_refused(senegal, sent, status, field):
    answer = senegal.post("/v1/requests/inferred", sent)
    assert answer.status_code == status
    if field is not None:
        assert [error["field"] for error in answer.json["errors"]] == [field]


# Without the encoder


def test_readiness_tells_whether_there_is_an_encoder(client):
    assert client.get("/readyz").json["checks"]["encoder"]["state"] == "ok"


def test_without_the_encoder_texts_are_read_all_the_same(senegal, monkeypatch):
    monkeypatch.setattr(vectors, "_encoder", lambda: None)
    title, description = TEXTS["en"]
    answer = senegal.post("/v1/requests/inferred", {"title": title, "description": description})
    assert answer.json["themes"][0]["code"] == "marking"
    assert answer.json["lines"]


def test_what_was_stored_is_not_read_again(free_text, monkeypatch):
    stored = AssistanceRequest.objects(id=free_text().json["id"]).first()
    monkeypatch.setattr("shared.registers.texts.read", None)
    assert inferred_of(stored)["lines"]
