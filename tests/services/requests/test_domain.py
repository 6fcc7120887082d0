"""The rules that need no store: working days, consent, what is read anew."""

from datetime import UTC, date, datetime

import pytest

from services.requests import domain
from services.requests.schemas import RequestBody
from shared.lifecycle import IllegalTransition
from shared.registers import texts
from shared.web.identity import Identity
from shared.web.problems import Problem

KEY = b"k" * 32
SENEGAL = Identity("ngo", "requester", state="SEN")
COORDINATOR = Identity("co", "coordinator")
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


def submitted(now=MONDAY):
    body = {"title": "Help", "description": "Help is needed.", "country": "SEN"}
    request = domain.new_request(RequestBody().load(body), SENEGAL, now, KEY)
    domain.step_request(request, "submit", SENEGAL, now)
    return request


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (date(2026, 3, 2), 5, date(2026, 3, 9)),
        (date(2026, 3, 6), 1, date(2026, 3, 9)),
        (date(2026, 3, 7), 1, date(2026, 3, 9)),
        (date(2026, 3, 2), 0, date(2026, 3, 2)),
    ],
)
def test_working_days(start, days, end):
    assert domain.add_working_days(start, days) == end


def test_without_a_word_publication_waits_for_the_objection_period():
    request = submitted()
    with pytest.raises(Problem) as error:
        domain.publish_request(
            request, "no-objection", 5, COORDINATOR, datetime(2026, 3, 8, tzinfo=UTC)
        )
    assert error.value.status == 409
    assert "2026-03-09" in error.value.detail
    assert request.status == "submitted"
    domain.publish_request(
        request, "no-objection", 5, COORDINATOR, datetime(2026, 3, 9, tzinfo=UTC)
    )
    assert (request.status, request.consent) == ("published", "no-objection")


def test_express_consent_need_not_wait():
    request = submitted()
    domain.publish_request(request, "express", 5, COORDINATOR, MONDAY)
    assert request.status == "published"


def test_a_state_cannot_fail_to_object_to_itself():
    with pytest.raises(Problem) as error:
        domain.publish_request(
            submitted(), "no-objection", 5, SENEGAL, datetime(2026, 4, 9, tzinfo=UTC)
        )
    assert error.value.errors[0].field == "consent"


def test_publishing_twice_is_an_illegal_step_whatever_the_consent():
    request = submitted()
    domain.publish_request(request, "express", 5, COORDINATOR, MONDAY)
    with pytest.raises(IllegalTransition):
        domain.publish_request(request, "no-objection", 5, COORDINATOR, MONDAY)


def test_texts_are_read_again_only_when_they_change(monkeypatch):
    read = []
    real = texts.read

    def counted(*arguments):
        read.append(arguments)
        return real(*arguments)

    monkeypatch.setattr(texts, "read", counted)
    request = submitted()
    body = {"title": "Help", "description": "Help is needed.", "country": "SEN"}

    def change(**members):
        payload = RequestBody().load(body | members)
        domain.change_request(request, payload, SENEGAL, MONDAY, KEY)

    change(priority="high")
    assert len(read) == 1
    before = request.signature
    change(title="Marking machines")
    assert len(read) == 2
    assert request.signature != before
    change(title="Marking machines", language="fr")
    assert request.language == "fr"


def test_ids_are_derived_from_external_id_else_from_key_else_new():
    def made(key=None, **members):
        body = {"title": "Help", "description": "Help is needed.", "country": "SEN", **members}
        return domain.new_request(RequestBody().load(body), SENEGAL, MONDAY, KEY, key).id

    external = {"external_id": {"source": "a", "id": "1"}}
    assert made(**external) == made("any", **external) == made(title="Other", **external)
    assert made("one") == made("one") != made("two")
    assert made() != made()
