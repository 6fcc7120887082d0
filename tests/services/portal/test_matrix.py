"""The portal against its table of who may do and see what: ../matrix/portal.txt.

How the table is read, and what a new route needs: ../matrix/table.py.
"""

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from services.portal import accounts, api_tokens, factors, invitations, sessions, webhooks
from services.portal.documents import Account
from services.portal.domain.people import Office
from services.portal.house import House
from services.portal.notifying import Note, notify
from services.portal.signing_keys import signing_key
from services.portal.trail import COMMAND_LINE
from shared.web.database import current_database
from shared.web.tokens import issue_token
from tests.services.matrix.asking import Asked, Call
from tests.services.matrix.html import lacking_html, with_html
from tests.services.matrix.table import Row, Snapshot, World, check_row, faults_of, read_table
from tests.services.matrix.trials import (  # noqa: F401 (tried here too)
    test_no_address_takes_an_operator_of_the_database,
    test_no_body_sets_what_it_does_not_have,
    test_no_field_takes_an_operator_of_the_database,
    test_no_filter_takes_an_operator_of_the_database,
    test_whatever_is_asked_is_answered_as_it_is_described,
)
from tests.services.portal.conftest import PASSWORD

pytestmark = pytest.mark.long

TABLE = read_table("portal")
OFFICES: Mapping[str, Office] = {
    "state": Office("requester", state="SEN"),
    "farstate": Office("requester", state="JPN"),
    "donor": Office("donor", organisation="org-1"),
    "all": Office("coordinator"),
    "region": Office("coordinator", regions=("Western Africa",)),
    "auditor": Office("auditor"),
    "operator": Office("operator"),
}
"""The accounts there are, by the table's word."""

INVITED = {"email": "new@portal.example", "role": "requester", "state": "SEN"}
GAP = re.compile(r"\{\w+\}")
"""A part of an address that the record's id stands in."""

BODIES: Mapping[str, Callable[[World, str], Any]] = {
    "POST /v1/webhooks": lambda *_: {"url": "https://8.8.8.8/entraide"},
    "POST /v1/token": lambda world, record: {"token": world.ids[record]},
    "POST /v1/invitations": lambda _, record: {
        "requester": INVITED,
        "farstate": {**INVITED, "state": "JPN"},
        "operator": {"email": "new@portal.example", "role": "operator"},
    }[record],
    "POST /v1/notifications/read": lambda world, record: {"ids": [world.ids[record]]},
    "PUT /v1/notifications/choices": lambda *_: {"items": []},
}


@pytest.fixture(scope="module")
def world(house: House) -> World:
    """An account of every office with a session, a session before the code, a token, links."""
    world = World()
    now = house.clock()
    for name, office in OFFICES.items():
        account = Account(
            id=uuid.uuid4().hex[:24],
            email=world.mark(f"{name}.mail", f"zq{name}@portal.example"),
            name="Somebody",
            language="en",
            role=office.role,
            state=office.state,
            organisation=office.organisation,
            regions=list(office.regions),
            password=house.passwords.hash(PASSWORD),
            created_at=now,
        )
        account.save(force_insert=True)
        seed = factors.seed_to_set_up(house, account)
        recovery = factors.confirm_setup(house, account, factors.rules.code_at(seed, now), now)
        assert recovery
        world.ids[name] = account.id
        cookie = sessions.open_session(house, account, "full", "a browser", now, None)
        world.ids[f"{name}-cookie"] = cookie
        token, text = api_tokens.make(
            house, account, "nightly", ["portal:write"], timedelta(days=9), now
        )
        world.ids[f"{name}-token"], world.ids[f"{name}-secret"] = token.id, text
        link = accounts.new_reset_link(house, account, now).rpartition("/")[2]
        world.ids[f"{name}-link"] = link
        for secret in (account.password, seed, cookie, text, *recovery):
            world.mark("nobodys.secret", secret)
    operator = Account.objects.get(id=world.ids["operator"])
    world.ids["half-cookie"] = sessions.open_session(house, operator, "code", "x", now, None)
    for name in ("state", "farstate", "donor"):
        mail = world.mark(f"{name}-guest.mail", f"zq{name}guest@portal.example")
        made, link = invitations.invite(house, mail, "en", OFFICES[name], COMMAND_LINE, now)
        world.ids[f"{name}-guest"] = made.id
        world.mark("nobodys.secret", link.rpartition("/")[2])
    note = Note("match-step", "match", "a.b", "decline", "0", now, {"country": "SEN"})
    assert notify(note, [Account.objects.get(id=world.ids["state"])], now) == 1
    world.ids["state-note"] = note.id_for(world.ids["state"])
    address = world.mark("state-hook.url", "https://8.8.8.8/zqstatehook")
    hook, secret = webhooks.make(house, world.ids["state"], address, [], now)
    world.ids["state-hook"] = hook.id
    world.mark("nobodys.secret", secret)
    world.ids["wrong"] = "entraide_0_0"
    return world


@pytest.fixture(scope="module")
def snapshot(world: World) -> Snapshot:
    return Snapshot(current_database())


def test_every_route_has_a_line(app: Flask) -> None:
    faults = faults_of(TABLE, app)
    assert not faults, "\n" + "\n".join(faults)


def test_rows_send_html_in_every_text(app: Flask) -> None:
    assert lacking_html(app, lambda _: None) == []


@pytest.fixture(scope="module")
def asked(app: Flask, house: House, world: World, snapshot: Snapshot) -> Asked:
    """What callers send for a row."""

    def credentials(column: str, row: Row) -> dict[str, str]:
        if column == "anonymous":
            return {}
        if not row.path.startswith("/v1/"):
            name = "half" if column == "narrow" else column
            return {"Cookie": f"entraide-session={world.ids[f'{name}-cookie']}"}
        narrow = frozenset({"requests:write" if row.method == "GET" else "portal:read"})
        name = "operator" if column == "narrow" else column
        account = Account.objects.get(id=world.ids[name])
        identity = accounts.identity_of(account, narrow if column == "narrow" else None)
        now = house.clock()
        token = issue_token(signing_key(house, now), identity, timedelta(minutes=5), now)
        return {"Authorization": f"Bearer {token}"}

    def call(column: str, row: Row) -> Call:
        id_ = world.ids.get(row.record, row.record)
        named = iter(id_.split(".")) if row.path.count("{") > 1 and "ending" in row.path else None
        path = GAP.sub(lambda _: id_ if named is None else next(named), row.path)
        route = f"{row.method} {row.path}"
        sent = with_html(app, route, BODIES.get(route, lambda *_: None)(world, row.record))
        options = {} if sent is None else {"json": sent}
        return Call(row.method, path, {"headers": credentials(column, row), **options})

    return Asked(app, TABLE, world, snapshot, call)


@pytest.mark.parametrize("row", TABLE.rows, ids=str)
def test_callers_are_answered_as_the_table_says(row: Row, asked: Asked) -> None:
    check_row(row, TABLE, asked.world, asked.snapshot, asked.sender(use_cookies=False))
