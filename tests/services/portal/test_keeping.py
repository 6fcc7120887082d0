"""Nothing typed is lost: while a service is away, and when the session ended in the midst of it."""

import re
from collections.abc import Callable, Mapping
from html import escape, unescape
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from entraide.client import Answer
from services.portal.documents import Account
from services.portal.house import House
from services.portal.pages import keeping
from services.portal.pages.refusals import WORDS
from services.portal.services import Ask, Reader, RefusedError, Services
from shared.web.problems import TYPE_PREFIX
from tests.services.portal.answering import Asked, answer
from tests.services.portal.browsing import Browser

SignIn = Callable[[str], Browser]
TYPED = 'Seven "dogs",\n<b>and</b> كلاب'
REQUESTS, OFFERS, MATCHER = "register of requests", "register of offers", "matcher"
KEY = "0123456789abcdef01234567"
DAYS = {"start": "2026-10-01", "stated_on": "2026-09-01", "end": "2027-10-01"}
EMBARGO = {"country": "SEN", "resolution": "R 1", "source": TYPED, "reason": TYPED, **DAYS}
EXEMPTION = {
    "exemptions-0-reference": TYPED,
    "exemptions-0-request": "r",
    "exemptions-0-start": "2026-10-01",
    "exemptions-0-end": "2026-10-31",
}
OFFICE = {"offices": "1", "office-0-office": TYPED, "office-0-languages": "fr"}
JOIN = {"role": "funding", "text": TYPED, "key": KEY}
ACTIVITY = {
    "title": TYPED,
    "description": TYPED,
    "language": "en",
    "country": "SEN",
    "theme": "marking",
    "kind": "training",
    "status": "ongoing",
    "key": KEY,
}
AWAY = [
    ("donor", "/offers/new", {"title": "Dogs", "description": TYPED, "key": KEY}, OFFERS),
    ("donor", "/offers/o/edit/terms", {"conditions": TYPED, "version": '"1.2"'}, OFFERS),
    ("donor", "/activities/new", ACTIVITY, OFFERS),
    ("donor", "/activities/a/edit", ACTIVITY, OFFERS),
    ("donor", "/contacts/edit", OFFICE, OFFERS),
    ("requester", "/contacts/edit", OFFICE, REQUESTS),
    ("donor", "/organisations/acme/edit", {"name": TYPED, "type": "ngo"}, OFFERS),
    ("requester", "/requests/r/steps/withdraw", {"text": TYPED, "etag": '"1.2"'}, REQUESTS),
    ("donor", "/requests/r/steps/endorse", {"text": TYPED, "key": KEY}, REQUESTS),
    ("coordinator", "/review/requests/r", {"decision": "return", "text": TYPED}, REQUESTS),
    ("coordinator", "/proposals/r.o", {"decision": "reject", "reason": TYPED}, MATCHER),
    ("coordinator", "/duplicates/d", {"decision": "link", "reason": TYPED}, MATCHER),
    ("coordinator", "/coverage/c", {"decision": "dismiss", "reason": TYPED}, MATCHER),
    ("coordinator", "/alliances/a", {"decision": "dismiss", "reason": TYPED}, MATCHER),
    ("coordinator", "/embargoes/new", EMBARGO, MATCHER),
    ("coordinator", "/embargoes/new", {**EMBARGO, **EXEMPTION}, REQUESTS),
    ("coordinator", "/embargoes/e/edit", EMBARGO, MATCHER),
    ("coordinator", "/embargoes/e/step", {"step": "confirm", "reason": TYPED}, MATCHER),
    ("coordinator", "/allocation/a/accept", {"chosen": "r.o", "days": "60"}, MATCHER),
    ("requester", "/matches/r.o/do/agree", {"reason": TYPED, "key": KEY}, MATCHER),
    ("requester", "/matches/r.o/joinings/j/answer", {"reason": TYPED, "version": "1"}, MATCHER),
    ("donor", "/matches/r.o/join", JOIN, MATCHER),
]
SIGNED_OUT = [
    *((role, path, sent) for role, path, sent, _ in AWAY),
    ("coordinator", "/invitations", {"email": "someone@somewhere.example", "state": "SEN"}),
    ("donor", "/account/webhooks", {"url": "https://8.8.8.8/hook", "kinds": "x"}),
    ("donor", "/account/tokens", {"name": TYPED, "scopes": "requests:read"}),
    ("donor", "/notifications/choices", {"match": "digest"}),
    ("coordinator", "/review/endorse", {"chosen": "r.o", "version:r.o": '"1.2"'}),
    ("requester", "/requests/new", {"title": TYPED, "description": "x" * 10_000, "key": KEY}),
    ("requester", "/requests/r/edit/plan", {"window_from": "3 mars 2027", "row-0-text": TYPED}),
    ("donor", "/matches/r.o/messages", {"text": f"{TYPED}\u202e<script>", "key": KEY}),
]
NOTHING_TYPED = {
    *(
        "/accounts/x/lock",
        "/accounts/x/unlock",
        "/account",
        "/account/erase",
        "/account/password",
        "/account/second-factor",
    ),
    *("/account/second-factor/codes", "/account/second-factor/remove"),
    *("/account/sessions/x/end", "/account/tokens/x/revoke", "/account/webhooks/x/pause"),
    *("/account/webhooks/x/ping", "/account/webhooks/x/remove", "/account/webhooks/x/resume"),
    *("/activities/import", "/activities/import/x", "/contacts/confirm", "/contacts/erase"),
    *("/activities/spreadsheet", "/activities/spreadsheet/x"),
    *("/offers/spreadsheet", "/offers/spreadsheet/x"),
    *("/requests/spreadsheet", "/requests/spreadsheet/x", "/requests/hints/x"),
    *("/offers/x/files", "/offers/x/files/x/remove", "/offers/x/lines", "/offers/x/step/x"),
    *("/requests/x/files", "/requests/x/files/x/remove", "/matches/x/files"),
    *("/invitations/x/take-back", "/models/use", "/notifications/read", "/operations/retry"),
    *("/review/decisions/x/dismiss", "/review/decisions/x/now", "/review/decisions/x/take-back"),
    *("/forgotten", "/invitation/x", "/reset/x", "/sign-in", "/sign-in/code", "/sign-out"),
}
"""What is sent to has buttons, files, choices and secrets alone, or is for who is signed out."""


