"""The ranking loop over a real broker and a real database."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from kafka import TopicPartition
from pymongo.database import Database
from pymongo.errors import AutoReconnect, OperationFailure

from services.matcher import ranking_worker, shortlists
from services.matcher.documents import PartitionFence, Shortlist, entries_of, shortlist_id
from services.matcher.engine.geography import Geography
from services.matcher.engine.matching import Engine
from services.matcher.engine.profiles import OfferProfile, RequestProfile
from services.matcher.engine.ranking import prior_model
from services.matcher.membership import GROUP
from services.matcher.models import ensure_prior, put_into_use, store_learnt
from services.matcher.ranking_worker import RankingWorker
from services.matcher.shortlists import take_partition
from shared.events import clients
from shared.events.envelope import Event
from shared.events.letters import DeadLetters
from shared.events.predecessor import Note, Seat
from shared.events.reader import Received, TopicReader
from shared.events.topics import Topics, ensure_topics
from shared.settings import Settings
from tests.barred import barred_broker
from tests.services.matcher.conftest import Clock
from tests.services.matcher.records import NOW, offer_event, provision, request_event
from tests.services.matcher.running import eventually, publish, running

REQUESTS = [f"request-{number}" for number in range(12)]
OFFERS = [f"offer-{number}" for number in range(4)]


@pytest.fixture
def settings(matcher_settings: Settings, database: Database[dict[str, Any]]) -> Settings:
    """The matcher's settings, with its topics made and its database connected."""
    ensure_topics(matcher_settings)
    return matcher_settings


@pytest.fixture
def dead_letters(settings: Settings) -> Iterator[DeadLetters]:
    """Where poison goes."""
    letters = DeadLetters(settings)
    yield letters
    letters.close()


@pytest.fixture
def clock() -> Clock:
    """The day is that of the records."""
    set_back = Clock()
    set_back.now = NOW
    return set_back


@pytest.fixture
def make_worker(
    settings: Settings, dead_letters: DeadLetters, clock: Clock
) -> Callable[[], RankingWorker]:
    """Makes workers on the same topics and database."""
    return lambda: RankingWorker(settings, dead_letters, clock)


def offers_of(request: str) -> list[str] | None:
    """The offers of a stored shortlist, best first; None without one."""
    stored = Shortlist.objects(id=shortlist_id(request)).first()
    return None if stored is None else list(stored.offers)


def by_engine(events: list[Event], request: str) -> list[tuple[str, float]]:
    """Offers and scores as the engine alone ranks them."""
    engine = Engine(prior_model(), Geography.of_vocabulary(NOW.date()), NOW.date())
    for event in events:
        if event.type == "entraide.request.v1":
            engine.put_request(RequestProfile.of_event(event.data))
        else:
            engine.put_offer(OfferProfile.of_event(event.data))
    return [(entry.offer, entry.score) for entry in engine.shortlist(request).entries]


def saved_positions(settings: Settings) -> int:
    """How many request events the group has saved as worked, over all partitions."""
    topic = Topics(settings.topic_prefix).requests
    with closing(clients.consumer(settings, GROUP)) as consumer:
        partitions = [TopicPartition(topic, n) for n in range(settings.topic_partitions)]
        return sum(consumer.committed(partition) or 0 for partition in partitions)


