"""From an invitation to a call of a service, and to mail, through the real processes, over real
HTTP and SMTP."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any

import pymongo
import pytest
import requests

from deploy.local.programs import service_settings
from deploy.local.running import Stack
from deploy.local.servers import LOOPBACK, wait_until
from tests.journeys.test_secrets import databases, topics
from tests.services.portal.mailbox import SENDER, Mailbox, listening, new_mailbox, part

pytestmark = [pytest.mark.journey, pytest.mark.long]

ENTRAIDE = str(Path(sys.executable).with_name("entraide"))
PASSWORD = "seven herons over wet stone"


def entraide(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [ENTRAIDE, *arguments, "--data-dir", str(stack.plan.directory.path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def token_of(page: requests.Response) -> str:
    found = re.search(r'name="csrf_token" type="hidden" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    with listening(new_mailbox()) as found:
        yield found


@pytest.fixture(scope="module")
def surroundings(mailbox: Mailbox) -> dict[str, str]:
    return {
        "ENTRAIDE_SMTP_HOST": LOOPBACK,
        "ENTRAIDE_SMTP_PORT": str(mailbox.port),
        "ENTRAIDE_SMTP_TLS": "none",
        "ENTRAIDE_MAIL_FROM": SENDER,
    }


def mail_to(mailbox: Mailbox, email: str) -> list[EmailMessage]:
    return [m for m in mailbox.taken if m["To"].addresses[0].addr_spec == email]


def told_the_matcher(stack: Stack, account: str) -> bool:
    """Whether the worker asked the matcher to erase the account's names: it asks later again."""
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(stack.plan.ports.mongodb)
    with closing(client):
        database = client[service_settings(stack.plan, "portal").database]
        found = database["accounts"].find_one({"_id": account}) or {}
    return bool(found["names_due"] > found["erased_at"])


@pytest.fixture
def browser() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session


def send(browser: requests.Session, url: str, **values: object) -> requests.Response:
    page = browser.get(url, timeout=30)
    return browser.post(url, data={**values, "csrf_token": token_of(page)}, timeout=30)


def test_an_invited_state_calls_a_service_with_a_token_of_its_own(
    stack: Stack, browser: requests.Session, mailbox: Mailbox
) -> None:
    portal, register = stack.plan.ports.url("portal"), stack.plan.ports.url("requests")
    email = "focal.point@interior.example"
    invited = entraide(stack, "accounts", "invite", email, "--role", "requester", "--state", "SEN")
    assert invited.returncode == 0, invited.stderr
    link = invited.stdout.strip()
    assert link.startswith(f"{portal}/invitation/")
    wait_until(lambda: bool(mail_to(mailbox, email)), 120, "the invitation")
    (invitation,) = mail_to(mailbox, email)
    assert link in part(invitation, "plain")
    assert link in part(invitation, "html")
    assert link not in entraide(stack, "accounts", "mail").stdout

    made = send(browser, link, name="Focal Point", password=PASSWORD)
    assert made.url == f"{portal}/sign-in"
    assert browser.get(link, timeout=30).status_code == 410
    assert send(browser, f"{portal}/sign-in", email=email, password=PASSWORD).url == (
        f"{portal}/requests"
    )
    page = send(
        browser, f"{portal}/account/tokens", name="nightly", scopes="requests:read",
        lifetime="30", current=PASSWORD,
    )  # fmt: skip
    text = re.search(r"entraide_[\w-]+", page.text)
    assert text is not None, page.text

    answer = requests.post(f"{portal}/v1/token", json={"token": text[0]}, timeout=30)
    assert answer.status_code == 200
    own = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert requests.get(f"{register}/v1/requests", headers=own, timeout=30).status_code == 200
    refused = requests.post(f"{register}/v1/requests", headers=own, json={}, timeout=30)
    assert refused.status_code == 403
    assert "requests:write" in refused.json()["detail"]
    offers = stack.plan.ports.url("offers")
    assert requests.get(f"{offers}/v1/offers", headers=own, timeout=30).status_code == 403

    assert entraide(stack, "accounts", "lock", email).returncode == 0
    assert browser.get(f"{portal}/account", timeout=30).url.startswith(f"{portal}/sign-in")
    again = requests.post(f"{portal}/v1/token", json={"token": text[0]}, timeout=30)
    assert again.status_code == 401
    assert entraide(stack, "accounts", "unlock", email).returncode == 0
    reset = entraide(stack, "accounts", "reset", email).stdout.strip()
    done = send(browser, reset, password="nine otters under a bridge")
    assert done.url == f"{portal}/sign-in"
    logs = "".join(log.read_text() for log in stack.plan.directory.logs.glob("*.log"))
    for secret in (PASSWORD, email, text[0], link.rpartition("/")[2], own["Authorization"][7:]):
        assert secret not in logs


