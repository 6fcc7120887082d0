"""What one consumer does with events that it cannot use, and when it must stop instead."""

from shared.events.letters import DeadLetters, FailedRecord, letter_id

MAX_CONSECUTIVE_DEAD_LETTERS = 20


class TooManyDeadLetters(RuntimeError):  # noqa: N818 (named for what happened)
    """Too many events in a row could not be used: rather the consumer's fault than theirs.

    The process should end. Nothing of the batch was committed, so a better one meets it again.
    """


class Streak:
    """Puts dead letters for one consumer and counts those in a row.

    `reject` blocks until the broker has the dead letter. It raises TooManyDeadLetters, and puts
    nothing, for the one that goes past `limit`. Dead letters of an earlier life count as well,
    unless the consumer went on after them then: a consumer that is restarted again and again
    must not drain its topic, and one that reads from the beginning must get past what it once got
    past. KafkaError and PyMongoError pass through; rejecting the same record again is safe.
    """

    def __init__(self, dead_letters: DeadLetters, consumer: str, limit: int) -> None:
        self._dead_letters = dead_letters
        self._consumer = consumer
        self._limit = limit
        self._row: list[str] = []

    def reject(self, record: FailedRecord, reason: str, detail: str) -> None:
        """Make a dead letter of the record."""
        id_ = letter_id(record, self._consumer)
        counts = id_ not in self._row and not self._dead_letters.is_settled(id_)
        if counts and len(self._row) >= self._limit:
            raise TooManyDeadLetters(
                f"{self._consumer}: more than {self._limit} events in a row could not be used; "
                f"the last: {record.topic}[{record.partition}]@{record.offset} {reason}: {detail}"
            )
        self._dead_letters.put(record, reason, detail, self._consumer)
        if counts:
            self._row.append(id_)

    def went_on(self) -> None:
        """An event could be used: the row is over."""
        if self._row:
            self._dead_letters.settle(self._row)
            self._row = []
