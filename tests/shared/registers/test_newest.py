"""Pages of several sets, each read by itself: the same list as one sorted whole would be."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import mongoengine
import pytest
from mongoengine import DateTimeField, Document, FloatField, StringField

from shared.registers.newest import LIKELIEST, newest
from shared.settings import Settings
from shared.web.database import connect_database
from shared.web.paging import DEFAULT_SORT, write_cursor
from shared.web.problems import Problem

NOW = datetime.now(UTC).replace(microsecond=0)


class Listed(Document):
    """What is listed here."""

    meta = {"collection": "listed"}  # noqa: RUF012 (mongoengine declares it so)

    id = StringField(primary_key=True)
    owner = StringField()
    state = StringField()
    score = FloatField()
    created_at = DateTimeField()


@pytest.fixture
def listed(settings: Settings) -> Iterator[type[Listed]]:
    connect_database(settings)
    Listed.drop_collection()
    yield Listed
    Listed.drop_collection()
    mongoengine.disconnect()


def add(
    id_: str, ago: timedelta, owner: str = "a", state: str = "open", score: float = 0.5
) -> None:
    made = Listed(id=id_, owner=owner, state=state, score=score, created_at=NOW - ago)
    made.save(force_insert=True)


def pages(
    sets: Sequence[dict[str, Any]], limit: int, sort: Sequence[str] = DEFAULT_SORT
) -> list[list[str]]:
    found: list[list[str]] = []
    cursor = None
    while True:
        one = newest(Listed, sets, {"limit": limit, "cursor": cursor}, sort=sort)
        found.append([record.id for record in one["items"]])
        cursor = one["next"]
        if cursor is None:
            return found


def test_pages_put_together_are_the_list(listed: type[Listed]) -> None:
    # Dense and sparse, some in the future of this clock, three of one moment, years apart.
    hours = [-3, 0, 1, 1, 1, 2, 30, 31, 500, 9_000, 30_000, 90_000]
    for number, ago in enumerate(hours):
        owner, state = ("a", "open") if number % 3 else ("b", "shut")
        add(f"n{number:02}", timedelta(hours=ago), owner, state)
    by_set = [{"owner": "a"}, {"state": "open"}, {"owner": "b"}, {"_id": {"$in": ["n00", "n11"]}}]
    by_set.append({"_id": {"$in": ["n00", "n08", "n10", "n11"]}})
    for chosen in ([0], [0, 1], [0, 2], [3], [1, 3], [2, 3], [1, 4], [2, 4], []):
        wanted = [
            f"n{number:02}"
            for number in range(len(hours))
            if any(
                (
                    number % 3,
                    number % 3,
                    not number % 3,
                    number in (0, 11),
                    number in (0, 8, 10, 11),
                )[one]
                for one in chosen
            )
        ]
        for limit in (1, 2, 4, 50):
            found = pages([by_set[one] for one in chosen], limit)
            assert [id_ for one in found for id_ in one] == wanted, (chosen, limit)
            assert all(len(one) == limit for one in found[:-1])


def test_what_comes_meanwhile_moves_nothing(listed: type[Listed]) -> None:
    for number in range(4):
        add(f"n{number}", timedelta(days=number))
    first = newest(Listed, [{}], {"limit": 2, "cursor": None})
    add("new", timedelta())
    Listed.objects(id="n1").delete()
    second = newest(Listed, [{}], {"limit": 2, "cursor": first["next"]})
    assert [one.id for one in second["items"]] == ["n2", "n3"]
    assert second["next"] is None


def test_the_likeliest_come_first_and_of_those_the_newest(listed: type[Listed]) -> None:
    scores = [0.1, 1.0, 0.1 + 0.2, 0.3, 0.3, 0.3, 0.3, 0.0, 1e-9]
    hours = [0, 5, 9, 1, 2, 2, 2, 0, 0]
    for number, (score, ago) in enumerate(zip(scores, hours, strict=True)):
        owner = "a" if number % 2 else "b"
        add(f"n{number}", timedelta(hours=ago), owner, score=score)
    wanted = [f"n{number}" for number in (1, 2, 3, 4, 5, 6, 0, 8, 7)]
    for sets in ([{}], [{"owner": "a"}, {"owner": "b"}], [{"owner": "a"}, {"state": "open"}]):
        for limit in (1, 2, 4, 50):
            found = pages(sets, limit, LIKELIEST)
            assert [id_ for one in found for id_ in one] == wanted, (sets, limit)
            assert all(len(one) == limit for one in found[:-1])


def test_another_lists_cursor_is_refused(listed: type[Listed]) -> None:
    for values in (["x", "n1"], [NOW, 5], [None, "n1"], [datetime(1, 1, 1, tzinfo=UTC), "n1"]):
        with pytest.raises(Problem) as refused:
            newest(Listed, [{}], {"limit": 2, "cursor": write_cursor(values, DEFAULT_SORT)})
        assert refused.value.errors[0].field == "cursor"
    for score in ("x", "nan", "inf", "", None, 5):
        cursor = write_cursor([score, NOW, "n1"], LIKELIEST)
        with pytest.raises(Problem) as refused:
            newest(Listed, [{}], {"limit": 2, "cursor": cursor}, sort=LIKELIEST)
        assert refused.value.errors[0].field == "cursor"
