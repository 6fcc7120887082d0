"""Webhooks: made over the API, called over real HTTP, refused where they must not go."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from standardwebhooks import Webhook as Receiver

from services.portal import api_tokens, calling, webhook_targets, webhooks
from services.portal.accounts import new_reset_link, reset_password
from services.portal.documents import Account
from services.portal.erasing import erase
from services.portal.house import House
from services.portal.notifying import Note, notify
from services.portal.trail import COMMAND_LINE
from services.portal.webhook_documents import Webhook, WebhookCall
from services.portal.webhook_targets import TargetRefusedError, call, check_target, open_session
from tests.services.portal.conftest import Clock

Headers = Callable[[Account], dict[str, str]]


@dataclass
class Target:
    """A receiver on loopback: what it got, and what it answers with."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    location: str = ""

    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.got]


@pytest.fixture
def target(app: Flask) -> Iterator[Target]:
    Webhook.objects.delete()  # those of other tests, whose targets are no more
    WebhookCall.objects.delete()
    found = Target()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(found.answers.pop(0) if found.answers else 204)
            if found.location:
                self.send_header("Location", found.location)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def trying(house: House) -> House:
    """A house whose webhooks may call this machine."""
    return replace(house, portal=replace(house.portal, webhooks_to_loopback=True))


@pytest.fixture
def hook(trying: House, target: Target, make_account: Callable[..., Account]) -> Webhook:
    """A webhook of a donor, to the target, for everything."""
    return webhooks.make(trying, make_account("donor").id, target.url, [], trying.clock())[0]


@pytest.fixture
def headers(house: House) -> Headers:
    def make(account: Account) -> dict[str, str]:
        access = api_tokens.access_for(house, account, house.clock())
        return {"Authorization": f"Bearer {access.token}"}

    return make


def call_all(house: House) -> None:
    with open_session(to_loopback=True) as session:
        while calling.call_due(house, session, threading.Event()):
            pass


def announce(house: House, account: str, *ids: str, kind: str = "match-step") -> None:
    for one in ids:
        called = webhooks.webhooks_called({account}).get(account, ())
        webhooks.announce(called, kind, one, {"record": one}, house.clock(), house.clock())


def now_of(hook: Webhook) -> Webhook:
    found: Webhook = Webhook.objects.get(id=hook.id)
    return found


def test_a_call_is_signed_as_the_specification_has_it(
    trying: House, target: Target, make_account: Callable[..., Account]
) -> None:
    account = make_account("donor")
    # The specification's libraries compare with the time of today.
    today = replace(trying, clock=lambda: datetime.now(UTC))
    made, secret = webhooks.make(today, account.id, target.url, [], today.clock())
    assert secret.startswith("whsec_")
    assert secret.encode() not in bytes(made.secret)
    called = webhooks.webhooks_called({account.id})[account.id]
    now = today.clock()
    webhooks.announce(called, "commitment", "n1", {"record": "Bénin"}, now, now)
    call_all(today)
    (got, body), *more = target.got
    assert not more
    assert got["webhook-id"] == f"{made.id}.n1"
    said = Receiver(secret).verify(body, got)
    assert said["type"] == "entraide.commitment"
    assert said["data"] == {"notification": "n1", "record": "Bénin"}
    with pytest.raises(Exception, match="No matching signature"):
        Receiver(secret).verify(body + b" ", got)


def test_calls_come_in_order_and_once_however_often_they_are_asked_for(
    trying: House, target: Target, hook: Webhook
) -> None:
    for _ in range(3):
        announce(trying, hook.account, "a", "b")
    call_all(trying)
    announce(trying, hook.account, "a", "b", "c")
    call_all(trying)
    assert target.ids() == [f"{hook.id}.{one}" for one in "abc"]
    assert now_of(hook).due_at is None


def test_what_is_heard_of_at_once_is_called_with_in_the_order_in_which_it_happened(
    trying: House, clock: Clock, target: Target, hook: Webhook
) -> None:
    account = Account.objects.get(id=hook.account)
    notes = [
        Note("match-step", "match", "m", f"{n}", f"{n}", clock() + timedelta(seconds=n), {})
        for n in range(8)
    ]
    clock.forward(minutes=1)
    for one in notes:
        notify(one, [account], clock())
    call_all(trying)
    assert [json.loads(body)["data"]["action"] for _, body in target.got] == list("01234567")


