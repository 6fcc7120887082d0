"""One running stack with the examples for all tests of pages, and one account for each role.

A worker starts one stack for all files in tests/pages, and stops it after the last of them: an idle
stack takes time from what is tested next.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import mongoengine
import pytest

from deploy.cli.accounts import house_of
from deploy.cli.client import Client
from deploy.cli.example_accounts import make_account, session_cookie
from deploy.cli.goldset import GoldSet, read_set
from deploy.cli.loading import load
from deploy.cli.target import stack_target
from deploy.local.beside import stack_beside
from deploy.local.running import Stack
from deploy.local.servers import wait_until
from deploy.local.stack import DataDirectory, Ports
from services.portal import webhooks
from services.portal.domain.people import Office
from shared.ids import new_id
from tests.journeys.conftest import AS_OF
from tests.pages.visiting import Visitor

EXAMPLES = Path(__file__).parents[2] / "examples"
PASSWORD = "of every account of these tests"
_SETTLED_SECONDS = 240.0


@dataclass(frozen=True)
class Portal:
    """A running stack with the examples: the portal's address, and a session's cookie a role.

    `state` is the country for which the requester acts, that of the first example request; `donor`
    the organisation of the first example offer. `requests` and `offers` are the examples' ids by
    their external names, such as "E-R01".
    """

    stack: Stack
    url: str
    cookies: dict[str, str]
    state: str
    donor: str
    requests: dict[str, str]
    offers: dict[str, str]

    def visitor(self, role: str | None = None, language: str = "en") -> Visitor:
        """A browser of somebody in that role who is signed in; of nobody without one."""
        return Visitor(self.url, self.cookies[role] if role else None, language)

    def api(self, role: str) -> Client:
        """The services' APIs in a role that is bound like the account's."""
        bound = {"requester": {"state": self.state}, "donor": {"organisation": self.donor}}
        plan = self.stack.plan
        return Client(stack_target(plan.ports, plan.keys, f"pages-{role}", bound), role)


@pytest.fixture(scope="package")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """The stack with the examples, ranked, for all tests of pages that a worker runs."""
    directory = DataDirectory(tmp_path_factory.mktemp("pages") / "data")
    gold = read_set(EXAMPLES)
    with stack_beside(directory, Ports.free(), print, {"ENTRAIDE_AS_OF": AS_OF}) as stack:
        operator = Client(stack_target(stack.plan.ports, stack.plan.keys, "pages"), "operator")
        load(gold, operator)
        cookies = _cookies(stack, gold)
        _wait_for_proposals(operator, gold)
        yield Portal(
            stack=stack,
            url=stack.plan.ports.url("portal"),
            cookies=cookies,
            state=str(gold.requests[0].body["country"]),
            donor=str(gold.offers[0].body["organisation"]),
            requests={row.external: row.id for row in gold.requests},
            offers={row.external: row.id for row in gold.offers},
        )


def _wait_for_proposals(operator: Client, gold: GoldSet) -> None:
    first, last = gold.requests[0].id, gold.requests[-1].id

    def ranked() -> bool:
        return all(
            operator.get("matcher", "/v1/proposals", request=one, limit=1).body["items"]
            for one in (first, last)
        )

    wait_until(ranked, _SETTLED_SECONDS, "proposals for the examples")


def new_account(portal: Portal, office: Office) -> str:
    """An account of that office with the tests' password and no second factor; its address."""
    house = house_of(portal.stack.plan)
    try:
        made = make_account(house, new_id(), office, house.passwords.hash(PASSWORD))
        return str(made.email)
    finally:
        mongoengine.disconnect()


def another(portal: Portal, name: str, office: Office) -> str:
    """The cookie of a session of one more account of that office, called "Example <name>"."""
    house = house_of(portal.stack.plan)
    try:
        return session_cookie(house, make_account(house, name, office), "tests")
    finally:
        mongoengine.disconnect()


def _cookies(stack: Stack, gold: GoldSet) -> dict[str, str]:
    """A session's cookie for each role. The database is connected for that alone.

    The requester has a webhook, which is paused before anything waits for it: nobody is called.
    """
    house = house_of(stack.plan)
    offices = (
        Office("coordinator"),
        Office("requester", state=str(gold.requests[0].body["country"])),
        Office("donor", organisation=str(gold.offers[0].body["organisation"])),
        Office("auditor"),
        Office("operator"),
    )
    try:
        hashed, now = house.passwords.hash(PASSWORD), house.clock()
        accounts = {one.role: make_account(house, one.role, one, hashed) for one in offices}
        hook, _ = webhooks.make(house, accounts["requester"].id, "https://8.8.8.8/hook", [], now)
        webhooks.pause(hook, "owner", now)
        webhooks.ping(hook, now)
        return {role: session_cookie(house, account, "tests") for role, account in accounts.items()}
    finally:
        mongoengine.disconnect()


@pytest.fixture
def visitor(portal: Portal) -> Callable[..., Visitor]:
    """Makes browsers: visitor("coordinator"), visitor("donor", "ar"), visitor() for nobody."""
    return portal.visitor
