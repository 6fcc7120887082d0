"""`entraide accounts`: who may sign in, for whoever runs the installation.

The commands work on the portal's database, so they are as strong as who can reach it. With them
begins a new installation: nobody can sign in before the first coordinator was invited.
"""

import os
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from deploy.cli.options import LANGUAGES, data_dir_option
from deploy.local.programs import Plan, portal_environment
from deploy.local.stack import DataDirectory, load_keys, running_ports
from services.portal import accounts, erasing, factors, invitations, outgoing, signing_keys
from services.portal.configuration import PortalSettings
from services.portal.documents import Account, OutgoingMail
from services.portal.domain.people import Office, email_of, office_faults
from services.portal.house import House, open_house
from services.portal.sealing import DamagedError
from services.portal.trail import COMMAND_LINE
from shared.settings import Settings
from shared.web.database import connect_database
from shared.web.identity import ROLES

_FAULTS = {
    "state": "--role requester needs --state, an ISO 3166-1 alpha-3 code",
    "organisation": "--role donor needs --organisation, an organisation's id",
    "regions": "--region is an M49 region such as 'Western Africa'",
    "unbound": "--state is for requesters, --organisation for donors, --region for coordinators",
}


@click.group()
def command() -> None:
    """Who may sign in to the portal.

    On the database of the local stack, or the one that ENTRAIDE_MONGODB names, with the portal's
    other variables set.
    """


@command.command()
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), required=True, help="What the account may do.")
@click.option("--state", help="For a requester: its State, ISO 3166-1 alpha-3.")
@click.option("--organisation", help="For a donor: its organisation's id.")
@click.option("--region", "regions", multiple=True, help="For a coordinator: a region; repeat it.")
@click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True)
@data_dir_option
def invite(
    email: str,
    role: str,
    state: str | None,
    organisation: str | None,
    regions: tuple[str, ...],
    language: str,
    data_dir: Path,
) -> None:
    """Invite EMAIL: prints the link, good for one account within seven days."""
    address = email_of(email)
    if address is None:
        raise click.BadParameter(f"{email!r} is not an address of mail", param_hint="EMAIL")
    office = Office(role, state, organisation, regions)
    for fault in office_faults(office):
        raise click.UsageError(_FAULTS[fault])
    house = find_house(data_dir)
    try:
        _, link = invitations.invite(house, address, language, office, COMMAND_LINE, house.clock())
    except invitations.HasAccountError:
        raise click.ClickException(f"{address} has an account already") from None
    click.echo(link)


@command.command("list")
@data_dir_option
def show(data_dir: Path) -> None:
    """List all accounts."""
    find_house(data_dir)
    table = Table(box=None, pad_edge=False)
    for heading in ("email", "role", "bound to", "second factor", "state"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "email")
    for account in Account.objects(erased_at=None).order_by("email"):
        bound = [account.state or account.organisation or "", *account.regions]
        table.add_row(
            account.email,
            account.role,
            ", ".join(name for name in bound if name),
            "yes" if account.second_factor else "no",
            "locked" if account.locked_at else "",
        )
    Console(highlight=False, markup=False).print(table)


@command.command()
@click.argument("email")
@data_dir_option
def lock(email: str, data_dir: Path) -> None:
    """Lock the account of EMAIL: its sessions end, its tokens buy nothing."""
    house = find_house(data_dir)
    account = _account(email)
    accounts.lock(account, COMMAND_LINE, house.clock())
    click.echo(f"{account.email} is locked")


@command.command()
@click.argument("email")
@data_dir_option
def unlock(email: str, data_dir: Path) -> None:
    """Unlock the account of EMAIL, and forget the failures that make it wait."""
    house = find_house(data_dir)
    account = _account(email)
    accounts.unlock(account, COMMAND_LINE, house.clock())
    factors.forget_failures(house, account)
    click.echo(f"{account.email} is not locked")