@pytest.fixture
def signed_in(app: Flask, house: House, make_account: Callable[..., Account]) -> SignIn:
    """Signs somebody of a role in, with both factors; the browser."""

    def sign_in(role: str) -> Browser:
        return Browser(app).enter(house, make_account(role))

    return sign_in


def given_back(browser: Browser) -> dict[str, str]:
    """What the page's form sends when it is sent as it is."""
    (form,) = (form for form in browser.page.forms if form.action == "")
    return form.values


def shown_of(browser: Browser) -> list[str]:
    """What the page shows of what was typed, in its order."""
    assert browser.answer is not None
    found = re.findall(r'<p class="said card" dir="auto">(.*?)</p>', browser.answer.text, re.DOTALL)
    return [unescape(one) for one in found]


def back_of(browser: Browser) -> str:
    """Where the page's way back leads."""
    assert browser.answer is not None
    (found,) = re.findall(r'<a href="([^"]*)">Back</a>', browser.answer.text)
    return str(found)


def broken_as_sent(sent: Mapping[str, str]) -> dict[str, str]:
    """What was typed, with the line breaks that Python's parser of pages finds."""
    return {name: value.replace("\r\n", "\n") for name, value in sent.items()}


@pytest.mark.parametrize(("role", "path", "sent", "what"), AWAY)
def test_what_was_sent_to_a_service_that_is_away_is_given_back(
    signed_in: SignIn, role: str, path: str, sent: dict[str, str], what: str
) -> None:
    browser = signed_in(role)
    browser.open("/account/password")
    token = browser.page.forms[0].values["csrf_token"]
    browser.answer = browser.client.post(path, data={**sent, "csrf_token": token})
    for _again in range(2):  # sent again, it is given back again
        assert browser.status == 503
        assert f"The {what} cannot be reached just now." in browser.page.text
        found = given_back(browser)
        assert found.pop("csrf_token")
        assert broken_as_sent(found) == sent
        assert browser.answer is not None
        assert (escape(TYPED) in browser.answer.text.replace("&#34;", "&quot;")) == (
            TYPED in sent.values()
        )
        browser.send()


