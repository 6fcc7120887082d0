"""The loop that keeps shortlists: read everything, rank what is this worker's and has changed."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime

import structlog

from services.matcher import metrics, shortlists
from services.matcher.documents import SHORTLIST_SIZE, entry_text
from services.matcher.engine.geography import Geography
from services.matcher.engine.matching import Engine, Pairing
from services.matcher.index_feed import IndexFeed
from services.matcher.models import active_model
from services.matcher.ownership import Ownership
from services.matcher.shortlists import Ranking
from shared.events.dead_letters import DeadLetters
from shared.events.reader import TopicReader
from shared.events.topics import Topics
from shared.events.work import INFRASTRUCTURE
from shared.settings import Settings

CHUNK = 100
"""Requests ranked and written in one go; between two goes the worker reads on."""
DRAIN_SECONDS = 0.25
IDLE_MS = 25
CATCH_UP_MS = 200
PAUSE_SECONDS = 0.5

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
        self._model = active_model()
        engine = Engine(self._model, geography_of(settings, self._as_of), self._as_of)
        self._feed = IndexFeed(engine)
        self._read_to: dict[int, int] = {}
        self._saved: dict[int, int] = {}
        self._ready = threading.Event()

    def ready(self) -> bool:
        """Whether the index has caught up and the group has given this worker its share."""
        return self._ready.is_set()

    def run(self, stop: threading.Event) -> None:
        """Keep shortlists until `stop` is set."""
        with self._reader() as reader:
            while not (reader.caught_up() or stop.is_set()):
                self._read(reader, CATCH_UP_MS)
            if stop.is_set():
                return
            log.info("index caught up", requests=len(self._feed.requests))
            ownership = Ownership(self._settings, self._topics.requests)
            try:
                while not stop.is_set():
                    self._turn(reader, ownership, stop)
            finally:
                ownership.close()

    def _turn(self, reader: TopicReader, ownership: Ownership, stop: threading.Event) -> None:
        try:
            self._take_in(reader, ownership)
            self._work(ownership)
            self._save_positions(ownership)
        except INFRASTRUCTURE as error:
            log.warning("ranking interrupted", error=str(error))
            stop.wait(PAUSE_SECONDS)

    def _take_in(self, reader: TopicReader, ownership: Ownership) -> None:
        """Read what has come, follow the group and the calendar."""
        waiting = any(self._feed.dirty[partition] for partition in ownership.fences)
        until = time.monotonic() + DRAIN_SECONDS
        came = self._read(reader, 0 if waiting else IDLE_MS)
        while came and time.monotonic() < until:
            came = self._read(reader, 0)
        self._feed.mark_partitions(ownership.poll(0))
        if ownership.assigned():
            self._ready.set()
        today = self._today()
        if today != self._as_of:
            self._as_of = today
            self._feed.advance(today)
        metrics.INDEX_LAG.set(reader.lag())
        metrics.PARTITIONS.set(len(ownership.fences))

    def _read(self, reader: TopicReader, timeout_ms: int) -> bool:
        received = reader.poll(timeout_ms)
        for one in received:
            if self._feed.apply(one):
                metrics.INDEXED.labels(one.type).inc()
            if one.topic == self._topics.requests:
                self._read_to[one.partition] = one.offset + 1
        return bool(received)

    def _work(self, ownership: Ownership) -> None:
        """Rank and write one chunk of what waits in this worker's partitions."""
        chunk = [
            (partition, request)
            for partition in ownership.fences
            for request in self._feed.dirty[partition]
        ][:CHUNK]
        if not chunk:
            return
        rankings: dict[int, list[Ranking]] = {}
        for partition, request in chunk:
            with metrics.RANKING.time():
                ranking = self._rank(request)
            if ranking is not None:
                rankings.setdefault(partition, []).append(ranking)
        stored = shortlists.store(rankings, ownership.fences, self._clock())
        for partition, request in chunk:
            del self._feed.dirty[partition][request]
        ownership.lost(sorted(stored.fenced))
        metrics.RANKED.inc(len(chunk))
        metrics.WRITTEN.inc(stored.written)
        metrics.WAITING.set(sum(len(self._feed.dirty[one]) for one in ownership.fences))

    def _rank(self, request: str) -> Ranking | None:
        state = self._feed.requests[request]
        country = state.country or shortlists.stored_country(request)
        if country is None:
            return None  # it vanished, and never had a shortlist
        entries = self._feed.engine.shortlist(request, SHORTLIST_SIZE).entries
        return Ranking(
            request=request,
            country=country,
            request_version=str(state.version),
            model=self._model.version,
            as_of=self._as_of.isoformat(),
            offers=[pairing.offer for pairing in entries],
            entries=entry_text([self._entry(pairing) for pairing in entries]),
        )

    def _entry(self, pairing: Pairing) -> dict[str, object]:
        return {
            "organisation": self._feed.organisations[pairing.offer],
            "score": pairing.score,
            "features": list(pairing.features),
            "serves": [serving_data(serving) for serving in pairing.serves],
            "evidence": list(pairing.evidence),
        }

    def _save_positions(self, ownership: Ownership) -> None:
        """Commit how far the partitions with nothing waiting have been worked."""
        done = {
            partition: self._read_to[partition]
            for partition in ownership.fences
            if not self._feed.dirty[partition] and partition in self._read_to
        }
        news = {p: position for p, position in done.items() if self._saved.get(p) != position}
        if news:
            ownership.commit(news)
            self._saved |= news

    def _today(self) -> date:
        return self._settings.as_of or self._clock().date()

    @contextmanager
    def _reader(self) -> Iterator[TopicReader]:
        topics = (self._topics.requests, self._topics.offers, self._topics.matches)
        reader = TopicReader(self._settings, topics, self._dead_letters, "matcher-index")
        try:
            yield reader
        finally:
            reader.close()


def geography_of(settings: Settings, on: date) -> Geography:
    """The geography that the settings name: a file's, or the vocabulary's."""
    if settings.countries_file is not None:
        return Geography.of_file(settings.countries_file, on)
    return Geography.of_vocabulary(on)