def test_an_erased_account_is_named_nowhere_and_what_it_did_stays(
    stack: Stack, browser: requests.Session
) -> None:
    portal, register = stack.plan.ports.url("portal"), stack.plan.ports.url("requests")
    email, name = "qzverase@plantagenet.example", "Qzverase Plantagenet"
    invited = entraide(stack, "accounts", "invite", email, "--role", "requester", "--state", "SEN")
    send(browser, invited.stdout.strip(), name=name, password=PASSWORD)
    send(browser, f"{portal}/sign-in", email=email, password="not the password of anybody")
    send(browser, f"{portal}/sign-in", email=email, password=PASSWORD)
    page = send(
        browser, f"{portal}/account/tokens", name=f"of {name}",
        scopes=["requests:write", "portal:read"], lifetime="30", current=PASSWORD,
    )  # fmt: skip
    text = re.search(r"entraide_[\w-]+", page.text)
    assert text is not None, page.text
    bought = requests.post(f"{portal}/v1/token", json={"token": text[0]}, timeout=30).json()
    own = {"Authorization": f"Bearer {bought['access_token']}"}
    body = {"country": "SEN", "title": "Marking", "description": "Machines to mark with."}
    made = requests.post(f"{register}/v1/requests", headers=own, json=body, timeout=30)
    address = f"{register}/v1/requests/{made.json()['id']}"
    seen = {**own, "If-Match": made.headers["ETag"]}
    assert requests.post(f"{address}/submit", headers=seen, timeout=30).status_code == 200
    account = requests.get(f"{portal}/v1/accounts/me", headers=own, timeout=30).json()["id"]
    assert email in databases(stack)["portal"]

    done = send(browser, f"{portal}/account/erase", current=PASSWORD)
    assert done.url == f"{portal}/sign-in"
    kept = {**databases(stack), "topics": topics(stack)}
    kept["logs"] = "".join(log.read_text() for log in stack.plan.directory.logs.glob("*.log"))
    for place, everything in kept.items():
        for planted in (email, "qzverase", "plantagenet"):
            assert planted not in everything.lower(), place
    history = requests.get(address, headers=own, timeout=30).json()["history"]
    assert account in [step["subject"] for step in history]
    assert account in kept["requests"]
    assert entraide(stack, "accounts", "erased").stdout.split() == [account]
    wait_until(lambda: told_the_matcher(stack, account), 120, "the matcher, for names in messages")
    assert entraide(stack, "audit", "verify").returncode == 0


def test_people_are_told_once_whatever_dies(
    stack: Stack,
    browser: requests.Session,
    mailbox: Mailbox,
    published: Callable[[str, dict[str, Any]], str],
) -> None:
    portal = stack.plan.ports.url("portal")
    west, east = "west@secretariat.example", "east@secretariat.example"
    state = "office@interior.example"
    people = {
        west: ("--role", "coordinator", "--region", "Western Africa"),
        east: ("--role", "coordinator", "--region", "Eastern Africa"),
        state: ("--role", "requester", "--state", "SEN", "--language", "ar"),
    }
    for email, options in people.items():
        link = entraide(stack, "accounts", "invite", email, *options).stdout.strip()
        assert send(browser, link, name="Somebody", password=PASSWORD).url == f"{portal}/sign-in"
    body = {
        "country": "SEN",
        "title": "Marking",
        "description": "Machines to mark weapons with.",
        "needs": [{"theme": "marking", "kind": "equipment", "quantity": 2, "unit": "machines"}],
    }

    def subjects(email: str) -> list[str]:
        return [str(message["Subject"]) for message in mail_to(mailbox, email)]

    def kill_the_worker() -> None:
        # What is sent and not marked yet would be sent again, by design: wait for the marks.
        wait_until(lambda: entraide(stack, "accounts", "mail").stdout == "", 120, "the marks")
        os.kill(stack.supervisor.pids()["portal-worker"], signal.SIGKILL)

    def told(to_state: int, to_west: int) -> bool:
        return len(subjects(state)) >= to_state and len(subjects(west)) >= to_west

    for expected in ((3, 2), (5, 3)):
        kill_the_worker()
        published("requests", body)
        wait_until(partial(told, *expected), 120, "their mail")
    submitted = "Senegal submitted a request. It waits to be authenticated."
    assert subjects(west)[1:] == [submitted, submitted]
    assert len(subjects(state)) == 5
    assert len(subjects(east)) == 1
    assert len({message["Message-ID"] for message in mailbox.taken}) == len(mailbox.taken)

    assert send(browser, f"{portal}/sign-in", email=state, password=PASSWORD).ok
    page = browser.get(f"{portal}/notifications", timeout=30)
    assert 'dir="rtl"' in page.text
    assert len(set(re.findall(r"/notifications/[0-9a-f]{24}", page.text))) == 4
