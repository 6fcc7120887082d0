"""The loop that keeps shortlists: read everything, rank what is this worker's and has changed."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime
from itertools import islice
from typing import Any

import structlog
from pymongo.errors import PyMongoError

from services.matcher import metrics, shortlists
from services.matcher.alliance_keeping import AllianceKeeper
from services.matcher.coverage_watch import CoverageWatch
from services.matcher.duplicate_watch import DuplicateWatch
from services.matcher.engine.geography import Geography
from services.matcher.engine.matching import Engine
from services.matcher.engine.pairing import Pairing
from services.matcher.engine.texts import Texts
from services.matcher.index_feed import Cause, IndexFeed
from services.matcher.membership import Membership
from services.matcher.models import active_model
from services.matcher.ownership import Changes, Ownership
from services.matcher.positions import Positions
from services.matcher.rivals import Standing
from services.matcher.shortlists import Ranking
from services.matcher.storing import Chunk, Storing
from shared import tracing
from shared.events import clients
from shared.events.envelope import ALLIANCE, REQUEST, SHORTLIST
from shared.events.letters import DeadLetters
from shared.events.reader import Received, TopicReader
from shared.events.topics import Topics
from shared.events.turns import Turns, turns_of
from shared.events.work import passes, put_off, told
from shared.settings import Settings

CHUNK = 100
"""Requests ranked in one go; between two goes the worker reads on."""
PART = 25
"""Of these so many are stored at a time, while the next are ranked."""
UNDER_WAY = 8
"""Parts that are stored or wait for it at most; then ranking waits too."""
DRAIN_SECONDS = 0.25
IDLE_MS = 100
CATCH_UP_MS, CATCH_UP_RECORDS = 200, 500
NEARLY = 10_000
"""So few events are read in a few seconds, as joining a group takes."""
PAUSE_SECONDS = 0.5
MEASURE_SECONDS = 1.0
MODEL_SECONDS = 3.0
"""How often the worker asks which model is in use."""
RECHECK_SECONDS = 30.0
"""How often the worker looks for cases that a stalled former owner opened."""
HANGING_SECONDS = 60.0
"""A worker that has not come round for so long no longer counts as working: others get its
partitions, long before it counts as hanging (turns.py)."""
HEARD = 200
"""Events that those who compare requests with others hear of in one go."""
MOST_UNHEARD = 2_000
"""Events that wait for that at most: as many as come in a burst between two turns."""
COMPARED, COMPARED_IN_BURST = 32, 8
"""Records compared with others in one turn; between two the worker reads on, and ranks."""
ALLIED_SECONDS = 1.0
"""How often alliances are written at most."""
IN_BURST_SECONDS = 5.0
"""In a burst lists come first: while more waits to be ranked, no more often are others compared,
and alliances written, whose groups go on growing."""

log = structlog.get_logger(__name__)


class RankingWorker:
    """Ranks the requests of its share of partitions whenever something changes their shortlist.

    The index is fed from all partitions of requests, offers and matches, without a group, from
    their beginning; work begins once that has caught up. Work is shared by the partitions of the
    requests' topic in one group: see ownership.py, and shortlists.py for what keeps two owners
    from overwriting one another. `run` blocks until `stop` is set; while broker or database are
    away it waits and goes on. Any number may run, up to the number of partitions usefully.
    """

    def __init__(
        self, settings: Settings, dead_letters: DeadLetters, clock: Callable[[], datetime]
    ) -> None:
        self._settings = settings
        self._dead_letters = dead_letters
        self._clock = clock
        self._topics = Topics(settings.topic_prefix)
        self._as_of = self._today()
        geography = geography_of(settings, self._as_of)
        engine = Engine(active_model(), geography, self._as_of)
        _tell_model(engine.model.version)
        self._feed = IndexFeed(engine)
        texts = Texts()
        self._alliances = AllianceKeeper(geography, texts)
        self._duplicates = DuplicateWatch(engine)
        self._coverage = CoverageWatch(texts)
        self._unheard: deque[Received] = deque()
        """What alliances and coverage have yet to hear of, together: they share its texts."""
        self._ownership = Ownership(self._topics.requests)
        self._nearly = threading.Event()
        self._joined_by = math.inf
        """When the group might be joined at the earliest, if not all was read by then."""
        self._caught_up = threading.Event()
        self._assigned = threading.Event()
        self._loop = Turns(threading.Event())
        self._measured = self._asked = self._rechecked = time.monotonic()
        self._allied = self._compared = self._measured
        self._more_came = False
        self._filled = -ALLIED_SECONDS
        self._put_off = 0
        self._membership = Membership(
            *(settings, self._topics.requests, self._nearly, self._caught_up, self._working)
        )
        self._read_to: dict[int, int] = {}
        self._fresh: set[int] = set()
        self._storing = Storing()
        self._positions = Positions(
            *(self._membership, self._ownership, self._feed, self._storing),
            *(self._duplicates, self._coverage),
        )

    def loops(self) -> dict[str, Callable[[threading.Event], None]]:
        """The loops to run, each in a thread of its own."""
        return {"ranking": self.run, "ranking-membership": self._membership.run}

    def ready(self) -> bool:
        """Whether the index has caught up and the group has given this worker its share."""
        return self._assigned.is_set()

    def at_rest(self) -> bool:
        """Whether nothing that was read waits to be ranked or compared."""
        compares = self._duplicates.ready or self._coverage.waiting
        compares = compares and not self._ownership.between
        return not (self._to_rank() or self._unheard or compares)

    @property
    def fences(self) -> Mapping[int, int]:
        """The partitions of the requests' topic that this worker works, each with its fence."""
        return self._ownership.fences

    def run(self, stop: threading.Event) -> None:
        """Keep shortlists until `stop` is set."""
        self._loop = stop = turns_of(stop)
        topics = (
            *(self._topics.requests, self._topics.offers),
            *(self._topics.activities, self._topics.matches),
        )
        # The matchers' own proposals tell the index nothing, and are most of what is published.
        reader = clients.awaited(
            lambda: TopicReader(
                self._settings, topics, self._dead_letters, "matcher-index", passed={SHORTLIST}
            ),
            stop,
        )
        if reader is None:
            return
        with closing(reader), closing(self._storing):
            while not (reader.caught_up() or stop.is_set()):
                if reader.lag() < NEARLY:
                    self._join_soon()
                self._read(reader, CATCH_UP_MS, CATCH_UP_RECORDS)
                self._hear(CATCH_UP_RECORDS)
                self._feed.forget_offers()  # whatever is assigned is worked as a whole
                self._duplicates.forget()
                self._coverage.forget()
            log.info("index caught up", requests=len(self._feed.requests))
            self._caught_up.set()
            self._nearly.set()
            while not stop.is_set():
                try:
                    self._take_in(reader)
                    self._work()
                    self._positions.save(self._read_to)
                except Exception as error:
                    if not passes(error):
                        raise
                    log.warning("ranking interrupted", error=told(error))
                    stop.wait(PAUSE_SECONDS)
            with put_off("not stored before the end"):
                self._settle_stored(0)

    def _changes(self) -> Changes:
        """What the group said; asked between two partitions, each of which may take its time."""
        self._loop.note()
        return self._membership.changes()

    def _join_soon(self) -> None:
        if not self._nearly.is_set():
            self._joined_by = time.monotonic()
            self._nearly.set()

    def _working(self) -> bool:
        if not self._caught_up.is_set():  # however it goes round: it has partitions for nothing
            return time.monotonic() < self._joined_by + HANGING_SECONDS
        return self._loop.age() < HANGING_SECONDS

    def _take_in(self, reader: TopicReader) -> None:
        """Read what has come, follow the group and the calendar.

        A chunk of requests is ranked at once, and stored while the next is read: to read on would
        only keep the database waiting. Of offers, which each may concern many requests, as many are
        taken in before as come in some time.
        """
        until = time.monotonic() + DRAIN_SECONDS
        requests = self._read(reader, IDLE_MS if self.at_rest() else 0, CHUNK)
        while reader.took and requests < CHUNK and time.monotonic() < until:
            requests += self._read(reader, 0, CHUNK)
        self._more_came = requests >= CHUNK
        if self._more_came:
            self._filled = time.monotonic()
        self._feed.settle()
        self._fresh.update(self._ownership.follow(self._changes))
        self._feed.mark_partitions(self._fresh)
        self._duplicates.mark_partitions(self._fresh)
        self._coverage.mark_partitions(self._fresh)
        self._fresh.clear()  # not before: where the database fails, all are marked again
        if self._ownership.assigned:
            self._assigned.set()
        today = self._today()
        if today != self._as_of:
            self._as_of = today
            self._feed.advance(today)
        self._follow_model()
        if time.monotonic() > self._measured + MEASURE_SECONDS:
            self._measured = time.monotonic()
            metrics.INDEX_LAG.set(reader.lag())
            metrics.PARTITIONS.set(len(self._ownership.fences))
            metrics.NOT_YET_COMPARED.set(self._duplicates.waiting)
            metrics.WAITING.set(self._to_rank())

    def _follow_model(self) -> None:
        """Go over to the model that is in use by now, and rank everything again by it."""
        if time.monotonic() < self._asked + MODEL_SECONDS:
            return
        self._asked = time.monotonic()
        model = active_model()
        if model.version != self._feed.engine.model.version:
            metrics.MODEL.remove(self._feed.engine.model.version)
            self._feed.use(model)
            _tell_model(model.version)
            metrics.MODEL_CHANGES.inc()
            log.info("another model is in use", model=model.version)

    def _read(self, reader: TopicReader, timeout_ms: int, most: int) -> int:
        """Read what comes; returns of how many requests of this worker's partitions that was."""
        received = reader.poll(timeout_ms, most)
        for one in received:
            self._feed.apply(one)
            self._duplicates.note(one)
            self._coverage.note(one)
        self._unheard.extend(one for one in received if one.type in (REQUEST, ALLIANCE))
        self._hear(len(self._unheard) - MOST_UNHEARD)
        self._read_to = reader.read_to(self._topics.requests)
        return sum(one.type == REQUEST and one.partition in self.fences for one in received)

    def _hear(self, most: int) -> bool:
        """Let those who compare requests with others hear of so many; whether that was all."""
        for _ in range(min(most, len(self._unheard))):
            one = self._unheard.popleft()
            self._alliances.hear(one)
            self._coverage.hear(one)
        return not self._unheard

    def _work(self) -> None:
        """Rank a chunk of what waits in this worker's partitions, and have it stored part by part
        meanwhile; then compare others."""
        left = min(CHUNK, self._to_rank())
        if left == 0:
            self._settle_stored(0)
        while left > 0 and (worked := self._work_part(min(PART, left))):
            left -= worked
        more = self._more_came or self._to_rank() > 0
        # Events may be late for a moment in the midst of a burst.
        ending = not more and time.monotonic() > self._filled + ALLIED_SECONDS
        for _ in range(self._turns(more)):
            if not self._hear(HEARD):
                continue
            self._ally(ALLIED_SECONDS if ending else IN_BURST_SECONDS)
            self._compare(COMPARED_IN_BURST if more else COMPARED)

    def _work_part(self, most: int) -> int:
        """Rank those that wait longest, so many, and have them stored; how many they were, which
        are less where a partition turns out to be another's."""
        self._settle_stored(UNDER_WAY - 1)
        spans: list[tracing.Span | None] = []
        try:
            chunk = self._ranked(most, spans)
        except BaseException:
            tracing.end(spans, failed=True)
            raise
        if not chunk.causes:
            return 0
        # They wait no more.
        for partition, request in chunk.causes:
            del self._feed.dirty[partition][request]
        self._storing.start(chunk, self._clock())
        return len(chunk.causes)

    def _to_rank(self) -> int:
        """How many requests wait to be ranked in this worker's partitions."""
        return sum(len(self._feed.dirty[partition]) for partition in self._ownership.fences)

    def _turns(self, more: bool) -> int:
        """How many turns of what is compared are due: one where nothing more is to be ranked, and
        then the worker reads on; else none for some time, then this one and those put off."""
        now = time.monotonic()
        self._put_off = self._put_off + 1 if more else 1
        if more and now < self._compared + IN_BURST_SECONDS:
            return 0
        due, self._put_off, self._compared = self._put_off, 0, now
        return due

    def _ally(self, apart: float) -> None:
        """Form the groups of requests that came, and write their alliances once so many seconds
        have passed since the last time."""
        if self._alliances.form() and time.monotonic() > self._allied + apart:
            self._allied = time.monotonic()
            self._alliances.write(self._ownership.fences, self._as_of, self._clock())

    def _ranked(self, most: int, spans: list[tracing.Span | None]) -> Chunk:
        """Rank what waits longest; `spans` gets the steps as they begin, for whoever ends them."""
        fences = dict(self._ownership.fences)
        waiting = (
            ((partition, request), cause)
            for partition in fences
            for request, cause in self._feed.dirty[partition].items()
        )
        causes = dict(islice(waiting, most))
        rankings: dict[int, list[Ranking]] = {}
        for (partition, request), cause in causes.items():
            spans.append(span := _span(request, cause))
            ranking = self._rank(request, None if span is None else span.traceparent)
            if ranking is not None:
                rankings.setdefault(partition, []).append(ranking)
        return Chunk(fences, causes, rankings, spans)

    def _settle_stored(self, most: int) -> None:
        """Take note of what was stored, and wait until so many parts are under way at most."""
        while len(self._storing.under_way) > most or self._storing.is_done():
            self._settle_oldest()

    def _settle_oldest(self) -> None:
        """Wait for the oldest part that is under way; where it could not be stored, all that are
        under way wait on."""
        chunk, *later = self._storing.under_way
        try:
            stored, at = self._storing.finish()
        except BaseException:
            for one in (*reversed(later), chunk):
                self._feed.wait_on(one.causes)
            raise
        self._loop.note()
        for cause in chunk.causes.values():
            metrics.PROPOSING.observe(at - cause.since)
        # What was taken again meanwhile is not lost: the chunk's own fence was the old one.
        now = dict(self._ownership.fences)
        self._ownership.lost(p for p in stored.fenced if now.get(p) == chunk.fences[p])
        metrics.RANKED.inc(len(chunk.causes))
        metrics.WRITTEN.inc(stored.written)
        metrics.NOT_STORED.inc(stored.unfit)

    def _compare(self, most: int) -> None:
        """Compare of what changed so many with others of their side, and needs with activities.

        Between two shares of partitions nothing is: that would be lost to those that come back.
        """
        if self._ownership.between:
            return
        self._ownership.work_without()
        fences = self._ownership.fences
        if time.monotonic() > self._rechecked + RECHECK_SECONDS:
            self._rechecked = time.monotonic()
            self._duplicates.recheck(fences)
            self._coverage.recheck(fences)
        self._ownership.lost(self._duplicates.work(fences, self._clock(), most))
        self._ownership.lost(self._coverage.work(fences, self._as_of, self._clock()))

    def _rank(self, request: str, traceparent: str | None) -> Ranking | None:
        """The request's shortlist; None without one, and where the engine fails at it."""
        try:
            with metrics.RANKING.time():
                ranking = rank(self._feed, request)
        except PyMongoError:
            raise
        except Exception as error:
            # What is stored stays: one offer may keep many requests from being ranked, and that
            # is no reason to leave all of those without proposals.
            metrics.NOT_RANKED.inc()
            log.error("request not ranked", id=request, exc_info=error)
            return None
        return None if ranking is None else replace(ranking, traceparent=traceparent)

    def _today(self) -> date:
        return self._settings.as_of or self._clock().date()


