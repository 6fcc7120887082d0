"""What pages of a running stack weigh and how soon they are there, over a slow line in Chromium.

    entraide up --example --data-dir DIR      (in another window)
    python -m bench.pages --data-dir DIR --records 10000

Fills the registers with copies of what is in them, which no event tells of, so use a directory of
its own; the matcher goes on knowing the examples alone. Then, for each page and a reader of its
role: the server's time for a page that nobody asked for before (p50, p95), bytes over the wire of a
first visit and of the page when it is not the first, and when the first content is painted, at
400 kbit/s and 400 ms (Chromium's own throttling). Figures depend on the machine and its load.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import requests
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from pymongo import MongoClient
from pymongo.database import Database

from deploy.cli.accounts import house_of
from deploy.local.programs import Plan
from deploy.local.stack import DataDirectory, load_keys, running_ports
from services.portal import factors
from services.portal.documents import Account
from services.portal.domain.people import Office
from services.portal.domain.second_factor import code_at
from services.portal.sessions import open_session
from services.portal.trail import COMMAND_LINE, first_step, office_code
from shared.ids import new_id

CHROMIUM: Final = "/usr/bin/chromium"
FIRST, NEXT, PAINT, SERVER = 100_000, 30_000, 2.0, 0.1
"""The most: bytes of a first visit, of a next page; seconds to the first paint, at the server."""
_SLOW = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
_COLLECTIONS = {"requests": "requests", "offers": "offers"}
_APART: Final = timedelta(hours=2)
"""How far apart the copies of a register were made: 10,000 of them in little more than 2 years."""
_AT_ONCE = 500
_STEMS = 10
"""Stems that a copy is found by: no words are searched for here, and each is a row of an index."""
_THEMES = ("marking", "tracing", "ammunition", "training", "destruction", "ballistics")


@dataclass(frozen=True)
class Page:
    """A page to measure, as seen by a role; None: without an account."""

    path: str
    role: str | None = None


PAGES: Final = (
    Page("/"),
    Page("/sign-in"),
    Page("/public/requests"),
    Page("/public/offers"),
    Page("/public/figures"),
    Page("/public/map"),
    Page("/requests", "requester"),
    Page("/requests/new", "requester"),
    Page("/matches", "requester"),
    Page("/offers", "donor"),
    Page("/offers/new", "donor"),
    Page("/activities", "donor"),
    Page("/review", "coordinator"),
    Page("/requests", "coordinator"),
    Page("/offers", "coordinator"),
    Page("/notifications", "coordinator"),
)


@dataclass(frozen=True)
class Measured:
    """Bytes, and seconds; `server` are the times of single requests."""

    page: Page
    first: int
    following: int
    paint: float
    server: Sequence[float]


def fill(database: Database[Any], name: str, wanted: int) -> int:
    """Copies of the documents of a collection under new ids until there are that many."""
    collection = database[name]
    seeds = list(collection.find())
    there, now = len(seeds), datetime.now(UTC)
    while seeds and there < wanted:
        batch = [
            {
                **seeds[at % len(seeds)],
                "_id": new_id(),
                "pending_events": [],
                "attempts": [],
                **dict.fromkeys(("created_at", "updated_at"), now - at * _APART),
            }
            for at in range(there, min(there + _AT_ONCE, wanted))
        ]
        for copy in batch:
            copy.pop("external_id", None)
            copy["search_terms"] = copy.get("search_terms", [])[:_STEMS]
        collection.insert_many(batch, ordered=False)
        there += len(batch)
    return there


def cookies(plan: Plan, roles: Sequence[str]) -> dict[str, str]:
    """A session for somebody in each role, bound to a State and an organisation that have records.

    The accounts are made here, with no password.
    """
    house = house_of(plan)
    now, found = house.clock(), {}
    client: MongoClient[Any] = MongoClient(plan.ports.mongodb)
    asked = client["entraide_requests"]["requests"].find_one() or {}
    offered = client["entraide_offers"]["offers"].find_one() or {}
    bound = {
        "requester": {"state": asked.get("country")},
        "donor": {"organisation": offered.get("organisation")},
    }
    for role in roles:
        office = Office(role, **bound.get(role, {}))
        account = Account(
            id=new_id(),
            email=f"{new_id()}@bench.example",
            name="Bench",
            language="en",
            role=role,
            state=office.state,
            organisation=office.organisation,
            password="",
            created_at=now,
            **first_step("create", COMMAND_LINE, now, office_code(office)),
        )
        account.save(force_insert=True)
        seed = factors.seed_to_set_up(house, account)  # without one coordinators see no page
        factors.confirm_setup(house, account, code_at(seed, now), now)
        account.reload()
        found[role] = open_session(house, account, "full", "bench", now, None)
    return found


def server_times(url: str, page: Page, cookie: str | None, count: int) -> list[float]:
    """Seconds until the page was there, uncached where its address can say something new."""
    session = requests.Session()
    session.trust_env = False
    if cookie:
        session.cookies.set("entraide-session", cookie, domain="127.0.0.1", path="/")
    times = []
    for at in range(count):
        query = {"theme": _THEMES[at % len(_THEMES)], "at": str(at)} if at else {}
        began = time.perf_counter()
        answer = session.get(url + page.path, params=query, timeout=60, allow_redirects=False)
        times.append(time.perf_counter() - began)
        if answer.status_code != 200:
            raise SystemExit(f"{page.path} answers {answer.status_code}")
    return times


def visit(browser: Browser, url: str, page: Page, cookie: str | None) -> tuple[int, int, float]:
    """Bytes of a first visit, of the page as a next one, and seconds to its first paint."""
    context = browser.new_context()
    if cookie:
        context.add_cookies([{"name": "entraide-session", "value": cookie, "url": url}])
    first, paint = _load(context, url + page.path)
    other = "/account" if cookie else "/sign-in"
    _load(context, url + other)
    following, _ = _load(context, f"{url}{page.path}?at=next")
    context.close()
    return first, following, paint


def _load(context: BrowserContext, address: str) -> tuple[int, float]:
    tab = context.new_page()
    wire = context.new_cdp_session(tab)
    got: list[float] = []
    wire.on("Network.loadingFinished", lambda event: got.append(event["encodedDataLength"]))
    wire.send("Network.enable")
    wire.send("Network.emulateNetworkConditions", _SLOW)
    tab.goto(address, wait_until="load", timeout=120_000)
    paint = tab.evaluate(
        "new Promise(done => new PerformanceObserver(list => {"
        "const one = list.getEntriesByName('first-contentful-paint')[0];"
        "if (one) done(one.startTime)}).observe({type: 'paint', buffered: true}))"
    )
    tab.close()
    return round(sum(got)), paint / 1000


def measure(url: str, sessions: dict[str, str], count: int) -> Iterator[Measured]:
    """Each page in turn."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--no-proxy-server"]
        )
        for page in PAGES:
            cookie = sessions[page.role] if page.role else None
            server_times(url, page, cookie, 3)
            times = server_times(url, page, cookie, count)
            first, following, paint = visit(browser, url, page, cookie)
            yield Measured(page, first, following, paint, times)
        browser.close()


