"""What a form makes once, however often it is sent: its secret was told then, and is no more."""

from mongoengine import Document, NotUniqueError

from shared.ids import derived_id, new_id


class MadeAlreadyError(Exception):
    """The same form made it before: `made`, whose secret was told then and is no more."""

    def __init__(self, made: Document) -> None:
        super().__init__(made.id)
        self.made = made


def id_for(purpose: str, account_id: str, key: str | None, *asked: str) -> str:
    """The id of what an account makes by a form with a key; a new one where no form has asked.

    `asked` is what the form says: what says another thing is another form, though a browser that
    went back to it sends the same key.
    """
    return derived_id(purpose, account_id, key or new_id(), *asked)


def store(document: Document, own: str = "secret") -> None:
    """Store what is new, with a secret of its own in that field; raises MadeAlreadyError where it
    is not."""
    try:
        document.save(force_insert=True)
    except NotUniqueError:
        found = type(document).objects.get(id=document.id)
        if found[own] != document[own]:  # else stored a moment ago, and the answer was lost
            raise MadeAlreadyError(found) from None