def test_only_the_kinds_that_were_chosen_are_sent(
    trying: House, target: Target, make_account: Callable[..., Account]
) -> None:
    account = make_account("donor")
    webhooks.make(trying, account.id, target.url, ["reminder"], trying.clock())
    for kind in ("contacts", "reminder"):
        announce(trying, account.id, f"n-{kind}", kind=kind)
    call_all(trying)
    assert [json.loads(body)["type"] for _, body in target.got] == ["entraide.reminder"]


def test_a_target_that_is_down_gets_everything_later_in_order(
    trying: House, clock: Clock, target: Target, hook: Webhook
) -> None:
    target.answers = [500, 503]
    announce(trying, hook.account, "a", "b")
    call_all(trying)
    assert target.ids() == [f"{hook.id}.a"]
    assert (now_of(hook).failures, now_of(hook).last_failure) == (1, "status-500")
    clock.forward(seconds=6)
    call_all(trying)
    assert now_of(hook).failures == 2
    clock.forward(seconds=9)
    call_all(trying)  # it waits twice as long now
    assert len(target.got) == 2
    clock.forward(seconds=2)
    call_all(trying)
    assert target.ids() == [f"{hook.id}.{one}" for one in "aaab"]
    assert (now_of(hook).failures, now_of(hook).last_failure) == (0, None)


def test_a_target_that_takes_nothing_for_days_is_paused_and_can_be_resumed(
    trying: House, clock: Clock, target: Target, hook: Webhook
) -> None:
    target.answers = [500] * 200
    announce(trying, hook.account, "a")
    for _ in range(100):
        clock.forward(hours=1)
        call_all(trying)
    paused = now_of(hook)
    assert paused.paused_because == "failing"
    assert 70 < len(target.got) < 90
    target.answers = []
    webhooks.resume(paused, clock())
    call_all(trying)
    assert target.ids()[-1] == f"{hook.id}.a"
    assert now_of(hook).paused_at is None


def test_a_target_that_is_gone_is_called_no_more(
    trying: House, clock: Clock, target: Target, hook: Webhook
) -> None:
    target.answers = [410]
    announce(trying, hook.account, "a")
    call_all(trying)
    announce(trying, hook.account, "b")
    clock.forward(days=1)
    call_all(trying)
    assert len(target.got) == 1
    assert now_of(hook).paused_because == "gone"


def test_redirects_are_not_followed(trying: House, target: Target, hook: Webhook) -> None:
    target.answers, target.location = [302], target.url
    announce(trying, hook.account, "a")
    call_all(trying)
    assert len(target.got) == 1
    assert now_of(hook).last_failure == "status-302"


@contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """The address of a target that answers one call by hand, as no library would let it."""

    def serve() -> None:
        with suppress(OSError):
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                got = b""
                while b"{}" not in got:
                    got += connection.recv(65536)
                answer(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        thread.join()


def test_the_body_of_an_answer_is_not_read_where_it_leads_elsewhere_either() -> None:
    sent = 0

    def endless(connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n")
        while sent < 100_000_000:
            connection.sendall(bytes(1_000_000))
            sent += 1_000_000

    with answering(endless) as url, open_session(to_loopback=True) as session:
        assert call(session, url, b"{}", {}) == "status-302"
    assert sent < 50_000_000  # what the system's buffers take


def test_who_answers_letter_by_letter_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_targets, "READ_SECONDS", 0.5)
    hung_up = False

    def slowly(connection: socket.socket) -> None:
        nonlocal hung_up
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        try:
            for _ in range(600):  # a minute, if nobody hangs up
                connection.sendall(b"x")
                time.sleep(0.1)
        except OSError:
            hung_up = True

    with answering(slowly) as url, open_session(to_loopback=True) as session:
        assert call(session, url, b"{}", {}) == "timeout"
    assert hung_up


def test_no_target_leaves_cookies_for_others() -> None:
    def with_cookies(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 204 No Content\r\nSet-Cookie: who=somebody\r\n\r\n")

    with answering(with_cookies) as url, open_session(to_loopback=True) as session:
        assert call(session, url, b"{}", {}) is None
        assert not list(session.cookies)


def test_a_webhook_that_is_being_called_is_not_called_twice_by_resuming_it(
    trying: House, clock: Clock, target: Target, hook: Webhook
) -> None:
    announce(trying, hook.account, "a")
    assert calling._take(clock()) is not None  # somebody is calling it
    webhooks.resume(hook, clock())
    call_all(trying)
    assert not target.got


def test_a_caller_goes_on_whatever_went_wrong_with_a_call(
    trying: House, target: Target, hook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A caller that ended would be missed by nobody; four of them would be all."""
    call_due, broken = calling.call_due, iter([RuntimeError("not foreseen")])

    def break_once(*args: Any) -> bool:
        for error in broken:
            raise error
        try:
            return call_due(*args)
        finally:
            stop.set()

    monkeypatch.setattr(calling, "call_due", break_once)
    stop = threading.Event()
    announce(trying, hook.account, "a")
    calling._keep_calling(trying, stop, 0.01)
    assert target.ids() == [f"{hook.id}.a"]


def test_two_workers_call_a_webhook_once(trying: House, target: Target, hook: Webhook) -> None:
    announce(trying, hook.account, *(f"n{number:02}" for number in range(30)))
    workers = [threading.Thread(target=call_all, args=(trying,)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert target.ids() == [f"{hook.id}.n{number:02}" for number in range(30)]


def test_who_died_in_the_midst_leaves_it_to_be_called_later(
    trying: House, clock: Clock, target: Target, hook: Webhook
) -> None:
    announce(trying, hook.account, "a")
    assert calling._take(clock()) is not None  # and nothing more was heard of it
    call_all(trying)
    assert not target.got
    clock.forward(minutes=3)
    call_all(trying)
    assert target.ids() == [f"{hook.id}.a"]


def test_what_comes_while_the_last_call_is_made_is_not_left_lying(
    trying: House, target: Target, hook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle = calling._settle

    def after_the_last_look(webhook: Webhook, update: dict[str, Any]) -> bool:
        if "$unset" in update and len(target.got) == 1:
            announce(trying, hook.account, "b")
        return settle(webhook, update)

    monkeypatch.setattr(calling, "_settle", after_the_last_look)
    announce(trying, hook.account, "a")
    call_all(trying)
    assert target.ids() == [f"{hook.id}.a", f"{hook.id}.b"]


def test_nothing_is_sent_for_an_account_that_is_locked_or_gone(
    trying: House, clock: Clock, target: Target, hook: Webhook
) -> None:
    Account.objects(id=hook.account).update(set__locked_at=clock())
    announce(trying, hook.account, "a")
    call_all(trying)
    assert not target.got
    Account.objects(id=hook.account).delete()
    clock.forward(hours=2)
    call_all(trying)
    assert not target.got
    assert not Webhook.objects.count()
    assert not WebhookCall.objects.count()


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://127.0.0.1/x", "private-network"),
        ("https://localhost/x", "private-network"),
        ("https://[::1]/x", "private-network"),
        ("https://[::ffff:127.0.0.1]/x", "private-network"),
        ("https://10.1.2.3/x", "private-network"),
        ("https://192.168.0.1:8443/x", "private-network"),
        ("https://169.254.169.254/latest/meta-data", "private-network"),
        ("https://[fd00::1]/x", "private-network"),
        ("https://[fec0::1]/x", "private-network"),
        ("https://[::127.0.0.1]/x", "private-network"),
        ("https://[::ffff:0:127.0.0.1]/x", "private-network"),
        ("https://0.0.0.0/", "private-network"),
        ("https://2130706433/", "private-network"),
        ("https://0x7f.1/", "private-network"),
        ("https://100.64.0.1/", "private-network"),
        ("https://224.0.0.1/", "private-network"),
        ("http://8.8.8.8/x", "scheme"),
        ("ftp://8.8.8.8/x", "scheme"),
        ("file:///etc/passwd", "url"),
        ("https://user:word@8.8.8.8/", "url"),
        ("https://8.8.8.8/#x", "url"),
        ("https://8.8.8.8:99999/", "url"),
        ("https:///x", "url"),
        ("not an address", "url"),
        ("https://8.8.8.8/\u202e", "url"),
        ("https://no-such-host.invalid/", "unknown-host"),
        ("https://" + "a" * 300 + ".example/", "unknown-host"),
    ],
)
def test_targets_where_no_webhook_may_go(url: str, code: str) -> None:
    with pytest.raises(TargetRefusedError) as refused:
        check_target(url)
    assert refused.value.code == code


def test_public_addresses_are_let_through() -> None:
    check_target("https://8.8.8.8/x")
    check_target("https://[2001:4860:4860::8888]:8443/x")


def test_a_name_that_points_elsewhere_later_gains_nothing(
    house: House, clock: Clock, target: Target, hook: Webhook
) -> None:
    """The webhook was made when its address was let through; by now it must not be called."""
    announce(house, hook.account, "a")
    with open_session() as session:
        assert calling.call_due(house, session, threading.Event())
    assert not target.got
    assert now_of(hook).last_failure == "private-network"


@pytest.mark.parametrize("answers", [("10.1.2.3",), ("8.8.8.8", "127.0.0.1"), ("127.0.0.1",)])
def test_a_name_whose_address_changes_is_called_where_it_was_looked_at(
    monkeypatch: pytest.MonkeyPatch, answers: tuple[str, ...]
) -> None:
    """Made while its name was public; by now it is private, or is so from one look to the next."""
    looked, called = list(answers), []

    def look_up(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        assert host == "hooks.example", "an address is called, never the name again"
        address = looked.pop(0) if len(looked) > 1 else looked[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def connect(address: tuple[str, int], *_: Any, **__: Any) -> Any:
        called.append(address[0])
        raise OSError("no network in tests")

    monkeypatch.setattr("requests_hardened.ip_filter.socket.getaddrinfo", look_up)
    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)
    with open_session() as session:
        failure = call(session, "https://hooks.example/in", b"{}", {})
    public = answers[0] == "8.8.8.8"
    assert (failure, called) == (
        ("unreachable", ["8.8.8.8"]) if public else ("private-network", [])
    )


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with open_session() as session:
        assert not session.trust_env
        settings = session.merge_environment_settings("https://8.8.8.8/", {}, None, None, None)
    assert not settings["proxies"]


def test_the_callers_end_when_they_are_asked_to(
    trying: House, target: Target, hook: Webhook
) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=calling.keep_calling, args=(trying, stop, 0.05))
    thread.start()
    try:
        announce(trying, hook.account, "a")
        deadline = threading.Event()
        for _ in range(600):
            if target.got or deadline.wait(0.1):
                break
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()
    assert target.ids() == [f"{hook.id}.a"]


def test_webhooks_over_the_api(
    client: FlaskClient, make_account: Callable[..., Account], headers: Headers, clock: Clock
) -> None:
    account, other = make_account("donor"), make_account("donor")
    mine, theirs = headers(account), headers(other)
    assert client.post("/v1/webhooks", json={"url": "https://8.8.8.8/x"}).status_code == 401
    refused = client.post("/v1/webhooks", json={"url": "https://10.0.0.1/"}, headers=mine)
    assert refused.status_code == 422
    assert refused.get_json()["errors"][0]["field"] == "url"
    assert refused.get_json()["errors"][0]["code"] == "private-network"
    made = client.post("/v1/webhooks", json={"url": "https://8.8.8.8/x"}, headers=mine)
    assert made.status_code == 201
    path = f"/v1/webhooks/{made.get_json()['id']}"
    assert "secret" not in client.get(path, headers=mine).get_json()
    assert [one["url"] for one in client.get("/v1/webhooks", headers=mine).get_json()["items"]] == [
        "https://8.8.8.8/x"
    ]
    assert client.get("/v1/webhooks", headers=theirs).get_json()["items"] == []
    for method, at in (
        ("GET", path),
        ("DELETE", path),
        *(("POST", f"{path}/{step}") for step in ("ping", "pause", "resume")),
    ):
        assert client.open(at, method=method, headers=theirs).status_code == 404, at
    pinged = client.post(f"{path}/ping", headers=mine)
    assert (pinged.status_code, pinged.get_json()["waiting"]) == (202, 1)
    paused = client.post(f"{path}/pause", headers=mine).get_json()
    assert paused["paused_because"] == "owner"
    assert client.post(f"{path}/ping", headers=mine).status_code == 409
    assert client.post(f"{path}/resume", headers=mine).get_json()["paused_at"] is None
    assert client.delete(path, headers=mine).status_code == 204
    assert not WebhookCall.objects(webhook=made.get_json()["id"]).count()


def test_an_account_has_so_many_webhooks_and_no_more(
    client: FlaskClient, make_account: Callable[..., Account], headers: Headers
) -> None:
    mine = headers(make_account("donor"))
    sent = [
        client.post("/v1/webhooks", json={"url": f"https://8.8.8.8/{number}"}, headers=mine)
        for number in range(webhooks.MOST + 1)
    ]
    assert [answer.status_code for answer in sent] == [201] * webhooks.MOST + [409]


def test_at_the_same_moment_it_has_no_more_either(
    trying: House,
    target: Target,
    make_account: Callable[..., Account],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account = make_account("donor")

    def others(*_: Any, **__: Any) -> None:
        monkeypatch.setattr(webhooks, "check_target", lambda *_, **__: None)
        for _ in range(webhooks.MOST):
            webhooks.make(trying, account.id, target.url, [], trying.clock())

    monkeypatch.setattr(webhooks, "check_target", others)
    with pytest.raises(webhooks.TooManyWebhooksError):
        webhooks.make(trying, account.id, target.url, [], trying.clock())
    assert Webhook.objects(account=account.id).count() == webhooks.MOST


def test_the_trail_tells_that_notifications_go_elsewhere_and_not_where_to(
    client: FlaskClient, make_account: Callable[..., Account], headers: Headers
) -> None:
    account = make_account("donor")
    mine = headers(account)
    made = client.post("/v1/webhooks", json={"url": "https://8.8.8.8/qzvexor"}, headers=mine)
    id_ = made.get_json()["id"]
    client.post(f"/v1/webhooks/{id_}/resume", headers=mine)
    client.delete(f"/v1/webhooks/{id_}", headers=mine)
    answer = client.get(f"/v1/audit/{account.id}", headers=headers(make_account("auditor")))
    told = [(one["what"], one["action"], one["reason"]) for one in answer.get_json()["items"]]
    steps = ("make-webhook", "resume-webhook", "remove-webhook")
    assert told == [("webhook", step, id_) for step in steps]
    assert "qzvexor" not in answer.text


def test_who_has_no_account_here_has_no_webhooks(
    client: FlaskClient, make_account: Callable[..., Account], headers: Headers
) -> None:
    account = make_account("donor")
    mine = headers(account)
    Account.objects(id=account.id).delete()
    answer = client.post("/v1/webhooks", json={"url": "https://8.8.8.8/x"}, headers=mine)
    assert answer.status_code == 409
    assert answer.get_json()["type"].endswith("no-account")


def test_an_erased_account_makes_none_by_a_token_that_lives_on(
    client: FlaskClient, house: House, make_account: Callable[..., Account], headers: Headers
) -> None:
    account = make_account("donor")
    mine = headers(account)
    erase(house, account, COMMAND_LINE, house.clock())
    answer = client.post("/v1/webhooks", json={"url": "https://8.8.8.8/x"}, headers=mine)
    assert answer.status_code == 409
    assert not Webhook.objects(account=account.id).count()


def test_a_new_password_by_a_link_pauses_what_somebody_else_may_have_made(
    trying: House, clock: Clock, target: Target, hook: Webhook
) -> None:
    account = Account.objects.get(id=hook.account)
    clock.forward(seconds=1)
    secret = new_reset_link(trying, account, clock()).rpartition("/")[2]
    reset_password(trying, secret, "nine otters under a bridge", clock())
    announce(trying, hook.account, "a")
    call_all(trying)
    assert not target.got
    assert now_of(hook).paused_because == "new-password"
    webhooks.resume(hook, clock())
    call_all(trying)
    assert target.ids() == [f"{hook.id}.a"]


def test_what_cannot_be_reached_is_told_by_a_code(
    trying: House, hook: Webhook, target: Target
) -> None:
    Webhook.objects(id=hook.id).update(set__url="http://127.0.0.1:9/x")
    announce(trying, hook.account, "a")
    call_all(trying)
    assert now_of(hook).last_failure == "unreachable"


def test_what_an_account_is_notified_of_its_webhooks_are_called_with(
    trying: House, clock: Clock, target: Target, hook: Webhook
) -> None:
    account = Account.objects.get(id=hook.account)
    facts = {"country": "SEN", "answer_by": clock.now + timedelta(days=9)}
    note = Note("reminder", "match", "m1", "remind", "3 remind", clock(), facts)
    old = Note("reminder", "match", "m2", "remind", "3", clock() - timedelta(days=8), facts)
    Account.objects(id=account.id).update(set__created_at=clock() - timedelta(days=30))
    account.reload()
    for _ in range(2):  # a worker that was interrupted does it again
        notify(note, [account], clock())
        notify(old, [account], clock())
    call_all(trying)
    ((_, body),) = target.got
    assert json.loads(body) == {
        "type": "entraide.reminder",
        "timestamp": clock().isoformat(),
        "data": {
            "notification": note.id_for(account.id),
            "record_type": "match",
            "record": "m1",
            "action": "remind",
            "at": clock().isoformat(),
            "facts": {"country": "SEN", "answer_by": facts["answer_by"].isoformat()},
        },
    }
