"""The envelope of an event: CloudEvents 1.0 in Kafka's binary content mode.

Key: the subject. Value: the data as JSON (null: a tombstone). Headers: `content-type` and the
attributes as `ce_*`, among them our extension attributes `ce_epoch` and `ce_number`.
"""

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from shared.events import validation
from shared.events.unreadable import Unreadable
from shared.events.versions import Version

REQUEST: Final = "entraide.request.v1"
OFFER: Final = "entraide.offer.v1"
ACTIVITY: Final = "entraide.activity.v1"
CALL: Final = "entraide.call.v1"
SHORTLIST: Final = "entraide.shortlist.v1"
MATCH: Final = "entraide.match.v1"
COMMITMENT: Final = "entraide.commitment.v1"
ALLIANCE: Final = "entraide.alliance.v1"
DUPLICATE: Final = "entraide.duplicate.v1"
COVERAGE: Final = "entraide.coverage.v1"
EMBARGO: Final = "entraide.embargo.v1"
APPLICATION: Final = "entraide.application.v1"
DRAFT: Final = "entraide.draft.v1"
JOINING: Final = "entraide.joining.v1"

CONTENT_TYPE: Final = "application/json"
SPECVERSION: Final = "1.0"
UNREADABLE: Final = "unreadable"
"""The code of a record of which only the place is known."""

Headers = list[tuple[str, bytes]]

_REQUIRED = (
    "ce_specversion",
    "ce_type",
    "ce_id",
    "ce_source",
    "ce_subject",
    "ce_time",
    "ce_epoch",
    "ce_number",
)
_MAX_HEADER = 512
_TIME = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE
)
_SOURCE = re.compile(r"/entraide/[a-z][a-z-]{0,39}", re.ASCII)
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)
_EXACT = 2**53
_FAMILY = re.compile(r"(entraide\.[a-z]+)\.v\d{1,9}", re.ASCII)


