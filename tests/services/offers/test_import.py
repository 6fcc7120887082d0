"""IATI files through the API: what is made, changed, left and refused, and by whom."""

import gzip
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from shared.web.uploads import MAX_BYTES
from tests.services.offers.conftest import Caller
from tests.services.offers.iati_files import activity, file

ADDRESS = "/v1/activities/import"
XML = "application/xml"
COUNTRIES = (
    '<recipient-country code="SN" percentage="60"/><recipient-country code="ML" percentage="40"/>'
)
MALI = '<recipient-country code="ML"/>'


def send(who: Caller, content: bytes, media_type: str = XML, **query: Any) -> TestResponse:
    return who.client.post(
        ADDRESS, data=content, content_type=media_type, query_string=query, headers=who.headers
    )


def counts(answer: TestResponse) -> dict[str, int]:
    assert answer.status_code == 200, answer.json
    names = ("read", "created", "changed", "unchanged", "refused", "outside")
    return {name: answer.json[name] for name in names if answer.json[name]}


@pytest.fixture
def organisation(operator: Caller) -> str:
    """An organisation that has no activities yet."""
    identifier = f"org-{uuid.uuid4().hex[:12]}"
    body = {"name": "Agency of one test", "type": "state", "country": "JPN"}
    assert operator.put(f"/v1/organisations/{identifier}", body).status_code == 201
    return identifier


@pytest.fixture
def own(caller: Callable[..., Caller], organisation: str) -> Caller:
    """Its donor."""
    return caller("donor", organisation=organisation)


def listed(who: Caller, organisation: str, identifier: str) -> list[dict[str, Any]]:
    query = {"organisation": organisation, "external_source": "iati", "external_id": identifier}
    found: list[dict[str, Any]] = who.get("/v1/activities", query_string=query).json["items"]
    return found


def only(answer: TestResponse) -> dict[str, Any]:
    (told,) = answer.json["activities"]
    assert isinstance(told, dict)
    return told


def test_an_activity_becomes_a_record(own: Caller) -> None:
    answer = send(own, file(activity()))
    assert counts(answer) == {"read": 1, "created": 1}
    assert answer.json["refusals"] == []
    assert answer.json["incomplete"] is None
    read = own.get(f"/v1/activities/{only(answer)['id']}").json
    expected = {
        "title": "Marking of service weapons",
        "language": "en",
        "country": "SEN",
        "donor_country": "JPN",
        "theme": "marking",
        "status": "ongoing",
        "amount": 120000,
        "currency": "EUR",
        "window": {"from": "2026-02-01", "to": "2027-01-31"},
        "partners": ["UNODC"],
        "external_id": {"source": "iati", "id": "XT-TEST-1/SEN"},
        "version": "1.1",
    }
    assert {name: read[name] for name in expected} == expected


def test_the_same_file_twice_changes_nothing(own: Caller) -> None:
    content = file(activity(1), activity(2, country=COUNTRIES))
    first = send(own, content)
    assert counts(first) == {"read": 2, "created": 3}
    again = send(own, content)
    assert counts(again) == {"read": 2, "unchanged": 3}
    told = [[one["id"] for one in answer.json["activities"]] for answer in (first, again)]
    assert told[0] == told[1]
    versions = {own.get(f"/v1/activities/{one}").json["version"] for one in told[0]}
    assert versions == {"1.1"}


def test_a_changed_activity_changes_its_record_and_its_version(own: Caller) -> None:
    send(own, file(activity(1), activity(2)))
    ended = '<activity-status code="4"/>'
    answer = send(own, file(activity(1), activity(2, status=ended)))
    assert counts(answer) == {"read": 2, "changed": 1, "unchanged": 1}
    (changed,) = (one for one in answer.json["activities"] if one["outcome"] == "changed")
    read = own.get(f"/v1/activities/{changed['id']}").json
    assert (read["status"], read["version"]) == ("completed", "1.2")
    assert [step["action"] for step in read["history"]] == ["complete"]


