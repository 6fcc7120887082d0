"""Bulk writes of documents each under its own condition: what may go wrong in one without harm."""

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import InsertOne, UpdateOne
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, WTimeoutError

DUPLICATE_KEY = 11000

Write = InsertOne[dict[str, Any]] | UpdateOne


def write_each(collection: Collection[dict[str, Any]], writes: Sequence[Write]) -> int:
    """How many of the writes, at least one, found their document as they expected it.

    The others are not done: an id was taken, or the document was changed. Raises as
    `raise_unless_duplicates`, and pymongo's other errors.
    """
    result: Mapping[str, Any]
    try:
        result = collection.bulk_write(writes, ordered=False).bulk_api_result
    except BulkWriteError as error:
        raise_unless_duplicates(error)
        result = error.details
    return int(result["nInserted"] + result["nMatched"])


def raise_unless_duplicates(error: BulkWriteError) -> None:
    """Raise unless all that failed met an id that another had just taken.

    Raises the error itself, and WTimeoutError for what was written but not yet by enough of the
    database's members: a failover may lose that, so it has to be written again.
    """
    if any(failed["code"] != DUPLICATE_KEY for failed in error.details["writeErrors"]):
        raise error
    if unconfirmed := error.details["writeConcernErrors"]:
        # Whatever kept them from confirming passes, as a database that is away does.
        first = unconfirmed[0]
        raise WTimeoutError(str(first.get("errmsg")), first.get("code"), first) from error