def _span(request: str, cause: Cause) -> tracing.Span | None:
    """The step of ranking a request, in the trace of the change that it is for."""
    return tracing.follow("rank", "internal", cause.traceparent, {"entraide.record": request})


def rank(feed: IndexFeed, request: str) -> Ranking | None:
    """The shortlist of a request that the feed knows, as it is to be stored.

    None for one that vanished and never had a shortlist.
    """
    state = feed.requests[request]
    country = state.country or shortlists.stored_country(request)
    if country is None:
        return None
    standing = feed.standing(request)
    entries = standing.entries
    return Ranking(
        request=request,
        priority=state.priority,
        country=country,
        request_version=str(state.version),
        model=feed.engine.model.version,
        as_of=feed.engine.as_of.isoformat(),
        offers=[pairing.offer for pairing in entries],
        suits=[pairing.suits for pairing in entries],
        entries=_entries(feed, standing),
        acted=feed.acted(request),
    )


def _tell_model(version: str) -> None:
    metrics.MODEL.labels(version).set(1)


def _entries(feed: IndexFeed, standing: Standing) -> list[dict[str, Any]]:
    organisations, unserved = feed.organisations, _Unserved(standing.needs)
    entries: list[dict[str, Any]] = [
        {
            "organisation": organisations[pairing.offer],
            "score": pairing.score,
            "features": pairing.features,
            "serves": pairing.serves,
            "unserved": unserved[tuple([serving["need"] for serving in pairing.serves])],
            "evidence": pairing.evidence,
        }
        for pairing in standing.entries
    ]
    if standing.displaced or standing.same_donor:
        for pairing, entry in zip(standing.entries, entries, strict=True):
            _add_rivals(entry, pairing, standing, unserved)
    return entries


class _Unserved(dict[tuple[int, ...], list[int]]):
    """By the needs that are served, those that are not: fifty offers serve the same few."""

    def __init__(self, needs: Collection[int]) -> None:
        super().__init__()
        self._needs = needs

    def __missing__(self, served: tuple[int, ...]) -> list[int]:
        self[served] = found = [need for need in self._needs if need not in served]
        return found


def _add_rivals(
    entry: dict[str, Any], pairing: Pairing, standing: Standing, unserved: _Unserved
) -> None:
    displaced = standing.displaced.get(pairing.offer)
    if displaced is not None:
        served = [serving["need"] for serving in pairing.serves]
        entry["unserved"] = unserved[*served, *displaced.needs]
        entry["displaced"] = displaced.data()
    same_donor = standing.same_donor.get(pairing.offer)
    if same_donor is not None:
        entry["same_donor"] = same_donor


def geography_of(settings: Settings, on: date) -> Geography:
    """The geography that the settings name: a file's, or the vocabulary's."""
    if settings.countries_file is not None:
        return Geography.of_file(settings.countries_file, on)
    return Geography.of_vocabulary(on)