def test_what_does_not_follow_is_refused_and_the_rest_goes_on(own: Caller) -> None:
    ended = '<activity-status code="4"/>'
    send(own, file(activity(1, status=ended)))
    answer = send(own, file(activity(1), activity(2)))
    assert counts(answer) == {"read": 2, "created": 1, "refused": 1}
    (refusal,) = answer.json["refusals"]
    assert (refusal["identifier"], refusal["country"]) == ("XT-TEST-1", "SEN")
    assert (refusal["field"], refusal["code"]) == ("activity-status", "illegal-transition")


def test_the_money_is_shared_among_the_countries(own: Caller) -> None:
    answer = send(own, file(activity(country=COUNTRIES)))
    assert {one["country"]: one["amount"] for one in answer.json["activities"]} == {
        "SEN": 72000,
        "MLI": 48000,
    }


def test_a_country_that_is_named_no_more_is_cancelled(own: Caller, organisation: str) -> None:
    send(own, file(activity(country=COUNTRIES), activity(2)))
    answer = send(own, file(activity(country=MALI)))
    assert counts(answer) == {"read": 1, "changed": 2}
    told = {one["country"]: (one["outcome"], one["status"]) for one in answer.json["activities"]}
    assert told == {"MLI": ("changed", "ongoing"), "SEN": ("changed", "cancelled")}
    assert counts(send(own, file(activity(country=MALI)))) == {"read": 1, "unchanged": 1}
    (other,) = listed(own, organisation, "XT-TEST-2/SEN")
    assert other["status"] == "ongoing"


def test_what_was_corrected_by_hand_is_not_overruled_by_the_same_text(own: Caller) -> None:
    identifier = only(send(own, file(activity())))["id"]
    address = f"/v1/activities/{identifier}"
    read = own.get(address)
    kept = (
        "title",
        "description",
        "language",
        "country",
        "organisation",
        "donor_country",
        "window",
        "partners",
        "external_id",
        "status",
        "amount",
        "currency",
    )
    corrected = {name: read.json[name] for name in kept} | {
        "theme": "record-keeping",
        "kind": "equipment",
        "quantity": 2,
        "unit": "machines",
    }
    assert own.put(address, corrected, read.headers["ETag"]).status_code == 200
    assert counts(send(own, file(activity()))) == {"read": 1, "unchanged": 1}
    late = file(
        activity(
            dates='<activity-date type="2" iso-date="2026-02-01"/>'
            '<activity-date type="3" iso-date="2028-01-31"/>'
        )
    )
    assert counts(send(own, late)) == {"read": 1, "changed": 1}
    now = own.get(address).json
    assert {name: now[name] for name in ("theme", "kind", "quantity", "unit")} == {
        "theme": "record-keeping",
        "kind": "equipment",
        "quantity": 2,
        "unit": "machines",
    }
    assert now["window"]["to"] == "2028-01-31"


def test_a_preview_tells_the_same_and_writes_nothing(own: Caller) -> None:
    content = file(activity(1), activity(2, status=""))
    seen = send(own, content, preview="true")
    assert seen.json["preview"] is True
    identifier = only(seen)["id"]
    assert own.get(f"/v1/activities/{identifier}").status_code == 404
    done = send(own, content)
    assert done.json["preview"] is False
    for name in ("created", "activities", "refusals"):
        assert seen.json[name] == done.json[name]
    changed = file(activity(1, status='<activity-status code="5"/>'))
    assert counts(send(own, changed, preview="true")) == {"read": 1, "changed": 1}
    assert counts(send(own, content, preview="true"))["unchanged"] == 1
    assert own.get(f"/v1/activities/{identifier}").json["status"] == "ongoing"


