"""What may go wrong in a bulk write without harm, and what may not."""

from pymongo.errors import BulkWriteError, WTimeoutError

DUPLICATE_KEY = 11000


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
