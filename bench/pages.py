"""What pages of a running stack weigh and how soon they are there, over a slow line in Chromium.

    entraide up --example --data-dir DIR      (in another window)
    python -m bench.pages --data-dir DIR --records 10000

Fills the databases with copies of what is in them (`bench/copies.py`), so use a directory of its
own; it is filled once, and can be used again. Then, for each page and a reader of its role: the
server's time for a page that nobody asked for before (p50, p95), bytes over the wire of a first
visit and of the page when it is not the first, and when the first content is painted, at 400 kbit/s
and 400 ms (Chromium's own throttling). With `--times` only the server's times, and where they go:
the processor's time that each program spent on a page, and how long each call of a service took,
as the service counts it. Figures depend on the machine and its load.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import requests
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from pymongo import MongoClient

from bench.copies import fill
from bench.spent import Spent, spent, told
from deploy.cli.accounts import house_of
from deploy.cli.example_accounts import session_cookie
from deploy.local.programs import Plan
from deploy.local.stack import DataDirectory, load_keys, running_ports
from services.portal.documents import Account
from services.portal.domain.people import Office
from services.portal.trail import COMMAND_LINE, first_step, office_code
from shared.ids import new_id

CHROMIUM: Final = "/usr/bin/chromium"
FIRST, NEXT, PAINT, SERVER = 100_000, 30_000, 2.0, 0.1
"""The most: bytes of a first visit, of a next page; seconds to the first paint, at the server."""
_SLOW = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
_THEMES = ("marking", "tracing", "ammunition", "training", "destruction", "ballistics")


@dataclass(frozen=True)
class Page:
    """A page to measure, as seen by a role; None: without an account."""

    path: str
    role: str | None = None


STATE, DONOR, DESK = "requester", "donor", "coordinator"
PAGES: Final = (
    Page("/"),
    Page("/sign-in"),
    Page("/public/requests"),
    Page("/public/requests?q=marking+machines"),
    Page("/public/requests?region=002"),
    Page("/public/offers"),
    Page("/public/offers?q=marking+machines"),
    Page("/public/offers?country=GHA"),
    Page("/public/offers?region=002"),
    Page("/public/activities"),
    Page("/public/figures"),
    Page("/public/map"),
    Page("/requests", STATE),
    Page("/requests?country=all", STATE),
    Page("/requests?country=all&q=marking+machines", STATE),
    Page("/requests/new", STATE),
    Page("/offers", STATE),
    Page("/matches", STATE),
    Page("/alliances", STATE),
    Page("/offers", DONOR),
    Page("/offers?whose=all", DONOR),
    Page("/offers?whose=all&q=marking+machines", DONOR),
    Page("/requests", DONOR),
    Page("/offers/new", DONOR),
    Page("/matches", DONOR),
    Page("/activities", DONOR),
    Page("/review", DESK),
    Page("/review?kind=proposals", DESK),
    Page("/review?kind=requests", DESK),
    Page("/requests", DESK),
    Page("/requests?q=marking+machines", DESK),
    Page("/offers", DESK),
    Page("/activities", DESK),
    Page("/matches", DESK),
    Page("/alliances", DESK),
    Page("/allocation", DESK),
    Page("/audit", DESK),
    Page("/notifications", DESK),
)


@dataclass(frozen=True)
class Measured:
    """Bytes, and seconds; `server` are the times of single requests."""

    page: Page
    first: int
    following: int
    paint: float
    server: Sequence[float]


def cookies(plan: Plan, roles: Sequence[str]) -> dict[str, str]:
    """A session for somebody in each role, bound to a State and an organisation that have records.

    The accounts are made here, with no password.
    """
    house = house_of(plan)
    now, found = house.clock(), {}
    client: MongoClient[Any] = MongoClient(plan.ports.mongodb)
    newest = [("created_at", -1), ("_id", 1)]
    asked = client["entraide_requests"]["requests"].find_one(sort=newest) or {}
    offered = client["entraide_offers"]["offers"].find_one(sort=newest) or {}
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
        found[role] = session_cookie(house, account, "bench")
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


def weigh(
    url: str, sessions: dict[str, str], pages: Sequence[Page], count: int
) -> Iterator[Measured]:
    """Each page in turn."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--no-proxy-server"]
        )
        for page in pages:
            cookie = sessions[page.role] if page.role else None
            server_times(url, page, cookie, 3)
            times = server_times(url, page, cookie, count)
            first, following, paint = visit(browser, url, page, cookie)
            yield Measured(page, first, following, paint, times)
        browser.close()


def row(one: Measured) -> str:
    """A row of the table; what is more than it should be is bold."""
    return " | ".join(
        [
            f"| {one.page.path}",
            one.page.role or "anybody",
            _told(one.first, FIRST, f"{one.first / 1000:.1f} kB"),
            _told(one.following, NEXT, f"{one.following / 1000:.1f} kB"),
            _told(one.paint, PAINT, f"{one.paint:.2f} s"),
            f"{_times(one.server)} |",
        ]
    )


def timed(url: str, page: Page, cookie: str | None, count: int, spend: Callable[[], Spent]) -> str:
    """A row of the table of times alone, with where they go."""
    server_times(url, page, cookie, 3)
    before = spend()
    times = server_times(url, page, cookie, count)
    where = told(before, spend(), count)
    return f"| {page.path} | {page.role or 'anybody'} | {_times(times)} | {where} |"


def _times(server: Sequence[float]) -> str:
    late = statistics.quantiles(server, n=20, method="inclusive")[-1]
    return f"{statistics.median(server) * 1000:.0f} ms | " + _told(
        late, SERVER, f"{late * 1000:.0f} ms"
    )


def _told(value: float, most: float, text: str) -> str:
    return f"**{text}**" if value > most else text


def main() -> None:
    """Fill, measure, and print the table as Markdown."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data-dir", type=Path, required=True)
    options.add_argument("--records", type=int, default=10_000)
    options.add_argument("--requests", type=int, default=40, help="requests of each page")
    options.add_argument("--times", action="store_true", help="the server's times, and no browser")
    options.add_argument("--only", default="", help="pages whose addresses begin so")
    given = options.parse_args()
    directory = DataDirectory(given.data_dir)
    plan = Plan(directory, running_ports(directory), load_keys(directory))
    for label, there in fill(MongoClient(plan.ports.mongodb), given.records):
        sys.stderr.write(f"{label}: {there}\n")
    pages = [page for page in PAGES if page.path.startswith(given.only)]
    sessions = cookies(plan, sorted({page.role for page in pages if page.role}))
    url = plan.ports.url("portal")
    if given.times:
        head = "| page | reader | p50 | p95 | processor, ms a page | calls a page × ms |\n"
        sys.stdout.write(f"{head}|---|---|--:|--:|---|---|\n")
        for page in pages:
            cookie = sessions[page.role] if page.role else None
            told_ = timed(url, page, cookie, given.requests, lambda: spent(plan.ports, directory))
            sys.stdout.write(f"{told_}\n")
            sys.stdout.flush()
        return
    sys.stdout.write(
        "| page | reader | first visit | as next page | first paint | p50 | p95 |\n"
        "|---|---|--:|--:|--:|--:|--:|\n"
    )
    for one in weigh(url, sessions, pages, given.requests):
        sys.stdout.write(f"{row(one)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