@command.command()
@click.argument("accounts_", metavar="EMAIL_OR_ID...", nargs=-1, required=True)
@click.confirmation_option(prompt="Nothing of it can be brought back. Go on?")
@data_dir_option
def erase(accounts_: tuple[str, ...], data_dir: Path) -> None:
    """Erase accounts for good: who they were is gone, what they did stays on record.

    After a backup was restored, erase those again that were erased since: `erased` lists them by
    id.
    """
    house = find_house(data_dir)
    found = [Account.objects(id=one).first() or _account(one) for one in accounts_]
    for account in found:
        erasing.erase(house, account, COMMAND_LINE, house.clock())
        click.echo(f"{account.id} is erased")


@command.command()
@data_dir_option
def erased(data_dir: Path) -> None:
    """List the ids of all accounts that were erased."""
    find_house(data_dir)
    for account in Account.objects(erased_at__ne=None).order_by("id"):
        click.echo(account.id)


@command.command()
@click.argument("email")
@click.option("--second-factor", is_flag=True, help="Remove its second factor too: it was lost.")
@data_dir_option
def reset(email: str, second_factor: bool, data_dir: Path) -> None:
    """Print a link with which EMAIL sets a new password within an hour."""
    house = find_house(data_dir)
    account, now = _account(email), house.clock()
    if second_factor:
        factors.remove(house, account, COMMAND_LINE, now)
    click.echo(accounts.new_reset_link(house, account, now))


@command.command()
@data_dir_option
def mail(data_dir: Path) -> None:
    """Show the mail that waits to be sent, with its links, and what was given up and why."""
    house = find_house(data_dir)
    unsent = OutgoingMail.objects(sent_at=None, expires_at__gt=house.clock())
    for one in unsent.order_by("created_at"):
        click.echo(_line(house, one))


@command.command()
@click.argument("email")
@data_dir_option
def code(email: str, data_dir: Path) -> None:
    """Print the present code of EMAIL's second factor, on the local stack alone."""
    house = _local_house(data_dir)
    account = _account(email)
    shown = factors.current_code(house, account, house.clock())
    if shown is None:
        raise click.ClickException(f"{account.email} has no second factor")
    click.echo(shown)


@command.command("new-keys")
@click.confirmation_option(prompt="Every token that was signed so far becomes worthless. Go on?")
@data_dir_option
def new_keys(data_dir: Path) -> None:
    """Replace the keys that sign tokens, for when one may have leaked."""
    house = find_house(data_dir)
    signing_keys.replace_keys(house, house.clock())
    click.echo("new keys sign from now on; the services know within five minutes")


@command.command("end-sessions")
@data_dir_option
def end_sessions(data_dir: Path) -> None:
    """End every session, link for a new password and signed token, as in a restored database."""
    find_house(data_dir)
    click.echo(f"{accounts.end_everything()} account(s) have to sign in again")


def find_house(data_dir: Path) -> House:
    """The portal's house: of the environment where it names a database, else of the local stack.

    Connects the database. Raises SettingsError, and StackError when no stack runs.
    """
    if os.environ.get("ENTRAIDE_MONGODB"):
        return _open(os.environ.copy())
    return _local_house(data_dir)


def _local_house(data_dir: Path) -> House:
    directory = DataDirectory(data_dir)
    return house_of(Plan(directory, running_ports(directory), load_keys(directory)))


def house_of(plan: Plan) -> House:
    """The house of a local stack's portal."""
    return _open(portal_environment(plan))


def _open(environ: dict[str, str]) -> House:
    settings = Settings.from_environment("portal", environ)
    house = open_house(settings, PortalSettings.from_environment(environ))
    connect_database(settings)
    return house


def _account(email: str) -> Account:
    account = accounts.account_by_email(email)
    if account is None:
        raise click.ClickException(f"there is no account of {email}")
    return account


def _line(house: House, one: OutgoingMail) -> str:
    when: datetime = one.created_at
    try:
        link = outgoing.link_of(house, one)
    except DamagedError as error:
        link = str(error)
    state = "" if one.gave_up_at is None else "given up"
    said = (f"{when:%Y-%m-%d %H:%M}", one.email, one.kind, state, one.error or "", link or "")
    return "  ".join(part for part in said if part)
