"""Signing in against the store: passwords, codes, waiting, sessions, in many windows at once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from services.portal import accounts, api_tokens, factors, invitations, sessions
from services.portal.documents import Account, ApiToken, Invitation, OutgoingMail, Session
from services.portal.domain import lifetimes
from services.portal.domain.backoff import ACCOUNT, ADDRESS
from services.portal.domain.people import Office
from services.portal.house import House, Passwords
from services.portal.made_once import MadeAlreadyError
from services.portal.signing_in import (
    LockedError,
    WrongError,
    check_password,
    stage_after_password,
)
from services.portal.throttling import TooManyError
from services.portal.trail import COMMAND_LINE
from tests.services.portal.conftest import PASSWORD, Clock, forget_attempts

OTHER = "nine otters under a bridge"
HERE = "192.0.2.1"


@pytest.fixture(autouse=True)
def fresh(app: object) -> None:
    forget_attempts()


def at_once(count: int, work: Callable[[], Any]) -> list[Any]:
    """What `work` returns or raises in that many threads that begin together."""
    barrier = threading.Barrier(count)

    def run(_: int) -> Any:
        barrier.wait()
        try:
            return work()
        except Exception as error:  # noqa: BLE001 (what it was is looked at)
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_the_right_password_signs_in_and_others_do_not(
    house: House, make_account: Callable[..., Account]
) -> None:
    account = make_account()
    now = house.clock()
    found = check_password(house, f" {account.email.upper()} ", PASSWORD, HERE, now)
    assert found.id == account.id
    for email, password in (
        (account.email, PASSWORD + " "),
        (account.email, ""),
        (account.email, "x" * 100_000),
        ("nobody@portal.example", PASSWORD),
        ("", PASSWORD),
        ("\ud800", "\ud800"),
    ):
        with pytest.raises((WrongError, TooManyError)):
            check_password(house, email, password, HERE, now)


def test_waiting_is_the_same_with_and_without_an_account(
    house: House, clock: Clock, make_account: Callable[..., Account]
) -> None:
    def waits(email: str) -> list[Any]:
        found: list[Any] = []
        for number in range(ACCOUNT.free + 2):
            try:
                check_password(house, email, OTHER, f"192.0.2.{number}", clock())
            except WrongError:
                found.append("wrong")
            except TooManyError as error:
                found.append(error.until - clock())
        return found

    real = waits(make_account().email)
    assert real == waits("nobody-at-all@portal.example")
    assert real == ["wrong"] * ACCOUNT.free + [ACCOUNT.first] * 2


def test_even_the_right_password_waits_and_then_forgets(
    house: House, clock: Clock, make_account: Callable[..., Account]
) -> None:
    account = make_account()
    for _ in range(ACCOUNT.free):
        with pytest.raises(WrongError):
            check_password(house, account.email, OTHER, HERE, clock())
    with pytest.raises(TooManyError):
        check_password(house, account.email, PASSWORD, HERE, clock())
    clock.forward(seconds=ACCOUNT.first.total_seconds())
    assert check_password(house, account.email, PASSWORD, HERE, clock()).id == account.id
    with pytest.raises(WrongError):
        check_password(house, account.email, OTHER, HERE, clock())
    assert check_password(house, account.email, PASSWORD, HERE, clock()).id == account.id


def test_one_network_tries_many_accounts_no_faster(
    house: House, clock: Clock, make_account: Callable[..., Account]
) -> None:
    for number in range(ADDRESS.free):
        with pytest.raises(WrongError):
            check_password(house, f"a{number}@x.example", OTHER, "2001:db8::1", clock())
    account = make_account()
    with pytest.raises(TooManyError):
        check_password(house, account.email, PASSWORD, "2001:db8::2", clock())
    assert check_password(house, account.email, PASSWORD, "2001:db8:0:1::2", clock())
    for _ in range(ADDRESS.free + 5):  # who signs in rightly costs the network nothing
        check_password(house, account.email, PASSWORD, HERE, clock())


def test_guesses_at_one_moment_are_no_more_than_one_after_another(
    house: House, make_account: Callable[..., Account]
) -> None:
    account, now = make_account(), house.clock()
    results = at_once(16, lambda: check_password(house, account.email, OTHER, HERE, now))
    assert sum(isinstance(result, WrongError) for result in results) == ACCOUNT.free
    assert sum(isinstance(result, TooManyError) for result in results) == 16 - ACCOUNT.free


def test_a_locked_account_is_told_to_its_owner_alone(
    house: House, make_account: Callable[..., Account]
) -> None:
    account = make_account()
    cookie = sessions.open_session(house, account, "full", "", house.clock(), None)
    accounts.lock(account, COMMAND_LINE, house.clock())
    assert sessions.find_session(house, cookie, house.clock()) is None
    with pytest.raises(LockedError):
        check_password(house, account.email, PASSWORD, HERE, house.clock())
    with pytest.raises(WrongError):
        check_password(house, account.email, OTHER, HERE, house.clock())
    accounts.unlock(account, COMMAND_LINE, house.clock())
    assert check_password(house, account.email, PASSWORD, HERE, house.clock())
    assert sessions.find_session(house, cookie, house.clock()) is None


def test_a_code_is_good_once_also_for_two_windows_at_one_moment(
    house: House,
    clock: Clock,
    make_account: Callable[..., Account],
    with_factor: Callable[[Account], str],
) -> None:
    account = make_account("coordinator")
    assert stage_after_password(account) == "setup"
    seed = with_factor(account)
    assert stage_after_password(account) == "code"
    code = factors.rules.code_at(seed, clock())
    assert not factors.use_code(house, account, code, clock())  # it set the factor up
    clock.forward(seconds=30)
    code = factors.rules.code_at(seed, clock())
    results = at_once(4, lambda: factors.use_code(house, account, code, clock()))
    assert sorted(results) == [False, False, False, True]
    # Of an older step, though never used: not after a newer one.
    older = factors.rules.code_at(seed, clock() - timedelta(seconds=30))
    assert not factors.use_code(house, account, older, clock())


def test_a_recovery_code_is_good_once(
    house: House, clock: Clock, make_account: Callable[..., Account]
) -> None:
    account = make_account()
    seed = factors.seed_to_set_up(house, account)
    assert factors.seed_to_set_up(house, account) == seed
    codes = factors.confirm_setup(house, account, factors.rules.code_at(seed, clock()), clock())
    assert codes is not None
    typed = f" {codes[3].upper().replace('-', ' ')} "
    results = at_once(3, lambda: factors.use_code(house, account, typed, clock()))
    assert sorted(results) == [False, False, True]
    fresh_codes = factors.new_recovery_codes(house, account, clock())
    account.reload()
    assert not factors.use_code(house, account, codes[4], clock())
    assert factors.use_code(house, account, fresh_codes[0], clock())
    other = make_account()
    factors.seed_to_set_up(house, other)
    assert not factors.use_code(house, other, fresh_codes[1], clock())


def test_guessing_codes_is_slowed_down(
    house: House,
    clock: Clock,
    make_account: Callable[..., Account],
    with_factor: Callable[[Account], str],
) -> None:
    account = make_account()
    seed = with_factor(account)
    clock.forward(minutes=5)
    for _ in range(5):
        assert not factors.use_code(house, account, "000000 ", clock())
    right = factors.rules.code_at(seed, clock())
    with pytest.raises(TooManyError):
        factors.use_code(house, account, right, clock())


def test_a_session_is_a_new_one_at_every_sign_in_and_ends_on_the_server(
    house: House, make_account: Callable[..., Account]
) -> None:
    account, now = make_account(), house.clock()
    half = sessions.open_session(house, account, "code", "", now, "planted by somebody")
    assert half != "planted by somebody"
    whole = sessions.open_session(house, account, "full", "", now, half)
    assert sessions.find_session(house, half, now) is None
    found = sessions.find_session(house, whole, now)
    assert found is not None
    assert found.full
    assert whole not in str(found.session.to_mongo())
    sessions.close_session(house, whole)
    assert sessions.find_session(house, whole, now) is None
    for nothing in (None, "", "x", "\ud800"):
        assert sessions.find_session(house, nothing, now) is None


def test_sessions_end_when_idle_and_after_a_day_of_work(
    house: House, clock: Clock, make_account: Callable[..., Account]
) -> None:
    account = make_account()
    cookie = sessions.open_session(house, account, "full", "", clock(), None)
    half = sessions.open_session(house, account, "code", "", clock(), None)
    began = clock()
    clock.forward(minutes=10)
    assert sessions.find_session(house, half, clock()) is None
    assert sessions.find_session(house, cookie, clock()) is not None
    while clock() + timedelta(minutes=50) < began + lifetimes.SESSION:
        clock.forward(minutes=50)
        assert sessions.find_session(house, cookie, clock()) is not None
    clock.forward(minutes=50)
    assert sessions.find_session(house, cookie, clock()) is None
    idle = sessions.open_session(house, account, "full", "", clock(), None)
    clock.forward(minutes=60)
    assert sessions.find_session(house, idle, clock()) is None
    assert sessions.sessions_of(account, clock()) == []


def test_a_new_password_ends_every_session(
    house: House, make_account: Callable[..., Account]
) -> None:
    account, now = make_account(), house.clock()
    cookies = [sessions.open_session(house, account, "full", "", now, None) for _ in range(3)]
    stale = Account.objects(id=account.id).first()
    assert accounts.change_password(house, account, OTHER, now)
    assert not accounts.change_password(house, stale, OTHER, now)  # the other window
    # One that was opened at that very moment with the old password does not count either.
    late = sessions.open_session(house, stale, "full", "", now, None)
    assert [sessions.find_session(house, one, now) for one in [*cookies, late]] == [None] * 4
    with pytest.raises(accounts.PasswordRefusedError):
        accounts.change_password(house, account, "too short", now)


def secret_of(link: str) -> str:
    return link.rpartition("/")[2]


def test_a_link_for_a_new_password_works_once_and_only_the_newest(
    house: House, clock: Clock, make_account: Callable[..., Account]
) -> None:
    account = make_account()
    token, text = api_tokens.make(house, account, "n", ["portal:read"], timedelta(days=9), clock())
    assert api_tokens.exchange(house, text, clock()).seconds == 300
    first = secret_of(accounts.new_reset_link(house, account, clock()))
    newest = secret_of(accounts.new_reset_link(house, account, clock()))
    for useless in (first, "", "x" * 500, "\ud800"):
        with pytest.raises(accounts.LinkUsedError):
            accounts.reset_password(house, useless, OTHER, clock())
    with pytest.raises(accounts.PasswordRefusedError):
        accounts.reset_password(house, newest, "short", clock())
    cookie = sessions.open_session(house, account, "full", "", clock(), None)
    results = at_once(4, lambda: accounts.reset_password(house, newest, OTHER, clock()))
    assert sum(isinstance(result, Account) for result in results) == 1
    assert sum(isinstance(result, accounts.LinkUsedError) for result in results) == 3
    assert sessions.find_session(house, cookie, clock()) is None
    assert ApiToken.objects(account=account.id, revoked_at=None).count() == 0
    # Even one that a crash left unrevoked buys nothing.
    ApiToken.objects(id=token.id).update(unset__revoked_at=1)
    with pytest.raises(api_tokens.TokenRefusedError):
        api_tokens.exchange(house, text, clock())
    _, later = api_tokens.make(
        house, account, "n", ["portal:read"], timedelta(days=1), clock() + timedelta(seconds=1)
    )
    assert api_tokens.exchange(house, later, clock()).scopes == ("portal:read",)
    assert check_password(house, account.email, OTHER, HERE, clock()).id == account.id
    late = secret_of(accounts.new_reset_link(house, account, clock()))
    clock.forward(seconds=lifetimes.RESET.total_seconds())
    with pytest.raises(accounts.LinkUsedError):
        accounts.reset_password(house, late, OTHER, clock())


def test_an_invitation_makes_one_account_also_for_two_windows_at_one_moment(
    house: House, clock: Clock, invite: Callable[..., str]
) -> None:
    email = "first@portal.example"
    secret = invite(email, state="MLI")
    results = at_once(
        4, lambda: invitations.accept(house, secret, "Somebody", OTHER, "fr", clock())
    )
    made = [result for result in results if isinstance(result, Account)]
    assert len(made) == 1
    refused = [result for result in results if not isinstance(result, Account)]
    assert all(isinstance(r, accounts.LinkUsedError | invitations.HasAccountError) for r in refused)
    account = Account.objects(email=email).first()
    assert (account.role, account.state, account.language) == ("requester", "MLI", "fr")
    assert account.id == made[0].id
    with pytest.raises(invitations.HasAccountError):
        invite(email)


def standing(email: str, clock: Clock) -> list[tuple[str | None, str]]:
    """Of the invitations of an address to where each leads and how it stands, as they were made."""
    found = Invitation.objects(email=email).order_by("created_at")
    return [(one.state, invitations.status_of(one, clock())) for one in found]


def test_two_invitations_of_one_address_make_one_account(
    house: House, clock: Clock, invite: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    email = "twice@portal.example"
    first, second = invite(email), invite(email, state="MLI")
    monkeypatch.setattr(invitations, "revoke", lambda *_: True)  # as if it died before that
    invitations.accept(house, first, "Somebody", OTHER, "en", clock())
    with pytest.raises(invitations.HasAccountError):
        invitations.accept(house, second, "Somebody", OTHER, "en", clock())


def test_an_invitation_to_the_same_office_takes_the_place_of_the_one_before(
    house: House, clock: Clock, invite: Callable[..., str]
) -> None:
    email, secrets = "anew@portal.example", []
    for state in ("SEN", "MLI", "SEN"):
        secrets.append(invite(email, state=state))
        clock.forward(seconds=1)
    assert standing(email, clock) == [("SEN", "revoked"), ("MLI", "open"), ("SEN", "open")]
    with pytest.raises(accounts.LinkUsedError):
        invitations.accept(house, secrets[0], "Somebody", OTHER, "en", clock())
    first = Invitation.objects(email=email).order_by("created_at").first()
    assert [(one.action, one.reason) for one in first.history][-1] == ("take-back", "replaced")
    # Other regions are another office, which who invites to one may not have to give.
    for regions in (("Western Africa",), (), ("Western Africa",)):
        invite("regions@portal.example", "coordinator", regions=regions)
        clock.forward(seconds=1)
    found = Invitation.objects(email="regions@portal.example").order_by("created_at")
    assert [invitations.status_of(one, clock()) for one in found] == ["revoked", "open", "open"]


def test_of_invitations_to_one_office_at_one_moment_one_stays(
    house: House, clock: Clock, invite: Callable[..., str]
) -> None:
    email = "moment@portal.example"
    at_once(4, lambda: invite(email))
    assert sorted(status for _, status in standing(email, clock)) == ["open", *["revoked"] * 3]


def test_an_account_ends_every_other_invitation_of_its_address(
    house: House, clock: Clock, invite: Callable[..., str]
) -> None:
    email, secrets = "ends@portal.example", []
    for state in ("SEN", "MLI"):
        secrets.append(invite(email, state=state))
        clock.forward(seconds=1)
    invitations.accept(house, secrets[0], "Somebody", OTHER, "en", clock())
    assert standing(email, clock) == [("SEN", "accepted"), ("MLI", "revoked")]
    with pytest.raises(accounts.LinkUsedError):
        invitations.accept(house, secrets[1], "Somebody", OTHER, "en", clock())


def test_a_form_whose_invitation_got_no_mail_makes_another(
    house: House, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    email, office = "unsent@portal.example", Office("auditor")

    def ask() -> str:
        _made, link = invitations.invite(
            house, email, "en", office, COMMAND_LINE, clock(), "a form's key"
        )
        return link.rpartition("/")[2]

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(invitations, "send_mail", die)
        with pytest.raises(KeyboardInterrupt):
            ask()
    with pytest.raises(MadeAlreadyError):  # it may be that somebody is at it
        ask()
    clock.forward(seconds=invitations.BROKEN_OFF.total_seconds())
    secret = ask()
    assert standing(email, clock) == [(None, "revoked"), (None, "open")]
    assert invitations.invitation_of(house, secret, clock()).email == email
    assert OutgoingMail.objects(email=email).count() == 1


def test_an_invitation_that_was_taken_as_somebody_died_is_open_again(
    house: House, clock: Clock, invite: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = [invite("crash@portal.example"), invite("stop@portal.example")]

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Account._get_collection(), "insert_one", die)
        for secret in secrets:
            with pytest.raises(KeyboardInterrupt):
                invitations.accept(house, secret, "Somebody", OTHER, "en", clock())
    with pytest.raises(accounts.LinkUsedError):  # it may be that somebody is at it
        invitations.accept(house, secrets[0], "Somebody", OTHER, "en", clock())
    clock.forward(seconds=invitations.BROKEN_OFF.total_seconds())
    results = at_once(
        3, lambda: invitations.accept(house, secrets[0], "Somebody", OTHER, "en", clock())
    )
    assert len([one for one in results if isinstance(one, Account)]) == 1
    clock.forward(minutes=2)
    with pytest.raises(accounts.LinkUsedError):
        invitations.accept(house, secrets[0], "Somebody", OTHER, "en", clock())
    (other,) = Invitation.objects(email="stop@portal.example")
    assert invitations.revoke(other, COMMAND_LINE, clock())
    other.reload()
    assert invitations.status_of(other, clock()) == "revoked"
    with pytest.raises(accounts.LinkUsedError):
        invitations.accept(house, secrets[1], "Somebody", OTHER, "en", clock())


def test_an_invitation_ends(house: House, clock: Clock, invite: Callable[..., str]) -> None:
    revoked, expired = invite("revoked@portal.example"), invite("expired@portal.example")
    invitation = Invitation.objects(email="revoked@portal.example").first()
    assert invitations.revoke(invitation, COMMAND_LINE, clock())
    clock.forward(seconds=lifetimes.INVITATION.total_seconds())
    for secret in (revoked, expired, "unknown"):
        with pytest.raises(accounts.LinkUsedError):
            invitations.accept(house, secret, "Somebody", OTHER, "en", clock())
    emails = ["revoked@portal.example", "expired@portal.example"]
    assert Account.objects(email__in=emails).count() == 0


def test_nothing_secret_is_readable_in_the_store(
    house: House,
    clock: Clock,
    make_account: Callable[..., Account],
    with_factor: Callable[[Account], str],
    invite: Callable[..., str],
) -> None:
    account = make_account()
    seed = with_factor(account)
    cookie = sessions.open_session(house, account, "full", "", clock(), None)
    secrets = [
        seed,
        cookie,
        PASSWORD,
        invite("secret@portal.example"),
        secret_of(accounts.new_reset_link(house, account, clock())),
    ]
    database = Account._get_collection().database
    stored = "".join(
        str(document)
        for name in database.list_collection_names()
        for document in database[name].find()
    )
    assert account.email in stored
    assert [secret for secret in secrets if secret in stored] == []
    assert OutgoingMail.objects(kind="invitation").count() > 0
    assert Session.objects(account=account.id).count() == 1


def test_passwords_are_hashed_as_strongly_as_is_recommended() -> None:
    """RFC 9106's second choice; the other tests hash quickly instead."""
    passwords = Passwords()
    stored = passwords.hash(PASSWORD)
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.matches(stored, PASSWORD)
    assert not passwords.matches(stored, OTHER)
    assert not passwords.is_dated(stored)
