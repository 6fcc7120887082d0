"""The portal, its house, and people who use it. A module's tests share one database."""

import base64
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import argon2
import mongoengine
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import Babel, refresh

from services.portal import api_tokens, factors, invitations
from services.portal.app import create_app
from services.portal.documents import Account
from services.portal.domain.people import Office
from services.portal.following import keep_telling
from services.portal.house import House, Passwords, system_clock
from services.portal.listening import Pace
from services.portal.pages.live import PACE
from services.portal.trail import COMMAND_LINE
from shared.settings import Settings
from tests.services.described import described_client
from tests.services.portal.browsing import Browser
from tests.services.portal.events import DONOR, ORGANISATION

URL = "http://127.0.0.1:8100"
ENVIRON = {
    "ENTRAIDE_PORTAL_KEY": base64.b64encode(b"a key that only the tests use...").decode(),
    "ENTRAIDE_PUBLIC_URL_PORTAL": URL,
    "ENTRAIDE_URL_REQUESTS": "http://127.0.0.1:9",
    "ENTRAIDE_URL_OFFERS": "http://127.0.0.1:9",
    "ENTRAIDE_URL_MATCHER": "http://127.0.0.1:9",
}
PASSWORD = "seven herons over wet stone"


class Clock:
    """A clock that tests set forward."""

    def __init__(self) -> None:
        # From now on: the database forgets what has expired by its own clock.
        self.now = system_clock()

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture(scope="module")
def clock() -> Clock:
    """The time of the module's portal; it only goes forward."""
    return Clock()


def settings_of_portal(mongodb: str) -> Settings:
    """Settings of a portal without a broker, in a database of its own."""
    return Settings(
        service="portal",
        kafka="127.0.0.1:9",
        mongodb=mongodb,
        database=f"test_portal_{uuid.uuid4().hex[:12]}",
        term_key=b"a key that only the tests use...",
        log_format="console",
    )


@pytest.fixture(scope="module")
def portal_settings(mongodb: str) -> Settings:
    return settings_of_portal(mongodb)


@pytest.fixture(scope="module")
def app(portal_settings: Settings, clock: Clock) -> Iterator[Flask]:
    made = create_app(portal_settings, ENVIRON, clock, quick_passwords())
    made.config[PACE] = Pace(look=0.01, beat=0.05, whole=0.0)  # listening ends at once
    yield made
    mongoengine.disconnect()


@pytest.fixture(scope="module")
def house(app: Flask) -> House:
    """What the portal works with."""
    found: House = app.extensions["entraide-portal"]
    return found


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client that holds every answer of the API against its description."""
    return described_client(app)


def quick_passwords() -> Passwords:
    """Passwords hashed in a thousandth of the time, and as badly kept."""
    return Passwords(argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def make_account(house: House) -> Callable[..., Account]:
    """Makes accounts: make_account("donor", organisation="acme"). The password is PASSWORD."""
    hashed = house.passwords.hash(PASSWORD)

    def make(role: str = "requester", **bound: Any) -> Account:
        if role == "requester":
            bound = {"state": "SEN", **bound}
        if role == "donor":
            bound = {"organisation": "acme", **bound}
        email = bound.pop("email", f"{role}-{uuid.uuid4().hex[:8]}@portal.example")
        office = Office(role, **bound)
        now = house.clock()
        account = Account(
            id=uuid.uuid4().hex[:24],
            email=email,
            name="Somebody",
            language="en",
            role=office.role,
            state=office.state,
            organisation=office.organisation,
            regions=list(office.regions),
            password=hashed,
            created_at=now,
        )
        account.save(force_insert=True)
        return account

    return make


@pytest.fixture
def with_factor(house: House) -> Callable[[Account], str]:
    """Sets up a second factor; the seed."""

    def set_up(account: Account) -> str:
        seed = factors.seed_to_set_up(house, account)
        code = factors.rules.code_at(seed, house.clock())
        assert factors.confirm_setup(house, account, code, house.clock())
        return seed

    return set_up


@pytest.fixture
def invite(house: House) -> Callable[..., str]:
    """Invites somebody; the secret of the link."""

    def make(email: str, role: str = "requester", **bound: Any) -> str:
        if role == "requester":
            bound = {"state": "SEN", **bound}
        office = Office(role, **bound)
        _, link = invitations.invite(house, email, "en", office, COMMAND_LINE, house.clock())
        return link.rpartition("/")[2]

    return make


@pytest.fixture
def headers(house: House) -> Callable[[Account], dict[str, str]]:
    """Headers of an account, as the portal's pages would send them to a service."""

    def make(account: Account) -> dict[str, str]:
        access = api_tokens.access_for(house, account, house.clock())
        return {"Authorization": f"Bearer {access.token}"}

    return make


@pytest.fixture
def signed_in(app: Flask) -> Callable[[Account], Browser]:
    """Signs somebody in on the pages, to go on at the account; the browser."""

    def sign_in(account: Account) -> Browser:
        browser = Browser(app)
        browser.open("/sign-in?next=/account")
        browser.send(email=account.email, password=PASSWORD)
        return browser

    return sign_in


@pytest.fixture
def hear(clock: Clock) -> Callable[..., None]:
    """Hands events to the worker's handler."""
    handle = keep_telling(clock)
    return lambda *events: handle(events)


@pytest.fixture
def people(make_account: Callable[..., Account], clock: Clock) -> dict[str, Account]:
    """One of each who might be told, by name; all of them were there before anything happened."""
    found = {
        "state": make_account("requester", state="SEN"),
        "colleague": make_account("requester", state="SEN"),
        "other-state": make_account("requester", state="BEN"),
        "donor": make_account("donor", organisation=DONOR),
        "other-donor": make_account("donor", organisation=ORGANISATION),
        "coordinator": make_account("coordinator"),
        "west": make_account("coordinator", regions=("Western Africa",)),
        "east": make_account("coordinator", regions=("Eastern Africa",)),
        "auditor": make_account("auditor"),
        "operator": make_account("operator"),
    }
    clock.forward(minutes=1)
    return found


def forget_attempts() -> None:
    """Let no test wait for what another did."""
    from services.portal.documents import Throttle

    Throttle.objects.delete()


@pytest.fixture(scope="module")
def speaking() -> Iterator[Callable[[str], None]]:
    """Sets the reader's language."""
    app, chosen = Flask(__name__), {"language": "en"}
    Babel(app, locale_selector=lambda: chosen["language"])

    def speak(language: str) -> None:
        chosen["language"] = language
        refresh()

    with app.test_request_context():
        yield speak