def test_bad_activities_are_named_and_the_others_are_taken(own: Caller) -> None:
    content = file(
        activity(1),
        activity(2, identifier=""),
        activity(3, country='<recipient-country code="XX"/>'),
        activity(4, country=COUNTRIES.replace('"ML"', '"XX"')),
        activity(1),
        activity(
            5,
            dates='<activity-date type="2" iso-date="1990-01-01"/>'
            '<activity-date type="4" iso-date="1991-01-01"/>',
        ),
        activity(6, identifier="<iati-identifier>two words</iati-identifier>"),
        activity(7),
    )
    answer = send(own, content)
    assert counts(answer) == {"read": 8, "created": 3, "refused": 6}
    told = [(one["number"], one["identifier"], one["field"]) for one in answer.json["refusals"]]
    assert told == [
        (2, None, "iati-identifier"),
        (3, "XT-TEST-3", "recipient-country"),
        (4, "XT-TEST-4", "recipient-country"),
        (5, "XT-TEST-1", "iati-identifier"),
        (6, "XT-TEST-5", "activity-date"),
        (6, "XT-TEST-5", "activity-date"),
        (7, "two words", "iati-identifier"),
    ]


def test_what_is_about_something_else_is_passed_over(own: Caller) -> None:
    water = activity(
        title="<title><narrative>Rural water supply</narrative></title>",
        description="<description><narrative>Boreholes and latrines in forty villages."
        "</narrative></description>",
        sector='<sector vocabulary="1" code="14031"/>',
        budget="<budget/>",
    )
    answer = send(own, file(water, activity(2)))
    assert counts(answer) == {"read": 2, "created": 1, "outside": 1}
    assert answer.json["refusals"] == []


def test_a_note_has_a_code_and_what_it_is_about(own: Caller) -> None:
    reporter = '<reporting-org ref="X" type="10" secondary-reporter="1"><narrative>Y</narrative>'
    suspended = '<activity-status code="6"/>'
    written = activity(status=suspended, reporter=f"{reporter}</reporting-org>")
    told = only(send(own, file(written), preview="true"))
    assert [note["message"] for note in told["noted"]] == told["notes"]
    assert [(note["code"], note["about"]) for note in told["noted"]] == [
        ("suspended", None),
        ("second-hand", "Y"),
    ]


WHOLE = file(activity(1), activity(2))
LATIN = "<title><narrative>Équipement</narrative></title>"


@pytest.mark.parametrize(
    ("content", "code", "place"),
    [
        (WHOLE[: WHOLE.index(b"XT-TEST-2") + 20], "truncated", "Line 4, activity 2: "),
        (WHOLE[:-10], "truncated", "Line 5: "),
        (gzip.compress(WHOLE)[:-4], "truncated", "Line 6: "),
        (WHOLE.replace(b"XT-TEST-2<", b"XT-TEST-2&eacute;<"), "malformed", "Line 4, activity 2: "),
        (
            file(activity(1), activity(2, title=LATIN)).replace(b"\xc3\x89", b"\xc9"),
            "malformed",
            "",
        ),
        (WHOLE + b"<more/>", "malformed", "Line 6: "),
        (gzip.compress(WHOLE) + b"\x1f\x8b\x08 and no more", "gzip", "Line 6: "),
    ],
    ids=["in an activity", "behind all", "gzip", "an entity", "Latin-1", "more", "damaged"],
)
@pytest.mark.parametrize("preview", ["true", "false"])
def test_nothing_is_taken_of_a_file_that_breaks(
    own: Caller, organisation: str, content: bytes, code: str, place: str, preview: str
) -> None:
    kind = "application/gzip" if content.startswith(b"\x1f\x8b") else XML
    answer = send(own, content, kind, preview=preview)
    assert answer.status_code == 422
    (error,) = answer.json["errors"]
    assert (error["field"], error["code"]) == ("file", code)
    assert error["message"].startswith(place), error["message"]
    told = [int(number) for number in re.findall(r"\d+", place)]
    assert [answer.json["line"], answer.json["activity"]][: len(told)] == told
    assert listed(own, organisation, "XT-TEST-1/SEN") == []


