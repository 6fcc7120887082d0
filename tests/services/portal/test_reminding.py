"""States and donors are reminded of their points of contact, which the registers tell over HTTP."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from pymongo.errors import BulkWriteError

from services.portal import reminding, signing_keys, webhooks
from services.portal.addresses import Address
from services.portal.documents import Account
from services.portal.house import House
from services.portal.note_documents import Notification
from services.portal.reminding import remind
from services.portal.services import AwayError, Services
from services.portal.webhook_documents import Webhook, WebhookCall
from tests.services.portal.conftest import Clock


@pytest.fixture(autouse=True)
def empty(app: object) -> None:
    for kind in (Notification, Account, Webhook, WebhookCall):
        kind.objects.delete()


def test_a_disk_without_space_ends_no_loop(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    stop, tries = threading.Event(), list[bool]()

    def warn(_house: House) -> None:
        tries.append(True)
        if len(tries) == 2:
            stop.set()
        error = {"writeErrors": [{"code": 14031}], "writeConcernErrors": []}
        raise BulkWriteError(error)

    monkeypatch.setattr(reminding, "warn", warn)
    monkeypatch.setattr(reminding, "RETRY_SECONDS", 0.01)
    reminding.keep_reminding(house, stop)
    assert len(tries) == 2


class Register:
    """Answers as the registers do, two pages of States and one of organisations; notes tokens."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.status = 200
        self.confirmed = "2020-01-01"


@pytest.fixture
def register() -> Iterator[tuple[Register, list[Address]]]:
    """A register and the services' addresses, which are all its own."""
    told = Register()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.tokens.append(self.headers["Authorization"].removeprefix("Bearer "))
            first, more = ("SEN", "BEN") if "/states" in self.path else ("acme", None)
            last = "cursor=next" in self.path or more is None
            id_ = more if "cursor=next" in self.path else first
            items = [{"id": id_, "last_confirmed": told.confirmed}]
            assert "due=true" in self.path
            body = json.dumps({"items": items, "next": None if last else "next"}).encode()
            self.send_response(told.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever).start()
    url = f"http://127.0.0.1:{server.server_port}"
    yield told, [Address(name, url, url) for name in ("requests", "offers", "matcher")]
    server.shutdown()
    server.server_close()


def test_who_is_due_is_told_once_a_month_until_they_confirm(
    house: House,
    clock: Clock,
    make_account: Callable[..., Account],
    register: tuple[Register, list[Address]],
) -> None:
    told, house = register[0], replace(house, services=Services(register[1]))
    concerned = [
        make_account("requester", state="SEN"),
        make_account("requester", state="BEN"),
        make_account("donor", organisation="acme"),
    ]
    make_account("requester", state="GHA")
    make_account("coordinator")
    clock.now = (clock.now + timedelta(days=31)).replace(day=2)
    assert remind(house) == 3
    assert remind(house) == 3
    assert {one.account for one in Notification.objects} == {one.id for one in concerned}
    assert Notification.objects(kind="contacts", mail="now").count() == 3
    clock.forward(days=31)
    remind(house)
    assert Notification.objects.count() == 6
    told.confirmed = "2020-02-02"  # confirmed, and due again
    remind(house)
    assert Notification.objects.count() == 9


def test_a_webhook_is_called_once_a_month_too(
    house: House,
    clock: Clock,
    make_account: Callable[..., Account],
    register: tuple[Register, list[Address]],
) -> None:
    house = replace(house, services=Services(register[1]))
    account = make_account("donor", organisation="acme")
    trying = replace(house, portal=replace(house.portal, webhooks_to_loopback=True))
    webhooks.make(trying, account.id, "http://127.0.0.1:9/", [], clock())
    clock.now = (clock.now + timedelta(days=31)).replace(day=2)
    remind(house)
    assert WebhookCall.objects.count() == 1
    clock.forward(days=6)
    remind(house)
    assert WebhookCall.objects.count() == 1
    WebhookCall.objects.delete()  # taken long ago, and forgotten after a week
    clock.forward(days=2)
    remind(house)
    assert not WebhookCall.objects.count()


def test_the_portals_own_token_may_only_read(
    house: House, clock: Clock, register: tuple[Register, list[Address]]
) -> None:
    told, house = register[0], replace(house, services=Services(register[1]))
    remind(house)
    keys = KeySet.import_key_set({"keys": signing_keys.published(house, clock())["keys"]})
    claims = [jwt.decode(one, keys, algorithms=["Ed25519"]).claims for one in told.tokens]
    assert {(one["role"], one["scope"]) for one in claims} == {
        ("auditor", "requests:read"),
        ("auditor", "offers:read"),
    }


def test_a_register_that_is_away_tells_nobody_anything(
    house: House, make_account: Callable[..., Account], register: tuple[Register, list[Address]]
) -> None:
    told, house = register[0], replace(house, services=Services(register[1]))
    make_account("requester", state="SEN")
    told.status = 503
    with pytest.raises(AwayError):
        remind(house)
    assert Notification.objects.count() == 0
