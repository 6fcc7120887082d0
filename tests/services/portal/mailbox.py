"""A real SMTP server on loopback that keeps what it is given, and refuses what it is told to."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from deploy.local.servers import LOOPBACK, free_port
from services.portal.posting import Posting

SENDER = "no-reply@entraide.example"


@dataclass
class Mailbox:
    """What came, in order. `answers` are given to the next mails in the place of taking them, and
    `senders` to their first command."""

    port: int
    taken: list[EmailMessage] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    recipients: dict[str, str] = field(default_factory=dict)
    signed_in: list[tuple[bytes, bytes]] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)

    @property
    def posting(self) -> Posting:
        """The settings that send to it."""
        return Posting(host=LOOPBACK, port=self.port, tls="none", sender=SENDER)

    async def handle_MAIL(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.senders and (answer := self.senders.pop(0)) != "250":
            return answer
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.recipients:
            return self.recipients[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.answers and (answer := self.answers.pop(0)) != "250":
            if answer == "cut":
                assert server.transport is not None
                server.transport.abort()
            return answer
        content = cast(bytes, envelope.content)
        self.taken.append(cast(EmailMessage, message_from_bytes(content, policy=default)))
        return "250 taken"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        """Let in whoever has the password."""
        assert isinstance(data, LoginPassword)
        self.signed_in.append((data.login, data.password))
        return AuthResult(success=data.password == b"a password of tests", handled=False)


@contextmanager
def listening(mailbox: Mailbox) -> Iterator[Mailbox]:
    """Have the mailbox's server listen."""
    controller = Controller(
        mailbox,
        hostname=LOOPBACK,
        port=mailbox.port,
        authenticator=mailbox.authenticate,
        auth_require_tls=False,
    )
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop(no_assert=True)


def new_mailbox() -> Mailbox:
    """A mailbox whose server does not listen yet."""
    return Mailbox(free_port())


def part(message: EmailMessage, kind: str) -> str:
    """The text of a mail, `plain` or `html`."""
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content())
