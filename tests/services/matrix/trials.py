"""What is tried of every service alike, over the calls of its table.

Each service's test_matrix.py takes these tests in, and has the fixture `asked` that they ask for.
"""

from tests.fuzz.calling import CALLS, fuzz
from tests.services.matrix import hostile
from tests.services.matrix.asking import Asked


def test_no_field_takes_an_operator_of_the_database(asked: Asked) -> None:
    assert hostile.try_fields(asked) > 10


def test_no_body_sets_what_it_does_not_have(asked: Asked) -> None:
    assert hostile.try_foreign(asked) > 3


def test_no_filter_takes_an_operator_of_the_database(asked: Asked) -> None:
    assert hostile.try_filters(asked) > 1


def test_no_address_takes_an_operator_of_the_database(asked: Asked) -> None:
    assert hostile.try_gaps(asked) > 3


def test_whatever_is_asked_is_answered_as_it_is_described(asked: Asked) -> None:
    fuzz(asked, CALLS)
