"""Listing dead letters, and sending them back to where they came from."""

from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from kafka.errors import KafkaError

from shared.events import clients
from shared.events.envelope import UNREADABLE
from shared.events.letters import (
    MARKER,
    PREFIX,
    RETRIED,
    RETRIES,
    SIZE,
    DeadLetters,
    original_headers,
)
from shared.events.reader import read_to_end
from shared.events.topics import Topics, dead_letter_topic
from shared.settings import Settings

__all__ = [
    "DeadLetter",
    "DeadLetters",
    "Retries",
    "UnknownDeadLetter",
    "list_dead_letters",
    "retry",
]

_ACK_SECONDS = clients.DELIVERY_TIMEOUT_MS / 1000


class UnknownDeadLetter(LookupError):  # noqa: N818 (named for what happened)
    """There is no dead letter with one of these ids; nothing was sent."""


@dataclass(frozen=True)
class DeadLetter:
    """A dead letter as it is listed; `time` (aware) is when its consumer gave it up first.

    `whole` says whether it has the record's own bytes, so that it can be sent back.
    """

    id: str
    reason: str
    detail: str
    topic: str
    partition: int
    offset: int
    consumer: str
    time: datetime
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    whole: bool = True
    retried: bool = False


@dataclass(frozen=True)
class Retries:
    """What came of sending back: ids that are in their topic again, and ids that are refused."""

    sent: tuple[str, ...]
    refused: dict[str, str]


def list_dead_letters(settings: Settings, *, retried: bool = False) -> list[DeadLetter]:
    """All dead letters, the oldest first, each once; with `retried`, also those sent back before.

    Reads the dead-letter topics whole. Raises TopicsMissing or KafkaError.
    """
    letters: dict[str, DeadLetter] = {}
    done: set[str] = set()
    for record in read_to_end(settings, Topics(settings.topic_prefix).dead_letters):
        own = {name: value for name, value in record.headers if name.startswith(PREFIX)}
        id_ = _text(own, "id")
        if own.get(MARKER) == RETRIED:
            done.add(id_)
        elif id_ and id_ not in letters:
            letters[id_] = _dead_letter(id_, own, record)
    found = [replace(letter, retried=letter.id in done) for letter in letters.values()]
    found.sort(key=lambda letter: (letter.time, letter.id))
    return [letter for letter in found if retried or not letter.retried]


def retry(settings: Settings, ids: Collection[str] | None) -> Retries:
    """Send dead letters back to their topics, with their bytes; None: all that were not yet.

    Each is noted as retried once its topic has it; a crash in between repeats it, which does no
    harm. One that fails again becomes a new dead letter. Raises UnknownDeadLetter, and KafkaError
    when the broker cannot be reached.
    """
    letters = {letter.id: letter for letter in list_dead_letters(settings, retried=True)}
    if ids is None:
        chosen = [letter for letter in letters.values() if not letter.retried]
    else:
        unknown = sorted(set(ids) - letters.keys())
        if unknown:
            raise UnknownDeadLetter(f"there is no dead letter {', '.join(unknown)}")
        chosen = [letters[id_] for id_ in dict.fromkeys(ids)]
    states = Topics(settings.topic_prefix).states
    sent: list[str] = []
    refused: dict[str, str] = {}
    with closing(clients.producer(settings)) as producer:
        for letter in chosen:
            if letter.topic not in states:
                refused[letter.id] = f"its topic {letter.topic!r} is not one of this deployment"
                continue
            if not letter.whole:
                refused[letter.id] = "its record could not be kept: replay what its owner holds"
                continue
            try:
                _send_back(producer, letter)
            except KafkaError as error:
                if error.retriable:
                    raise
                refused[letter.id] = str(error)
            else:
                sent.append(letter.id)
    return Retries(tuple(sent), refused)


def _send_back(producer: Any, letter: DeadLetter) -> None:
    producer.send(
        letter.topic, key=letter.key, value=letter.value, headers=list(_again(letter))
    ).get(timeout=_ACK_SECONDS)
    marker = {"id": letter.id.encode(), "time": datetime.now(UTC).isoformat().encode()}
    producer.send(
        dead_letter_topic(letter.topic),
        key=letter.id.encode(),
        value=b"",
        headers=[(MARKER, RETRIED), *((f"{PREFIX}{k}", v) for k, v in marker.items())],
    ).get(timeout=_ACK_SECONDS)


def _again(letter: DeadLetter) -> Iterator[tuple[str, bytes]]:
    retries = 0
    for name, value in letter.headers:
        if name == RETRIES:
            retries = int(value) if value.isdigit() and len(value) < 9 else 0
        else:
            yield name, value
    yield RETRIES, str(retries + 1).encode()


def _dead_letter(id_: str, own: dict[str, bytes | None], record: Any) -> DeadLetter:
    return DeadLetter(
        id=id_,
        reason=_text(own, "reason"),
        detail=_text(own, "detail"),
        topic=_text(own, "topic"),
        partition=_whole(own, "partition"),
        offset=_whole(own, "offset"),
        consumer=_text(own, "consumer"),
        time=_time(own),
        key=record.key,
        value=record.value,
        headers=tuple((name, value or b"") for name, value in original_headers(record)),
        whole=SIZE not in own and _text(own, "reason") != UNREADABLE,
    )


def _text(own: dict[str, bytes | None], name: str) -> str:
    return (own.get(f"{PREFIX}{name}") or b"").decode("utf-8", "replace")


def _whole(own: dict[str, bytes | None], name: str) -> int:
    text = _text(own, name)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1


def _time(own: dict[str, bytes | None]) -> datetime:
    try:
        return datetime.fromisoformat(_text(own, "time")).astimezone(UTC)
    except (ValueError, OverflowError):
        return datetime.fromtimestamp(0, UTC)
