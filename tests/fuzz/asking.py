"""Targets: headers that a caller sends, and addresses that a reader follows."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from unittest.mock import patch

from flask import Flask, request
from flask_babel import Babel
from opentelemetry.sdk.trace import SpanProcessor
from werkzeug.datastructures import Headers

from services.portal.pages import frame
from services.portal.pages.exports import queries
from services.portal.services import Ask
from shared.attachments.blueprint import sent_name
from shared.attachments.names import checked_name
from shared.events import validation
from shared.events.envelope import OFFER, Event, check
from shared.events.versions import Version
from shared.telemetry import OpenTelemetry
from shared.vocabulary import LANGUAGES
from shared.web.idempotency import HEADER, current_idempotency_key, idempotent_id
from shared.web.languages import reading_language
from shared.web.preconditions import required_version
from tests.fuzz.target import APP, REFUSALS, SOMEBODY, Target, header, refused

_TRACER = OpenTelemetry("fuzzed", SpanProcessor())
_OFFER = validation.example(OFFER)
_EVENT = Event(
    OFFER, "/entraide/test", _OFFER["id"], datetime(2026, 1, 1, tzinfo=UTC), Version(1, 1), _OFFER
)
_PAGES = Flask("pages")
Babel(_PAGES)
_ROLES = ("coordinator", "requester", "donor", "auditor", "operator")


def etag(data: bytes) -> None:
    """If-Match, and a version by itself."""
    text = header(data)
    with APP.test_request_context(headers={"If-Match": text}), refused():
        assert str(required_version()) in text
    with suppress(ValueError):
        assert str(Version.parse(text)) == text


def language(data: bytes) -> None:
    """Accept-Language."""
    with APP.test_request_context(headers={"Accept-Language": header(data)}):
        assert reading_language(None) in LANGUAGES


def idempotency_key(data: bytes) -> None:
    """Idempotency-Key: what is taken is an id that can be stored."""
    with APP.test_request_context(headers={HEADER: header(data)}), refused():
        key = current_idempotency_key()
        assert key is None or idempotent_id(SOMEBODY, key).isalnum()


def traceparent(data: bytes) -> None:
    """The caller's trace: whatever it is, the step that begins has a context for its events."""
    span = _TRACER.begin("asked", "server", header(data), {})
    span.end()
    check(replace(_EVENT, traceparent=span.traceparent))


def disposition(data: bytes) -> None:
    """Content-Disposition: the name of a file that is sent."""
    sent = Headers({"Content-Disposition": header(data)})
    with APP.test_request_context(headers=sent, method="POST"), refused():
        checked_name(sent_name()).encode()


def export_filters(data: bytes) -> None:
    """A list that is saved as a file: role, name, and query, each after a line of its own."""
    role, _, rest = data.decode("utf-8", "replace").partition("\n")
    name, _, query = rest.partition("\n")
    who = SimpleNamespace(role=role if role in _ROLES else _ROLES[0], state="SEN", regions=())
    with (
        _PAGES.test_request_context(query_string=query),
        patch.object(frame, "current", lambda: SimpleNamespace(account=who)),
        refused(REFUSALS | {403, 404}),
    ):
        found = queries.asked_for(name, request.args)
        assert isinstance(found, Ask)
        assert found.path.startswith("/v1/")
        assert not {"..", "?", "#"} & set(found.path.split("/"))


TARGETS: Mapping[str, Target] = {
    "etag": Target(etag, (b'"1.3"', b"1.3", b'W/"1.3"', b"*")),
    "language": Target(language, (b"fr-CA, fr;q=0.8, *;q=0.1", b"zh-Hant-TW")),
    "idempotency key": Target(idempotency_key, (b"order-17", b"x" * 200, b"a b")),
    "traceparent": Target(
        traceparent,
        (
            b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            b"ff-00000000000000000000000000000000-0000000000000000-00",
        ),
    ),
    "disposition": Target(
        disposition,
        (
            b'attachment; filename="plan.pdf"',
            b"attachment; filename*=UTF-8''na%C3%AFve.txt",
            'attachment; filename="übersicht.pdf"'.encode(),
        ),
    ),
    "export filters": Target(
        export_filters,
        (
            b"requester\nrequests\ntheme=marking&q=depot&country=SEN&state=SEN",
            b"coordinator\noffers\ntheme=marking&sort=age",
            b"coordinator\nrequests\nof=queue&theme=marking",
            b"auditor\ntrail\nrecord=a31ca8cb4b7e&service=matcher",
            *(f"coordinator\n{name}\nrecord=a.b&q=x".encode() for name in queries.LISTS),
            *(f"coordinator\n{name}\nof=queue".encode() for name in queries.LISTS),
        ),
    ),
}
"""By name."""
