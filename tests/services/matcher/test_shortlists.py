"""Storing shortlists: only what changed, and never by a former owner of the partition."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from services.matcher import shortlists
from services.matcher.documents import PartitionFence, Shortlist, shortlist_id
from services.matcher.engine.features import FEATURES
from services.matcher.ownership import RETAKE_SECONDS, Ownership
from services.matcher.shortlists import Ranking, owns, store, take_partition
from shared.events.outbox import change
from shared.events.pending import unpack
from tests.services.matcher.records import NOW

TOPIC = "requests.v1"

pytestmark = pytest.mark.usefixtures("database")


def ranking(request: str, *offers: str, **other: Any) -> Ranking:
    """A ranking of these offers with falling scores."""
    entries = [
        {
            "organisation": "d",
            "score": round(0.9 - place / 100, 6),
            "features": [1.0 - place / 100] * len(FEATURES),
            "serves": [],
            "evidence": ["marking-machine"],
        }
        for place, _ in enumerate(offers)
    ]
    values: dict[str, Any] = {
        "priority": None,
        "country": "SEN",
        "request_version": "1.1",
        "model": "prior-4",
        "as_of": "2026-03-05",
        **other,
    }
    suits = [1.0 - place / 100 for place, _ in enumerate(offers)]
    return Ranking(request=request, offers=list(offers), suits=suits, entries=entries, **values)


def stored(request: str) -> Any:
    """The stored shortlist."""
    return Shortlist.objects.get(id=shortlist_id(request))


@pytest.mark.parametrize("name", ["suits", "superseded", "themes", "turn", "waits_at", "waits_for"])
def test_what_is_told_beside_the_entries_is_stored_also_where_an_earlier_version_did_not(
    name: str,
) -> None:
    made = ranking("r", "a", "b")
    displaced: dict[str, Any] = {"code": "superseded", "needs": [1], "lessened": []}
    displaced["by"] = [{"offer": "z", "by": "commitment", "needs": [1]}]
    serves = [{"need": 1, "provision": 1, "theme": "marking", "kind": "equipment", "fit": 1.0}]
    first, second = made.entries
    entries = [{**first, "serves": serves}, {**second, "displaced": displaced}]
    made = replace(made, entries=entries)
    fence = take_partition(TOPIC, 0)
    store({0: [made]}, {0: fence}, NOW)
    before = stored("r")
    assert (list(before.suits), list(before.superseded)) == ([1.0, 0.99], ["b"])
    assert (list(before.themes), list(before.waits_for)) == (["marking"], ["marking 1"])
    Shortlist._get_collection().update_one({}, {"$unset": {name: 1}})
    assert store({0: [made]}, {0: fence}, NOW).written == 1
    assert (stored("r")[name], stored("r").version) == (before[name], before.version)
    assert store({0: [made]}, {0: fence}, NOW).written == 0


def test_who_takes_a_partition_stamps_all_that_it_has_part_by_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shortlists, "_STAMPED_AT_ONCE", 3)
    fence = take_partition(TOPIC, 0)
    rankings = {0: [ranking(f"r{at}", "a") for at in range(8)], 1: [ranking("other", "a")]}
    store(rankings, {0: fence, 1: fence}, NOW)
    taken = take_partition(TOPIC, 0)
    assert taken > fence
    fences = {one["request"]: one["fence"] for one in Shortlist._get_collection().find()}
    assert fences == {"other": fence, **{f"r{at}": taken for at in range(8)}}
    assert store(rankings, {0: fence, 1: fence}, NOW).fenced == {0}


def test_a_new_shortlist_is_stored_with_its_event() -> None:
    fence = take_partition(TOPIC, 0)
    assert store({0: [ranking("r", "a", "b")]}, {0: fence}, NOW).written == 1
    (pending,) = stored("r").pending_events
    assert pending["data"]["entries"] == [
        {"offer": "a", "score": 0.9, "rank": 1},
        {"offer": "b", "score": 0.89, "rank": 2},
    ]
    assert stored("r").pending_since == NOW


def test_what_is_written_is_a_document_whole_and_its_event_is_the_documents() -> None:
    fence = take_partition(TOPIC, 0)
    for offers in (("a", "b"), ("b", "a"), ()):
        store({0: [ranking("r", *offers)]}, {0: fence}, NOW)
        found = stored("r")
        found.validate()
        (written,) = Shortlist._get_collection().find({"_id": shortlist_id("r")})
        assert written.keys() == found.to_mongo().keys()
        assert unpack(found.pending_events[0]) == found.event()


def test_what_has_not_changed_is_not_written() -> None:
    fence = take_partition(TOPIC, 0)
    store({0: [ranking("r", "a")]}, {0: fence}, NOW)
    before = stored("r").to_mongo()
    result = store({0: [ranking("r", "a", as_of="2026-03-06")]}, {0: fence}, NOW)
    assert result.written == 0
    assert stored("r").to_mongo() == before


def test_how_urgent_a_request_is_now_is_noted_without_an_event() -> None:
    fence = take_partition(TOPIC, 0)
    store({0: [ranking("r", "a")]}, {0: fence}, NOW)
    before = stored("r")
    now = ranking("r", "a", priority="critical", request_version="1.2")
    assert store({0: [now]}, {0: fence}, NOW).written == 1
    after = stored("r")
    assert (before.turn, after.turn, after.version) == ("4-r", "0-r", before.version)
    assert after.event() == before.event()


def test_another_version_of_the_request_is_noted_without_an_event() -> None:
    fence = take_partition(TOPIC, 0)
    store({0: [ranking("r", "a")]}, {0: fence}, NOW)
    before = stored("r")
    store({0: [ranking("r", "a", request_version="1.2")]}, {0: fence}, NOW)
    after = stored("r")
    assert (after.request_version, after.version) == ("1.2", before.version)
    assert after.event() == before.event()


def test_a_request_without_any_offer_ever_tells_nobody() -> None:
    fence = take_partition(TOPIC, 0)
    store({0: [ranking("r")]}, {0: fence}, NOW)
    assert stored("r").pending_events == []
    store({0: [ranking("r", "a")]}, {0: fence}, NOW)
    store({0: [ranking("r")]}, {0: fence}, NOW)
    (pending,) = stored("r").pending_events
    assert pending["data"]["entries"] == []


def test_a_stalled_former_owner_cannot_overwrite() -> None:
    stalled = take_partition(TOPIC, 0)
    store({0: [ranking("r", "a")]}, {0: stalled}, NOW)
    present = take_partition(TOPIC, 0)
    late = store({0: [ranking("r", "stale"), ranking("new", "stale")]}, {0: stalled}, NOW)
    assert late.fenced == {0}
    assert stored("r").offers == ["a"]
    # What it inserted is worked over, for the new owner works the partition as a whole.
    store({0: [ranking("r", "a"), ranking("new", "a")]}, {0: present}, NOW)
    assert store({0: [ranking("new", "stale")]}, {0: stalled}, NOW).fenced == {0}
    assert [stored(one).offers for one in ("r", "new")] == [["a"], ["a"]]


def test_a_former_owners_insertion_is_stamped_even_if_it_is_right() -> None:
    stalled = take_partition(TOPIC, 0)
    present = take_partition(TOPIC, 0)
    store({0: [ranking("r", "a")]}, {0: stalled}, NOW)
    store({0: [ranking("r", "a")]}, {0: present}, NOW)
    assert store({0: [ranking("r", "stale")]}, {0: stalled}, NOW).fenced == {0}


def test_partitions_are_fenced_each_on_its_own() -> None:
    first, second = take_partition(TOPIC, 0), take_partition(TOPIC, 1)
    store({0: [ranking("r", "a")], 1: [ranking("s", "a")]}, {0: first, 1: second}, NOW)
    take_partition(TOPIC, 0)
    result = store({0: [ranking("r", "b")], 1: [ranking("s", "b")]}, {0: first, 1: second}, NOW)
    assert result.fenced == {0}
    assert (stored("r").offers, stored("s").offers) == (["a"], ["b"])


def test_one_that_breaks_its_schema_does_not_hold_up_the_others() -> None:
    fence = take_partition(TOPIC, 0)
    broken = ranking("broken", "a", country="Senegal")
    result = store({0: [broken, ranking("r", "a")]}, {0: fence}, NOW)
    assert (result.written, result.unfit) == (1, 1)
    assert stored("r").offers == ["a"]
    assert Shortlist.objects(id=shortlist_id("broken")).count() == 0


def test_a_change_in_between_is_not_lost() -> None:
    fence = take_partition(TOPIC, 0)
    store({0: [ranking("r", "a")]}, {0: fence}, NOW)

    def touch(shortlist: Shortlist) -> None:
        shortlist.country = "MLI"

    number = change(Shortlist, shortlist_id("r"), None, touch, NOW).number
    store({0: [ranking("r", "a")]}, {0: fence}, NOW)
    assert (stored("r").country, stored("r").number) == ("SEN", number + 1)


class Group:
    """Tells an Ownership what it was told to, each word once, and its time."""

    def __init__(self, *words: list[tuple[bool, list[int]]]) -> None:
        self.words = list(words)
        self.now = 0.0

    def changes(self) -> list[tuple[bool, list[int]]]:
        """What was said since the last time."""
        return self.words.pop(0) if self.words else []

    def says(self, *words: tuple[bool, list[int]]) -> Callable[[], list[tuple[bool, list[int]]]]:
        """Something to follow."""
        self.words.append(list(words))
        return self.changes

    def time(self) -> float:
        """Seconds."""
        return self.now


def test_a_partition_that_comes_back_untouched_is_not_worked_again() -> None:
    group = Group()
    ownership = Ownership(TOPIC)
    assert ownership.follow(group.says((True, [0, 1]))) == {0, 1}
    fences = dict(ownership.fences)
    assert ownership.follow(group.says((False, [0, 1]), (True, [0, 1]))) == set()
    assert ownership.fences == fences
    other = Ownership(TOPIC)
    ownership.follow(group.says((False, [0])))
    other.follow(group.says((True, [0])))
    other.follow(group.says((False, [0])))
    assert ownership.follow(group.says((True, [0]))) == {0}
    assert owns(TOPIC, 0, ownership.fences[0])


def test_what_was_revoked_while_others_were_taken_is_not_taken() -> None:
    slow = Ownership(TOPIC)
    joining = Group([(True, [0, 1, 2])], [], [(False, [2])])
    assert slow.follow(joining.changes) == {0, 1}
    assert PartitionFence.objects(id=f"{TOPIC}/2").count() == 0


def test_a_partition_given_and_revoked_while_others_were_taken_is_worked_once_it_is_back() -> None:
    ownership = Ownership(TOPIC)
    restless = Group([(True, [0, 1])], [(False, [0])])
    worked = ownership.follow(restless.changes)
    assert set(ownership.fences) == {1}
    worked |= ownership.follow(restless.says((True, [0])))
    assert worked == {0, 1}


def test_a_partition_whose_fence_another_raised_is_taken_again_while_the_group_gives_it() -> None:
    group = Group()
    ownership = Ownership(TOPIC, group.time)
    ownership.follow(group.says((True, [0])))
    late = take_partition(TOPIC, 0)  # by one that has yet to hear that it is not its own
    assert store({0: [ranking("r", "late")]}, {0: late}, NOW).written == 1
    stored_now = store({0: [ranking("r", "a")]}, ownership.fences, NOW)
    ownership.lost(stored_now.fenced)
    assert ownership.follow(group.changes) == set()
    assert ownership.fences == {}
    group.now += RETAKE_SECONDS
    assert ownership.follow(group.changes) == {0}
    assert store({0: [ranking("r", "a")]}, ownership.fences, NOW).written == 1


def test_a_lost_partition_that_was_revoked_is_left_until_it_is_given_anew() -> None:
    group = Group()
    ownership = Ownership(TOPIC, group.time)
    ownership.follow(group.says((True, [0])))
    ownership.lost([0])
    ownership.follow(group.says((False, [0])))
    group.now += 2 * RETAKE_SECONDS
    assert ownership.follow(group.changes) == set()
    assert ownership.fences == {}
    assert ownership.follow(group.says((True, [0]))) == {0}
