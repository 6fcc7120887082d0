"""The pages of webhooks, as people without scripts use them."""

import json
from collections.abc import Callable

import pytest

from services.portal import webhooks
from services.portal.calling import _make, _take
from services.portal.catalogues import TRANSLATED
from services.portal.documents import Account
from services.portal.house import House
from services.portal.pages import hooks
from services.portal.webhook_documents import Webhook, WebhookCall
from tests.services.portal.browsing import Browser, Page
from tests.services.portal.conftest import PASSWORD, Clock, forget_attempts

SignIn = Callable[[Account], Browser]
AT = "/account/webhooks"
URL = "https://8.8.8.8/hook"


@pytest.fixture(autouse=True)
def fresh(app: object) -> None:
    forget_attempts()
    Webhook.objects.delete()
    WebhookCall.objects.delete()


@pytest.fixture
def account(make_account: Callable[..., Account]) -> Account:
    return make_account("donor")


@pytest.fixture
def hook(house: House, account: Account) -> Webhook:
    return webhooks.make(house, account.id, URL, [], house.clock())[0]


@pytest.fixture
def browser(signed_in: SignIn, account: Account) -> Browser:
    return signed_in(account)


def answered(
    house: House, monkeypatch: pytest.MonkeyPatch, failure: str | None, *, times: int = 1
) -> None:
    """Make the webhook's first call that waits; its target answers so."""
    monkeypatch.setattr("services.portal.calling.call", lambda *_: failure)
    for _ in range(times):
        webhook = Webhook.objects.first()
        Webhook.objects(id=webhook.id).update(set__due_at=house.clock())
        taken = _take(house.clock())
        assert taken is not None
        _make(house, None, taken, webhooks.waiting_for(taken).first())  # type: ignore[arg-type]


def secrets_of(page: Page) -> list[str]:
    return [word for word in page.text.split() if word.startswith("whsec_")]


def test_one_is_made_by_who_is_there_and_its_secret_shown_once(
    browser: Browser, account: Account, house: House
) -> None:
    assert f'href="{AT}"' in browser.client.get("/account").text
    assert "You have no webhooks." in browser.open(AT).text
    chosen = {"url": f" {URL} ", "kinds": ["reminder", "commitment"]}
    assert "not your password" in browser.send(**chosen, current="wrong").text
    assert browser.status == 422
    assert not Webhook.objects.count()
    page = browser.send(**chosen, current=PASSWORD)
    (secret,) = secrets_of(page)
    assert "Commitments Reminders" in page.text
    assert "not confirmed yet" in page.text
    made = Webhook.objects.get(account=account.id)
    assert (made.url, made.kinds) == (URL, ["commitment", "reminder"])
    assert webhooks.secret_of(house, made) == secret
    for path in (AT, f"{AT}/{made.id}"):
        page = browser.open(path)
        assert URL in page.text
        assert not secrets_of(page)


def test_why_an_address_will_not_do_is_told_at_its_field(browser: Browser) -> None:
    browser.open(AT)
    for url, said in (
        ("", "Fill this in."),
        ("no address", "This is no address that can be called."),
        ("http://8.8.8.8/", "The address must begin with https://."),
        ("https://10.0.0.1/", "Only addresses of the public internet can be called."),
        ("https://no-such-host.invalid/", "This host's name is not known."),
        ("https://8.8.8.8/" + "x" * 2000, "This is too long. Characters: 2,016, at most: 2,000."),
    ):
        page = browser.send(url=url, current=PASSWORD)
        assert browser.status == 422
        assert page.text.count(said) == 2  # above the form, and at the field
        assert page.forms[-1].values["url"] == url
    assert not Webhook.objects.count()


def test_every_refusal_failure_and_pause_has_its_words() -> None:
    assert set(hooks._PAUSES) == set(webhooks.PAUSES)
    assert hooks._REFUSALS.keys() == {"url", "scheme", "private-network", "unknown-host"}
    failures = {"timeout", "unreachable", "certificate", "private-network", "damaged"}
    assert hooks._FAILURES.keys() == failures


