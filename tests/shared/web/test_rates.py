"""Who calls too often waits: by token, by network without one, and never at a probe."""

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from shared.settings import Settings, SettingsError
from shared.web.problems import Problem
from shared.web.rates import Rates

Token = Callable[..., dict[str, str]]
LEAST = {
    "ENTRAIDE_KAFKA": "k:1",
    "ENTRAIDE_MONGODB": "mongodb://m",
    "ENTRAIDE_TERM_KEY": "a" * 44,
}
"""Settings without which no service starts."""


@pytest.fixture
def client(make_app: Callable[..., Flask], settings: Settings) -> FlaskClient:
    limited = replace(settings, rate_token="3/hour", rate_address="2/hour")
    return make_app(settings=limited).test_client()


def test_who_calls_too_often_waits_and_others_do_not(client: FlaskClient, token: Token) -> None:
    one, other = (token("requester", state="SEN", subject=name) for name in ("one", "other"))
    answers = [client.get("/v1/notes", headers=one) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    last = answers[-1]
    assert last.mimetype == "application/problem+json"
    assert last.get_json()["type"].endswith(":too-many-requests")
    assert 1 <= int(last.headers["Retry-After"]) <= 3600
    assert last.headers["X-Content-Type-Options"] == "nosniff"
    assert client.get("/v1/notes", headers=other).status_code == 200


def test_without_a_valid_token_the_network_counts(client: FlaskClient, token: Token) -> None:
    bad = {"Authorization": "Bearer a.b.c"}
    statuses = [client.get("/v1/notes", headers=bad).status_code for _ in range(3)]
    assert statuses == [401, 401, 429]
    assert client.get("/openapi.json").status_code == 429
    assert client.get("/nowhere").status_code == 429
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    assert client.get("/openapi.json", environ_base=elsewhere).status_code == 200
    good = token("requester", state="SEN")
    assert client.get("/v1/notes", headers=good).status_code == 200


@pytest.mark.parametrize(("proxies", "statuses"), [(0, [200, 200, 429]), (1, [200] * 3)])
def test_behind_a_proxy_the_address_counts_that_it_tells(
    make_app: Callable[..., Flask], settings: Settings, proxies: int, statuses: list[int]
) -> None:
    limited = replace(settings, rate_address="2/hour", trusted_proxies=proxies)
    client = make_app(settings=limited).test_client()

    def called_by(*told: str) -> int:
        return client.get("/openapi.json", headers={"X-Forwarded-For": ", ".join(told)}).status_code

    assert [called_by(f"192.0.{n}.7") for n in range(3)] == statuses
    # What a caller says of itself stands before what the proxy adds.
    assert [called_by(f"192.0.{n}.7", "198.51.100.9") for n in range(3)][2] == 429


@pytest.mark.parametrize("number", ["-1", "10", "²", "many"])
def test_how_many_proxies_are_trusted_is_a_small_number(number: str) -> None:
    environ = {**LEAST, "ENTRAIDE_TRUSTED_PROXIES": number}
    with pytest.raises(SettingsError, match="ENTRAIDE_TRUSTED_PROXIES"):
        Settings.from_environment("test", environ)


def test_calls_at_the_same_moment_are_all_counted(
    settings: Settings,
) -> None:
    """The library starts a thread now and then, which two calls at once would both start."""
    rates = Rates(replace(settings, rate_token="3000/hour"))
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            for _ in range(150):
                list(pool.map(rates.count_token, ["one"] * 20))
                time.sleep(0.012)  # until that thread has ended
    finally:
        sys.setswitchinterval(before)
    with pytest.raises(Problem):
        rates.count_token("one")


def test_probes_are_never_refused(client: FlaskClient) -> None:
    assert {client.get("/healthz").status_code for _ in range(9)} == {200}


def test_limits_are_on_unless_they_are_put_off(settings: Settings) -> None:
    read = Settings.from_environment("test", LEAST)
    assert (read.rate_token, read.rate_address) == ("6000/minute", "6000/minute")
    off = Rates(replace(settings, rate_token="off", rate_address="off"))
    for _ in range(9):
        off.count_address("192.0.2.1")
    few = Rates(replace(settings, rate_token="1/minute"))
    few.count_token("one")
    with pytest.raises(Problem):
        few.count_token("one")
    with pytest.raises(SettingsError, match="ENTRAIDE_RATE_TOKEN"):
        Rates(replace(settings, rate_token="often"))
