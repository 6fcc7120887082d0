"""`entraide accounts` on a portal's database, and the example accounts."""

import base64
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import mongoengine
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from deploy.cli import example_accounts
from deploy.cli.goldset import read_set
from deploy.cli.main import main
from services.portal.accounts import LinkUsedError, reset_password
from services.portal.configuration import PortalSettings
from services.portal.documents import Account, SigningKey
from services.portal.factors import current_code, use_code
from services.portal.house import House, open_house
from services.portal.invitations import accept
from services.portal.sessions import find_session, open_session
from services.portal.signing_in import check_password
from services.portal.signing_keys import signing_key
from shared.settings import Settings
from shared.web.database import connect_database
from tests.services.portal.conftest import ENVIRON, PASSWORD

EMAIL = "first@coordination.example"


@pytest.fixture
def settings(make_settings: Callable[[str], Settings]) -> Settings:
    return make_settings("portal")


@pytest.fixture
def house(settings: Settings) -> Iterator[House]:
    connect_database(settings)
    yield open_house(settings, PortalSettings.from_environment(ENVIRON))
    mongoengine.disconnect()


@pytest.fixture
def accounts(settings: Settings) -> Callable[..., Result]:
    """The command with the portal's variables and none of the caller's."""
    own: dict[str, str | None] = {name: None for name in os.environ if name.startswith("ENTRAIDE_")}
    environ = own | {
        **ENVIRON,
        "ENTRAIDE_MONGODB": settings.mongodb,
        "ENTRAIDE_DATABASE": settings.database,
        "ENTRAIDE_KAFKA": settings.kafka,
        "ENTRAIDE_TERM_KEY": base64.b64encode(settings.term_key).decode(),
    }

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(main, ["accounts", *map(str, arguments)], env=environ)

    return run


def invited(house: House, result: Result, name: str = "Somebody") -> Account:
    assert result.exit_code == 0, result.output
    secret = result.output.strip().rpartition("/")[2]
    return accept(house, secret, name, PASSWORD, "en", house.clock())