class InvalidEvent(ValueError):  # noqa: N818 (named for what it is)
    """An event that cannot be understood.

    `code` is one of: unreadable, missing-header, broken-header, unknown-specversion, unknown-type,
    unknown-version, wrong-topic, key-mismatch, content-type, broken-body, schema,
    subject-mismatch. `detail` names the field and says what is wrong with it.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True)
class Event:
    """One event: the state of the aggregate `subject` at `version`.

    `time` is aware and in UTC. `data` satisfies the JSON Schema of `type`. A tombstone says that
    the record is gone (only a restore makes records vanish); its `data` is empty.
    """

    type: str
    source: str
    subject: str
    time: datetime
    version: Version
    data: Mapping[str, Any]
    traceparent: str | None = None
    tombstone: bool = False

    @property
    def id(self) -> str:
        """Subject and version: the same event repeated has the same id."""
        return f"{self.subject}/{self.version}"


class Record(Protocol):
    """What is read of a Kafka record (kafka-python's ConsumerRecord has it)."""

    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...


def check(event: Event) -> None:
    """Raise InvalidEvent unless the event's data satisfy the schema of its type.

    Of its attributes, those that could carry a text must have their form.
    """
    if event.type not in validation.TYPES:
        raise _unknown(event.type)
    if not _SOURCE.fullmatch(event.source):
        raise InvalidEvent("broken-header", "ce_source is not /entraide/ and a service's name")
    if event.traceparent is not None and not _TRACEPARENT.fullmatch(event.traceparent):
        raise InvalidEvent("broken-header", "ce_traceparent is not as W3C's Trace Context has it")
    if event.tombstone:
        return
    problem = validation.problem(event.type, event.data)
    if problem is not None:
        raise InvalidEvent("schema", problem)
    belongs = _SUBJECTS[event.type](event.data)
    if event.data.get("id", belongs) != belongs:
        raise InvalidEvent("subject-mismatch", f"id: it must be {belongs[:80]!r}")
    if belongs != event.subject:
        raise InvalidEvent("subject-mismatch", f"the data belong to {belongs[:80]!r}")


def encode(event: Event) -> tuple[bytes, bytes | None, Headers]:
    """Key, value and headers of a checked event; raises InvalidEvent when it is none."""
    check(event)
    value = None
    if not event.tombstone:
        value = json.dumps(
            event.data, ensure_ascii=False, allow_nan=False, separators=(",", ":")
        ).encode()
    attributes = {
        "ce_specversion": SPECVERSION,
        "ce_id": event.id,
        "ce_type": event.type,
        "ce_source": event.source,
        "ce_subject": event.subject,
        "ce_time": event.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "ce_dataschema": validation.urn(event.type),
        "ce_epoch": str(event.version.epoch),
        "ce_number": str(event.version.number),
    }
    if event.traceparent is not None:
        attributes["ce_traceparent"] = event.traceparent
    headers = [("content-type", CONTENT_TYPE.encode())]
    headers += [(name, text.encode()) for name, text in attributes.items()]
    return event.subject.encode(), value, headers


def decode(record: Record, allowed: Collection[str] | None = None) -> Event:
    """The event that a record carries; raises InvalidEvent, and nothing else, when it is none.

    `allowed`: the types that may stand in the record's topic (None: any known type). A term of
    the vocabulary that was retired is no error: schemas hold the form of codes, not their list.
    """
    if isinstance(record, Unreadable):
        raise InvalidEvent(UNREADABLE, record.detail)
    headers = _read_headers(record.headers)
    for name in _REQUIRED:
        if name not in headers:
            raise InvalidEvent("missing-header", f"the header {name} is missing")
    if headers["ce_specversion"] != SPECVERSION:
        raise InvalidEvent(
            "unknown-specversion",
            f"ce_specversion is {headers['ce_specversion'][:20]!r}, only {SPECVERSION} is known",
        )
    type_ = headers["ce_type"]
    if type_ not in validation.TYPES:
        raise _unknown(type_)
    if allowed is not None and type_ not in allowed:
        raise InvalidEvent("wrong-topic", f"{type_} does not belong in this topic")
    subject = headers["ce_subject"]
    if record.key != subject.encode():
        raise InvalidEvent("key-mismatch", "the key is not the subject (ce_subject)")
    data = {} if record.value is None else _read_body(record.value, headers)
    event = Event(
        type=type_,
        source=headers["ce_source"],
        subject=subject,
        time=_read_time(headers["ce_time"]),
        version=_read_version(headers["ce_epoch"], headers["ce_number"]),
        data=data,
        traceparent=headers.get("ce_traceparent"),
        tombstone=record.value is None,
    )
    check(event)
    if "id" in data:
        data["id"] = subject  # they are equal, and whoever keeps both keeps one
    return event


def _unknown(type_: str) -> InvalidEvent:
    family = _FAMILY.fullmatch(type_)
    if family is not None and any(known.startswith(f"{family[1]}.v") for known in validation.TYPES):
        return InvalidEvent("unknown-version", f"no schema for this version: {type_[:80]}")
    return InvalidEvent("unknown-type", f"ce_type is not known: {type_[:80]!r}")


def _read_headers(headers: Sequence[tuple[str, bytes | None]]) -> dict[str, str]:
    read: dict[str, str] = {}
    for name, value in headers:
        if name != "content-type" and not name.startswith("ce_"):
            continue
        if name in read:
            raise InvalidEvent("broken-header", f"the header {name[:40]!r} stands there twice")
        if not value or len(value) > _MAX_HEADER:
            raise InvalidEvent("broken-header", f"the header {name[:40]!r} is empty or too long")
        try:
            text = value.decode()
        except UnicodeDecodeError:
            raise InvalidEvent("broken-header", f"the header {name[:40]!r} is not UTF-8") from None
        if not text.isprintable():
            raise InvalidEvent("broken-header", f"the header {name[:40]!r} has control characters")
        read[name] = text
    return read


def _read_time(text: str) -> datetime:
    if _TIME.fullmatch(text):
        try:
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise InvalidEvent("broken-header", f"ce_time is no RFC 3339 time: {text[:40]!r}")


def _read_version(epoch: str, number: str) -> Version:
    try:
        return Version.parse(f"{epoch}.{number}")
    except ValueError:
        raise InvalidEvent(
            "broken-header", "ce_epoch and ce_number must be whole numbers without sign"
        ) from None


def _read_body(value: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    content_type = headers.get("content-type", CONTENT_TYPE).partition(";")[0].strip().lower()
    if content_type != CONTENT_TYPE:
        raise InvalidEvent("content-type", f"the body must be {CONTENT_TYPE}, not {content_type}")
    try:
        text = value.decode()
        data = json.loads(text, parse_constant=_no_constant, parse_float=_number)
        if "\\u" in text:  # an escaped lone surrogate passes the parser and breaks every writer
            json.dumps(data, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise InvalidEvent("broken-body", f"the body is no JSON: {str(error)[:200]}") from None
    if not isinstance(data, dict):
        raise InvalidEvent("broken-body", "the body must be a JSON object")
    return data


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def _number(text: str) -> float:
    """A number as JSON Schema sees it: 1.0 is whole, so that who asks for a line gets an int."""
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < _EXACT else value


def _own_id(data: Mapping[str, Any]) -> str:
    return str(data["id"])


def _proposal_id(data: Mapping[str, Any]) -> str:
    return f"{data['request']}.{data['offer']}"


def _shortlist_id(data: Mapping[str, Any]) -> str:
    return f"shortlist-{data['request']}"


_SUBJECTS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    REQUEST: _own_id,
    OFFER: _own_id,
    ACTIVITY: _own_id,
    CALL: _own_id,
    SHORTLIST: _shortlist_id,
    MATCH: _proposal_id,
    COMMITMENT: _own_id,
    ALLIANCE: _own_id,
    DUPLICATE: _own_id,
    COVERAGE: _own_id,
    EMBARGO: _own_id,
    APPLICATION: _own_id,
    DRAFT: _own_id,
    JOINING: _own_id,
}
