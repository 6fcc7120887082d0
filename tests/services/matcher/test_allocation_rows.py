"""Rows of allocations: after an event only those are written that are otherwise."""

from collections.abc import Mapping

import pytest

from services.matcher import allocation_rows
from services.matcher.allocation_documents import (
    PAIRS,
    AllocatedPair,
    KeptAllocation,
    UnmetNeed,
    pairs_of,
    unmet_of,
)
from services.matcher.allocation_rows import Laying, insert
from tests.services.matcher.records import NOW

pytestmark = pytest.mark.usefixtures("database")


def laid(
    laying: Laying, id_: str, given: Mapping[str, int], left: int = 0, *, follows: bool = True
) -> KeptAllocation:
    """An allocation of so many machines of one offer by request; something may be left of one."""
    pairs = [
        {
            "place": -100 * amount,
            "request": request,
            "offer": "o",
            "country": "SEN",
            "organisation": "donor",
            "lines": [{"side": "request", "amount": amount}],
        }
        for request, amount in given.items()
    ]
    need = {"request": "z", "line": 1, "country": "SEN", "measure": "quantity", "unit": "machines"}
    unmet = [{"place": 0, **need, "unmet": left, "open": left, "reason": "no-offer"}]
    contents = {AllocatedPair: pairs, UnmetNeed: unmet if left else []}
    rows = laying.lay(id_, contents, NOW, follows=follows)
    kept = KeptAllocation(
        id=id_,
        status="computed",
        on="2026-03-05",
        parts=rows.parts[-1],
        built_on=list(rows.parts[:-1]),
        replaced=list(rows.replaced),
        computed_at=NOW,
        **dict.fromkeys(("value", "bound", "gap"), 0.0),
        **dict.fromkeys(("commitments", "unmet"), 0),
    )
    insert(KeptAllocation, [kept])
    laying.keep(rows)
    return kept


def told(kept: KeptAllocation) -> tuple[dict[str, int], int]:
    """What it gives, in its order, and what it leaves."""
    pairs = {one.request: one.lines[0]["amount"] for one in pairs_of(kept).order_by(*PAIRS)}
    return pairs, sum(one.unmet for one in unmet_of(kept))


def written() -> int:
    return int(AllocatedPair.objects.count() + UnmetNeed.objects.count())


def test_of_what_follows_only_what_is_otherwise_is_written() -> None:
    laying = Laying()
    first = laid(laying, "first", {"a": 4, "b": 3, "c": 2}, left=5)
    assert written() == 4
    second = laid(laying, "second", {"a": 4, "b": 1, "d": 6}, left=5)
    assert written() == 6
    third = laid(laying, "third", {"a": 4, "d": 6, "b": 3})
    assert written() == 7
    assert told(first) == ({"a": 4, "b": 3, "c": 2}, 5)
    assert told(second) == ({"d": 6, "a": 4, "b": 1}, 5)
    assert list(told(second)[0]) == ["d", "a", "b"]
    assert told(third) == ({"d": 6, "a": 4, "b": 3}, 0)


def test_what_follows_nothing_or_another_store_is_written_as_a_whole() -> None:
    laying = Laying()
    laid(laying, "first", {"a": 4, "b": 3})
    whole = laid(laying, "second", {"a": 4, "b": 2}, follows=False)
    assert (written(), list(whole.built_on)) == (4, [])
    for kind in (AllocatedPair, UnmetNeed, KeptAllocation):
        kind.objects.delete()
    again = laid(laying, "third", {"a": 4, "b": 2})
    assert (written(), told(again)) == (2, ({"a": 4, "b": 2}, 0))


def test_what_another_process_stored_first_is_not_built_on() -> None:
    one, other = Laying(), Laying()
    laid(one, "first", {"a": 4, "b": 3})
    laid(other, "first", {"a": 4, "b": 3})
    after = laid(other, "second", {"a": 4, "b": 2})
    assert (list(after.built_on), told(after)) == ([], ({"a": 4, "b": 2}, 0))


def test_after_many_changes_it_is_written_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocation_rows, "MOST_REPLACED", 1)
    laying = Laying()
    laid(laying, "first", {"a": 4, "b": 3, "c": 2})
    after = laid(laying, "second", {"a": 3, "b": 2, "c": 2})
    assert (written(), list(after.built_on), list(after.replaced)) == (6, [], [])
    assert told(after) == ({"a": 3, "b": 2, "c": 2}, 0)
