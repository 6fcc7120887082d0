"""What people and programs ask of a running stack, in the proportions of life."""

import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import requests

from bench.arrivals import Done
from deploy.cli.client import Client
from deploy.cli.target import Target, stack_target
from deploy.local.running import Stack
from deploy.local.stack import SERVICES
from entraide.client import Sender

TIMEOUT = (5.0, 30.0)
SUBJECTS = 24
"""So many people, each with a token of its own: limits of rate are for each."""
SHARES: Mapping[str, int] = {
    "list requests": 20,
    "read a request": 14,
    "proposals of a request": 18,
    "search": 6,
    "list offers": 10,
    "public page": 10,
    "public figures": 4,
    "ledger": 4,
    "register a request": 6,
    "register an offer": 2,
    "circulate a request": 6,
}
"""In hundredths. Of what is registered, half is circulated at once and so matched."""
_THEMES = ("marking", "destruction", "tracing", "stockpile-management")
_LINE = {"kind": "equipment", "unit": "machines"}
_COUNTRIES = ("SEN", "KEN", "GHA", "TGO", "UGA", "DJI")


class Visits:
    """Makes one call after another: `act` draws which, and says what came of it."""

    def __init__(self, stack: Stack, known: Sequence[str]) -> None:
        self._urls = {name: stack.plan.ports.url(name) for name in SERVICES}
        self._portal = stack.plan.ports.url("portal")
        self._sender = Sender(trusting=False)
        self._known = list(known)
        ports, keys = stack.plan.ports, stack.plan.keys
        self._people = [stack_target(ports, keys, f"load-{number}") for number in range(SUBJECTS)]
        self._acts: Mapping[str, Callable[[random.Random], requests.Response]] = {
            "list requests": lambda rng: self._get(rng, "requests", "/v1/requests", limit=20),
            "read a request": lambda rng: self._get(rng, "requests", self._record(rng)),
            "proposals of a request": lambda rng: self._get(
                rng, "matcher", "/v1/proposals", request=rng.choice(self._known), limit=10
            ),
            "search": lambda rng: self._get(
                rng, "requests", "/v1/requests", q=rng.choice(_THEMES), limit=20
            ),
            "list offers": lambda rng: self._get(rng, "offers", "/v1/offers", limit=20),
            "public page": lambda rng: self._page(rng, "/public/requests"),
            "public figures": lambda rng: self._get(rng, "requests", "/v1/public/figures"),
            "ledger": lambda rng: self._get(
                rng, "matcher", "/v1/ledger", record=rng.choice(self._known)
            ),
            "register a request": self._register,
            "register an offer": self._offer,
            "circulate a request": self._circulate,
        }
        assert set(self._acts) == set(SHARES)

    def act(self, rng: random.Random) -> Done:
        """One of the calls; of what takes several, the first that fails, or else the last."""
        (what,) = rng.choices(list(SHARES), list(SHARES.values()))
        try:
            response = self._acts[what](rng)
        except requests.RequestException:
            return what, 0, False
        return what, response.status_code, "Retry-After" in response.headers

    def _send(
        self, person: Target, role: str, method: str, url: str, **sent: Any
    ) -> requests.Response:
        headers = {
            "Accept": "application/json",
            "Authorization": f"Bearer {person.token(role)}",
        }
        return self._sender.send(method, url, headers, TIMEOUT, **sent)

    def _get(
        self, rng: random.Random, service: str, path: str, **query: object
    ) -> requests.Response:
        url = self._urls[service] + path
        return self._send(rng.choice(self._people), "coordinator", "GET", url, query=query)

    def _page(self, rng: random.Random, path: str) -> requests.Response:
        query = {"language": rng.choice(("en", "fr", "es", "ar", "ru", "zh"))}
        return self._sender.send("GET", self._portal + path, {}, TIMEOUT, query=query)

    def _record(self, rng: random.Random) -> str:
        return f"/v1/requests/{rng.choice(self._known)}"

    def _register(self, rng: random.Random) -> requests.Response:
        return self._made(rng.choice(self._people), rng)

    def _made(self, person: Target, rng: random.Random) -> requests.Response:
        body = {
            "title": f"Machines to mark weapons, lot {rng.randrange(10**6)} (illustrative)",
            "description": "Portable machines to mark service weapons with, and a course.",
            "language": "en",
            "country": rng.choice(_COUNTRIES),
            "needs": [{**_LINE, "theme": rng.choice(_THEMES), "quantity": 4}],
            "window": {"from": "2026-12-01", "to": "2035-12-31"},
            "external_id": {"source": "load", "id": uuid.uuid4().hex},
        }
        url = f"{self._urls['requests']}/v1/requests"
        return self._send(person, "operator", "POST", url, body=body)

    def _circulate(self, rng: random.Random) -> requests.Response:
        person = rng.choice(self._people)
        response = self._made(person, rng)
        if response.status_code != 201:
            return response
        id_ = response.json()["id"]
        here = f"{self._urls['requests']}/v1/requests/{id_}"
        for role, step, body in (
            ("operator", "submit", {"consent": "express"}),
            ("coordinator", "authenticate", None),
        ):
            tag = response.headers["ETag"]
            response = self._send(person, role, "POST", f"{here}/{step}", body=body, if_match=tag)
            if response.status_code != 200:
                return response
        self._known.append(id_)
        return response

    def _offer(self, rng: random.Random) -> requests.Response:
        body = {
            "title": f"Marking equipment, lot {rng.randrange(10**6)} (illustrative)",
            "description": "We give machines for marking weapons, with training.",
            "language": "en",
            "organisation": ORGANISATION,
            "provisions": [{**_LINE, "theme": rng.choice(_THEMES), "capacity": 10}],
            "window": {"from": "2026-12-01", "to": "2035-12-31"},
            "external_id": {"source": "load", "id": uuid.uuid4().hex},
        }
        url = f"{self._urls['offers']}/v1/offers"
        return self._send(rng.choice(self._people), "operator", "POST", url, body=body)


ORGANISATION = "load-agency"


def introduce(stack: Stack) -> None:
    """Register whose the offers are."""
    client = Client(stack_target(stack.plan.ports, stack.plan.keys, "load"), "operator")
    agency = {"name": "Agency of the load (illustrative)", "type": "ngo", "country": None}
    client.put("offers", f"/v1/organisations/{ORGANISATION}", agency)