def test_the_first_coordinator_is_invited_by_command(
    house: House, accounts: Callable[..., Result]
) -> None:
    link = accounts("invite", EMAIL, "--role", "coordinator", "--region", "Western Africa")
    assert link.output.strip() in accounts("mail").output
    account = invited(house, link)
    assert (account.role, account.regions) == ("coordinator", ["Western Africa"])
    listed = accounts("list").output
    assert EMAIL in listed
    assert "Western Africa" in listed
    again = accounts("invite", EMAIL, "--role", "auditor")
    assert again.exit_code == 1
    assert "has an account already" in again.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nobody", "--role", "auditor"], "is not an address of mail"),
        ([EMAIL, "--role", "king"], "king"),
        ([EMAIL, "--role", "requester"], "needs --state"),
        ([EMAIL, "--role", "donor", "--state", "SEN"], "needs --organisation"),
        ([EMAIL, "--role", "auditor", "--state", "SEN"], "--state is for requesters"),
        ([EMAIL, "--role", "coordinator", "--region", "Atlantis"], "M49 region"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(
    house: House, accounts: Callable[..., Result], arguments: list[str], said: str
) -> None:
    result = accounts("invite", *arguments)
    assert result.exit_code == 2
    assert said in result.output


def test_locking_unlocking_and_new_passwords(house: House, accounts: Callable[..., Result]) -> None:
    account = invited(house, accounts("invite", EMAIL, "--role", "auditor"))
    assert accounts("lock", EMAIL.upper()).exit_code == 0
    assert Account.objects(id=account.id).first().locked_at is not None
    assert accounts("unlock", EMAIL).exit_code == 0
    assert Account.objects(id=account.id).first().locked_at is None
    link = accounts("reset", EMAIL, "--second-factor").output.strip()
    new = "nine otters under a bridge"
    reset_password(house, link.rpartition("/")[2], new, house.clock())
    assert check_password(house, EMAIL, new, None, house.clock()).id == account.id
    for command in ("lock", "unlock", "reset"):
        unknown = accounts(command, "nobody@x.example")
        assert unknown.exit_code == 1
        assert "there is no account" in unknown.output


def test_after_a_restore_everybody_signs_in_again(
    house: House, accounts: Callable[..., Result]
) -> None:
    account = invited(house, accounts("invite", EMAIL, "--role", "auditor"))
    cookie = open_session(house, account, "full", "", house.clock(), None)
    link = accounts("reset", EMAIL).output.strip()
    key = signing_key(house, house.clock()).public["kid"]
    assert "1 account(s) have to sign in again" in accounts("end-sessions").output
    assert find_session(house, cookie, house.clock()) is None
    assert signing_key(house, house.clock()).public["kid"] != key
    with pytest.raises(LinkUsedError):
        reset_password(house, link.rpartition("/")[2], PASSWORD, house.clock())


def test_accounts_are_erased_by_command_and_after_a_restore_once_more(
    house: House, accounts: Callable[..., Result]
) -> None:
    account = invited(house, accounts("invite", EMAIL, "--role", "auditor"))
    assert accounts("erase", EMAIL).exit_code == 1  # not without being sure
    assert accounts("erased").output == ""
    said = f"{account.id} is erased\n"
    assert accounts("erase", EMAIL, "--yes").output == said
    assert EMAIL not in accounts("list").output
    listed = accounts("erased").output
    assert listed == f"{account.id}\n"
    assert accounts("erase", "--yes", *listed.split()).output == said


def test_keys_that_may_have_leaked_are_replaced(
    house: House, accounts: Callable[..., Result]
) -> None:
    before = signing_key(house, house.clock()).public["kid"]
    assert accounts("new-keys").exit_code == 1  # not without being sure
    assert SigningKey.objects(key_id=before).count() == 1
    assert accounts("new-keys", "--yes").exit_code == 0
    assert signing_key(house, house.clock()).public["kid"] != before


def test_codes_are_shown_on_the_local_stack_alone(
    accounts: Callable[..., Result], tmp_path: Path
) -> None:
    result = accounts("code", EMAIL, "--data-dir", tmp_path)
    assert result.exit_code == 1
    assert "no stack runs on" in result.output


def test_another_key_is_told(house: House, settings: Settings) -> None:
    from services.portal.sealing import DamagedError

    signing_key(house, house.clock())
    other = base64.b64encode(b"another key, of thirty-two bytes").decode()
    portal = PortalSettings.from_environment(ENVIRON | {"ENTRAIDE_PORTAL_KEY": other})
    stranger = open_house(replace(settings), portal)
    with pytest.raises(DamagedError, match="ENTRAIDE_PORTAL_KEY"):
        signing_key(stranger, stranger.clock())


def test_example_accounts_are_made_once_and_can_sign_in(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(example_accounts, "house_of", lambda _plan: house)
    gold = read_set(Path(__file__).parents[3] / "examples")
    console = Console(record=True, width=160)
    example_accounts.show_example_accounts(None, gold, console, "entraide")  # type: ignore[arg-type]
    said = console.export_text()
    rows = {line.split()[0]: line.split()[1] for line in said.splitlines() if ".example  " in line}
    assert len(rows) == 4
    for email, password in rows.items():
        assert check_password(house, email, password, None, house.clock()).email == email
    coordinator = Account.objects(role="coordinator").first()
    code = current_code(house, coordinator, house.clock())
    assert code is not None
    assert use_code(house, coordinator, code, house.clock())
    example_accounts.show_example_accounts(None, gold, console, "entraide")  # type: ignore[arg-type]
    again = console.export_text()
    assert "those of the first start" in again
    assert not any(password in again for password in rows.values())
    assert Account.objects.count() == 4