def test_a_worker_that_is_started_while_the_broker_is_away_waits_for_it(
    settings: Settings,
    dead_letters: DeadLetters,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish(settings, [request_event(REQUESTS[0]), offer_event(OFFERS[0], conditions=[])])
    with barred_broker(settings, monkeypatch) as barred:
        worker = RankingWorker(barred.settings, dead_letters, clock)
        with running(worker.loops()):
            barred.wait_until_tried()
            barred.open()
            eventually(lambda: offers_of(REQUESTS[0]) == OFFERS[:1], "the shortlist")


@pytest.mark.parametrize(("seconds", "longest"), [(600.0, len(REQUESTS)), (0.0, 1)])
def test_in_a_burst_lists_come_first_and_what_is_compared_is_not_put_off_for_ever(
    settings: Settings,
    make_worker: Callable[[], RankingWorker],
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    longest: int,
) -> None:
    monkeypatch.setattr(ranking_worker, "CHUNK", 1)
    monkeypatch.setattr(ranking_worker, "IN_BURST_SECONDS", seconds)
    publish(settings, [*map(request_event, REQUESTS), offer_event(OFFERS[0], conditions=[])])
    worker, done = make_worker(), list[str]()

    def noted(whose: object, name: str, letter: str) -> None:
        does = getattr(whose, name)

        def note(*told: Any) -> None:
            done.append(letter)
            does(*told)

        monkeypatch.setattr(whose, name, note)

    noted(worker, "_settle_stored", "l")
    noted(worker, "_compare", "c")
    noted(worker._coverage, "hear", "h")
    with running(worker.loops()):
        eventually(lambda: all(offers_of(r) == OFFERS[:1] for r in REQUESTS), "shortlists")
        eventually(worker.at_rest, "nothing waiting")
    told = "".join(done)
    burst = max(told.replace("h", "").split("c"), key=len)
    assert len(burst) == longest, told
    # Of each request they heard, and of none while lists were to be made.
    assert told.count("h") == len(REQUESTS)
    if longest > 1:
        assert "l" * longest in told, told


def test_what_comes_in_a_long_burst_does_not_wait_to_be_heard_of_beyond_a_bound(
    settings: Settings, make_worker: Callable[[], RankingWorker], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("CHUNK", 1), ("HEARD", 0), ("MOST_UNHEARD", 2)):
        monkeypatch.setattr(ranking_worker, name, value)
    worker, heard = make_worker(), list[str]()
    hear = worker._coverage.hear

    def note(received: Received) -> None:
        heard.append(received.subject)
        hear(received)

    monkeypatch.setattr(worker._coverage, "hear", note)
    with running(worker.loops()):
        eventually(worker.ready, "its share")
        publish(settings, list(map(request_event, REQUESTS)))
        eventually(lambda: all(offers_of(r) == [] for r in REQUESTS), "shortlists")
        eventually(lambda: len(heard) == len(REQUESTS) - 2, "what is beyond the bound")
        assert not worker.at_rest()


def test_published_records_become_shortlists_and_follow_their_changes(
    settings: Settings, make_worker: Callable[[], RankingWorker], clock: Clock
) -> None:
    requests = [request_event(id_) for id_ in REQUESTS]
    offers = [offer_event(id_, conditions=[]) for id_ in OFFERS]
    publish(settings, [*requests[:6], *offers[:2], *requests[6:]])
    with running(make_worker().loops()):
        eventually(lambda: all(offers_of(r) == OFFERS[:2] for r in REQUESTS), "first shortlists")

        publish(settings, offers[2:])
        eventually(lambda: all(offers_of(r) == OFFERS for r in REQUESTS), "new offers enter")
        stored = Shortlist.objects(id=shortlist_id(REQUESTS[0])).first()
        ranked = [(entry["offer"], entry["score"]) for entry in entries_of(stored.to_mongo())]
        assert ranked == by_engine([*requests, *offers], REQUESTS[0])
        (event,) = stored.pending_events
        assert [entry["offer"] for entry in event["data"]["entries"]] == OFFERS

        eventually(lambda: saved_positions(settings) == len(requests), "positions saved")
        version = stored.version
        publish(settings, [*requests, *offers])  # all of it once more
        publish(settings, [offer_event(OFFERS[0], 2, status="withdrawn")])
        publish(settings, [request_event(REQUESTS[1], 2, status="withdrawn")])
        eventually(lambda: offers_of(REQUESTS[1]) == [], "a withdrawn request's shortlist")
        eventually(lambda: offers_of(REQUESTS[0]) == OFFERS[1:], "a withdrawn offer leaves")
        stored.reload()
        assert stored.version.number == version.number + 1  # repeats wrote nothing

        # The same offers for a newer version of the request: noted, without a new version.
        publish(settings, [request_event(REQUESTS[2], 7)])
        eventually(
            lambda: Shortlist.objects.get(id=shortlist_id(REQUESTS[2])).request_version == "1.7",
            "the ranked version",
        )
        later = Shortlist.objects.get(id=shortlist_id(REQUESTS[2]))
        assert (later.version.number, later.told_version) == (stored.version.number, "1.1")

        clock.now = datetime(2028, 1, 1, tzinfo=UTC)  # the windows end with 2027
        eventually(lambda: all(offers_of(r) == [] for r in REQUESTS), "the day moved on")


def test_two_workers_share_the_partitions_and_one_takes_over(
    settings: Settings, make_worker: Callable[[], RankingWorker]
) -> None:
    publish(settings, [request_event(id_) for id_ in REQUESTS])
    first, second = make_worker(), make_worker()
    with running(second.loops()):
        with running(first.loops()):
            eventually(lambda: len(second.fences) + len(first.fences) == 3, "all owned")
            eventually(lambda: first.fences and second.fences, "both own some")
            eventually(lambda: not set(first.fences) & set(second.fences), "none is both's")
            publish(settings, [offer_event(OFFERS[0])])
            eventually(lambda: all(offers_of(r) == OFFERS[:1] for r in REQUESTS), "both work")
        # Nobody works the first one's partitions now; what comes in between must not be lost.
        publish(settings, [offer_event(OFFERS[1]), request_event("late")])
        every = [*REQUESTS, "late"]
        eventually(lambda: all(offers_of(r) == OFFERS[:2] for r in every), "taken over")
        assert len(second.fences) == 3
    assert all(fence.epoch >= 1 for fence in PartitionFence.objects)


@pytest.mark.parametrize("killed", [True, False])
def test_in_a_killed_members_place_a_worker_joins_while_it_reads_the_rest(
    settings: Settings,
    dead_letters: DeadLetters,
    clock: Clock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    killed: bool,
) -> None:
    """It works nothing before it has; and where nobody was killed it has no part before it has."""
    own, joins, read = replace(settings, ready_file=tmp_path / "ready"), [], threading.Event()
    caught_up, take_over = TopicReader.caught_up, Seat.take_over
    gone = "a member that is no more"

    def joining(seat: Seat) -> None:
        joins.append(read.is_set())
        take_over(seat)

    monkeypatch.setattr(TopicReader, "caught_up", lambda self: read.is_set() and caught_up(self))
    monkeypatch.setattr(Seat, "take_over", joining)
    publish(settings, [request_event(id_) for id_ in REQUESTS])
    if killed:
        Note(own, GROUP).leave(gone)
    worker = RankingWorker(own, dead_letters, clock)
    with running(worker.loops()):
        eventually(lambda: len(worker._feed.requests) == len(REQUESTS), "all read")
        eventually(lambda: joins or not killed, "joined")
        assert not worker.fences
        assert Note(own, GROUP).found() in ("", gone)
        read.set()
        eventually(lambda: all(offers_of(r) == [] for r in REQUESTS), "all ranked")
        eventually(lambda: Note(own, GROUP).found() not in ("", gone), "held")
    assert joins == [not killed]


def test_in_a_killed_members_place_a_worker_joins_where_there_is_nothing_to_read(
    settings: Settings, dead_letters: DeadLetters, clock: Clock, tmp_path: Path
) -> None:
    own = replace(settings, ready_file=tmp_path / "ready")
    Note(own, GROUP).leave("a member that is no more")
    worker = RankingWorker(own, dead_letters, clock)
    with running(worker.loops()):
        eventually(lambda: len(worker.fences) == 3, "all owned")


def test_who_never_has_read_the_rest_is_no_member_for_long(
    settings: Settings,
    dead_letters: DeadLetters,
    clock: Clock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = replace(settings, ready_file=tmp_path / "ready")
    monkeypatch.setattr(TopicReader, "caught_up", lambda self: False)
    monkeypatch.setattr(ranking_worker, "HANGING_SECONDS", 0.5)
    Note(own, GROUP).leave("a member that is no more")
    worker = RankingWorker(own, dead_letters, clock)
    with running(worker.loops()):
        eventually(worker._nearly.is_set, "nearly read")
        eventually(lambda: not worker._working(), "no member any more")


@pytest.mark.parametrize(("at_once", "part"), [(100, 25), (100, 1), (1, 1)])
def test_a_partition_that_a_late_worker_took_from_its_owner_goes_on_being_worked(
    settings: Settings,
    make_worker: Callable[[], RankingWorker],
    monkeypatch: pytest.MonkeyPatch,
    at_once: int,
    part: int,
) -> None:
    # One at once: the next is ranked under the old fence while the first meets the new one; where
    # that is known before a chunk ends, there are fewer left of it than there were.
    monkeypatch.setattr(ranking_worker, "CHUNK", at_once)
    monkeypatch.setattr(ranking_worker, "PART", part)
    publish(settings, [request_event(id_) for id_ in REQUESTS])
    topic = Topics(settings.topic_prefix).requests
    worker = make_worker()
    with running(worker.loops()):
        eventually(lambda: len(worker.fences) == 3, "all owned")
        eventually(lambda: all(offers_of(r) == [] for r in REQUESTS), "all ranked")
        for partition in range(3):
            take_partition(topic, partition)
        publish(settings, [offer_event(OFFERS[0])])
        eventually(lambda: all(offers_of(r) == OFFERS[:1] for r in REQUESTS), "worked again")


def test_poison_does_not_stop_the_ranking(
    settings: Settings, make_worker: Callable[[], RankingWorker]
) -> None:
    producer = clients.producer(settings)
    producer.send(Topics(settings.topic_prefix).offers, key=b"broken", value=b"{")
    producer.close()
    publish(settings, [request_event("r"), offer_event("o")])
    with running(make_worker().loops()):
        eventually(lambda: offers_of("r") == ["o"], "ranked all the same")


def test_poison_at_a_partitions_end_counts_as_worked(
    settings: Settings, make_worker: Callable[[], RankingWorker]
) -> None:
    """Otherwise the group would seem to be behind until the partition's next event."""
    publish(settings, [request_event("r")])
    producer = clients.producer(settings)
    topic = Topics(settings.topic_prefix).requests
    for partition in range(settings.topic_partitions):
        producer.send(topic, key=b"broken", value=b"{", partition=partition)
    producer.close()
    with running(make_worker().loops()):
        wanted = 1 + settings.topic_partitions
        eventually(lambda: saved_positions(settings) == wanted, "all worked or put aside")


def test_a_request_whose_ranking_fails_does_not_hold_up_the_others(
    settings: Settings,
    make_worker: Callable[[], RankingWorker],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shortlist = Engine.shortlist

    def fails_for_one(engine: Engine, request: str) -> Any:
        if request == REQUESTS[0]:
            raise ZeroDivisionError
        return shortlist(engine, request)

    monkeypatch.setattr(Engine, "shortlist", fails_for_one)
    publish(settings, [*(request_event(id_) for id_ in REQUESTS), offer_event(OFFERS[0])])
    with running(make_worker().loops()):
        eventually(lambda: all(offers_of(r) == OFFERS[:1] for r in REQUESTS[1:]), "the others")
        assert offers_of(REQUESTS[0]) is None


@pytest.mark.parametrize(
    ("part", "error"),
    [
        (ranking_worker.PART, AutoReconnect("illustrative")),
        (1, OperationFailure("a disk without space", 14031)),
    ],
)
def test_what_could_not_be_stored_waits_and_does_not_count_as_worked(
    settings: Settings,
    make_worker: Callable[[], RankingWorker],
    monkeypatch: pytest.MonkeyPatch,
    part: int,
    error: Exception,
) -> None:
    monkeypatch.setattr(ranking_worker, "PART", part)
    store, let_through = shortlists.store, threading.Event()
    tried: list[float] = []

    def fails_until(*asked: Any) -> shortlists.Stored:
        if not let_through.is_set():
            tried.append(time.monotonic())
            raise error
        return store(*asked)

    monkeypatch.setattr(shortlists, "store", fails_until)
    requests = [request_event(id_) for id_ in REQUESTS]
    publish(settings, [*requests, offer_event(OFFERS[0])])
    with running(make_worker().loops()):
        # For longer than it takes to save a position.
        eventually(lambda: len(tried) > 3 and tried[-1] - tried[0] > 2, "tries in vain")
        publish(settings, [request_event(REQUESTS[0], 2, country="KEN")])
        assert saved_positions(settings) == 0
        let_through.set()
        eventually(lambda: all(offers_of(r) == OFFERS[:1] for r in REQUESTS), "all stored")
        eventually(lambda: saved_positions(settings) == len(requests) + 1, "positions saved")
    assert Shortlist.objects(id=shortlist_id(REQUESTS[0])).scalar("country").first() == "KEN"


def test_workers_follow_the_model_in_use_without_a_restart(
    settings: Settings, make_worker: Callable[[], RankingWorker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.matcher.ranking_worker.MODEL_SECONDS", 0.1)
    ensure_prior(NOW)
    publish(settings, [request_event(id_) for id_ in REQUESTS])
    publish(settings, [offer_event(OFFERS[0]), offer_event(OFFERS[1], conditions=[])])
    learnt = replace(prior_model(), intercept=prior_model().intercept + 1.0)
    facts: dict[str, Any] = {"decisions": 1, "learnt_until": NOW, "metrics": {}, "now": NOW}
    version = store_learnt(learnt, parent=prior_model().version, **facts)
    first, second = make_worker(), make_worker()
    with running(first.loops()), running(second.loops()):
        ranked_by(prior_model().version)
        before = {s.id: (s.offers, s.entries) for s in Shortlist.objects}
        put_into_use(version, NOW)
        ranked_by(version)
        for shortlist in Shortlist.objects:
            assert shortlist.pending_events[-1]["data"]["model"] == version
            assert (shortlist.offers, shortlist.entries) != before[shortlist.id]
        publish(settings, [offer_event(OFFERS[2])])
        eventually(lambda: all(len(offers_of(r) or ()) == 3 for r in REQUESTS), "others follow")
        put_into_use(prior_model().version, NOW)
        ranked_by(prior_model().version)
        publish(settings, [offer_event(OFFERS[2], 2, status="withdrawn")])
        eventually(lambda: all(len(offers_of(r) or ()) == 2 for r in REQUESTS), "it left")
        assert {s.id: (s.offers, s.entries) for s in Shortlist.objects} == before


def ranked_by(version: str) -> None:
    """Wait until every request has a list of two or more made by this model."""
    eventually(
        lambda: (
            [(s.model, len(s.offers) > 1) for s in Shortlist.objects]
            == [(version, True)] * len(REQUESTS)
        ),
        f"ranked by {version}",
    )


def test_a_fixed_day_decides_whatever_the_clock_says(
    settings: Settings, dead_letters: DeadLetters, clock: Clock
) -> None:
    fixed = replace(settings, as_of=(NOW + timedelta(days=1)).date())
    clock.now = datetime(2040, 1, 1, tzinfo=UTC)
    publish(settings, [request_event("r"), offer_event("o", provisions=[provision()])])
    with running(RankingWorker(fixed, dead_letters, clock).loops()):
        eventually(lambda: offers_of("r") == ["o"], "ranked as of the fixed day")
        assert Shortlist.objects.get(id=shortlist_id("r")).as_of == "2026-03-06"
