"""One polled batch on its way through a handler, one step at a time."""

import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from kafka.errors import KafkaError
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    ExecutionTimeout,
    OperationFailure,
    WTimeoutError,
)

from shared.events.envelope import Event, InvalidEvent, decode
from shared.events.outbox import Contention
from shared.events.poison import MAX_CONSECUTIVE_DEAD_LETTERS, Streak

Handler = Callable[[Sequence[Event]], None]

INFRASTRUCTURE = (KafkaError, ConnectionFailure, ExecutionTimeout, WTimeoutError)
"""What fails while broker or database are away: never the event's fault. `passes` knows more."""

_OUT_OF_DISK_SPACE = 14031
"""MongoDB's code."""

log = structlog.get_logger(__name__)


def passes(error: BaseException) -> bool:
    """Whether an error passes by itself, so that the same done later may go well.

    So does what keeps broker or database from answering, a disk without space, and Contention:
    none is the fault of an event or of a record. An error that came of such a one counts too, for
    mongoengine makes an error of its own of what the driver says, unless it was raised `from None`.
    """
    return any(
        isinstance(found, (*INFRASTRUCTURE, Contention)) or _is_of_the_store(found)
        for found in _with_causes(error)
    )


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    """An error and those that it came of, each once."""
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        yield found
        seen.add(id(found))
        came_of = None if found.__suppress_context__ else found.__context__
        found = found.__cause__ or came_of


@contextmanager
def put_off(what: str) -> Iterator[None]:
    """Log what fails in the block and passes by itself, for it is done another time.

    For loops that come round: another that came of it ends the worker, which is started again.
    """
    try:
        yield
    except Exception as error:
        if not passes(error):
            raise
        log.warning(what, error=told(error))


def told(error: BaseException) -> str:
    """What an error says, without the records that were to be written: that of several writes at
    once tells each of them whole, however confidential."""
    for found in _with_causes(error):
        if isinstance(found, BulkWriteError):
            failed = (found.details or {}).get("writeErrors", ())
            codes = Counter(one["code"] for one in failed)
            return f"{len(failed)} writes failed, by code: {dict(codes)}"
    return str(error)


class Retry(Exception):  # noqa: N818 (named for what the consumer must do)
    """Raised by a handler that cannot work now: the same batch comes again after a pause.

    It comes again for as long as it takes. What `passes` needs no wrapping.
    """


class Rejected(Exception):  # noqa: N818
    """Raised by a handler for an event that it can never use: it becomes a dead letter.

    `event` must be one of the batch; `reason` is a short code, `detail` says what is wrong. The
    rest of the batch comes again without it.
    """

    def __init__(self, event: Event, reason: str, detail: str) -> None:
        super().__init__(f"{event.id}: {reason}: {detail}")
        self.event = event
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class ConsumerPolicy:
    """How a consumer goes about its work.

    `max_batch` records a poll at most; `poll_ms` blocks a poll at most; `retry_delays` seconds
    between tries, the last one again and again; `attempts` for an event on its own before it is
    given up; `max_consecutive_dead_letters` before the consumer stops.
    """

    max_batch: int = 500
    poll_ms: int = 200
    retry_delays: tuple[float, ...] = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
    attempts: int = 3
    max_consecutive_dead_letters: int = MAX_CONSECUTIVE_DEAD_LETTERS


class Work:
    """A batch of records until all are applied or dead letters.

    `step` calls the handler at most once and returns whether the batch is done; when it is not,
    call it again at `due` (monotonic seconds). The whole batch is tried at first; when the handler
    fails otherwise than by Retry or Rejected, its events are tried one by one. `step` blocks for
    as long as the handler and dead letters do, and raises only TooManyDeadLetters.
    """

    def __init__(
        self,
        records: Sequence[Any],
        allowed: Callable[[str], Collection[str]],
        undecodable: Streak,
        unusable: Streak,
        policy: ConsumerPolicy,
    ) -> None:
        self.due = 0.0
        self._unread = deque(records)
        self._items: deque[tuple[Any, Event]] = deque()
        self._allowed = allowed
        self._undecodable = undecodable
        self._unusable = unusable
        self._policy = policy
        self._one_by_one = False
        self._tries = 0
        self._interruptions = 0

    def step(self, handler: Handler) -> bool:
        """Try once to go on; returns whether the batch is done."""
        try:
            self._read()
            if self._items:
                self._apply(handler)
        except _Failed as failure:
            self._wait(failure.tries)
            return False
        except Exception as error:
            # Dead letters are noted in the database, which may be away or full too.
            if not (isinstance(error, Retry) or passes(error)):
                raise
            self._wait(self._interruptions)
            self._interruptions += 1
            log.warning("batch must wait", error=told(error), tries=self._interruptions)
            return False
        return not self._items

    def _read(self) -> None:
        while self._unread:
            record = self._unread[0]
            try:
                event = decode(record, self._allowed(record.topic))
            except InvalidEvent as invalid:
                self._undecodable.reject(record, invalid.code, invalid.detail)
            else:
                self._undecodable.went_on()
                self._items.append((record, event))
            self._unread.popleft()

    def _apply(self, handler: Handler) -> None:
        """Call the handler once; leaves in `_items` what is still to do."""
        batch = [self._items[0]] if self._one_by_one else list(self._items)
        try:
            handler([event for _, event in batch])
        except (Retry, *INFRASTRUCTURE):
            raise
        except Rejected as rejected:
            refused = [item for item in batch if item[1] is rejected.event]
            if not refused:
                self._failed(batch, ValueError("Rejected must name an event of the batch"))
            for item in refused:
                self._unusable.reject(item[0], rejected.reason, rejected.detail)
            self._done(refused)
        except Exception as error:
            if passes(error):
                raise Retry(f"{type(error).__name__}: {told(error)}") from error
            self._failed(batch, error)
        else:
            self._unusable.went_on()
            self._done(batch)

    def _failed(self, batch: Sequence[tuple[Any, Event]], error: Exception) -> None:
        record, event = batch[0]
        log.error(
            "handler failed", events=len(batch), first=event.id, tries=self._tries, exc_info=error
        )
        self._one_by_one = True
        if len(batch) > 1:
            raise _Failed(0) from error
        self._tries += 1
        if self._tries < self._policy.attempts:
            raise _Failed(self._tries) from error
        self._unusable.reject(record, "handler-failed", f"{type(error).__name__}: {error}")
        self._done(batch)

    def _done(self, batch: Sequence[tuple[Any, Event]]) -> None:
        self._tries = 0
        self._interruptions = 0
        done = {id(item) for item in batch}
        self._items = deque(item for item in self._items if id(item) not in done)

    def _wait(self, tries: int) -> None:
        delays = self._policy.retry_delays
        self.due = time.monotonic() + delays[min(tries, len(delays) - 1)]


def _is_of_the_store(error: BaseException) -> bool:
    """Whether the database had no space to write, or what was written waits to be confirmed."""
    if isinstance(error, BulkWriteError):
        told = error.details or {}
        codes = [failed["code"] for failed in told.get("writeErrors", ())]
        return _OUT_OF_DISK_SPACE in codes or bool(told.get("writeConcernErrors"))
    return isinstance(error, OperationFailure) and error.code == _OUT_OF_DISK_SPACE


class _Failed(Exception):  # noqa: N818
    def __init__(self, tries: int) -> None:
        self.tries = tries
