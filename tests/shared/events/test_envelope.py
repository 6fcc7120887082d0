"""The envelope: what goes out comes back, and nothing hostile gets past it."""

import contextlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.events import validation
from shared.events.envelope import (
    COMMITMENT,
    MATCH,
    OFFER,
    REQUEST,
    SHORTLIST,
    Event,
    InvalidEvent,
    decode,
    encode,
)
from shared.events.versions import Version


@dataclass
class Record:
    """A Kafka record."""

    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]


def subject_of(type_: str) -> str:
    data = validation.example(type_)
    return str(data["id"]) if "id" in data else f"shortlist-{data['request']}"


def example(type_: str = REQUEST) -> Event:
    return Event(
        type=type_,
        source="/entraide/test",
        subject=subject_of(type_),
        time=datetime(2026, 1, 1, 12, tzinfo=UTC),
        version=Version(1, 3),
        data=validation.example(type_),
    )


def record(event: Event | None = None, **headers: bytes | None) -> Record:
    """A record of an event; headers given replace (None: remove) those of the event."""
    key, value, made = encode(event or example())
    kept: list[tuple[str, bytes | None]] = [(n, v) for n, v in made if n not in headers]
    return Record(key, value, kept + [(n, v) for n, v in headers.items() if v is not None])


def refusal(record: Record, **kwargs: Any) -> InvalidEvent:
    with pytest.raises(InvalidEvent) as caught:
        decode(record, **kwargs)
    return caught.value


@settings(deadline=None)
@given(
    type_=st.sampled_from(sorted(validation.TYPES)),
    epoch=st.integers(1, 999_999_999),
    number=st.integers(0, 10**18 - 1),
    time=st.datetimes(
        datetime(1, 1, 2),  # noqa: DTZ001 (hypothesis wants bounds without a zone)
        datetime(9999, 12, 30),  # noqa: DTZ001
        timezones=st.just(timezone(timedelta(hours=2))),
    ),
    tombstone=st.booleans(),
)
def test_round_trip(type_: str, epoch: int, number: int, time: datetime, tombstone: bool) -> None:
    event = replace(
        example(type_),
        version=Version(epoch, number),
        time=time,
        tombstone=tombstone,
        data={} if tombstone else validation.example(type_),
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )
    key, value, headers = encode(event)
    assert (value is None) == tombstone
    decoded = decode(Record(key, value, [*headers]))
    assert decoded == event
    assert decoded.data.get("id", decoded.subject) is decoded.subject


def test_binary_binding() -> None:
    key, value, headers = encode(example())
    assert key == example().subject.encode()
    assert value is not None
    assert json.loads(value) == example().data
    assert dict(headers) == {
        "content-type": b"application/json",
        "ce_specversion": b"1.0",
        "ce_type": b"entraide.request.v1",
        "ce_id": f"{example().subject}/1.3".encode(),
        "ce_source": b"/entraide/test",
        "ce_subject": example().subject.encode(),
        "ce_time": b"2026-01-01T12:00:00Z",
        "ce_dataschema": b"urn:entraide:schema:entraide.request.v1",
        "ce_epoch": b"1",
        "ce_number": b"3",
    }


header_names = st.sampled_from([name for name, _ in encode(example())[2]]) | st.text(
    st.characters(codec="utf-8"), max_size=20
)