def row(one: Measured) -> str:
    """A row of the table; what is more than it should be is bold."""
    quantiles = statistics.quantiles(one.server, n=20, method="inclusive")

    def told(value: float, most: float, text: str) -> str:
        return f"**{text}**" if value > most else text

    return " | ".join(
        [
            f"| {one.page.path}",
            one.page.role or "anybody",
            told(one.first, FIRST, f"{one.first / 1000:.1f} kB"),
            told(one.following, NEXT, f"{one.following / 1000:.1f} kB"),
            told(one.paint, PAINT, f"{one.paint:.2f} s"),
            f"{statistics.median(one.server) * 1000:.0f} ms",
            told(quantiles[-1], SERVER, f"{quantiles[-1] * 1000:.0f} ms") + " |",
        ]
    )


def main() -> None:
    """Fill, measure, and print the table as Markdown."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data-dir", type=Path, required=True)
    options.add_argument("--records", type=int, default=10_000)
    options.add_argument("--requests", type=int, default=40, help="requests of each page")
    given = options.parse_args()
    directory = DataDirectory(given.data_dir)
    plan = Plan(directory, running_ports(directory), load_keys(directory))
    client: MongoClient[Any] = MongoClient(plan.ports.mongodb)
    for service, name in _COLLECTIONS.items():
        count = fill(client[f"entraide_{service}"], name, given.records)
        sys.stderr.write(f"{name}: {count}\n")
    sessions = cookies(plan, sorted({page.role for page in PAGES if page.role}))
    sys.stdout.write(
        "| page | reader | first visit | as next page | first paint | p50 | p95 |\n"
        "|---|---|--:|--:|--:|--:|--:|\n"
    )
    for one in measure(plan.ports.url("portal"), sessions, given.requests):
        sys.stdout.write(f"{row(one)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
