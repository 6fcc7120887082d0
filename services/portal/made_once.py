"""What a form makes once, however often it is sent: a secret was shown, and is shown no more."""

from mongoengine import Document, NotUniqueError

from shared.ids import derived_id, new_id


class MadeAlreadyError(Exception):
    """The same form made it before; what was shown of it then is known to nobody here."""


def id_for(purpose: str, account_id: str, key: str | None) -> str:
    """The id of what an account makes by a form with a key; a new one where no form has asked."""
    return derived_id(purpose, account_id, key or new_id())


def store(document: Document) -> None:
    """Store what is new; raises MadeAlreadyError where it is not."""
    try:
        document.save(force_insert=True)
    except NotUniqueError:
        raise MadeAlreadyError from None
