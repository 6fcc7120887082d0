"""Decisions are kept once each, with the list that they were taken from, whatever crashes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pymongo.collection import Collection

from services.matcher import decision_log
from services.matcher.documents import Match, Shortlist, entries_of, shortlist_id
from services.matcher.engine.features import FEATURES
from services.matcher.learning_documents import Decision
from shared.events.outbox import change
from tests.services.matcher.conftest import Clock
from tests.services.matcher.records import NOW, offer_event, request_event
from tests.services.matcher.world import Caller, World

OFFERS = ["o1", "o2", "o3"]


@pytest.fixture
def known(world: World) -> World:
    """A request with three offers."""
    events = [offer_event("o1", conditions=[]), offer_event("o2"), offer_event("o3")]
    world.hears([request_event("r1"), *events])
    return world


def listed() -> list[dict[str, Any]]:
    """The request's stored list."""
    return entries_of(Shortlist.objects.get(id=shortlist_id("r1")).to_mongo())


def ids() -> list[str]:
    """What the log has, the oldest first."""
    return [entry["_id"] for entry in decision_log.kept()]


def test_a_decision_is_kept_with_the_list_as_it_was_shown(
    known: World, coordinator: Caller
) -> None:
    shown = listed()
    assert coordinator.decide("r1.o2", "reject", reason="Not now.").status_code == 200
    known.feed.engine.decline("r1", "o2")
    known.hears([])  # ranked again before anything is kept
    assert len(listed()) == 2

    assert decision_log.keep_waiting() == 1
    (entry,) = decision_log.kept()
    assert entry["_id"] == "r1.o2@1.1"
    assert [pair["offer"] for pair in entry["shown"]] == [one["offer"] for one in shown] == OFFERS
    assert [pair["features"] for pair in entry["shown"]] == [one["features"] for one in shown]
    assert [pair["score"] for pair in entry["shown"]] == [one["score"] for one in shown]
    own = shown[1]
    assert (entry["rank"], entry["score"], entry["features"]) == (2, own["score"], own["features"])
    assert tuple(entry["feature_names"]) == FEATURES
    assert (entry["model"], entry["as_of"]) == (known.feed.engine.model.version, "2026-03-05")
    assert (entry["action"], entry["role"], entry["country"]) == ("reject", "coordinator", "SEN")
    assert (entry["request_version"], entry["offer_version"]) == ("1.1", "1.1")
    assert entry["at"] == Match.objects.get(id="r1.o2").updated_at
    assert "Not now." not in str(Decision._get_collection().find_one())
    assert Decision.objects.get(id="r1.o2@1.1").action == "reject"


def test_every_decision_is_kept_also_of_a_pair_that_has_left_the_list(
    known: World, coordinator: Caller, clock: Clock
) -> None:
    coordinator.decide("r1.o2", "reject", reason="Not now.")
    known.feed.engine.decline("r1", "o2")
    known.hears([])
    clock.now += timedelta(minutes=1)
    coordinator.decide("r1.o2", "endorse")
    clock.now += timedelta(minutes=1)
    coordinator.decide("r1.o1", "endorse")
    assert decision_log.keep_waiting() == 3
    first, again, other = decision_log.kept()
    assert (again["_id"], again["action"], again["rank"]) == ("r1.o2@1.2", "endorse", None)
    assert (again["shown"], again["features"]) == ([], first["features"])
    assert (other["_id"], other["rank"]) == ("r1.o1@1.1", 1)


def test_keeping_again_keeps_nothing_twice_and_leaves_nothing_behind(
    known: World, coordinator: Caller
) -> None:
    coordinator.decide("r1.o1", "endorse")
    version = Match.objects.get(id="r1.o1").version
    assert (decision_log.keep_waiting(), decision_log.keep_waiting()) == (1, 0)
    match = Match._get_collection().find_one({"_id": "r1.o1"})
    assert match is not None
    assert not {"unkept", "newest_unkept"} & match.keys()
    assert Match.objects.get(id="r1.o1").version == version


def test_what_was_refused_is_no_decision(known: World, coordinator: Caller) -> None:
    seen = coordinator.get("/v1/proposals/r1.o1").headers["ETag"]
    coordinator.decide("r1.o1", "endorse")
    late = coordinator.post("/v1/proposals/r1.o1/decision", {"decision": "endorse"}, etag=seen)
    assert late.status_code == 412
    assert coordinator.decide("r1.o1", "endorse").status_code == 409
    decision_log.keep_waiting()
    assert ids() == ["r1.o1@1.1"]


def test_a_crash_between_keeping_and_taking_out_is_harmless(
    known: World, coordinator: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    coordinator.decide("r1.o1", "endorse")
    coordinator.decide("r1.o1", "reject", reason="No.")

    def crash(*_: Any, **__: Any) -> None:
        raise ConnectionError("gone")

    with monkeypatch.context() as broken:
        broken.setattr(Collection, "update_one", crash)
        with pytest.raises(ConnectionError):
            decision_log.keep_waiting()
    kept = list(Decision._get_collection().find())
    assert len(kept) == 2
    assert decision_log.keep_waiting() == 0
    assert list(Decision._get_collection().find()) == kept
    assert Match.objects.get(id="r1.o1").newest_unkept is None


@pytest.mark.parametrize("decides", [True, False])
def test_a_change_between_keeping_and_taking_out_loses_nothing(
    known: World,
    coordinator: Caller,
    monkeypatch: pytest.MonkeyPatch,
    decides: bool,
) -> None:
    coordinator.decide("r1.o1", "endorse")
    update: Callable[..., Any] = Collection.update_one

    def late(collection: Any, *arguments: Any, **options: Any) -> Any:
        monkeypatch.setattr(Collection, "update_one", update)
        if decides:
            coordinator.decide("r1.o1", "reject", reason="No.")
        else:
            change(Match, "r1.o1", None, lambda match: match.holds.append("c"), NOW)
        return update(collection, *arguments, **options)

    monkeypatch.setattr(Collection, "update_one", late)
    decision_log.keep_waiting()
    decision_log.keep_waiting()
    assert ids() == ["r1.o1@1.1", "r1.o1@1.2"][: 1 + decides]
    match = Match.objects.get(id="r1.o1")
    assert (match.status, match.holds) == (("rejected", []) if decides else ("endorsed", ["c"]))
    assert match.newest_unkept is None


def test_a_decision_made_on_a_proposal_read_before_the_sweep_loses_nothing(
    known: World, coordinator: Caller
) -> None:
    coordinator.decide("r1.o1", "endorse")

    def decide_late(match: Match) -> None:
        if match.newest_unkept == "r1.o1@1.1":
            decision_log.keep_waiting()  # takes out what this change has read
        entry = {**match.unkept[-1], "_id": "r1.o1@1.2", "action": "reject"}
        decision_log.add(match, entry)

    change(Match, "r1.o1", None, decide_late, NOW)
    assert ids() == ["r1.o1@1.1"]
    assert decision_log.keep_waiting() == 1
    assert ids() == ["r1.o1@1.1", "r1.o1@1.2"]
