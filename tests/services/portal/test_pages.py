"""The pages as people without scripts use them: signing in, accounts, invitations, tokens."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from wtforms import Form, StringField, TextAreaField

from services.portal import accounts, factors
from services.portal.app import create_app
from services.portal.documents import Account, ApiToken, Invitation, OutgoingMail, Session
from services.portal.domain.backoff import ACCOUNT
from services.portal.house import House
from services.portal.outgoing import link_of
from services.portal.pages import frame, inviting
from services.portal.pages.lengths import AtMost
from services.portal.trail import COMMAND_LINE
from shared.settings import Settings
from shared.web.logging import configure_logging
from tests.services.portal.browsing import Browser
from tests.services.portal.conftest import ENVIRON, PASSWORD, URL, Clock, forget_attempts

OTHER = "nine otters under a bridge"
SESSION = "entraide-session"


@pytest.fixture(autouse=True)
def fresh(app: object) -> None:
    forget_attempts()


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)


def link_to(house: House, email: str, kind: str) -> str:
    mail = OutgoingMail.objects(email=email, kind=kind).order_by("-created_at", "-id").first()
    return (link_of(house, mail) or "").removeprefix(URL)


def test_signing_in_shows_the_account_and_signing_out_ends_it(
    browser: Browser, make_account: Callable[..., Account]
) -> None:
    account = make_account(state="SEN")
    browser.open("/account")
    assert browser.path == "/sign-in"
    before = browser.cookies()
    page = browser.send(email=account.email.upper(), password=PASSWORD)
    assert browser.path == "/account"
    assert "Senegal" in page.text
    assert before["entraide-visit"] != browser.cookies()["entraide-visit"]
    stolen = browser.cookies()[SESSION]
    page = browser.send("/sign-out")
    assert "You are signed out." in page.text
    assert SESSION not in browser.cookies()
    browser.client.set_cookie(SESSION, stolen)
    browser.open("/account")
    assert browser.path == "/sign-in"


def test_a_cookie_that_was_planted_is_not_the_one_that_signs_in(
    app: Flask, browser: Browser, make_account: Callable[..., Account]
) -> None:
    account = make_account()
    browser.client.set_cookie(SESSION, "planted")
    browser.open("/sign-in?next=/account")
    browser.send(email=account.email, password=PASSWORD)
    assert browser.path == "/account"
    thief = Browser(app)
    thief.client.set_cookie(SESSION, "planted")
    thief.open("/account")
    assert thief.path == "/sign-in"


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/account/tokens", "/account/tokens"),
        ("//evil.example", "/requests"),
        ("/\\evil.example", "/requests"),
        ("https://evil.example", "/requests"),
        ("/account\r\nX: y", "/requests"),
        ("javascript:alert(1)", "/requests"),
        ("", "/requests"),
    ],
)
def test_after_signing_in_one_goes_on_within_the_portal(
    browser: Browser, make_account: Callable[..., Account], target: str, path: str
) -> None:
    account = make_account()
    browser.answer = browser.client.get("/sign-in", query_string={"next": target})
    browser.send(email=account.email, password=PASSWORD)
    assert browser.path == path


@pytest.mark.parametrize(
    ("role", "place"), [("coordinator", "/review"), ("operator", "/operations")]
)
def test_a_role_begins_where_its_work_is_and_finds_it_from_the_start_page(
    role: str,
    place: str,
    house: House,
    clock: Clock,
    browser: Browser,
    make_account: Callable[..., Account],
    with_factor: Callable[[Account], str],
) -> None:
    account = make_account(role)
    seed = with_factor(account)
    clock.forward(minutes=1)
    browser.open("/sign-in")
    browser.send(email=account.email, password=PASSWORD)
    browser.send(code=factors.rules.code_at(seed, clock()))
    assert browser.path == place
    page = browser.open("/")
    buttons = [one["href"] for tag, one in page.tags if tag == "a" and one.get("class") == "button"]
    assert buttons == [place]


def test_who_has_yet_to_give_the_code_goes_on_where_they_were(
    app: Flask,
    clock: Clock,
    make_account: Callable[..., Account],
    with_factor: Callable[[Account], str],
) -> None:
    account = make_account("coordinator")
    seed = with_factor(account)
    clock.forward(minutes=1)
    browser = Browser(app)
    browser.open("/sign-in")
    browser.send(email=account.email, password=PASSWORD)
    browser.open("/account/tokens?language=en")
    assert browser.path == "/sign-in/code"
    browser.send(code=factors.rules.code_at(seed, clock()))
    assert browser.path == "/account/tokens"


def test_who_was_too_long_about_the_code_is_told_and_goes_on_where_they_were(
    app: Flask,
    clock: Clock,
    make_account: Callable[..., Account],
    with_factor: Callable[[Account], str],
) -> None:
    account = make_account("coordinator")
    seed = with_factor(account)
    browser = Browser(app)
    browser.open("/sign-in?next=/account/tokens&language=en")
    browser.send(email=account.email, password=PASSWORD)
    assert browser.path == "/sign-in/code"
    clock.forward(days=1)
    browser.send(code=factors.rules.code_at(seed, clock()))
    assert browser.path == "/sign-in"
    assert "The time for the code was over. Sign in again." in browser.page.text
    browser.send(email=account.email, password=PASSWORD)
    browser.send(code=factors.rules.code_at(seed, clock()))
    assert browser.path == "/account/tokens"


@pytest.mark.parametrize(
    ("target", "on"),
    [("/account/tokens?page=1", "/account/tokens?page=1"), ("//evil.example", "/account")],
)
def test_who_has_to_set_up_a_factor_goes_on_where_they_were(
    app: Flask,
    house: House,
    clock: Clock,
    make_account: Callable[..., Account],
    target: str,
    on: str,
) -> None:
    account = make_account("coordinator")
    browser = Browser(app)
    browser.answer = browser.client.get("/sign-in", query_string={"next": target})
    browser.send(email=account.email, password=PASSWORD)
    assert browser.path == "/account/second-factor"
    if target == on:  # as well as who signed in before, and asks for the page only then
        browser.open("/account/second-factor")
        browser.open(target)
    assert browser.path == "/account/second-factor"
    seed = factors.seed_to_set_up(house, account)
    page = browser.send(code=factors.rules.code_at(seed, clock()))
    buttons = [one["href"] for tag, one in page.tags if tag == "a" and one.get("class") == "button"]
    assert buttons == [on]


@pytest.mark.parametrize(
    ("address", "above"),
    [
        ("/requests/r1/steps/close", "/requests/r1"),
        ("/offers/o1/step/submit", "/offers/o1"),
        ("/review/decisions/r1.o1/now", "/review"),
        ("/account/sessions/s1/end", "/account"),
    ],
)
def test_an_address_that_forms_are_sent_to_leads_to_the_page_that_they_stand_on(
    client: FlaskClient, address: str, above: str
) -> None:
    answer = client.get(f"{address}?language=fr", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.location) == (303, above)
    assert 'lang="fr"' in client.get("/sign-in").text
    assert client.get(address, headers={"Accept": "application/json"}).status_code == 405


def test_what_is_wrong_with_an_address_is_not_told_as_ours(client: FlaskClient) -> None:
    answer = client.get("/sign-out", headers={"Accept": "text/html"})
    assert answer.status_code == 405
    assert "This address asks for something that cannot be shown" in answer.text
    assert "on our side" not in answer.text


def test_what_is_wrong_is_said_without_telling_who_has_an_account(
    app: Flask, make_account: Callable[..., Account]
) -> None:
    pages = []
    for email in (make_account().email, "nobody@portal.example"):
        browser = Browser(app)
        shown: list[str] = []
        browser.open("/sign-in")
        shown += [browser.send(email=email, password=OTHER).text for _ in range(ACCOUNT.free + 1)]
        assert browser.status == 429
        pages.append(shown)
    assert pages[0] == pages[1]
    assert "There is no account with this address and this password." in pages[0][0]
    assert "Wait 10 seconds, then try again." in pages[0][-1]


def test_nothing_is_done_without_the_visits_token(
    app: Flask, browser: Browser, make_account: Callable[..., Account]
) -> None:
    account = make_account()
    values = {"email": account.email, "password": PASSWORD}
    answer = browser.client.post("/sign-in", data=values)
    assert answer.status_code == 422
    assert "open for too long" in answer.text
    other = Browser(app)
    other.open("/sign-in")
    values["csrf_token"] = other.page.forms[0].values["csrf_token"]
    browser.open("/sign-in")
    assert browser.client.post("/sign-in", data=values).status_code == 422
    assert Session.objects(account=account.id).count() == 0


def test_a_coordinator_can_do_nothing_before_the_second_factor(
    house: House,
    clock: Clock,
    make_account: Callable[..., Account],
    signed_in: Callable[[Account], Browser],
) -> None:
    account = make_account("coordinator")
    browser = signed_in(account)
    for path in ("/account", "/invitations", "/account/tokens", "/account/password"):
        page = browser.open(path)
        assert browser.path == "/account/second-factor"
        assert "Your role needs a second factor" in page.text
    seed = factors.seed_to_set_up(house, Account.objects(id=account.id).first())
    assert seed in page.text.replace(" ", "")
    assert any(tag == "svg" for tag, _ in page.tags)
    assert "wrong" in browser.send(code="000000").text
    setting_up = browser.cookies()[SESSION]
    page = browser.send(code=factors.rules.code_at(seed, clock()))
    codes = [word for word in page.text.split() if word.count("-") == 3]
    assert len(codes) == factors.rules.RECOVERY_CODES
    assert browser.cookies()[SESSION] != setting_up
    assert "Coordinator" in browser.open("/account").text
    browser.send("/sign-out")
    assert browser.path == "/sign-in"

    browser = signed_in(account)
    assert browser.path == "/sign-in/code"
    browser.open("/account")
    assert browser.path == "/sign-in/code"
    assert "wrong" in browser.send(code="123456").text
    browser.send(code=codes[0])
    assert browser.path == "/account"
    again = signed_in(account)
    again.send(code=codes[0])
    assert again.path == "/sign-in/code"
    clock.forward(seconds=30)
    again.send(code=factors.rules.code_at(seed, clock()))
    assert again.path == "/account"
    page = again.open("/account/second-factor")
    assert "Recovery codes left: 9." in page.text
    assert "Remove" not in page.text
    fresh_codes = again.send("/account/second-factor/codes", current=PASSWORD).text
    assert codes[1] not in fresh_codes
    assert fresh_codes.count("-") >= 30
    # Taken away by an operator while a session goes on: that can do nothing else either.
    factors.remove(house, Account.objects(id=account.id).first(), COMMAND_LINE, clock())
    again.open("/invitations")
    assert again.path == "/account/second-factor"


def test_others_may_set_a_second_factor_up_and_remove_it(
    house: House,
    clock: Clock,
    make_account: Callable[..., Account],
    signed_in: Callable[[Account], Browser],
) -> None:
    account = make_account("donor")
    elsewhere, browser = signed_in(account), signed_in(account)
    browser.open("/account/second-factor")
    seed = factors.seed_to_set_up(house, Account.objects(id=account.id).first())
    code = factors.rules.code_at(seed, clock())
    assert "not your password" in browser.send(code=code, current=OTHER).text
    assert "wrong" in browser.send(code="000000", current=PASSWORD).text
    browser.send(code=code, current=PASSWORD)
    elsewhere.open("/account")
    assert elsewhere.path == "/sign-in"
    browser.open("/account/second-factor")
    (form,) = (f for f in browser.page.forms if f.action == "/account/second-factor/codes")
    address = "/account/second-factor/remove"
    wrong = browser.client.post(address, data={**form.values, "current": OTHER})
    assert wrong.status_code == 422
    assert Account.objects(id=account.id).first().second_factor is not None
    browser.client.post(address, data={**form.values, "current": PASSWORD})
    assert Account.objects(id=account.id).first().second_factor is None


def test_a_forgotten_password_is_replaced_by_the_link_in_the_mail(
    app: Flask, house: House, browser: Browser, make_account: Callable[..., Account]
) -> None:
    account = make_account()
    shown = []
    for email in (account.email, "nobody-there@portal.example"):
        browser.open("/forgotten")
        shown.append(browser.send(email=email).text)
    assert shown[0] == shown[1]
    assert OutgoingMail.objects(email="nobody-there@portal.example").count() == 0
    address = link_to(house, account.email, "reset")
    other = Browser(app)
    browser.open(address)
    other.open(address)  # a scanner of mail that opens links uses nothing up
    assert "at least 15" in browser.send(password="short").text
    assert "many people" in browser.send(password="passwordpassword").text
    page = browser.send(password=OTHER)
    assert "Your password was changed." in page.text
    assert other.send(password=PASSWORD).text.count("does not work") >= 1
    assert other.status == 410
    browser.open("/sign-in?next=/account")
    browser.send(email=account.email, password=OTHER)
    assert browser.path == "/account"


def test_a_new_password_ends_the_other_sessions(
    make_account: Callable[..., Account], signed_in: Callable[[Account], Browser]
) -> None:
    account = make_account()
    elsewhere, browser = signed_in(account), signed_in(account)
    browser.open("/account/password")
    assert "not your password" in browser.send(current=OTHER, password=OTHER).text
    assert "at least 15" in browser.send(current=PASSWORD, password="short").text
    browser.send(current=PASSWORD, password=OTHER)
    assert browser.path == "/account"
    elsewhere.open("/account")
    assert elsewhere.path == "/sign-in"


def test_sessions_are_shown_and_ended(
    make_account: Callable[..., Account], signed_in: Callable[[Account], Browser]
) -> None:
    account = make_account()
    elsewhere, browser = signed_in(account), signed_in(account)
    page = browser.open("/account")
    actions = [f.action for f in page.forms if f.action.startswith("/account/sessions/")]
    assert len(actions) == 2
    browser.send(next(action for action in actions if "all" not in action))
    elsewhere.open("/account")
    assert elsewhere.path == "/sign-in"
    third = signed_in(account)
    browser.open("/account")
    browser.send("/account/sessions/all/end")
    for one in (browser, third):
        one.open("/account")
        assert one.path == "/sign-in"


def test_nobody_ends_sessions_or_tokens_of_another(
    make_account: Callable[..., Account], signed_in: Callable[[Account], Browser]
) -> None:
    victim, other = make_account(), make_account()
    signed_in(victim)
    session = Session.objects(account=victim.id).first()
    browser = signed_in(other)
    token = browser.open("/account").forms[0].values["csrf_token"]
    browser.client.post(f"/account/sessions/{session.id}/end", data={"csrf_token": token})
    assert Session.objects(id=session.id).count() == 1


def test_an_invitation_becomes_an_account(
    house: House,
    clock: Clock,
    app: Flask,
    make_account: Callable[..., Account],
    with_factor: Callable[[Account], str],
    signed_in: Callable[[Account], Browser],
) -> None:
    coordinator = make_account("coordinator")
    seed = with_factor(coordinator)
    clock.forward(seconds=30)
    browser = signed_in(coordinator)
    browser.send(code=factors.rules.code_at(seed, clock()))
    page = browser.open("/invitations")
    assert "operator" not in [a.get("value") for tag, a in page.tags if tag == "option"]
    email = "invited-by-page@portal.example"
    wrong = browser.send(email=email, role="requester", organisation="acme")
    assert "acts for one State" in wrong.text
    page = browser.send(email=email, role="requester", state="MLI", organisation="", language="ar")
    assert f"on its way to {email}" in page.text
    address = link_to(house, email, "invitation")
    assert address not in page.text

    invited = Browser(app)
    assert "Mali" in invited.open(address).text
    assert "too much like" in invited.send(name="Focal Point", password=email).text
    page = invited.send(name=" <b>Focal</b> Point ", password=OTHER)
    assert "Your account is ready." in page.text
    invited.open("/sign-in?next=/account")
    page = invited.send(email=email, password=OTHER)
    assert "<b>Focal</b> Point" in page.text
    assert invited.open(address).text.count("does not work") >= 1

    browser.open("/invitations")
    browser.send(email="taken-back@portal.example", role="auditor")
    invitation = Invitation.objects(email="taken-back@portal.example").first()
    assert "taken back" in browser.send(f"/invitations/{invitation.id}/take-back").text
    invited.open(link_to(house, "taken-back@portal.example", "invitation"))
    assert invited.status == 410


def test_only_those_who_may_invite_see_the_page(
    make_account: Callable[..., Account], signed_in: Callable[[Account], Browser]
) -> None:
    browser = signed_in(make_account("donor"))
    page = browser.open("/invitations")
    assert browser.status == 403
    assert "not for your role" in page.text


def test_a_token_is_made_by_who_is_there_and_shown_once(
    make_account: Callable[..., Account], signed_in: Callable[[Account], Browser], app: Flask
) -> None:
    account = make_account()
    browser = signed_in(account)
    browser.open("/account/tokens")
    chosen: dict[str, Any] = {"name": "nightly", "scopes": ["requests:read"], "lifetime": "30"}
    assert "not your password" in browser.send(**chosen, current=OTHER).text
    assert "at least one" in browser.send(**{**chosen, "scopes": []}, current=PASSWORD).text
    assert "Not a valid choice" not in browser.page.text
    assert ApiToken.objects(account=account.id).count() == 0
    page = browser.send(**chosen, current=PASSWORD)
    (text,) = (word for word in page.text.split() if word.startswith("entraide_"))
    assert text not in browser.open("/account/tokens").text
    exchanged = app.test_client().post("/v1/token", json={"token": text})
    assert exchanged.status_code == 200
    token = ApiToken.objects(account=account.id).first()
    assert "revoked" in browser.send(f"/account/tokens/{token.id}/revoke").text
    assert app.test_client().post("/v1/token", json={"token": text}).status_code == 401


def test_a_token_form_that_is_sent_twice_makes_one_token(
    make_account: Callable[..., Account], signed_in: Callable[[Account], Browser]
) -> None:
    account = make_account()
    browser = signed_in(account)
    form = browser.open("/account/tokens").forms[-1].values
    sent = {**form, "name": "nightly", "scopes": "requests:read", "lifetime": "30"}
    known = {"current": PASSWORD}
    answers = [browser.client.post("/account/tokens", data={**sent, **known}) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 200]
    assert ["entraide_" in one.text for one in answers] == [True, False]
    assert ["This token was made already" in one.text for one in answers] == [False, True]
    assert answers[1].text.count("<p><bdi>nightly</bdi>") == 2  # what is said, and in the list
    assert ApiToken.objects(account=account.id).count() == 1
    # Gone back to and filled in otherwise, it is another form; so it is once the token is revoked.
    other = browser.client.post("/account/tokens", data={**sent, "lifetime": "90", **known})
    assert "entraide_" in other.text
    for token in ApiToken.objects(account=account.id):
        browser.open("/account/tokens")
        browser.send(f"/account/tokens/{token.id}/revoke")
    again = [browser.client.post("/account/tokens", data={**sent, **known}) for _ in range(2)]
    assert ["entraide_" in one.text for one in again] == [True, False]
    assert ApiToken.objects(account=account.id, revoked_at=None).count() == 1
    shown = browser.open("/account/tokens")
    assert shown.forms[-1].values["key"] not in ("", form["key"])
    assert "Made:" in shown.text
    other = signed_in(make_account())
    mine = {**sent, "csrf_token": other.open("/account/tokens").forms[-1].values["csrf_token"]}
    answer = other.client.post("/account/tokens", data={**mine, "current": PASSWORD})
    assert answer.status_code == 200  # a key is its account's own


def test_a_token_is_shown_though_the_database_was_told_twice(
    make_account: Callable[..., Account],
    signed_in: Callable[[Account], Browser],
    request: pytest.FixtureRequest,
) -> None:
    browser = signed_in(make_account())
    browser.open("/account/tokens")
    request.getfixturevalue("repeated_inserts")
    browser.send(name="nightly", scopes=["requests:read"], lifetime="30", current=PASSWORD)
    assert "entraide_" in browser.page.text


def test_hostile_values_are_refused_or_shown_as_they_are(
    browser: Browser, make_account: Callable[..., Account], signed_in: Callable[[Account], Browser]
) -> None:
    browser.open("/sign-in")
    for value in ("\x00", "\ud800".encode("utf-8", "surrogatepass"), "x" * 10_000, "\u202e" * 50):
        browser.send(email=value, password=value)
        assert browser.status in (422, 429)
    inside = signed_in(make_account())
    inside.open("/account/tokens")
    script = "<script>alert(1)</script>"
    inside.send(name=script, scopes=["portal:read"], lifetime="30", current=PASSWORD)
    assert script not in inside.answer.text  # type: ignore[union-attr]
    assert script in inside.page.text
    inside.send(name="x", scopes=["matcher:everything"], lifetime="30", current=PASSWORD)
    assert inside.status == 422
    inside.send(name="x", scopes=["portal:read"], lifetime="99999", current=PASSWORD)
    assert inside.status == 422


def test_problems_are_pages_for_people_and_documents_for_programs(app: Flask) -> None:
    client = app.test_client()
    for_people = client.get("/nowhere", headers={"Accept": "text/html,*/*;q=0.8"})
    assert for_people.status_code == 404
    assert "This page does not exist" in for_people.text
    assert client.get("/nowhere").content_type == "application/problem+json"
    assert client.get("/v1/accounts").content_type == "application/problem+json"
    large = client.post("/sign-in", data={"email": "x" * 300_000})
    assert large.status_code == 413
    assert "too large" in large.text


def test_no_page_hides_what_every_page_uses(app: Flask) -> None:
    with app.test_request_context("/"), pytest.raises(ValueError, match="without"):
        frame.show("start.html", without=["a record"])


def test_cookies_and_headers_are_strict_over_tls(
    portal_settings: Settings, clock: Clock, make_account: Callable[..., Account]
) -> None:
    account = make_account()
    environ = ENVIRON | {"ENTRAIDE_PUBLIC_URL_PORTAL": "https://entraide.example"}
    app = create_app(portal_settings, environ, clock)
    client = app.test_client()
    options = {"base_url": "https://entraide.example"}
    page = client.get("/sign-in", **options)
    token = page.text.split('name="csrf_token" type="hidden" value="')[1].split('"')[0]
    values = {"csrf_token": token, "email": account.email, "password": PASSWORD}
    answer = client.post("/sign-in", data=values, **options)
    assert answer.status_code == 303
    cookies = answer.headers.getlist("Set-Cookie")
    assert len(cookies) == 2
    for cookie in cookies:
        assert cookie.startswith("__Host-entraide-")
        attributes = {part.strip() for part in cookie.split(";")[1:]}
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= attributes
        assert "Domain" not in cookie
    assert "max-age=" in answer.headers["Strict-Transport-Security"]
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"


def test_logs_say_nothing_secret(
    app: Flask,
    house: House,
    make_account: Callable[..., Account],
    portal_settings: Settings,
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging(portal_settings)  # to where this test listens
    account = make_account()
    link = accounts.new_reset_link(house, account, house.clock())
    browser = Browser(app)
    browser.open(link.removeprefix(URL))
    browser.send(password=OTHER)
    browser.open("/sign-in")
    browser.send(email=account.email, password=OTHER)
    cookie = browser.cookies()[SESSION]
    said = "".join(capsys.readouterr())
    assert "/reset/<string:secret>" in said
    for secret in (link.rpartition("/")[2], OTHER, cookie, account.email):
        assert secret not in said


@pytest.fixture
def every_page(
    house: House,
    clock: Clock,
    make_account: Callable[..., Account],
    with_factor: Callable[[Account], str],
    signed_in: Callable[[Account], Browser],
    invite: Callable[..., str],
) -> tuple[Browser, list[str]]:
    """A signed-in coordinator and the address of every page."""
    coordinator = make_account("coordinator", regions=("Western Africa",))
    seed = with_factor(coordinator)
    clock.forward(seconds=30)
    browser = signed_in(coordinator)
    browser.send(code=factors.rules.code_at(seed, clock()))
    secret = invite(f"page-{clock().timestamp()}@portal.example")
    reset = accounts.new_reset_link(house, coordinator, clock()).removeprefix(URL)
    paths = ["/sign-in", "/forgotten", "/account", "/account/password", "/account/second-factor"]
    paths += ["/account/tokens", "/account/webhooks", "/invitations"]
    return browser, [*paths, f"/invitation/{secret}", reset]


def test_a_coordinator_of_some_regions_is_offered_what_they_may_invite_to(
    every_page: tuple[Browser, list[str]],
) -> None:
    browser, _ = every_page
    page = browser.open("/invitations?language=en")
    offered = {one.get("value") for tag, one in page.tags if tag == "option"}
    regions = {one["value"] for tag, one in page.tags if one.get("name") == "regions"}
    assert {"requester", "coordinator", "SEN"} <= offered
    assert not {"donor", "auditor", "operator", "KEN"} & offered
    assert regions == {"Western Africa"}
    assert "organisation" not in browser.page.forms[-1].values
    sent = {"email": f"{uuid.uuid4().hex}@portal.example", "role": "coordinator"}
    assert "Choose at least one." in browser.send(**sent).text
    assert "on its way" in browser.send(**sent, regions="Western Africa").text


def test_invitations_of_other_regions_do_not_push_ones_own_off_the_page(
    every_page: tuple[Browser, list[str]],
    invite: Callable[..., str],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inviting, "_SHOWN", 1)
    browser, _ = every_page
    for name, state in (("near", "MLI"), ("far", "KEN")):
        clock.forward(seconds=1)
        invite(f"{name}@portal.example", state=state)
    text = browser.open("/invitations").text
    assert "near@portal.example" in text
    assert "far@portal.example" not in text


def test_every_open_invitation_is_listed_and_taken_back_where_it_stands(
    every_page: tuple[Browser, list[str]],
    invite: Callable[..., str],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inviting, "_SHOWN", 2)
    browser, _ = every_page
    clock.forward(seconds=1)
    emails = [f"many-{number}-{clock().timestamp()}@portal.example" for number in range(5)]
    for email in emails:  # all of them at one moment
        invite(email, state="MLI")
    browser.open("/invitations")
    listed = list[str]()
    for page in range(3):
        listed += [one for one in emails if one in browser.page.text]
        if page < 2:
            (further,) = (tag["href"] for _, tag in browser.page.tags if tag.get("rel") == "next")
            browser.open(further)
    assert sorted(listed) == emails
    (form, *_others) = (form for form in browser.page.forms if "/take-back" in form.action)
    last = next(one for one in emails if one in browser.page.text)
    assert "taken back" in browser.send(form.action).text
    assert last in browser.page.text  # the same page again
    assert Invitation.objects.get(email=last).revoked_at is not None
    browser.open("/invitations?cursor=nonsense")
    assert sum(one in browser.page.text for one in emails) == 2


def test_an_invitation_that_is_sent_twice_invites_once(
    every_page: tuple[Browser, list[str]], clock: Clock
) -> None:
    browser, _ = every_page
    form = browser.open("/invitations").forms[-1].values
    email = "once@portal.example"
    sent = {**form, "email": email, "role": "requester", "state": "MLI"}
    for _ in range(2):
        answer = browser.client.post("/invitations", data=sent, follow_redirects=True)
        assert f"on its way to {email}" in answer.text
        clock.forward(seconds=1)
    (made,) = Invitation.objects(email=email)
    assert OutgoingMail.objects(email=email).count() == 1
    # Filled in otherwise it is another form; so it is once the invitation was taken back.
    browser.client.post("/invitations", data={**sent, "state": "SEN"})
    assert Invitation.objects(email=email).count() == 2
    browser.open("/invitations")
    browser.send(f"/invitations/{made.id}/take-back")
    for _ in range(2):
        clock.forward(seconds=1)
        browser.client.post("/invitations", data=sent)
    assert Invitation.objects(email=email, state="MLI").count() == 2
    assert Invitation.objects(email=email, state="MLI", revoked_at=None).count() == 1
    assert browser.open("/invitations").forms[-1].values["key"] not in ("", form["key"])


@pytest.mark.parametrize("language", ["ar", "en", "es", "fr", "ru", "zh"])
def test_every_page_is_whole_in_every_language(
    every_page: tuple[Browser, list[str]], language: str
) -> None:
    browser, paths = every_page
    for path in paths:
        page = browser.open(f"{path}?language={language}")
        assert browser.status == 200, path
        assert browser.path == path.partition("?")[0]
        (html,) = (attributes for tag, attributes in page.tags if tag == "html")
        assert (html["lang"], html["dir"]) == (language, "rtl" if language == "ar" else "ltr")
        ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
        assert len(ids) == len(set(ids)), path
        fields = {
            attributes["id"]
            for tag, attributes in page.tags
            if tag in ("input", "select") and attributes.get("type") not in ("hidden", "checkbox")
        }
        labels = {attributes.get("for") for tag, attributes in page.tags if tag == "label"}
        assert fields <= labels, path
        assert [tag for tag, _ in page.tags].count("h1") == 1
        assert not any(tag == "style" or "style" in a for tag, a in page.tags), path
        assert all(a.get("src") for tag, a in page.tags if tag == "script"), path


def test_prose_is_typed_in_its_own_direction(app: Flask) -> None:
    class Typed(Form):
        text = TextAreaField("Text")
        title = StringField("Title", [AtMost(200)])
        count = StringField("Count", [AtMost(20)])

    shown = '{% from "parts.html" import field %}{% for one in form %}{{ field(one) }}{% endfor %}'
    with app.test_request_context():
        fields = render_template_string(shown, form=Typed())
    own = [part for part in fields.split("<label") if 'dir="auto"' in part]
    assert [re.findall('name="(.+?)"', part) for part in own] == [["text"], ["title"]]


def test_the_language_is_the_one_chosen_else_the_browsers(app: Flask) -> None:
    browser = Browser(app, Accept_Language="ru, fr;q=0.5")
    assert "Войти" in browser.open("/sign-in").text
    assert "تسجيل الدخول" in browser.open("/sign-in?language=ar").text
    assert "تسجيل الدخول" in browser.open("/sign-in").text
    assert "تسجيل الدخول" in browser.open("/sign-in?language=xx").text
    assert "Sign in" in Browser(app, Accept_Language="de").open("/sign-in").text


def test_what_stands_in_an_address_several_times_stays_so_in_another_language(
    client: FlaskClient,
) -> None:
    text = client.get("/sign-in?without=a&without=b&language=en&empty=").text
    assert "/sign-in?without=a&amp;without=b&amp;language=fr" in text
    assert frame.without({}, "cursor", record="a") == "?record=a"
    assert frame.without({"cursor": "x"}, "cursor") == ""


def test_the_language_asked_for_outlasts_what_leads_on(app: Flask) -> None:
    browser = Browser(app, Accept_Language="ru")
    assert "Se connecter" in browser.open("/account?language=fr").text
    assert browser.path == "/sign-in"


def test_pages_are_light(every_page: tuple[Browser, list[str]], app: Flask) -> None:
    import gzip

    browser, paths = every_page
    page = browser.open("/sign-in")
    (style,) = (a["href"] for tag, a in page.tags if a.get("rel") == "stylesheet")
    answer = app.test_client().get(style, headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]
    assert len(answer.data) < 10_000
    assert app.test_client().get("/assets/style-0.css").status_code == 404
    for path in paths:
        browser.open(path)
        assert len(gzip.compress(browser.answer.data)) < 30_000, path  # type: ignore[union-attr]
