"""The rules that need no store: working days, consent, what is read anew."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.requests import domain
from services.requests.documents import State
from services.requests.schemas import RequestBody
from shared.lifecycle import IllegalTransition
from shared.registers import texts
from shared.web.identity import Identity

KEY = b"k" * 32
SENEGAL = Identity("ngo", "requester", state="SEN")
COORDINATOR = Identity("co", "coordinator")
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


def submitted(now=MONDAY, consent=None):
    body = {"title": "Help", "description": "Help is needed.", "country": "SEN"}
    request = domain.new_request(RequestBody().load(body), SENEGAL, now, KEY)
    domain.submit(request, consent, SENEGAL, now)
    return request


def authenticated(**settings):
    request = submitted()
    domain.authenticate(request, State(id="SEN", **settings), COORDINATOR, MONDAY)
    return request


USUAL = (5, 6)
GULF = (4, 5)


@pytest.mark.parametrize(
    ("start", "days", "weekend", "end"),
    [
        (date(2026, 3, 2), 5, USUAL, date(2026, 3, 9)),
        (date(2026, 3, 6), 1, USUAL, date(2026, 3, 9)),
        (date(2026, 3, 7), 1, USUAL, date(2026, 3, 9)),
        (date(2026, 3, 2), 0, USUAL, date(2026, 3, 2)),
        (date(2026, 3, 2), 5, GULF, date(2026, 3, 9)),
        (date(2026, 3, 5), 1, GULF, date(2026, 3, 8)),
        (date(2026, 3, 5), 1, USUAL, date(2026, 3, 6)),
        (date(2026, 3, 2), 5, (), date(2026, 3, 7)),
        (date(2026, 3, 2), 2, range(6), date(2026, 3, 15)),
    ],
)
def test_working_days(start, days, weekend, end):
    works = lambda day: day.weekday() not in weekend  # noqa: E731
    assert domain.add_working_days(start, days, works) == end


@pytest.mark.parametrize(
    ("settings", "ends"),
    [
        ({}, datetime(2026, 3, 10, 12, tzinfo=UTC)),
        ({"no_objection_days": 1}, datetime(2026, 3, 4, 12, tzinfo=UTC)),
        (
            {"no_objection_days": 4, "weekend": ["friday", "saturday"]},
            datetime(2026, 3, 9, 12, tzinfo=UTC),
        ),
    ],
)
def test_the_last_day_to_object_is_over_everywhere(settings, ends):
    request = authenticated(**settings)
    assert (request.status, request.circulates_at) == ("authenticated", ends)
    domain.circulate_if_due(request, ends - timedelta(seconds=1))
    assert request.status == "authenticated"
    domain.circulate_if_due(request, ends)
    assert (request.status, request.consent) == ("circulated", "no-objection")
    last = request.history[-1]
    assert (last.role, last.subject, last.reason) == ("register", None, "no-objection")


@pytest.mark.parametrize("step", ["before", "after"])
def test_express_consent_need_not_wait(step):
    request = submitted(consent="express" if step == "before" else None)
    domain.authenticate(request, None, COORDINATOR, MONDAY)
    if step == "after":
        assert request.status == "authenticated"
        domain.circulate(request, SENEGAL, MONDAY)
    assert (request.status, request.consent) == ("circulated", "express")
    assert request.history[-1].reason == "express-consent"


def test_after_an_objection_consent_is_asked_anew():
    request = authenticated()
    domain.send_back(request, "object", "timing", "After the election.", SENEGAL, MONDAY)
    assert (request.status, request.circulates_at, request.consent) == ("draft", None, None)
    assert request.history[-1].reason == "timing"
    assert [remark.text for remark in request.remarks] == ["After the election."]
    domain.circulate_if_due(request, MONDAY + timedelta(days=99))
    assert request.status == "draft"


def test_circulating_twice_is_an_illegal_step():
    request = submitted(consent="express")
    domain.authenticate(request, None, COORDINATOR, MONDAY)
    with pytest.raises(IllegalTransition):
        domain.circulate(request, COORDINATOR, MONDAY)


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
