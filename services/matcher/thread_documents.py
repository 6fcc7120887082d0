"""What is kept of the questions and answers on a proposal. Texts are here alone."""

from mongoengine import (
    DateTimeField,
    Document,
    EmbeddedDocument,
    EmbeddedDocumentField,
    IntField,
    StringField,
)

from shared.ids import derived_id


class Struck(EmbeddedDocument):
    """Who took a message's text out, and when."""

    at = DateTimeField(required=True)
    role = StringField(required=True)
    party = StringField()
    subject = StringField()


class Message(Document):
    """One message of a proposal's thread; never changed, save that text or name are taken out.

    The id is `<proposal>/<number>`; numbers of a proposal begin with 1 and have no gap. `role`,
    `party` and `subject` are the author as histories name one, `signed` is the name that the author
    wrote under the text, if any. `about` is the number of the message that this one answers or
    corrects, `attempt` the idempotent request that wrote it.
    """

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "messages",
        "indexes": [("match", "number"), ("party", "signed"), "subject"],
    }

    id = StringField(primary_key=True)
    match = StringField(required=True)
    number = IntField(required=True)
    at = DateTimeField(required=True)
    role = StringField(required=True)
    party = StringField()
    subject = StringField()
    signed = StringField()
    language = StringField(required=True)
    text = StringField()
    about = IntField()
    attempt = StringField()
    struck = EmbeddedDocumentField(Struck)


class ReadMark(Document):
    """Up to which message an account has read a thread; the id is `mark_id`."""

    meta = {"collection": "thread_marks"}  # noqa: RUF012 (mongoengine declares it so)

    id = StringField(primary_key=True)
    match = StringField(required=True)
    number = IntField(required=True)


def message_id(match: str, number: int) -> str:
    """The identifier of a message."""
    return f"{match}/{number}"


def mark_id(match: str, role: str, party: str | None, subject: str) -> str:
    """The identifier of a reader's mark in a thread; what a reader is, `Message` says."""
    return derived_id("thread", match, role, party or "", subject)
