"""Letters: what is said, and the mail that says it, plain and as HTML, in the reader's language.

Headers are made by email.message, which refuses line breaks; what goes into one is freed of them
before. Everything in the HTML is escaped: nothing that people wrote is markup.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

from babel import Locale
from babel.dates import format_datetime as format_moment
from babel.dates import get_datetime_format
from markupsafe import Markup

from services.portal.catalogues import N_, say

_PRODUCT = "Entraide"
_MOST_SUBJECT = 200
_AUTOMATIC = N_("Entraide sent this message by itself. Nobody reads answers to it.")
_HTML = Markup(
    '<!doctype html>\n<html lang="{language}" dir="{direction}">\n<head><meta charset="utf-8">'
    "<title>{subject}</title></head>\n"
    '<body style="font:1rem/1.6 sans-serif;color:#1c2126;max-width:40rem;margin:0 auto;'
    'padding:1rem;text-align:start">\n{parts}\n</body>\n</html>\n'
)
_PARAGRAPH = Markup("<p>{}</p>")
_SMALL = Markup('<p style="color:#4d565f;font-size:.875rem">{}</p>')
_LINK = Markup('<p><a href="{link}" style="color:#0b5a6f">{label}</a></p>')
_LINE = Markup('<p style="margin-block:0 .75rem">{text}<br><a href="{link}">{label}</a></p>')


@dataclass(frozen=True)
class Item:
    """One of several things that a letter tells of: a sentence, and where to read on."""

    text: str
    link: str
    label: str


@dataclass(frozen=True)
class Letter:
    """What a mail says: a subject, paragraphs, things to list, one link, and small print."""

    subject: str
    paragraphs: Sequence[str]
    link: tuple[str, str] | None = None
    """The link's label and address."""
    items: Sequence[Item] = ()
    small: Sequence[tuple[str, str | None]] = ()
    """Small print: a sentence, and the address that it is about."""


def moment_in(language: str, when: datetime) -> str:
    """A time as it is read, to the minute, in UTC; all languages count the hours to 24."""
    day = Locale.parse(language).date_formats["medium"].pattern
    both = str(get_datetime_format("medium", language))
    both = both.replace("{1}", day).replace("{0}", "HH:mm")
    return f"{format_moment(when, both, tzinfo=UTC, locale=language)} UTC"


def compose(
    letter: Letter, language: str, sender: str, to: str, name: str, id_: str, now: datetime
) -> EmailMessage:
    """The mail of a letter. Its Message-ID follows from `id_`: sent again, it is the same mail.

    Raises ValueError for an address that no header can hold.
    """
    user, _, domain = to.rpartition("@")
    message = EmailMessage(policy=SMTP if user.isascii() else SMTPUTF8)
    host = sender.rpartition("@")[2]
    message["From"] = Address(_PRODUCT, addr_spec=sender)
    message["To"] = Address(_one_line(name), user, domain.encode("idna").decode())
    message["Subject"] = _one_line(letter.subject)[:_MOST_SUBJECT]
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{id_}@{host}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_plain(letter, language))
    message.add_alternative(_html(letter, language), subtype="html")
    message["Content-Language"] = language
    return message


def _plain(letter: Letter, language: str) -> str:
    parts = list(letter.paragraphs)
    parts += [f"- {item.text}\n  {item.link}" for item in letter.items]
    if letter.link is not None:
        label, address = letter.link
        parts.append(f"{label}:\n{address}")
    small = "\n".join(
        text if address is None else f"{text} {address}"
        for text, address in _small(letter, language)
    )
    return "\n\n".join([*parts, f"-- \n{small}"]) + "\n"


def _html(letter: Letter, language: str) -> str:
    parts = [_PARAGRAPH.format(text) for text in letter.paragraphs]
    parts += [
        _LINE.format(text=item.text, link=item.link, label=item.label) for item in letter.items
    ]
    if letter.link is not None:
        label, address = letter.link
        parts.append(_LINK.format(link=address, label=label))
    for text, small_address in _small(letter, language):
        if small_address is None:
            parts.append(_SMALL.format(text))
        else:
            parts.append(_SMALL.format(Markup('<a href="{}">{}</a>').format(small_address, text)))
    return str(
        _HTML.format(
            language=language,
            direction="rtl" if language == "ar" else "ltr",
            subject=letter.subject,
            parts=Markup("\n").join(parts),
        )
    )


def _small(letter: Letter, language: str) -> list[tuple[str, str | None]]:
    return [*letter.small, (say(language, _AUTOMATIC), None)]


def _one_line(text: str) -> str:
    """The text without line breaks and other control signs, which end a header."""
    shown = "".join(
        " " if sign.isspace() else sign
        for sign in text
        if sign.isspace() or not unicodedata.category(sign).startswith("C")
    )
    return " ".join(shown.split())
