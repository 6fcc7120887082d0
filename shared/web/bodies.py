"""Reading requests strictly: size, media type, JSON, query parameters."""

import json
import math
import re
from collections import Counter
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NoReturn

import marshmallow as ma
from flask import Request, g, request
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import RequestEntityTooLarge

from shared.web.field_errors import field_errors
from shared.web.problems import Problem, invalid, invalid_field
from shared.web.schemas import OptionalBody

MAX_BODY_BYTES = 256 * 1024
READ_LIMIT = MAX_BODY_BYTES + 1
"""For Flask's MAX_CONTENT_LENGTH: werkzeug cuts a chunked body silently at its limit, so one byte
more than may be sent tells a body that fits from one that was cut."""

MAX_DEPTH = 32
MEDIA_TYPE = "application/json"

_MAX_DIGITS = 18  # what a signed 64-bit number holds whatever its digits
_DRAINED_BYTES = 4 * 1024 * 1024
_METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_UNPRINTABLE = re.compile("[\x00\ud800-\udfff]")

Path = tuple["Path", str | int] | None


class _Unrepresentable:
    """Stands where a number was that no field of ours could hold."""

    def __init__(self, message: str) -> None:
        self.message = message


class _MalformedError(ValueError):
    """JSON that parses but means nothing, for a reason that the message gives."""


def receive_body() -> None:
    """Read the body of the current request; raises the 413 or the 415 problem."""
    if request.method not in _METHODS_WITH_BODY:
        return
    try:
        body = request.get_data(cache=True)
        if len(body) > MAX_BODY_BYTES:
            raise RequestEntityTooLarge
    except RequestEntityTooLarge:
        drain()
        raise Problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "body-too-large",
            "The body is too large",
            f"A body may have {MAX_BODY_BYTES} bytes at most.",
        ) from None
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if body and (request.mimetype != MEDIA_TYPE or charset not in {"utf-8", "utf8"}):
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            "Only JSON is understood here",
            f"Send the body as UTF-8 with Content-Type: {MEDIA_TYPE}.",
            headers={"Accept": MEDIA_TYPE},
        )


def drain() -> None:
    """Read on, to a bound, what a refused request is still sending."""
    # A client that is still sending when the connection closes may never read the answer.
    stream = request.environ["wsgi.input"]
    left = min(request.content_length or _DRAINED_BYTES, _DRAINED_BYTES)
    try:
        while left > 0 and (chunk := stream.read(min(left, 65536))):
            left -= len(chunk)
    except OSError:
        return


def request_json() -> Any:
    """The body of the current request, parsed once; raises the 400 or the 422 problem."""
    if "request_json" not in g:
        g.request_json = parse_json(request.get_data(cache=True))
    return g.request_json


def parse_json(body: bytes) -> Any:
    """The value of a JSON text (RFC 8259), more strictly than the standard library.

    Raises the 400 problem for what is no JSON, a name that stands twice in an object, or nesting
    deeper than MAX_DEPTH; the 422 problem, naming the field, for numbers that 64 bits cannot hold
    and for text with NUL or half a surrogate pair.
    """
    if not body:
        raise _malformed(f"The body is empty. Send a JSON object as {MEDIA_TYPE}.")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _malformed(f"The body is not UTF-8: see byte {error.start + 1}.") from None
    try:
        value = json.loads(
            text,
            parse_int=_whole_number,
            parse_float=_number,
            parse_constant=_constant,
            object_pairs_hook=_object,
        )
    except json.JSONDecodeError as error:
        raise _malformed(
            f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from None
    except _MalformedError as error:
        raise _malformed(str(error)) from None
    except RecursionError:
        raise _malformed(_TOO_DEEP) from None
    _check(value)
    return value


_TOO_DEEP = f"The body nests arrays and objects deeper than {MAX_DEPTH} levels."


def _malformed(detail: str) -> Problem:
    return Problem(
        HTTPStatus.BAD_REQUEST, "malformed-json", "The body cannot be read as JSON", detail
    )


def _whole_number(text: str) -> int | _Unrepresentable:
    if len(text.lstrip("-")) > _MAX_DIGITS:
        return _Unrepresentable("This number is too large.")
    return int(text)


def _number(text: str) -> float | _Unrepresentable:
    value = float(text)
    return value if math.isfinite(value) else _Unrepresentable("This number is too large.")


def _constant(text: str) -> NoReturn:
    raise _MalformedError(f"The body is not JSON: it has {text} where a number should be.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counts.items() if count > 1)
        raise _MalformedError(f"An object in the body has the name '{twice[:60]}' twice.")
    return found


def _check(value: Any) -> None:
    level: list[tuple[Path, Any]] = [(None, value)]
    for depth in range(MAX_DEPTH + 1):
        following: list[tuple[Path, Any]] = []
        for path, item in level:
            if depth == MAX_DEPTH and isinstance(item, dict | list):
                raise _malformed(_TOO_DEEP)
            if isinstance(item, dict):
                for name, child in item.items():
                    _check_text((path, "?"), name)
                    following.append(((path, name), child))
            elif isinstance(item, list):
                following.extend(((path, index), child) for index, child in enumerate(item))
            elif isinstance(item, str):
                _check_text(path, item)
            elif isinstance(item, _Unrepresentable):
                raise invalid_field(_written(path), item.message, "too_large")
        level = following


def _check_text(path: Path, text: str) -> None:
    if _UNPRINTABLE.search(text):
        raise invalid_field(
            _written(path), "This text has characters that are none (NUL, half a pair).", "text"
        )


def _written(path: Path) -> str:
    parts: list[str] = []
    while path is not None:
        path, last = path
        parts.append(f"[{last}]" if isinstance(last, int) else f".{last}")
    return "".join(reversed(parts)).removeprefix(".") or "body"


class StrictParser(FlaskParser):
    """webargs' parser with our JSON, and without its leniency to query parameters."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {  # noqa: RUF012 (webargs declares it so)
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": None,
        "querystring": None,
    }

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        """The body as parsed by `request_json`."""
        if isinstance(schema, OptionalBody) and not req.get_data(cache=True):
            return {}
        return request_json()

    def load_querystring(self, req: Request, schema: ma.Schema) -> Any:
        """The query's parameters; one that is given twice is an error unless it is a list."""
        for name, values in req.args.lists():
            if len(values) > 1 and not isinstance(schema.fields.get(name), ma.fields.List):
                raise invalid_field(name[:60], "Give this parameter once.", "repeated")
            for text in [name, *values]:
                _check_text((None, name[:60]), text)
        return super().load_querystring(req, schema)

    def handle_error(
        self,
        error: ma.ValidationError,
        req: Request,  # noqa: ARG002
        schema: ma.Schema,  # noqa: ARG002
        *,
        error_status_code: int | None,  # noqa: ARG002
        error_headers: Mapping[str, str] | None,  # noqa: ARG002
    ) -> NoReturn:
        """Raise the 422 problem that names every field."""
        # webargs puts the location ("json", "query") above the fields.
        messages: Any = error.messages
        raise invalid(
            [found for located in messages.values() for found in field_errors(located)]
        ) from None
