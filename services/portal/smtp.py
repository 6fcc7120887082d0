"""Handing one mail to the server, and what became of it, in three words."""

import smtplib
import ssl
from email.errors import MessageError
from email.message import EmailMessage

from services.portal.posting import Posting

TIMEOUT_SECONDS = 20.0
"""For each command: a mail takes five, so less than the two minutes that a lease has to spare."""

_PERMANENT = range(500, 600)
_TOO_LARGE = 552


class ServerAwayError(Exception):
    """The server cannot be reached, or takes nothing from us: no mail's own fault."""


class DeferredError(Exception):
    """The server does not take this mail now, or was cut off while taking it."""


class RefusedError(Exception):
    """The server will never take this mail."""


def connect(posting: Posting) -> smtplib.SMTP:
    """A connection that is ready to take mail; raises ServerAwayError. Blocks on the network."""
    try:
        context = ssl.create_default_context()
        if posting.tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                posting.host, posting.port, timeout=TIMEOUT_SECONDS, context=context
            )
        else:
            server = smtplib.SMTP(posting.host, posting.port, timeout=TIMEOUT_SECONDS)
    except (OSError, smtplib.SMTPException) as error:
        raise ServerAwayError(_said(error)) from error
    try:
        if posting.tls == "starttls":
            server.starttls(context=context)
        if posting.password_file is not None:
            password = posting.password_file.read_text(encoding="utf-8").strip("\r\n")
            server.login(posting.user, password)
    except (OSError, ValueError, smtplib.SMTPException) as error:
        server.close()
        raise ServerAwayError(_said(error)) from error
    return server


def hand_over(server: smtplib.SMTP, message: EmailMessage) -> None:
    """Have the server take the mail; raises ServerAwayError, DeferredError and RefusedError.

    After any of them the connection is worth nothing.
    """
    try:
        server.send_message(message)
    except smtplib.SMTPSenderRefused as error:
        # The first command names the mail's size, too: that is the one thing of a mail's own in it.
        kind = RefusedError if error.smtp_code == _TOO_LARGE else ServerAwayError
        raise kind(_said(error)) from error
    except smtplib.SMTPRecipientsRefused as error:
        code, reply = next(iter(error.recipients.values()))
        raise _of_code(code, smtplib.SMTPResponseException(code, reply)) from error
    except smtplib.SMTPResponseException as error:
        raise _of_code(error.smtp_code, error) from error
    except (smtplib.SMTPNotSupportedError, ValueError, MessageError) as error:
        raise RefusedError(_said(error)) from error
    except (OSError, smtplib.SMTPException) as error:
        raise DeferredError(_said(error)) from error


def leave(server: smtplib.SMTP) -> None:
    """End the connection, whatever state it is in."""
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        server.close()


def _of_code(code: int, error: smtplib.SMTPResponseException) -> DeferredError | RefusedError:
    return (RefusedError if code in _PERMANENT else DeferredError)(_said(error))


def _said(error: Exception) -> str:
    """What went wrong on one line, short."""
    text = str(error)
    if isinstance(error, smtplib.SMTPResponseException):
        reply = error.smtp_error
        words = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else str(reply)
        text = f"{error.smtp_code} {words}"
    shown = " ".join("".join(s if s.isprintable() else " " for s in text).split())
    return (shown or type(error).__name__)[:200]
