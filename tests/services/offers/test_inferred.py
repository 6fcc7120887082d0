"""What an offer's text seems to give: who sees it, and how its donor confirms it."""

import pytest

from services.offers.documents import AssistanceOffer

TEXTS = {
    "en": (
        "Marking machines on loan",
        "We lend ten marking machines to States of West Africa, and train 24 operators. "
        "We do not pay for vehicles.",
    ),
    "fr": (
        "Prêt de machines de marquage",
        "Nous prêtons dix machines de marquage et formons 24 opérateurs. "
        "L'achat de véhicules est exclu.",
    ),
    "ar": ("إعارة آلات وسم", "نعير ١٠ آلات وسم وندرب ٢٤ ضابطاً."),
    "zh": ("出借打标机", "我们出借10台打标机,并培训24名操作员。"),
}
SEES = {"owner", "coordinator", "auditor", "operator"}
ROLES = {
    "owner": ("donor", {"organisation": "org-1"}),
    "other donor": ("donor", {"organisation": "org-2"}),
    "requester": ("requester", {"state": "SEN"}),
    "coordinator": ("coordinator", {}),
    "auditor": ("auditor", {}),
    "operator": ("operator", {}),
}


@pytest.fixture
def act(caller):
    def make(name):
        role, claims = ROLES[name]
        return caller(role, **claims)

    return make


@pytest.fixture
def free_text(record):
    """An offer of which nobody has coded anything yet."""

    def make(status="draft", language="en"):
        title, description = TEXTS[language]
        members = {"title": title, "description": description, "language": language}
        return record(status, provisions=[], **members)

    return make


def confirm(who, made, *lines):
    address = f"/v1/offers/{made.json['id']}/confirm-lines"
    return who.post(address, {"lines": list(lines)}, made.headers["ETag"])


@pytest.mark.parametrize("language", TEXTS)
def test_an_offer_without_lines_shows_what_its_text_seems_to_give(free_text, act, language):
    made = free_text(language=language)
    inferred = act("owner").get(f"/v1/offers/{made.json['id']}").json["inferred"]
    assert inferred["themes"][0]["code"] == "marking"
    for line in inferred["lines"]:
        if line["kind"] == "equipment":
            assert (line["capacity"], line["unit"]) == (10, "machines")
    assert all(line["inferred"] is True for line in inferred["lines"])
    assert all("quantity" not in line for line in inferred["lines"])


@pytest.mark.parametrize("name", ROLES)
def test_only_the_donor_and_overseers_see_it(free_text, act, name):
    made = free_text("published")
    shown = act(name).get(f"/v1/offers/{made.json['id']}").json
    assert ("inferred" in shown) == (name in SEES)
    (item,) = [
        one for one in act(name).get("/v1/offers").json["items"] if one["id"] == made.json["id"]
    ]
    assert "inferred" not in item


@pytest.mark.parametrize("name", ROLES)
def test_who_may_change_an_offer_may_confirm_its_lines(free_text, act, name):
    answer = confirm(act(name), free_text("published"), {"index": 0})
    assert answer.status_code == (200 if name in {"owner", "operator"} else 403)


def test_confirmed_lines_are_provisions_like_any_other(free_text, act):
    made = free_text("published")
    edits = {"index": 0, "kind": "equipment", "capacity": 10, "unit": "machines"}
    answer = confirm(act("owner"), made, edits)
    (provision,) = answer.json["provisions"]
    assert (provision["line"], provision["theme"], provision["kind"]) == (1, "marking", "equipment")
    assert provision["left"] == {"capacity": 10, "amount": None, "whole": False}
    event = AssistanceOffer.objects(id=made.json["id"]).first().pending_events[-1]
    assert event["id"] == f"{made.json['id']}/{answer.json['version']}"
    assert [one["capacity"] for one in event["data"]["provisions"]] == [10]
    assert "inferred" not in event["data"]


def test_contradictions_are_shown(record, act):
    title, description = TEXTS["en"]
    coded = {"theme": "border-control", "kind": "infrastructure"}
    made = record("submitted", title=title, description=description, provisions=[coded])
    found = act("coordinator").get(f"/v1/offers/{made.json['id']}").json["inferred"]
    assert ("theme", ["border-control"], "marking") in [
        (one["of"], one["coded"], one["code"]) for one in found["contradictions"]
    ]


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"lines": []}, "lines"),
        ({"lines": [{"index": 5}]}, "lines[0].index"),
        ({"lines": [{"index": 0, "quantity": 1}]}, "lines[0].quantity"),
        ({"lines": [{"index": 0, "capacity": None, "unit": "x"}]}, "lines[0].capacity"),
        ({"lines": [{"index": 0, "currency": "XXX"}]}, "lines[0].currency"),
    ],
)
def test_bad_confirmations_name_the_field(free_text, act, sent, field):
    made = free_text()
    address = f"/v1/offers/{made.json['id']}/confirm-lines"
    answer = act("owner").post(address, sent, made.headers["ETag"])
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json["errors"]]


@pytest.mark.parametrize("name", ROLES)
def test_a_text_that_is_being_written_is_read_and_not_stored(act, name):
    title, description = TEXTS["en"]
    count = AssistanceOffer.objects.count()
    answer = act(name).post("/v1/offers/inferred", {"title": title, "description": description})
    assert AssistanceOffer.objects.count() == count
    if name not in {"owner", "other donor", "operator"}:
        assert answer.status_code == 403
        return
    assert answer.json["themes"][0]["code"] == "marking"
    assert answer.json["contradictions"] == []
    # What the text rules out is not told.
    assert "vehicles" not in {one["unit"] for one in answer.json["quantities"]}


def test_an_empty_text_is_answered_with_nothing(act):
    answer = act("owner").post("/v1/offers/inferred", {})
    assert answer.status_code == 200
    assert not any(answer.json.values())


def test_a_text_that_is_too_long_is_refused(act):
    answer = act("owner").post("/v1/offers/inferred", {"description": "x" * 100_000})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "description")
