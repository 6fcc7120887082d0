"""The matcher is asked to erase an erased account's names until it did, by a token for that."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from services.portal import erasing, erasing_names, signing_keys
from services.portal.addresses import Address
from services.portal.documents import Account
from services.portal.erasing_names import LAST_AFTER, LOOK_SECONDS, erase_names
from services.portal.house import House
from services.portal.services import Services
from services.portal.trail import COMMAND_LINE
from tests.services.portal.conftest import Clock


@dataclass
class Matcher:
    """A matcher that answers with `status`, 500 for `broken`, and keeps what it was asked."""

    url: str = ""
    status: int = 200
    asked: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)


@pytest.fixture
def matcher(app: object) -> Iterator[Matcher]:
    Account.objects.delete()
    found = Matcher()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert self.path == "/v1/messages/erase-name"
            found.tokens.append(self.headers["Authorization"].removeprefix("Bearer "))
            status = 500 if body["account"] in found.broken else found.status
            if status == 200:
                found.asked.append(body["account"])
            self.send_response(status)
            self.send_header("Location", "/healthz")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever).start()
    found.url = f"http://127.0.0.1:{server.server_port}"
    yield found
    server.shutdown()
    server.server_close()


def at(house: House, url: str) -> House:
    return replace(house, services=Services([Address("matcher", url, url)]))


def test_one_account_that_fails_does_not_keep_the_others(
    house: House, clock: Clock, make_account: Callable[..., Account], matcher: Matcher
) -> None:
    gone = [make_account("donor") for _ in range(3)]
    for account in gone:
        erasing.erase(house, account, COMMAND_LINE, clock())
    matcher.broken = {gone[0].id}
    assert erase_names(at(house, matcher.url)) == 1
    assert set(matcher.asked) == {gone[1].id, gone[2].id}
    matcher.broken = set()
    assert erase_names(at(house, matcher.url)) == 0
    assert gone[0].id in matcher.asked


def test_a_matcher_that_is_down_for_an_hour_is_asked_until_it_did(
    house: House, clock: Clock, make_account: Callable[..., Account], matcher: Matcher
) -> None:
    gone, stays = make_account("donor"), make_account("donor")
    erasing.erase(house, gone, COMMAND_LINE, clock())
    assert Account.objects(id=gone.id).first().name == erasing.pseudonym(gone.id)
    for place, status in enumerate((503, 500, 403, 302, 429) * 24):
        matcher.status = status
        there = at(house, matcher.url if place % 2 else "http://127.0.0.1:9")
        assert erase_names(there) == 1
        clock.forward(seconds=LOOK_SECONDS)
    matcher.status = 200
    erase_names(at(house, matcher.url))
    assert matcher.asked == [gone.id]
    clock.forward(days=1)
    erase_names(at(house, matcher.url))
    assert matcher.asked == [gone.id]
    assert stays.id not in matcher.asked


def test_it_is_asked_at_once_and_again_when_no_token_lives(
    house: House, clock: Clock, make_account: Callable[..., Account], matcher: Matcher
) -> None:
    gone = make_account()
    erasing.erase(house, gone, COMMAND_LINE, clock())
    for seconds in (0.0, 30.0, 60.0):
        clock.forward(seconds=seconds)
        erase_names(at(house, matcher.url))
    assert matcher.asked == [gone.id]
    clock.forward(seconds=LAST_AFTER.total_seconds())
    erase_names(at(house, matcher.url))
    erase_names(at(house, matcher.url))
    assert matcher.asked == [gone.id] * 2
    # After the matcher's database was restored, the operator erases the account again.
    erasing.erase(house, gone, COMMAND_LINE, clock())
    erase_names(at(house, matcher.url))
    assert matcher.asked == [gone.id] * 3
    assert Account.objects(id=gone.id).first().names_due is None


def test_the_token_is_for_that_call_alone(
    house: House, clock: Clock, make_account: Callable[..., Account], matcher: Matcher
) -> None:
    erasing.erase(house, make_account(), COMMAND_LINE, clock())
    erase_names(at(house, matcher.url))
    keys = KeySet.import_key_set({"keys": signing_keys.published(house, clock())["keys"]})
    (claims,) = (jwt.decode(one, keys, algorithms=["Ed25519"]).claims for one in matcher.tokens)
    assert claims["scope"] == erasing_names.SCOPE
    assert (claims["sub"], claims["role"]) == ("portal", "operator")
