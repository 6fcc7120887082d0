"""Inserting a document once, though the driver may send the insert twice."""

import uuid
from typing import Any, ClassVar

from mongoengine import Document, NotUniqueError, StringField


class Inserted(Document):
    """A document that `insert` inserts; `insertion` is a random mark of who did."""

    meta: ClassVar[dict[str, Any]] = {"abstract": True}

    insertion = StringField()


def insert(document: Inserted) -> None:
    """Insert a new document, with a mark by which it is known again.

    The driver repeats a write whose answer was lost. A database that does not know it for a repeat
    says then that the id is taken, and it is: by the very document that was to be written, which
    others may have changed since. Raises NotUniqueError for an id, or another unique value, that
    something else has taken, mongoengine's ValidationError, its OperationError for what the
    database refuses or cannot do now, and pymongo's errors.
    """
    document.insertion = uuid.uuid4().hex
    try:
        document.save(force_insert=True)
    except NotUniqueError:
        mark = {"_id": document.pk, "insertion": document.insertion}
        if document._get_collection().find_one(mark, {"_id": 1}) is None:
            raise
