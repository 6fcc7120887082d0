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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import requests
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from pymongo import MongoClient

from bench.copies import fill, fill_notifications
from bench.meeting import meet
from bench.spent import Spent, spent, told
from deploy.cli.accounts import house_of
from deploy.cli.example_accounts import session_cookie
from deploy.cli.settling import Watch, wait_until_settled
from deploy.local.programs import Plan, service_settings
from deploy.local.stack import SERVICES, DataDirectory, load_keys, running_ports
from services.portal.documents import Account
from services.portal.domain.people import Office
from services.portal.trail import COMMAND_LINE, first_step, office_code
from shared.ids import new_id

CHROMIUM: Final = "/usr/bin/chromium"
FIRST, NEXT, PAINT, SERVER = 100_000, 30_000, 2.0, 0.1
"""The most: bytes of a first visit, of a next page; seconds to the first paint, at the server."""
NOTIFICATIONS: Final = 5_000
"""What each reader was told of and has not read."""
QUIET_SECONDS, PATIENCE = 3.0, 600.0
_SLOW = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
_THEMES = ("marking", "tracing", "ammunition", "training", "destruction", "ballistics")


@dataclass(frozen=True)
class Page:
    """A page to measure, as seen by a role; None: without an account.

    `path` may name a record in braces, one of RECORDS.
    """

    path: str
    role: str | None = None

    def found(self, records: Mapping[str, str]) -> "Page":
        """The same page of these records."""
        return replace(self, path=self.path.format_map(records))


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
    Page("/requests/{request}", STATE),
    Page("/requests/{request}/offers", STATE),
    Page("/offers/{offer}", DONOR),
    Page("/requests/{request}", DONOR),
    Page("/review", DESK),
    Page("/review?kind=proposals", DESK),
    Page("/review?kind=requests", DESK),
    Page("/review?kind=duplicates", DESK),
    Page("/review?kind=coverage", DESK),
    Page("/review?kind=alliances", DESK),
    Page("/proposals/{proposal}", DESK),
    Page("/duplicates/{duplicate}", DESK),
    Page("/coverage/{coverage}", DESK),
    Page("/alliances/{alliance}", DESK),
    Page("/requests/{request}", DESK),
    Page("/offers/{offer}", DESK),
    Page("/activities/{activity}", DESK),
    Page("/requests", DESK),
    Page("/requests?q=marking+machines", DESK),
    Page("/offers", DESK),
    Page("/activities", DESK),
    Page("/matches", DESK),
    Page("/matches/{match}", DESK),
    Page("/alliances", DESK),
    Page("/allocation", DESK),
    Page("/allocation/what-if", DESK),
    Page("/report", DESK),
    Page("/embargoes", DESK),
    Page("/audit", DESK),
    Page("/notifications", DESK),
)


RECORDS: Final = {
    "request": ("requests", "requests"),
    "offer": ("offers", "offers"),
    "activity": ("offers", "activities"),
    "duplicate": ("matcher", "duplicate_cases"),
    "coverage": ("matcher", "coverage_cases"),
    "alliance": ("matcher", "alliances"),
    "match": ("matcher", "matches"),
}
"""Records that pages are of, by whose and which collection they stand in: the newest is taken."""
_NONE: Final[Mapping[str, str]] = MappingProxyType({})
_NEWEST: Final = [("created_at", -1), ("_id", 1)]


def records(client: MongoClient[Any], known: Mapping[str, str] = _NONE) -> dict[str, str]:
    """The ids of RECORDS, those of `known` ones as they are, and of the first `proposal` for the
    request; nothing of what is none."""
    found = dict(known)
    for name in RECORDS.keys() - known.keys():
        service, collection = RECORDS[name]
        newest = client[f"entraide_{service}"][collection].find_one({}, {"_id": 1}, sort=_NEWEST)
        found[name] = "" if newest is None else str(newest["_id"])
    shortlists = client["entraide_matcher"]["shortlists"]
    listed = shortlists.find_one({"request": found["request"]}, {"offers": 1}) or {}
    return {**found, "proposal": f"{found['request']}.{next(iter(listed.get('offers', '')), '')}"}


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

    The accounts are made here, with no password, and told of as much as NOTIFICATIONS says.
    """
    house = house_of(plan)
    now, found = house.clock(), {}
    client: MongoClient[Any] = MongoClient(plan.ports.mongodb)
    asked = client["entraide_requests"]["requests"].find_one(sort=_NEWEST) or {}
    offered = client["entraide_offers"]["offers"].find_one(sort=_NEWEST) or {}
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
        fill_notifications(client, account.id, NOTIFICATIONS)
        found[role] = session_cookie(house, account, "bench")
    return found


def server_times(url: str, page: Page, cookie: str | None, count: int) -> list[float]:
    """Seconds until the page was there, uncached where its address can say something new."""
    session = requests.Session()
    session.trust_env = False
    if cookie:
        session.cookies.set("entraide-session", cookie, domain="127.0.0.1", path="/")
    times: list[float] = []
    while len(times) < count:
        at = len(times)
        query = {"theme": _THEMES[at % len(_THEMES)], "at": str(at)} if at else {}
        began = time.perf_counter()
        answer = session.get(url + page.path, params=query, timeout=60, allow_redirects=False)
        took = time.perf_counter() - began
        if answer.status_code == 200:
            times.append(took)
        elif at or "Retry-After" not in answer.headers:
            raise SystemExit(f"{page.path} answers {answer.status_code}")
        else:  # an allocation of so much is first found, for all who ask
            time.sleep(float(answer.headers["Retry-After"]))
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
    """The times of a page, and where they go, as cells of a table."""
    server_times(url, page, cookie, 3)
    before = spend()
    times = server_times(url, page, cookie, count)
    where = told(before, spend(), count)
    return f"{_times(times)} | {where}"


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
    client: MongoClient[Any] = MongoClient(plan.ports.mongodb)
    if meet(plan):
        settings = {name: service_settings(plan, name) for name in SERVICES}
        wait_until_settled(Watch(settings, []), QUIET_SECONDS, PATIENCE)
    for label, there in fill(client, given.records):
        sys.stderr.write(f"{label}: {there}\n")
    pages = [page for page in PAGES if page.path.startswith(given.only)]
    there_is = records(client)
    sessions = cookies(plan, sorted({page.role for page in pages if page.role}))
    url = plan.ports.url("portal")
    if given.times:
        head = "| page | reader | p50 | p95 | processor, ms a page | calls a page × ms |\n"
        sys.stdout.write(f"{head}|---|---|--:|--:|---|---|\n")
        for page in pages:
            cookie = sessions[page.role] if page.role else None
            told_ = timed(
                url,
                page.found(there_is),
                cookie,
                given.requests,
                lambda: spent(plan.ports, directory),
            )
            sys.stdout.write(f"| {page.path} | {page.role or 'anybody'} | {told_} |\n")
            sys.stdout.flush()
        return
    sys.stdout.write(
        "| page | reader | first visit | as next page | first paint | p50 | p95 |\n"
        "|---|---|--:|--:|--:|--:|--:|\n"
    )
    for one in weigh(url, sessions, [page.found(there_is) for page in pages], given.requests):
        sys.stdout.write(f"{row(one)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