@settings(deadline=None)
@given(
    key=st.none() | st.binary(max_size=40) | st.just(example().subject.encode()),
    value=st.none() | st.binary(max_size=200) | st.just(encode(example())[1]),
    headers=st.lists(st.tuples(header_names, st.none() | st.binary(max_size=40)), max_size=12),
    complete=st.booleans(),
)
def test_hostile_records_raise_the_defined_error_only(
    key: bytes | None,
    value: bytes | None,
    headers: list[tuple[str, bytes | None]],
    complete: bool,
) -> None:
    own = [(n, v) for n, v in encode(example())[2] if n not in dict(headers)] if complete else []
    with contextlib.suppress(InvalidEvent):
        assert decode(Record(key, value, [*own, *headers])).subject.encode() == key


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.sampled_from(sorted(validation.example(REQUEST))), json_values)
def test_hostile_bodies_raise_the_defined_error_only(field: str, value: object) -> None:
    changed = record()
    changed.value = json.dumps(dict(example().data) | {field: value}).encode()
    with contextlib.suppress(InvalidEvent):
        encode(decode(changed))  # what is understood can be said again


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"ce_type": None}, "missing-header"),
        ({"ce_epoch": None}, "missing-header"),
        ({"ce_specversion": b"0.3"}, "unknown-specversion"),
        ({"ce_type": b"entraide.request.v9"}, "unknown-version"),
        ({"ce_type": b"entraide.wish.v1"}, "unknown-type"),
        ({"ce_type": b"../../etc/passwd"}, "unknown-type"),
        ({"ce_type": b"\xff"}, "broken-header"),
        ({"ce_source": b"a\x00b"}, "broken-header"),
        ({"ce_source": b""}, "broken-header"),
        ({"ce_source": b"x" * 10_000}, "broken-header"),
        ({"ce_source": b"/entraide/what the minister said"}, "broken-header"),
        ({"ce_source": b"https://elsewhere.example/requests"}, "broken-header"),
        ({"ce_traceparent": b"what the minister said"}, "broken-header"),
        ({"ce_time": b"2026-01-01"}, "broken-header"),
        ({"ce_time": b"2026-13-01T00:00:00Z"}, "broken-header"),
        ({"ce_time": b"0001-01-01T00:00:00+23:00"}, "broken-header"),
        ({"ce_epoch": b"-1"}, "broken-header"),
        ({"ce_number": "٣".encode()}, "broken-header"),
        ({"ce_number": b"9" * 40}, "broken-header"),
        ({"ce_subject": b"another"}, "key-mismatch"),
        ({"content-type": b"text/xml"}, "content-type"),
    ],
)
def test_broken_headers(headers: dict[str, bytes | None], code: str) -> None:
    assert refusal(record(**headers)).code == code


def test_a_header_twice() -> None:
    doubled = record()
    doubled.headers.append(("ce_type", OFFER.encode()))
    assert refusal(doubled).code == "broken-header"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b'{"id": NaN}',
        b"[" * 100_000,
        b'{"a": ' + b"9" * 5_000 + b"}",
        b'{"id": "\\ud800"}',
    ],
)
def test_broken_bodies(body: bytes) -> None:
    broken = record()
    broken.value = body
    assert refusal(broken).code == "broken-body"


def test_a_body_with_a_charset_is_understood() -> None:
    assert decode(record(**{"content-type": b"Application/JSON; charset=utf-8"})) == example()


def test_the_data_must_belong_to_the_subject() -> None:
    other = record(replace(example(), subject="other", data=dict(example().data) | {"id": "other"}))
    other.value = record().value
    assert refusal(other).code == "subject-mismatch"
    with pytest.raises(InvalidEvent, match="subject-mismatch"):
        encode(replace(example(SHORTLIST), subject="shortlist-other"))


def test_a_proposal_belongs_to_its_request_and_offer() -> None:
    data = dict(example(MATCH).data) | {"offer": "another"}
    with pytest.raises(InvalidEvent, match="subject-mismatch"):
        encode(replace(example(MATCH), data=data))
    belongs = f"{data['request']}.another"
    with pytest.raises(InvalidEvent, match="subject-mismatch: id: "):
        encode(replace(example(MATCH), data=data, subject=belongs))
    encode(replace(example(MATCH), data=data | {"id": belongs}, subject=belongs))


def test_whole_numbers_are_whole_however_they_are_written() -> None:
    written = record()
    assert written.value is not None
    written.value = written.value.replace(b'"line":1,', b'"line":1.0,')
    (need,) = decode(written).data["needs"]
    assert (need["line"], type(need["line"])) == (1, int)


def test_a_type_must_stand_in_its_topic() -> None:
    assert refusal(record(), allowed={OFFER}).code == "wrong-topic"
    assert decode(record(), allowed={REQUEST}) == example()


def test_a_schema_failure_names_the_field() -> None:
    broken = record()
    data = validation.example(REQUEST)
    data["needs"][0]["window"] = {"from": "2026-13-01", "to": "2027-01-01"}
    broken.value = json.dumps(data).encode()
    refused = refusal(broken)
    assert refused.code == "schema"
    assert "needs[0].window.from" in refused.detail


def test_a_retired_term_is_no_error() -> None:
    data = validation.example(REQUEST)
    data["needs"][0]["theme"] = "theme-that-was-retired"
    event = replace(example(), data=data)
    assert decode(record(event)) == event


def test_broken_events_do_not_go_out() -> None:
    with pytest.raises(InvalidEvent, match="schema"):
        encode(replace(example(COMMITMENT), data={}))
    with pytest.raises(InvalidEvent, match="unknown-version"):
        encode(replace(example(), type="entraide.request.v2"))
