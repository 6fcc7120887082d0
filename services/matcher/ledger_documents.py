"""The ledger's documents; see ledger.py, which alone writes them."""

from mongoengine import (
    BooleanField,
    DateTimeField,
    Document,
    EmbeddedDocument,
    EmbeddedDocumentListField,
    IntField,
    ListField,
    StringField,
)


class Hold(EmbeddedDocument):
    """What one commitment holds of a ledger line."""

    commitment = StringField(required=True)
    amount = IntField(required=True)


class LedgerLine(Document):
    """One line of a request or offer in the ledger.

    `held` is the sum of `holds`, `free` the limit less `held` (negative where the owner lowered
    the limit). `epoch` and `number` are the version of the record that set the limit, `ended` says
    that no later one of that epoch names the line. `released`
    remembers the commitments that gave back, so that a late repeat cannot hold again.
    """

    meta = {"collection": "ledger", "indexes": ["record", "free"]}  # noqa: RUF012 (mongoengine declares it so)

    id = StringField(primary_key=True)
    side = StringField(required=True)
    record = StringField(required=True)
    line = IntField(required=True)
    measure = StringField(required=True)
    unit = StringField(required=True)
    confidential = BooleanField(default=False)
    open = BooleanField(default=False)
    ended = BooleanField(default=False)
    limit = IntField(required=True, default=0)
    held = IntField(required=True, default=0)
    free = IntField(required=True, default=0)
    holds = EmbeddedDocumentListField(Hold)
    released = ListField(StringField())
    epoch = IntField(required=True, default=0)
    number = IntField(required=True, default=0)


class LedgerCase(Document):
    """A ledger line that holds more than its limit, for the coordinator; the id is the line's.

    Resolved by the ledger itself once the holds fit the limit again.
    """

    meta = {"collection": "ledger_cases", "indexes": ["record", "status"]}  # noqa: RUF012 (mongoengine declares it so)

    id = StringField(primary_key=True)
    side = StringField(required=True)
    record = StringField(required=True)
    line = IntField(required=True)
    measure = StringField(required=True)
    unit = StringField(required=True)
    limit = IntField(required=True)
    held = IntField(required=True)
    status = StringField(required=True, choices=("open", "resolved"))
    opened_at = DateTimeField(required=True)
    resolved_at = DateTimeField()
