"""marshmallow's errors as a flat list of field paths, messages and codes."""

from collections.abc import Iterator, Mapping
from typing import Any

import marshmallow as ma
from marshmallow import fields

from shared.vocabulary.errors import CodeError, RetiredCode
from shared.web.problems import MAX_FIELD_ERRORS, FieldError

_MORE = "See the errors before this one."


class CodedMessage(str):
    """An error message that knows its code for programs."""

    __slots__ = ("code",)
    code: str

    def __new__(cls, code: str, text: str) -> "CodedMessage":
        """The message `text` with `code`."""
        message = super().__new__(cls, text)
        message.code = code
        return message


def coded_error(code: str, text: str, field: str | None = None) -> ma.ValidationError:
    """A validation error with a code, for a whole field or, in a schema's validator, `field`."""
    message: Any = [CodedMessage(code, text)]
    return ma.ValidationError(message if field is None else {field: message})


def field_errors(messages: Any) -> list[FieldError]:
    """The errors in `ValidationError.messages`, in the order of the fields; at least one.

    Only those that a problem shows have their own words: some messages are costly to make.
    """
    found = [
        FieldError(
            path or "body", str(message) if place < MAX_FIELD_ERRORS else _MORE, _code(message)
        )
        for place, (path, message) in enumerate(_walk(messages, ""))
    ]
    return found or [FieldError("body", "Invalid value.", "invalid")]


def _walk(messages: Any, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            yield from _walk(inner, _joined(path, key))
    elif isinstance(messages, list | tuple):
        for inner in messages:
            yield from _walk(inner, path)
    else:
        yield path, messages


def _joined(path: str, key: object) -> str:
    if key == ma.exceptions.SCHEMA:
        return path
    if isinstance(key, int):
        return f"{path}[{key}]"
    name = str(key)[:100]
    return f"{path}.{name}" if path else name


def _standard_codes() -> dict[str, str]:
    codes: dict[str, str] = {}
    for name in fields.__all__:
        kind = getattr(fields, name)
        if isinstance(kind, type) and issubclass(kind, fields.Field):
            for owner in kind.__mro__:
                for key, text in getattr(owner, "default_error_messages", {}).items():
                    codes.setdefault(text, key)
    return codes | {"Unknown field.": "unknown", "Invalid input type.": "type"}


_CODES = _standard_codes()


def _code(message: object) -> str:
    if isinstance(message, CodedMessage):
        return message.code
    if isinstance(message, CodeError):
        return "retired-code" if isinstance(message, RetiredCode) else "unknown-code"
    return _CODES.get(str(message), "invalid")
