"""Things that are done apart: what fails of one is told, and what all would fail at is raised."""

import pytest
from mongoengine import OperationError
from pymongo.errors import AutoReconnect, OperationFailure

from services.matcher.apart import apart
from services.matcher.metrics import NOT_DONE
from shared.events.outbox import Contention

FULL = OperationFailure("a disk without space", 14031)


def of_the_store() -> OperationError:
    """What mongoengine makes of a disk without space."""
    try:
        raise OperationError from FULL
    except OperationError as error:
        return error


@pytest.mark.parametrize("swept", [True, False])
@pytest.mark.parametrize(
    ("error", "ends"),
    [
        (KeyError("lines"), (False, False)),
        (OperationFailure("a document too large", 10334), (False, False)),
        (Contention("changed by others each time"), (False, True)),
        (AutoReconnect("away"), (True, True)),
        (FULL, (True, True)),
        (of_the_store(), (True, True)),
    ],
    ids=["damaged", "too large", "contended", "away", "full", "full, as mongoengine says it"],
)
def test_what_all_would_fail_at_ends_the_round_and_counts_for_none(
    error: Exception, ends: tuple[bool, bool], swept: bool
) -> None:
    counted = NOT_DONE.labels("a thing not done")
    before, others = counted._value.get(), list[str]()
    ended = False
    try:
        for id_ in ("a", "b"):
            with apart("a thing not done", id_, swept=swept):
                if id_ == "a":
                    raise error
                others.append(id_)
    except type(error):
        ended = True
    assert ended is ends[0 if swept else 1]
    assert others == ([] if ended else ["b"])
    assert counted._value.get() == before + (0 if ended else 1)
