"""The worker over a real broker and a real database: pairs are found, settled, and come back."""

from collections.abc import Iterator

import pytest

from services.matcher.duplicate_documents import DuplicateCase, duplicate_id
from services.matcher.ranking_worker import RankingWorker
from services.matcher.worker import worker_loops
from shared.events.letters import DeadLetters
from shared.events.reader import TopicReader
from shared.events.topics import Topics, ensure_topics
from shared.registers.context import system_clock
from shared.settings import Settings
from tests.services.matcher.records import need, offer_event, request_event
from tests.services.matcher.running import eventually, publish, running
from tests.services.matcher.world import Caller

REQUESTS = [f"request-{number}" for number in range(6)]
FAR = {"window": {"from": "2026-01-01", "to": "2099-12-31"}}


@pytest.fixture
def settings(matcher_settings: Settings, database: object) -> Settings:
    """The matcher's settings, with its topics made and its database connected."""
    ensure_topics(matcher_settings)
    return matcher_settings


@pytest.fixture
def dead_letters(settings: Settings) -> Iterator[DeadLetters]:
    """Where poison goes."""
    letters = DeadLetters(settings)
    yield letters
    letters.close()


def status(left: str, right: str, side: str = "request") -> str | None:
    """The status of a pair's case; None without one."""
    found = DuplicateCase.objects(id=duplicate_id(side, left, right)).first()
    return None if found is None else found.status


def last_versions(settings: Settings, dead_letters: DeadLetters) -> dict[str, str]:
    """The version of the last event of each case."""
    reader = TopicReader(settings, [Topics(settings.topic_prefix).matches], dead_letters, "test")
    found: dict[str, str] = {}
    while not reader.caught_up():
        for one in reader.poll(200):
            if one.type == "entraide.duplicate.v1":
                found[one.subject] = str(one.version)
    reader.close()
    return found


def test_a_pair_is_found_dismissed_and_comes_back(
    settings: Settings, dead_letters: DeadLetters, coordinator: Caller
) -> None:
    loops, ready = worker_loops(settings, dead_letters, system_clock)
    path = f"/v1/duplicates/{duplicate_id('request', 'r1', 'r2')}"
    with running(loops):
        eventually(ready, "ready")
        publish(settings, [request_event("r1", **FAR), request_event("r2", **FAR)])
        publish(settings, [offer_event("o1", **FAR), offer_event("o2", **FAR)])
        eventually(lambda: status("r1", "r2") == "open", "the requests' case")
        eventually(lambda: status("o1", "o2", "offer") == "open", "the offers' case")
        publish(settings, [request_event("r3", country="MLI", **FAR)])

        # The API's projection may be a moment behind the worker's.
        def dismissed() -> bool:
            etag = coordinator.get(path).headers["ETag"]
            body = {"decision": "dismiss", "reason": "Two sites."}
            return coordinator.post(f"{path}/decision", body, etag=etag).status_code == 200

        eventually(dismissed, "the decision")
        publish(settings, [request_event("r1", 2, priority="low", **FAR)])
        changed = [need(quantity=5)]
        publish(settings, [request_event("r2", 2, needs=changed, **FAR)])
        eventually(lambda: status("r1", "r2") == "open", "a material change")
        publish(settings, [request_event("r2", 3, status="merged", merged_into="r1", **FAR)])
        eventually(lambda: status("r1", "r2") == "merged", "merged")
        publish(settings, [request_event("r2", 4, **FAR)])
        eventually(lambda: status("r1", "r2") == "open", "taken apart")
        publish(settings, [offer_event("o2", 2, status="withdrawn", **FAR)])
        eventually(lambda: status("o1", "o2", "offer") == "closed", "withdrawn")
        stored = {case.id: str(case.version) for case in DuplicateCase.objects}
        unpublished = {"pending_since": {"$ne": None}}
        cases = DuplicateCase._get_collection()
        eventually(lambda: cases.count_documents(unpublished) == 0, "all published")
    assert status("r1", "r3") is None
    assert last_versions(settings, dead_letters) == stored


def test_what_comes_between_two_shares_of_partitions_is_compared_with_the_second(
    settings: Settings, dead_letters: DeadLetters, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = RankingWorker(settings, dead_letters, system_clock)
    told: list[tuple[bool, list[int]]] = []
    heard = worker._membership.changes
    monkeypatch.setattr(worker._membership, "changes", lambda: [*heard(), *take_all(told)])
    with running(worker.loops()):
        eventually(lambda: len(worker.fences) == 3, "all owned")
        fences = dict(worker.fences)
        told.append((False, [0, 1, 2]))
        eventually(lambda: not worker.fences, "all given up")
        publish(settings, [request_event("r1", **FAR), request_event("r2", **FAR)])
        eventually(lambda: len(worker._feed.requests) == 2, "both read")
        eventually(worker.at_rest, "nothing to be done without partitions")
        told.append((True, [0, 1, 2]))
        eventually(lambda: status("r1", "r2") == "open", "the case")
        assert dict(worker.fences) == fences  # nobody had them meanwhile


def take_all(told: list[tuple[bool, list[int]]]) -> list[tuple[bool, list[int]]]:
    """What is told, once."""
    taken = told.copy()
    told.clear()
    return taken


def test_two_workers_make_one_case_of_each_pair_and_one_takes_over(
    settings: Settings, dead_letters: DeadLetters
) -> None:
    def make() -> RankingWorker:
        return RankingWorker(settings, dead_letters, system_clock)

    pairs = [(left, right) for left in REQUESTS for right in REQUESTS if left < right]
    first, second = make(), make()
    with running(second.loops()):
        with running(first.loops()):
            eventually(lambda: len(second.fences) + len(first.fences) == 3, "all owned")
            publish(settings, [request_event(id_, **FAR) for id_ in REQUESTS])
            eventually(lambda: all(status(*pair) == "open" for pair in pairs), "every pair")
            versions = {case.id: case.version for case in DuplicateCase.objects}
            assert len(versions) == len(pairs)
        eventually(lambda: len(second.fences) == 3, "taken over")
        publish(settings, [request_event(REQUESTS[0], 2, status="withdrawn", **FAR)])
        of_first = [pair for pair in pairs if REQUESTS[0] in pair]
        eventually(lambda: all(status(*pair) == "closed" for pair in of_first), "closed")
    others = [duplicate_id("request", *pair) for pair in pairs if pair not in of_first]
    untouched = {case.id: case.version for case in DuplicateCase.objects(id__in=others)}
    assert untouched == {id_: versions[id_] for id_ in others}
