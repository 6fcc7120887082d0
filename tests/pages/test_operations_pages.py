"""What operators see of the services, and what auditors read of a record, without scripts."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any

import mongoengine
import pytest
from pymongo import MongoClient

from deploy.cli.accounts import house_of
from deploy.local.servers import wait_until
from shared.events import clients
from shared.events.topics import Topics
from tests.pages.giving import HOSTILE
from tests.pages.running import Portal
from tests.pages.visiting import Visitor

pytestmark = pytest.mark.journey

Visiting = Callable[..., Visitor]
SECONDS = 120


def poison(portal: Portal, text: str) -> None:
    """Put into the offers' topic what no consumer understands."""
    try:
        settings = house_of(portal.stack.plan).settings
    finally:
        mongoengine.disconnect()
    topic = Topics(settings.topic_prefix).offers
    with closing(clients.producer(replace(settings, service="tests"))) as producer:
        producer.send(topic, key=b"of-a-test", value=text.encode()).get(timeout=20)


def groups(portal: Portal) -> set[str]:
    """The names, without the deployment's prefix, of all groups that the broker knows."""
    try:
        settings = house_of(portal.stack.plan).settings
    finally:
        mongoengine.disconnect()
    with closing(clients.admin(settings)) as admin:
        return {one["group_id"].removeprefix(settings.topic_prefix) for one in admin.list_groups()}


def trail(portal: Portal, record: str) -> list[dict[str, Any]]:
    """The portal's audit trail of a record."""
    client: MongoClient[Any] = MongoClient(portal.stack.plan.ports.mongodb)
    with closing(client):
        found = client["entraide_portal"]["audit"].find({"content.record": record})
        return [one["content"] for one in found]


def test_an_operator_sends_a_dead_letter_back(portal: Portal, visitor: Visiting) -> None:
    secret = f"{HOSTILE} nobody is to read this"
    poison(portal, secret)
    browser = visitor("operator")

    def letters() -> list[str]:
        forms = browser.open("/operations").forms
        return [f.values["letter"] for f in forms if f.action == "/operations/retry"]

    wait_until(lambda: bool(letters()), SECONDS, "the dead letter")
    assert browser.status == 200
    assert "offers.v1" in browser.page.text
    assert "A header is missing." in browser.page.text
    assert secret not in browser.shown.text
    consumers = groups(portal)
    assert len(consumers) > 1
    names = {"requests", "offers", "matcher", "portal", *consumers}

    def all_answered() -> bool:
        """On a busy machine who is asked may take longer than the page waits."""
        browser.open("/operations")
        shown = all(f">{name}<" in browser.shown.text for name in names)
        return shown and "not ready" not in browser.page.text

    wait_until(all_answered, SECONDS, "all services and consumers")
    letter = letters()[0]
    token = next(f for f in browser.page.forms if f.action == "/operations/retry").values

    def sent_back(identifier: str) -> bool:
        browser.answer = browser.session.post(
            f"{browser.url}/operations/retry", data={**token, "letter": identifier}, timeout=60
        )
        return "It was sent back to its topic" in browser.page.text

    wait_until(lambda: sent_back(letter), SECONDS, "the dead letter being sent back")
    assert not sent_back("Qzvexor")
    assert trail(portal, "Qzvexor") == []
    # It fails again, as another: this one is done with, and who did it is in the trail.
    wait_until(lambda: bool(set(letters()) - {letter}), SECONDS, "the dead letter that failed anew")
    assert letter not in letters()
    wait_until(lambda: bool(trail(portal, letter)), SECONDS, "the entry in the audit trail")
    entry = trail(portal, letter)[0]
    assert (entry["what"], entry["action"], entry["role"]) == ("dead-letter", "retry", "operator")
    browser.open("/operations?language=ar")
    assert "الرسائل الميتة" in browser.page.text


def test_it_is_for_operators_alone(visitor: Visiting) -> None:
    for role in ("requester", "donor", "coordinator", "auditor"):
        browser = visitor(role)
        browser.open("/operations")
        assert browser.status == 403


def test_an_auditor_reads_the_trail_of_a_record(portal: Portal, visitor: Visiting) -> None:
    browser = visitor("auditor")
    record = next(iter(portal.requests.values()))
    browser.open(f"/audit?service=requests&record={record}")
    assert browser.status == 200
    assert "Submitted" in browser.page.text
    assert "Authenticated" in browser.page.text
    browser.open("/audit?service=requests&record=../v1/states")
    assert (browser.status, "no identifier" in browser.page.text) == (404, True)
    browser.open(f"/audit?service=offers&record={portal.donor}")
    assert browser.status == 200
    browser.open(f"/audit?service=offers&record={record}&language=fr")
    assert "Rien n’est consigné" in browser.page.text
    browser.open(f"/audit?service=requests&record={record}&language=fr")
    assert "Authentifiée" in browser.page.text
    for code in ("authenticate", "requester", "SEN", "express-consent"):
        assert code not in browser.page.text.split(), code
