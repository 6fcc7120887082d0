"""Accounts that a newcomer can sign in with: for the local stack, made once, shown once.

Their passwords are random and stored nowhere. The addresses end in `.example`, which no mail
reaches, and the command that makes them knows no other database than the local stack's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from rich.console import Console
from rich.table import Table

from deploy.cli.accounts import house_of
from deploy.cli.goldset import GoldSet
from deploy.local.programs import Plan
from services.portal import factors
from services.portal.documents import Account
from services.portal.domain.people import Office
from services.portal.domain.second_factor import STEP_SECONDS, code_at, readable_secret
from services.portal.house import House
from services.portal.sessions import open_session
from services.portal.trail import COMMAND_LINE, first_step, office_code
from shared.ids import new_id

_DOMAIN = "entraide.example"


@dataclass(frozen=True)
class Example:
    """An example account and the only time that its password is known."""

    account: Account
    password: str


def show_example_accounts(plan: Plan, gold: GoldSet, console: Console, command: str) -> None:
    """Make the example accounts and print how to sign in with them; only say so where they exist.

    `command` is how `entraide` is typed here.
    """
    house = house_of(plan)
    if Account.objects(email=f"coordinator@{_DOMAIN}").first() is not None:
        console.print(
            f"The example accounts are those of the first start; for a new password: {command} "
            f"accounts reset coordinator@{_DOMAIN}",
            markup=False,
            soft_wrap=True,
        )
        return
    examples = make_example_accounts(house, gold)
    table = Table(box=None, pad_edge=False)
    for heading in ("sign in as", "password, shown this once", "acts for"):
        table.add_column(heading, overflow="fold", no_wrap=heading != "acts for")
    names = {row.id: row.external for row in gold.organisations}
    for example in examples:
        account = example.account
        party = account.state or names.get(account.organisation, account.role)
        table.add_row(account.email, example.password, party)
    console.print(f"\nExample accounts of this machine, at {house.portal.url}/sign-in:")
    console.print(table)
    console.print(
        f"The coordinator's code: {command} accounts code coordinator@{_DOMAIN}",
        markup=False,
        soft_wrap=True,
    )


def make_example_accounts(house: House, gold: GoldSet) -> Sequence[Example]:
    """One account for each kind of user; the coordinator's has its second factor."""
    offices = {
        "coordinator": Office("coordinator"),
        "state": Office("requester", state=str(gold.requests[0].body["country"])),
        "donor": Office("donor", organisation=str(gold.offers[0].body["organisation"])),
        "auditor": Office("auditor"),
    }
    return [_make(house, name, office) for name, office in offices.items()]


def make_account(house: House, name: str, office: Office, password: str = "") -> Account:
    """An account of that name; `password` is the hash of one, and without any nobody signs in."""
    now = house.clock()
    account = Account(
        id=new_id(),
        email=f"{name}@{_DOMAIN}",
        name=f"Example {name}",
        language="en",
        role=office.role,
        state=office.state,
        organisation=office.organisation,
        password=password,
        created_at=now,
        **first_step("create", COMMAND_LINE, now, office_code(office)),
    )
    account.save(force_insert=True)
    return account


def session_cookie(house: House, account: Account, user_agent: str) -> str:
    """A session's cookie; with a second factor, without which some roles see no page."""
    now = house.clock()
    seed = factors.seed_to_set_up(house, account)
    if not factors.confirm_setup(house, account, code_at(seed, now), now):
        raise RuntimeError("the second factor was not set up")
    account.reload()
    return open_session(house, account, "full", user_agent, now, None)


def _make(house: House, name: str, office: Office) -> Example:
    password, now = readable_secret(), house.clock()
    account = make_account(house, name, office, house.passwords.hash(password))
    if office.role == "coordinator":
        seed = factors.seed_to_set_up(house, account)
        # By the code before this one, so that the present one is still good.
        before = now - timedelta(seconds=STEP_SECONDS)
        factors.confirm_setup(house, account, code_at(seed, before), now)
    return Example(account, password)
