"""Mail goes to a real SMTP server: nothing lost, nothing twice, nothing slipped into headers."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.errors import OperationFailure

from deploy.backup.bringing_back import bring_back
from deploy.backup.saving import save
from services.portal import accounts, factors, invitations, postman
from services.portal.account_letters import account_letter
from services.portal.documents import Account, OutgoingMail
from services.portal.domain.people import Office
from services.portal.house import House
from services.portal.letters import Letter, compose
from services.portal.outgoing import send_mail
from services.portal.posting import Posting
from services.portal.postman import LEASE, TRIED_FOR, adopt, send_due
from services.portal.smtp import ServerAwayError
from services.portal.trail import COMMAND_LINE
from shared.settings import SettingsError
from shared.vocabulary import LANGUAGES
from tests.services.portal.conftest import URL, Clock
from tests.services.portal.mailbox import SENDER, Mailbox, listening, new_mailbox, part

KINDS = ("invitation", "reset", "password-changed", "second-factor-changed")


@pytest.fixture(autouse=True)
def empty(app: object) -> None:
    OutgoingMail.objects.delete()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with listening(new_mailbox()) as found:
        yield found


@pytest.fixture
def send(house: House) -> Callable[[Mailbox | Posting], int]:
    """Sends what is due; how many mails the server took."""

    def go(to: Mailbox | Posting) -> int:
        posting = to.posting if isinstance(to, Mailbox) else to
        return send_due(house, posting, threading.Event())

    return go


def put(house: House, email: str = "a@state.example", kind: Any = "password-changed") -> str:
    send_mail(house, kind, email, "en", house.clock())
    found = OutgoingMail.objects(email=email).order_by("-created_at", "-id").first()
    return str(found.id)


def test_every_mail_about_an_account_is_sent_once(
    house: House,
    clock: Clock,
    mailbox: Mailbox,
    send: Callable[[Mailbox], int],
    make_account: Callable[..., Account],
    with_factor: Callable[[Account], str],
) -> None:
    account = make_account(email="focal@state.example")
    _, link = invitations.invite(
        house, "new@state.example", "ar", Office("auditor"), COMMAND_LINE, clock()
    )
    reset = accounts.new_reset_link(house, account, clock())
    with_factor(account)
    factors.remove(house, account, COMMAND_LINE, clock())
    assert accounts.change_password(house, account, "nine otters under a bridge", clock())
    assert send(mailbox) == 5
    assert send(mailbox) == 0
    assert OutgoingMail.objects(sent_at=None).count() == 0
    assert OutgoingMail.objects(link__exists=True).count() == 0
    by_link = {link: 0, reset: 0}
    for message in mailbox.taken:
        for known in by_link:
            both = part(message, "plain"), part(message, "html")
            by_link[known] += all(known in text for text in both)
        assert message["From"].addresses[0].addr_spec == SENDER
        assert message["Auto-Submitted"] == "auto-generated"
    assert set(by_link.values()) == {1}
    assert len({message["Message-ID"] for message in mailbox.taken}) == 5
    assert {m["To"].addresses[0].addr_spec for m in mailbox.taken} == {
        "focal@state.example",
        "new@state.example",
    }


def test_a_server_that_is_down_loses_nothing_and_sends_nothing_twice(
    house: House, clock: Clock, send: Callable[[Mailbox], int]
) -> None:
    mailbox = new_mailbox()
    ids = [put(house, f"{n}@state.example") for n in range(3)]
    for _ in range(60):
        with pytest.raises(ServerAwayError):
            send(mailbox)
        clock.forward(minutes=1)
    assert OutgoingMail.objects(sent_at=None, attempts=0, gave_up_at=None).count() == 3
    with listening(mailbox):
        assert send(mailbox) == 3
        assert send(mailbox) == 0
    assert [message["Message-ID"] for message in mailbox.taken] == [
        f"<{id_}@entraide.example>" for id_ in ids
    ]


def test_a_letter_about_an_account_goes_before_a_burst_of_notifications(
    house: House, clock: Clock
) -> None:
    for number in range(3):
        now = clock()
        OutgoingMail(
            id=f"burst{number}",
            kind="notification",
            email="a@state.example",
            language="en",
            account="somebody",
            created_at=now,
            due_at=now,
            expires_at=now + TRIED_FOR,
        ).save(force_insert=True)
    clock.forward(seconds=5)
    reset = put(house, "b@state.example", "reset")
    taken = [postman._take(clock()) for _ in range(5)]
    assert [one and one[0].id for one in taken] == [reset, "burst0", "burst1", "burst2", None]


def test_the_loop_waits_for_the_server_and_goes_on(house: House, clock: Clock) -> None:
    mailbox, stop = new_mailbox(), threading.Event()
    put(house)
    posting = mailbox.posting
    loop = threading.Thread(target=postman.keep_sending, args=(house, posting, stop, 0.05))
    loop.start()
    try:
        with listening(mailbox):
            while not mailbox.taken:
                assert loop.is_alive()
                stop.wait(0.05)
    finally:
        stop.set()
        loop.join(30)
    assert not loop.is_alive()
    assert len(mailbox.taken) == 1


def test_a_disk_without_space_has_no_mail_sent_twice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox, stop, update = new_mailbox(), threading.Event(), Collection.update_one
    refused: list[bool] = []

    def refuse(self: Any, found: Any, change: Any, *more: Any) -> Any:
        if "sent_at" in change.get("$set", {}) and len(refused) < 2:
            refused.append(True)
            raise OperationFailure("a disk without space", 14031)
        return update(self, found, change, *more)

    monkeypatch.setattr(Collection, "update_one", refuse)
    mail = put(house)
    told = (house, mailbox.posting, stop, 0.05)
    loop = threading.Thread(target=postman.keep_sending, args=told)
    with listening(mailbox):
        loop.start()
        try:
            while not OutgoingMail.objects(id=mail, sent_at__ne=None):
                assert loop.is_alive()
                stop.wait(0.05)
        finally:
            stop.set()
            loop.join(30)
    assert (len(refused), len(mailbox.taken)) == (2, 1)


def test_what_is_put_off_waits_longer_each_time_and_is_given_up_at_last(
    house: House, clock: Clock, mailbox: Mailbox, send: Callable[[Mailbox], int]
) -> None:
    id_ = put(house)
    mail = OutgoingMail.objects(id=id_).first()
    mailbox.answers = ["451 later"] * 10
    waits = []
    for _ in range(9):
        assert send(mailbox) == 0
        assert send(mailbox) == 0  # not before it is due
        mail.reload()
        waits.append((mail.due_at - clock()).total_seconds())
        clock.now = mail.due_at
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    clock.now = mail.created_at + TRIED_FOR
    assert send(mailbox) == 0
    mail.reload()
    assert (mail.due_at, mail.gave_up_at, mail.error) == (None, clock(), "451 later")
    assert mailbox.taken == []


def test_who_is_refused_holds_nobody_up(
    house: House, mailbox: Mailbox, send: Callable[[Mailbox], int]
) -> None:
    ids = [put(house, f"{name}@state.example") for name in ("gone", "full", "fine")]
    mailbox.recipients = {
        "gone@state.example": "550 no such mailbox",
        "full@state.example": "452 full",
    }
    assert send(mailbox) == 1
    gone, full, fine = (OutgoingMail.objects(id=id_).first() for id_ in ids)
    assert gone.gave_up_at is not None
    assert gone.error == "550 no such mailbox"
    assert full.due_at > house.clock()
    assert fine.sent_at is not None


def test_a_mail_that_is_too_large_for_the_server_holds_nobody_up(
    house: House, mailbox: Mailbox, send: Callable[[Mailbox], int]
) -> None:
    for name in ("one", "another"):
        put(house, f"{name}@state.example")
    mailbox.senders = ["552 message size exceeds fixed maximum message size"]
    assert send(mailbox) == 1
    assert OutgoingMail.objects(gave_up_at__ne=None).count() == 1
    assert OutgoingMail.objects(sent_at__ne=None).count() == 1
    put(house, "later@state.example")
    mailbox.senders = ["550 nobody may send from this address"]
    with pytest.raises(ServerAwayError):
        send(mailbox)
    assert OutgoingMail.objects(gave_up_at=None, sent_at=None).count() == 1


def test_a_mail_that_was_cut_off_is_sent_again_as_the_same_mail(
    house: House, clock: Clock, mailbox: Mailbox, send: Callable[[Mailbox], int]
) -> None:
    id_ = put(house)
    mailbox.answers = ["cut"]
    assert send(mailbox) == 0
    clock.forward(seconds=31)
    assert send(mailbox) == 1
    assert mailbox.taken[0]["Message-ID"] == f"<{id_}@entraide.example>"


def test_a_late_mark_makes_no_sent_mail_due_again(
    house: House, clock: Clock, mailbox: Mailbox, send: Callable[[Mailbox], int]
) -> None:
    """Its first worker could note for longer than its lease that it must wait."""
    put(house)
    first, _ = postman._take(clock()) or pytest.fail("nothing is due")
    clock.forward(seconds=LEASE.total_seconds() + 1)
    assert send(mailbox) == 1
    postman._put_off(first, "451 later", clock(), threading.Event())
    clock.forward(hours=1)
    assert send(mailbox) == 0
    assert len(mailbox.taken) == 1


def test_after_a_restore_mail_goes_out_once_more_that_went_out_since_and_no_other(
    house: House, clock: Clock, mailbox: Mailbox, send: Callable[[Mailbox], int], tmp_path: Path
) -> None:
    sent = put(house, "sent@state.example")
    assert send(mailbox) == 1
    waiting = put(house, "waiting@state.example")
    databases = {"portal": house.settings.database}
    with MongoClient[dict[str, Any]](house.settings.mongodb) as client:
        made = save(client, databases, tmp_path / "backup", clock())
        assert send(mailbox) == 1
        since = put(house, "since@state.example")
        assert send(mailbox) == 1
        bring_back(client, databases, tmp_path / "backup", made)
    assert send(mailbox) == 1
    assert send(mailbox) == 0
    assert [message["Message-ID"] for message in mailbox.taken] == [
        f"<{id_}@entraide.example>" for id_ in (sent, waiting, since, waiting)
    ]


def test_one_of_two_workers_sends_a_mail_and_a_dead_ones_is_sent_later(
    house: House, clock: Clock, mailbox: Mailbox, send: Callable[[Mailbox], int]
) -> None:
    put(house)
    assert postman._take(clock()) is not None  # and dies with it
    assert send(mailbox) == 0
    clock.forward(seconds=LEASE.total_seconds() + 1)
    ready = threading.Barrier(2)
    counts: list[int] = []

    def work() -> None:
        ready.wait()
        counts.append(send(mailbox))

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(counts) == [0, 1]
    assert len(mailbox.taken) == 1


def test_a_link_that_expired_is_not_sent_and_said_to_be_given_up(
    house: House,
    clock: Clock,
    mailbox: Mailbox,
    send: Callable[[Mailbox], int],
    make_account: Callable[..., Account],
) -> None:
    accounts.new_reset_link(house, make_account(), clock())
    clock.forward(hours=1)
    assert send(mailbox) == 0
    (mail,) = OutgoingMail.objects
    assert (mail.error, mail.due_at, mail.link) == ("expired", None, None)
    assert mail.gave_up_at is not None


def test_mail_of_a_release_that_sent_none_is_taken_on(
    house: House, mailbox: Mailbox, send: Callable[[Mailbox], int]
) -> None:
    id_ = put(house)
    OutgoingMail._get_collection().update_one(
        {"_id": id_}, {"$unset": {"due_at": "", "attempts": "", "until": ""}}
    )
    assert send(mailbox) == 0
    adopt()
    assert send(mailbox) == 1
    adopt()
    assert send(mailbox) == 0


def test_the_password_goes_to_the_server_and_a_wrong_one_is_the_servers_matter(
    house: House, mailbox: Mailbox, send: Callable[[Posting], int], tmp_path: Path
) -> None:
    put(house)
    file = tmp_path / "password"
    posting = Posting(mailbox.posting.host, mailbox.port, "none", "entraide", file, SENDER)
    file.write_text("a wrong one\n")
    with pytest.raises(ServerAwayError, match="535"):
        send(posting)
    file.write_text("a password of tests\n")
    assert send(posting) == 1
    assert mailbox.signed_in[-1] == (b"entraide", b"a password of tests")


def test_without_tls_where_it_is_asked_for_nothing_is_sent(
    house: House, mailbox: Mailbox, send: Callable[[Posting], int]
) -> None:
    put(house)
    posting = Posting(mailbox.posting.host, mailbox.port, "starttls", sender=SENDER)
    with pytest.raises(ServerAwayError):
        send(posting)
    assert mailbox.taken == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_letters_are_in_the_readers_language(house: House, kind: str, language: str) -> None:
    letter = account_letter(kind, language, f"{URL}/x", house.clock())
    message = compose(letter, language, SENDER, "a@b.example", "", "1", house.clock())
    html, plain = part(message, "html"), part(message, "plain")
    assert f'lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in html
    assert f"{URL}/x" in plain
    assert message["Content-Language"] == language
    english = account_letter(kind, "en", f"{URL}/x", house.clock())
    same = letter.subject == english.subject
    assert same == (language == "en")
    assert "%(" not in plain


def test_nothing_is_slipped_into_headers_or_markup(house: House) -> None:
    evil = 'x\r\nBcc: everybody@evil.example\n\n<script>alert("x")</script>\u2028\x00'
    letter = Letter(evil, [evil], (evil, f'{URL}/?a=1&b="><b>'), small=[(evil, evil)])
    message = compose(letter, "en", SENDER, "a@b.example", evil, "1", house.clock())
    assert message["Bcc"] is None
    head = message.as_bytes().partition(b"\r\n\r\n")[0]
    assert b"\nBcc" not in head
    assert {a.addr_spec for a in message["To"].addresses} == {"a@b.example"}
    html = part(message, "html")
    assert "<script" not in html
    assert "<b>" not in html
    for address in ("a@b.example\r\nBcc: c@d.example", "a b@c.example\n"):
        with pytest.raises((ValueError, UnicodeError)):
            compose(letter, "en", SENDER, address, "", "1", house.clock()).as_bytes()


def test_addresses_in_other_scripts(
    house: House, mailbox: Mailbox, send: Callable[[Mailbox], int]
) -> None:
    put(house, "почта@пример.example")
    put(house, "office@bücher.example")
    assert send(mailbox) == 2
    sent = {message["To"].addresses[0].addr_spec for message in mailbox.taken}
    assert "office@xn--bcher-kva.example" in sent


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"ENTRAIDE_SMTP_HOST": "a b"}, "SMTP_HOST"),
        ({"ENTRAIDE_MAIL_FROM": ""}, "MAIL_FROM"),
        ({"ENTRAIDE_SMTP_PORT": "x"}, "SMTP_PORT"),
        ({"ENTRAIDE_SMTP_PORT": "70000"}, "SMTP_PORT"),
        ({"ENTRAIDE_SMTP_TLS": "ssl"}, "SMTP_TLS"),
        ({"ENTRAIDE_SMTP_USER": "u"}, "PASSWORD_FILE"),
        (
            {
                "ENTRAIDE_SMTP_USER": "u",
                "ENTRAIDE_SMTP_PASSWORD_FILE": "/f",
                "ENTRAIDE_SMTP_TLS": "none",
            },
            "SMTP_TLS",
        ),
        ({"ENTRAIDE_MAIL_MAX_AGE_DAYS": "0"}, "MAX_AGE"),
    ],
)
def test_settings_that_will_not_do_are_named(changed: dict[str, str], named: str) -> None:
    environ = {"ENTRAIDE_SMTP_HOST": "mail.example", "ENTRAIDE_MAIL_FROM": SENDER}
    assert Posting.from_environment(environ).port == 587
    assert Posting.from_environment({}).host == ""
    with pytest.raises(SettingsError, match=named):
        Posting.from_environment({**environ, **changed})