TELLING = ("/offers/new", "/activities/new", "/contacts/edit", "/organisations/acme/edit")
"""Pages that show what was typed themselves, whatever refuses it."""
REFUSALS = [(403, "forbidden"), (404, "not-found"), (429, "too-many-endorsements")]


@pytest.mark.parametrize(("status", "code"), REFUSALS)
@pytest.mark.parametrize(
    ("role", "path", "sent", "what"), [one for one in AWAY if one[1] not in TELLING]
)
def test_what_is_refused_whatever_it_says_is_given_back_with_why(
    signed_in: SignIn,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    code: str,
    role: str,
    path: str,
    sent: dict[str, str],
    what: str,
) -> None:
    def refuse(*_asked: object, **_more: object) -> Answer:
        service = {REQUESTS: "requests", OFFERS: "offers", MATCHER: "matcher"}[what]
        raise RefusedError(service, status, {"type": f"{TYPE_PREFIX}{code}", "title": "No."})

    monkeypatch.setattr(Services, "fetch", refuse)
    monkeypatch.setattr(Services, "send", refuse)
    browser = signed_in(role)
    browser.open("/account/password")
    token = browser.page.forms[0].values["csrf_token"]
    browser.answer = browser.client.post(path, data={**sent, "csrf_token": token})
    assert (browser.status, str(WORDS[code]) in browser.page.text) == (status, True)
    assert ("if it was done already" in browser.page.text) == (status == 429)
    assert [one for one in shown_of(browser) if one == TYPED] == [
        one for one in sent.values() if one == TYPED
    ]
    if status == 429:
        found = given_back(browser)
        assert found.pop("csrf_token")
        assert broken_as_sent(found) == sent
        return
    # Sent again it is refused again: there is no form, and a way back to a page that there is.
    assert not [form for form in browser.page.forms if form.action == ""]
    assert path.startswith((back_of(browser), "/proposals", "/duplicates", "/coverage"))


OVER = [
    ("requester", "requests", "/requests/r/edit/need", {"country": "SEN", "status": "merged"}),
    ("donor", "offers", "/offers/o/edit/words", {"organisation": "acme", "status": "closed"}),
]


@pytest.mark.parametrize(("role", "service", "path", "record"), OVER)
def test_what_was_typed_into_a_record_that_is_over_is_given_back(
    signed_in: SignIn,
    monkeypatch: pytest.MonkeyPatch,
    role: str,
    service: str,
    path: str,
    record: dict[str, str],
) -> None:
    def fetch(_services: Services, _reader: Reader, one: Ask) -> Answer:
        assert one.service == service
        return Answer({"id": "x", **record}, '"1.2"')

    monkeypatch.setattr(Services, "fetch", fetch)
    browser, sent = signed_in(role), {"title": "Dogs", "description": TYPED, "key": KEY}
    browser.answer = browser.client.post(path, data=sent)
    assert browser.status == 403
    assert "This is over and cannot be changed any more." in browser.page.text
    assert shown_of(browser) == ["Dogs", TYPED]
    assert back_of(browser) == path.partition("/edit")[0]
    browser.open(path)
    assert (browser.status, "This page is not for your role" in browser.page.text) == (403, True)


