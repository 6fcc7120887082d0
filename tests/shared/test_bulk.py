"""Which failures of a bulk write are none."""

import pytest
from pymongo.errors import BulkWriteError, PyMongoError, WTimeoutError

from shared.bulk import raise_unless_duplicates

DUPLICATE = {"code": 11000}
OTHER = {"code": 121}
UNCONFIRMED = {"code": 64, "errmsg": "waiting for replication timed out"}


@pytest.mark.parametrize(
    ("failed", "unconfirmed", "raised"),
    [
        ([DUPLICATE, DUPLICATE], [], None),
        ([DUPLICATE, OTHER], [], BulkWriteError),
        ([DUPLICATE], [UNCONFIRMED], WTimeoutError),
        ([], [UNCONFIRMED], WTimeoutError),
    ],
)
def test_only_ids_that_were_taken_are_passed_over(
    failed: list[dict[str, object]],
    unconfirmed: list[dict[str, object]],
    raised: type[PyMongoError] | None,
) -> None:
    error = BulkWriteError({"writeErrors": failed, "writeConcernErrors": unconfirmed})
    if raised is None:
        raise_unless_duplicates(error)
        return
    with pytest.raises(raised):
        raise_unless_duplicates(error)
