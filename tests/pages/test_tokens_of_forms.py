"""Nothing is done by any form, whoever is signed in, without the token of the visit.

A page of another site can make a browser send a form with its cookies; it cannot know the token.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import pytest
import requests
from flask import Flask
from werkzeug.routing import Rule

from services.portal.domain.people import Office
from services.portal.services import AwayError, Reader, Services
from shared.web.marks import marks_of
from tests.pages.beside import portal_beside
from tests.pages.meeting import draft_request, make_match, submit_request
from tests.pages.running import PASSWORD, Portal, new_account
from tests.pages.test_activities import IATI
from tests.pages.visiting import Visitor
from tests.pages.walking import reachable
from tests.services.written import Write, writes

pytestmark = [pytest.mark.journey, pytest.mark.long]

ROLES: Final = ("requester", "donor", "coordinator", "auditor", "operator")
TOKEN: Final = "csrf_token"
READING = re.compile(r"/(inferred|advice|what-if)(\?|$)")
"""What is sent to a service to be read, and changes nothing."""
NOTED = frozenset({"audit", "audit_reads", "audit_head", "audit_seals", "throttles"})
"""Collections that tell who came, not what was done."""
SEEN = frozenset({"seen_at", "used_at"})
"""Fields that tell when somebody was last seen."""
FILLED = {"reason": "Because", "text": "Because", "email": "nobody@portal.example"}
NAMES: Final = {"step": "submit", "part": "need", "name": "agree", "which": "all", "number": "1"}
_ID = re.compile(r"[0-9a-f]{24}(\.[0-9a-f]{24})?")
EMBARGO: Final = {
    "country": "NRU",
    "resolution": "Made up for forms",
    "allowed": [],
    "exemptions": [],
    "from": "2026-10-01",
    "to": None,
    "source": "Made up",
    "stated_on": "2026-11-01",
    "review_by": None,
    "reason": "Tests",
}
LEAST_FORMS: Final = 45
"""So many of the routes that take forms are reached by links; the others are sent to anyway."""

SentForm = tuple[str, str, Mapping[str, str]]
"""The route that takes it, where it goes, and what it sends."""

written: list[str] = []


class WatchedServices(Services):
    """The services, of which none is ever told to change anything; what it would be is kept."""

    def _call(
        self, reader: Reader, method: str, service: str, path: str, **sent: Any
    ) -> requests.Response:
        looks = READING.search(path) or (sent.get("query") or {}).get("preview") == "true"
        if method != "GET" and not looks:
            written.append(f"{method} {service} {path}")
            raise AwayError(service)
        return super()._call(reader, method, service, path, **sent)


@pytest.fixture(scope="module")
def email(portal: Portal) -> str:
    """The address of an account that nobody has signed in to. To make one is to let go of the
    database: ask for it before `beside`."""
    return new_account(portal, Office("auditor"))


@pytest.fixture(scope="module")
def beside(portal: Portal) -> Iterator[tuple[Portal, Flask]]:
    """A portal whose services are watched, and its app."""
    with portal_beside(portal, WatchedServices) as made:
        yield made


@pytest.fixture(scope="module")
def more_pages(portal: Portal) -> Mapping[str, list[str]]:
    """Pages with forms that links of the examples do not lead to, by who has them."""
    match, asked = f"/matches/{make_match(portal)}", draft_request(portal)
    submit_request(portal, asked)
    embargo = portal.api("coordinator").post("matcher", "/v1/embargoes", EMBARGO).body["id"]
    donor = portal.visitor("donor")
    donor.open("/activities/import")
    donor.send(files={"file": ("ours.xml", IATI.read_bytes())})
    held = donor.path
    donor.open("/account/tokens")
    token = {"name": "of a test", "scopes": ["portal:read"], "lifetime": "30", "current": PASSWORD}
    donor.send(**token)
    return {
        "requester": [match],
        "donor": [match, held, "/account/tokens"],
        "coordinator": [
            *(match, f"/review/requests/{asked}"),
            *(f"/embargoes/{embargo}/edit", f"/embargoes/{embargo}?step=end"),
        ],
    }


def forms_of(browser: Visitor) -> Iterator[tuple[str, dict[str, str]]]:
    """The forms of the shown page that change something: where each goes, and what it sends."""
    place = -1
    found: list[tuple[str, dict[str, str], bool]] = []
    for tag, attrs in browser.page.tags:
        if tag == "form":
            place += 1
            form = browser.page.forms[place]
            found.append((form.action, dict(form.values), attrs.get("method") == "post"))
        elif found and tag in ("button", "input") and attrs.get("name"):
            found[-1][1].setdefault(attrs["name"], attrs.get("value", ""))
    for action, values, posts in found:
        if posts:
            more = {name: text for name, text in FILLED.items() if values.get(name) == ""}
            yield urljoin(browser.shown.url, action), {**values, **more}


def taking_forms(app: Flask) -> list[Rule]:
    """The routes of pages that take forms."""
    return [
        rule
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and marks_of(app.view_functions[rule.endpoint]).page
    ]


def rule_of(app: Flask, address: str) -> str:
    """The route that takes a form at that address."""
    adapter = app.url_map.bind("127.0.0.1")
    rule, _values = adapter.match(urlsplit(address).path, method="POST", return_rule=True)
    return str(rule)


def send(browser: Visitor, address: str, values: Mapping[str, str]) -> requests.Response:
    """Send a form as a page of another site would have the browser do."""
    sent = {name: value for name, value in values.items() if name != TOKEN}
    return browser.session.post(address, data=sent, timeout=60, allow_redirects=False)


def made_up(rule: str, addresses: Iterable[str]) -> str:
    """An address of a route that no form led to: of a record that the reader sees, if there is one.

    Of what it does with the record it has one name of NAMES; others are of nothing.
    """
    begins = rule.partition("<")[0]
    known = (one.removeprefix(begins) for one in addresses if one.startswith(begins))
    found = next((hit.group() for one in known if (hit := _ID.match(one))), "0" * 24)
    first = re.sub(r"<[^>]*_id>", found, rule, count=1)
    return re.sub(r"<\w+:(\w+)>", lambda hit: NAMES.get(hit.group(1), "0" * 24), first)


def test_what_a_form_does_with_its_token_is_seen(email: str, beside: tuple[Portal, Flask]) -> None:
    portal, _ = beside
    browser = portal.visitor()
    browser.open("/sign-in")
    with writes() as own:
        browser.send(email=email, password=PASSWORD)
    assert "sessions" in {one.name for one in own if tells(one)}


def test_no_form_does_anything_without_its_token(
    beside: tuple[Portal, Flask], more_pages: Mapping[str, list[str]]
) -> None:
    portal, app = beside
    rules, reached, done = taking_forms(app), set(), []
    assert len(rules) > 60
    for role in ROLES:
        browser, sent, links = portal.visitor(role), set(), list[str]()
        for page in chain(reachable(browser, role), opened(browser, more_pages.get(role, ()))):
            links += [page, *browser.links("/")]
            fresh: list[SentForm] = []
            for address, values in forms_of(browser):
                rule = rule_of(app, address)
                shape = (rule, values.get("decision"), frozenset(values))
                if shape not in sent:
                    fresh.append((rule, address, values))
                    assert TOKEN in values, f"a form without a token: {page} {rule}"
                sent.add(shape)
            reached.update(rule for rule, _, _ in fresh)
            done += changes_by(browser, fresh)
        others = [str(rule) for rule in rules if str(rule) not in reached]
        addresses = {rule: portal.url + made_up(rule, links) for rule in others}
        done += changes_by(browser, [(rule, addresses[rule], FILLED) for rule in others])
    assert done == []
    assert len(reached) >= LEAST_FORMS, sorted(reached)


def opened(browser: Visitor, pages: Iterable[str]) -> Iterator[str]:
    """Each page while the browser has it open."""
    for page in pages:
        browser.open(page)
        yield page


def changes_by(browser: Visitor, forms: Sequence[SentForm]) -> Iterator[str]:
    """What these forms changed, or would have changed in a service; nothing, if all is well."""
    for rule, address, values in forms:
        written.clear()
        with writes() as own:
            answer = send(browser, address, values)
        if answer.status_code >= 500:
            yield f"{rule}: {answer.status_code}"
        yield from (f"{rule}: {one}" for one in written)
        yield from (f"{rule}: writes {one.name}" for one in own if tells(one))


def tells(write: Write) -> bool:
    """Whether it tells of what was done, and not of who came alone."""
    return write.name not in NOTED and not (write.sets and write.sets <= SEEN)