LINES = {
    "title": "Storage",
    "language": "en",
    "rows-0-line": "1",
    "rows-0-theme": "marking",
    "rows-0-quantity": "1500",
    "rows-0-unit": "lockers",
    "rows-0-start": "2027-03-01",
    "rows-0-text": " ",
    "rows": "1",
    "go": "next",
    "etag": '"1.2"',
    "key": KEY,
    "typed_in": "en",
}
WRITTEN = ["Storage", "1500", "lockers", "2027-03-01"]


@pytest.mark.parametrize(
    ("status", "code", "back"),
    [(403, "forbidden", "/matches/r.o"), (404, "not-found", "/matches")],
)
def test_where_nothing_is_sent_again_all_that_was_written_is_shown_and_no_code(
    signed_in: SignIn, monkeypatch: pytest.MonkeyPatch, status: int, code: str, back: str
) -> None:
    def refuse(*_asked: object, **_more: object) -> Answer:
        raise RefusedError("matcher", status, {"type": f"{TYPE_PREFIX}{code}", "title": "No."})

    monkeypatch.setattr(Services, "fetch", refuse)
    browser = signed_in("donor")
    for sent, shown in ((LINES, WRITTEN), ({"version": "1", "decision": "agree"}, [])):
        browser.answer = browser.client.post("/matches/r.o/do/agree", data=sent)
        assert (browser.status, shown_of(browser), back_of(browser)) == (status, shown, back)
        assert ("What you typed is not lost" in browser.page.text) is bool(shown)


ALSO_WRITTEN = {"organisation", "reason", "request", "resolution", "unit"}
"""What some forms take along unseen, or have chosen, and somebody writes in others."""

ASKED = {"best", "place", "score", "service", "without"}
"""What addresses of lists and of a what-if ask for; no page gives these back."""


def test_what_forms_take_along_and_what_is_chosen_is_known_by_name() -> None:
    unseen = re.compile(r'type="hidden" name="([a-z_]+)|<(?:select|button)[^>]* name="([a-z_]+)"')
    chosen = r"SelectField|RadioField|HiddenField|ticked|sight"
    fields = re.compile(rf"^    ([a-z_]+)(?:: [A-Za-z]+)? = (?:\w+\.)?(?:{chosen})\(", re.MULTILINE)
    names: set[str] = set()
    for file in Path(keeping.__file__).parent.rglob("*"):
        if file.suffix in (".py", ".html"):
            found = (unseen if file.suffix == ".html" else fields).findall(file.read_text())
            names |= {"".join(one) for one in found}
    assert {"key", "theme", "go", "seen"} < names
    assert names - keeping._OF_THE_PAGE - keeping._CHOSEN == ALSO_WRITTEN | ASKED


@pytest.mark.parametrize(("role", "path", "sent"), SIGNED_OUT)
def test_what_was_sent_after_the_session_ended_is_given_back(
    signed_in: SignIn, role: str, path: str, sent: dict[str, str]
) -> None:
    browser = signed_in(role)
    browser.client.delete_cookie("entraide-session")
    secrets = {"current": "a secret", "csrf_token": "of the visit"}
    browser.answer = browser.client.post(path, data={**sent, **secrets})
    assert browser.status == 403
    assert "You were signed out" in browser.page.text
    assert broken_as_sent(given_back(browser)) == sent
    assert "a secret" not in browser.answer.text


def test_no_page_that_takes_a_text_loses_it_where_the_session_ended(
    app: Flask, signed_in: SignIn
) -> None:
    browser = signed_in("donor")
    browser.client.delete_cookie("entraide-session")
    losing = set()
    for rule in app.url_map.iter_rules():
        path = re.sub("<[^>]*>", lambda found: "1" if "int:" in found[0] else "x", rule.rule)
        if "POST" in (rule.methods or ()) and not path.startswith("/v1/"):
            answer = browser.client.post(path, data={"text": TYPED})
            shown = answer.text.replace("&#34;", "&quot;")
            if answer.status_code != 403 or escape(TYPED) not in shown:
                losing.add(path)
    assert losing == NOTHING_TYPED