def test_one_kind_that_the_role_is_not_told_of_cannot_be_chosen(browser: Browser) -> None:
    page = browser.open(AT)
    offered = {tag["value"] for name, tag in page.tags if tag.get("name") == "kinds"}
    assert "request-circulated" in offered
    assert "request-review" not in offered
    browser.send(url=URL, kinds=["request-review"], current=PASSWORD)
    assert browser.status == 422


def test_there_are_so_many_and_no_more(browser: Browser, account: Account, house: House) -> None:
    browser.open(AT)
    for _ in range(webhooks.MOST):
        webhooks.make(house, account.id, URL, [], house.clock())
    assert "remove one first" in browser.send(url=URL, current=PASSWORD).text
    assert browser.status == 422
    page = browser.open(AT)
    assert "remove one first" in page.text
    assert all(form.action for form in page.forms)  # none to make another


def test_whether_it_takes_its_calls_is_told_with_the_last_of_them(
    browser: Browser,
    hook: Webhook,
    house: House,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = f"{AT}/{hook.id}"
    assert "not confirmed yet" in browser.open(AT).text
    assert "There were none in the last week." in browser.open(at).text
    assert "It is called within seconds." in browser.send(f"{at}/ping").text
    assert "waits" in browser.page.text
    answered(house, monkeypatch, "status-503", times=2)
    page = browser.open(at)
    assert "failing It answered with status 503." in page.text
    assert "Calls not taken in a row: 2" in page.text
    assert "2 · It answered with status 503." in page.text
    assert "failing" in browser.open(AT).text
    clock.forward(minutes=10)
    answered(house, monkeypatch, None)
    page = browser.open(at)
    assert "confirmed" in page.text
    assert "not confirmed" not in page.text
    assert "Trial" in page.text
    assert "2 · It answered with status 503." in page.text  # it was taken only then
    clock.forward(minutes=1)
    now = house.clock()
    called = webhooks.webhooks_called({hook.account})[hook.account]
    webhooks.announce(called, "commitment", "n", {"record": "r"}, now, now)
    answered(house, monkeypatch, None)
    rows = browser.open(at).text.partition("Last calls")[2]
    assert rows.index("Commitments") < rows.index("Trial")
    kept = [json.loads(one.body) for one in WebhookCall.objects]
    assert all(one.keys() == {"type"} for one in kept)


def test_a_call_that_an_earlier_version_emptied_is_listed_without_its_kind(
    browser: Browser, hook: Webhook, house: House
) -> None:
    now = house.clock()
    webhooks.ping(hook, now)
    WebhookCall.objects(webhook=hook.id).update(set__taken_at=now, set__body="{}")
    page = browser.open(f"{AT}/{hook.id}")
    assert browser.status == 200
    assert "Trial" not in page.text


def test_it_is_paused_resumed_and_removed(browser: Browser, hook: Webhook, house: House) -> None:
    at = f"{AT}/{hook.id}"
    browser.open(at)
    page = browser.send(f"{at}/pause")
    assert "You paused it." in page.text
    assert {form.action for form in page.forms} >= {f"{at}/resume", f"{at}/remove"}
    assert f"{at}/ping" not in {form.action for form in page.forms}
    webhooks.ping(hook, house.clock())
    assert Webhook.objects.get(id=hook.id).due_at is None
    page = browser.send(f"{at}/resume")
    assert "The webhook is called again." in page.text
    assert Webhook.objects.get(id=hook.id).paused_at is None
    page = browser.send(f"{at}/remove")
    assert "The webhook was removed." in page.text
    assert browser.path == AT
    assert not Webhook.objects.count()
    assert not WebhookCall.objects.count()


def test_why_it_is_paused_is_told(browser: Browser, hook: Webhook, clock: Clock) -> None:
    for reason in webhooks.PAUSES:
        webhooks.pause(hook, reason, clock())
        assert str(hooks._PAUSES[reason]) in browser.open(f"{AT}/{hook.id}").text
        webhooks.resume(hook, clock())


def test_nothing_is_done_without_the_pages_own_token(browser: Browser, hook: Webhook) -> None:
    for step in ("ping", "pause", "remove"):
        assert browser.client.post(f"{AT}/{hook.id}/{step}").status_code == 303
    assert Webhook.objects.get(id=hook.id).paused_at is None
    assert not WebhookCall.objects.count()


def test_those_of_others_are_neither_shown_nor_touched(
    signed_in: SignIn, make_account: Callable[..., Account], hook: Webhook
) -> None:
    other = signed_in(make_account("donor"))
    assert URL not in other.open(AT).text
    token = other.page.forms[-1].values["csrf_token"]
    for step in ("ping", "pause", "resume", "remove"):
        answer = other.client.post(f"{AT}/{hook.id}/{step}", data={"csrf_token": token})
        assert answer.status_code == 404
    assert Webhook.objects.count() == 1


def test_the_trail_tells_of_what_is_done_on_pages(
    browser: Browser,
    account: Account,
    make_account: Callable[..., Account],
    headers: Callable[[Account], dict[str, str]],
) -> None:
    browser.open(AT)
    browser.send(url="https://8.8.8.8/qzvexor", current=PASSWORD)
    made = Webhook.objects.get(account=account.id)
    browser.send(f"{AT}/{made.id}/pause")
    browser.send(f"{AT}/{made.id}/resume")
    browser.send(f"{AT}/{made.id}/remove")
    auditor = headers(make_account("auditor"))
    answer = browser.client.get(f"/v1/audit/{account.id}", headers=auditor)
    told = [(one["action"], one["reason"]) for one in answer.get_json()["items"]]
    steps = ("make-webhook", "resume-webhook", "remove-webhook")
    assert [one for one in told if one[0] in steps] == [(step, made.id) for step in steps]
    assert "qzvexor" not in answer.text


def test_an_address_is_shown_as_it_is(browser: Browser, account: Account, house: House) -> None:
    webhooks.make(house, account.id, "https://8.8.8.8/<b>x", [], house.clock())
    page = browser.open(AT)
    assert "https://8.8.8.8/<b>x" in page.text
    assert all(tag != "b" for tag, _ in page.tags)


def test_no_word_of_english_is_left_in_other_languages(
    browser: Browser, hook: Webhook, house: House
) -> None:
    webhooks.ping(hook, house.clock())
    pages = (
        (AT, ("Make the webhook", "not confirmed yet", "Present password")),
        (f"{AT}/{hook.id}", ("Last calls", "Try it", "Whether it works", "Trial")),
    )
    for language in TRANSLATED:
        for path, words in pages:
            text = browser.open(f"{path}?language={language}").text
            assert [word for word in words if word in text] == [], language


def test_a_secret_is_shown_though_the_database_was_told_twice(
    browser: Browser, request: pytest.FixtureRequest
) -> None:
    browser.open(AT)
    request.getfixturevalue("repeated_inserts")
    browser.send(url=URL, current=PASSWORD)
    assert "whsec_" in browser.page.text


def test_a_form_that_is_sent_twice_makes_one_webhook(
    browser: Browser, signed_in: SignIn, make_account: Callable[..., Account], account: Account
) -> None:
    form = browser.open(AT).forms[-1].values
    sent = {**form, "url": URL, "current": PASSWORD}
    answers = [browser.client.post(AT, data=sent) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 200]
    assert ["whsec_" in one.text for one in answers] == [True, False]
    assert ["This webhook was made already" in one.text for one in answers] == [False, True]
    (made,) = Webhook.objects(account=account.id)
    assert f"{AT}/{made.id}/ping" in answers[1].text  # it is the page of the first
    # Once that is removed, the form asks for another; gone back to and filled in otherwise, too.
    browser.open(f"{AT}/{made.id}")
    browser.send(f"{AT}/{made.id}/remove")
    again = [browser.client.post(AT, data=sent) for _ in range(2)]
    assert ["whsec_" in one.text for one in again] == [True, False]
    assert "whsec_" in browser.client.post(AT, data={**sent, "url": f"{URL}/b"}).text
    assert Webhook.objects(account=account.id).count() == 2
    assert browser.open(AT).forms[-1].values["key"] not in ("", form["key"])
    browser.open(AT)
    browser.send(url=URL, kinds=[], current=PASSWORD)
    assert Webhook.objects(account=account.id).count() == 3  # a form of its own is meant so
    other = signed_in(make_account("donor"))
    mine = {**sent, "csrf_token": other.open(AT).forms[-1].values["csrf_token"]}
    assert other.client.post(AT, data=mine).status_code == 200  # a key is its account's own
