"""Mail that is to be sent. Putting it into the outgoing mail is all that is done here.

The worker takes it from there (postman.py); `entraide accounts mail` shows what waits.
"""

from datetime import datetime, timedelta
from typing import Literal

from services.portal.documents import OutgoingMail
from services.portal.house import House
from shared.ids import new_id

Kind = Literal["invitation", "reset", "password-changed", "second-factor-changed"]
PURPOSE = "mail"
KEPT = timedelta(days=7)
"""How long a mail is remembered, sent or not, after the day from which it is of no use."""


def send_mail(
    house: House,
    kind: Kind,
    email: str,
    language: str,
    now: datetime,
    *,
    link: str | None = None,
    until: datetime | None = None,
    id_: str | None = None,
) -> None:
    """Put a mail into the outgoing mail: of what kind, to whom, in which language.

    `link` is the one-time address that it carries, worthless from `until` on. `id_` is for what has
    one mail alone.
    """
    OutgoingMail(
        id=id_ or new_id(),
        kind=kind,
        email=email,
        language=language,
        link=None if link is None else house.vault.seal(link, PURPOSE),
        until=until,
        created_at=now,
        due_at=now,
        expires_at=(until or now) + KEPT,
    ).save(force_insert=True)


def link_of(house: House, mail: OutgoingMail) -> str | None:
    """The link that a mail carries; DamagedError where it was sealed by another key."""
    return None if mail.link is None else house.vault.open(mail.link, PURPOSE)