def test_forms_come_back_filled_in_after_signing_in_again(signed_in: SignIn) -> None:
    coordinator, donor = signed_in("coordinator"), signed_in("donor")
    for browser, path, sent in (
        (coordinator, "/invitations", {"email": "someone@somewhere.example", "state": "SEN"}),
        (donor, "/account/webhooks", {"url": "https://8.8.8.8/hook"}),
        (donor, "/account/tokens", {"name": "For the list", "lifetime": "365"}),
        (donor, "/notifications/choices", {"offer-step": "none"}),
    ):
        browser.answer = browser.client.post(path, data=sent)
        assert browser.status == 422
        assert "This page had been open for too long." in browser.page.text
        (form,) = (form for form in browser.page.forms if set(sent) <= set(form.values))
        assert {name: form.values[name] for name in sent} == sent


def test_an_endorsement_of_several_is_looked_at_again_after_signing_in_again(
    signed_in: SignIn,
) -> None:
    browser = signed_in("coordinator")
    sent = MultiDict([("chosen", "r.o"), ("chosen", "r.p"), ("back", "/review?kind=proposals")])
    answer = browser.client.post("/review/endorse", data=sent)
    assert answer.status_code == 303
    on = "/review/endorse?chosen=r.o&chosen=r.p&back=%2Freview%3Fkind%3Dproposals"
    assert answer.headers["Location"] == on


def test_a_reason_to_decline_who_would_join_is_given_back_by_a_page_that_was_open_for_long(
    signed_in: SignIn,
) -> None:
    browser = signed_in("requester")
    sent = {"answer": "decline", "reason": TYPED, "version": "1", "csrf_token": "old"}
    browser.answer = browser.client.post("/matches/r.o/joinings/j/answer", data=sent)
    assert browser.status == 422
    assert "This page had been open for too long." in browser.page.text
    found = given_back(browser)
    assert found.pop("csrf_token") != "old"
    assert broken_as_sent(found) == {name: sent[name] for name in sent if name != "csrf_token"}


@pytest.fixture
def unregistered(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What the services answer to a donor whose organisation is not registered."""
    return answer(monkeypatch, {"/v1/organisations": {"items": []}}, "")


def test_what_was_typed_before_the_organisation_was_registered_is_sent_again_in_the_same_visit(
    signed_in: SignIn, unregistered: Asked
) -> None:
    browser, sent = signed_in("donor"), {"title": "Dogs", "description": TYPED, "key": KEY}
    browser.answer = browser.client.post("/offers/new", data=sent)
    assert browser.status == 409
    assert "Then come back to this tab and send it again." in browser.page.text
    unregistered["/v1/organisations"] = {"items": [{"id": "acme", "name": "Acme"}]}
    browser.send()
    assert browser.status == 503  # for the register takes no offer here
    assert "This page had been open for too long." not in browser.page.text


@pytest.mark.usefixtures("unregistered")
@pytest.mark.parametrize(
    "path", ["/activities/import", "/activities/spreadsheet", "/offers/spreadsheet"]
)
def test_a_file_is_not_said_to_be_kept_until_the_organisation_is_registered(
    signed_in: SignIn, path: str
) -> None:
    browser = signed_in("donor")
    large = BytesIO(b"<" * 300_000)  # more than a form has that brings no file
    browser.answer = browser.client.post(path, data={"file": (large, "file.xml")})
    assert browser.status == 303
    assert browser.answer.headers["Location"] == f"/organisations/acme/edit?next={path}"
    assert "Register it, then choose the file again." in browser.open("/account").text