def test_gzip_is_unpacked(own: Caller) -> None:
    packed = gzip.compress(file(activity()))
    assert counts(send(own, packed, "application/gzip")) == {"read": 1, "created": 1}


BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>
<iati-activities version="2.03"><iati-activity>&c;</iati-activity></iati-activities>"""


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"{}", "malformed"),
        (b"<html/>", "not-iati"),
        (file(activity(), version="1.05"), "version"),
        (BOMB, "doctype"),
    ],
)
def test_what_is_no_file_of_activities_is_refused_whole(
    own: Caller, content: bytes, code: str
) -> None:
    answer = send(own, content)
    assert answer.status_code == 422
    (error,) = answer.json["errors"]
    assert (error["field"], error["code"]) == ("file", code)


def test_other_types_and_too_large_files_are_refused(own: Caller) -> None:
    assert send(own, b"{}", "application/json").status_code == 415
    config = own.client.application.config
    before = config[MAX_BYTES]
    content = file(activity())
    try:
        config[MAX_BYTES] = len(content) - 1
        answer = send(own, content)
        assert (answer.status_code, answer.json["type"][-14:]) == (413, "body-too-large")
        packed = send(own, gzip.compress(content), "application/gzip")
        assert (packed.status_code, packed.json["errors"][0]["code"]) == (422, "too-large")
        config[MAX_BYTES] = len(content)
        assert counts(send(own, content)) == {"read": 1, "created": 1}
    finally:
        config[MAX_BYTES] = before


@pytest.mark.parametrize(
    ("role", "claims", "query", "status"),
    [
        ("donor", {"organisation": "org-1"}, {}, 200),
        ("donor", {"organisation": "org-1"}, {"organisation": "org-1"}, 200),
        ("donor", {"organisation": "org-2"}, {"organisation": "org-1"}, 403),
        ("coordinator", {}, {"organisation": "org-1"}, 200),
        ("coordinator", {}, {}, 200),
        ("operator", {}, {"organisation": "org-1"}, 200),
        ("operator", {}, {"organisation": "nobody"}, 422),
        ("operator", {}, {"preview": "perhaps"}, 422),
        ("operator", {}, {"organisations": "org-1"}, 422),
        ("requester", {"state": "SEN"}, {}, 403),
        ("auditor", {}, {}, 403),
    ],
)
def test_who_may_bring_in_whose_file(
    organisations: None,
    caller: Callable[..., Caller],
    role: str,
    claims: dict[str, str],
    query: dict[str, str],
    status: int,
) -> None:
    answer = send(caller(role, **claims), file(activity()), **query)
    assert answer.status_code == status, answer.json


def test_a_donor_and_a_coordinator_mean_the_same_records(
    organisations: None, donor: Caller, caller: Callable[..., Caller]
) -> None:
    content = file(activity(77))
    first = send(donor, content)
    second = send(caller("coordinator"), content, organisation="org-1")
    assert only(first)["id"] == only(second)["id"]
    assert counts(second) == {"read": 1, "unchanged": 1}


def test_what_is_new_is_public_where_that_is_said_and_what_is_known_stays(own: Caller) -> None:
    public = only(send(own, file(activity(1)), public="true"))["id"]
    assert own.get(f"/v1/activities/{public}").json["public"] is True
    changed = file(activity(1, status='<activity-status code="5"/>'))
    assert counts(send(own, changed)) == {"read": 1, "changed": 1}
    assert own.get(f"/v1/activities/{public}").json["public"] is True
    other = only(send(own, file(activity(2))))["id"]
    assert counts(send(own, file(activity(2)), public="true"))["unchanged"] == 1
    assert own.get(f"/v1/activities/{other}").json["public"] is False
