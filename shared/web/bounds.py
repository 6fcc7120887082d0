"""Fields and validators that bound what marshmallow leaves open: lists, moments, patterns."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from shared.web.field_errors import coded_error

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2101, 1, 1, tzinfo=UTC)
"""Where moments begin (programs that ask for everything since ever begin there too) and end."""


class BoundedList(fields.List[Any]):
    """A list of at most `max_length` items, empty unless given or `required`.

    Refused for its length before an item is read: marshmallow's own Length is checked last, when
    all items have been read at full cost.
    """

    def __init__(self, item: fields.Field[Any], max_length: int, **kwargs: Any) -> None:
        metadata = {"maxItems": max_length, **kwargs.pop("metadata", {})}
        if not kwargs.get("required"):
            kwargs = {"load_default": list, **kwargs}
        super().__init__(item, metadata=metadata, **kwargs)
        self.max_length = max_length

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> list[Any]:
        if isinstance(value, list) and len(value) > self.max_length:
            raise coded_error("too_long", f"At most {self.max_length} items.")
        return super()._deserialize(value, attr, data, **kwargs)


class Moment(fields.AwareDateTime):
    """A time with its offset, loaded in UTC, from EARLIEST on and before LATEST."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="iso", **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> datetime:
        moment = super()._deserialize(value, attr, data, **kwargs)
        try:
            moment = moment.astimezone(UTC)
        except OverflowError:  # the first or last day of the calendar, seen from elsewhere
            moment = LATEST
        if not EARLIEST <= moment < LATEST:
            raise coded_error("year", f"The year must be {EARLIEST.year} to {LATEST.year - 1}.")
        return moment


class Pattern(validate.Regexp):
    """Text that matches the whole of a pattern.

    The pattern is published for programs in other languages, so it is written as ECMA-262 reads
    it too: from `^` to `$`, with nothing of Python's own. Python's `$` lets a line break follow.
    """

    def __init__(self, pattern: str, *, error: str | None = None) -> None:
        if not (pattern.startswith("^") and pattern.endswith("$")):
            raise ValueError(f"a pattern stands between ^ and $: {pattern}")
        super().__init__(pattern, error=error)

        self._pattern = re.compile(pattern)

    def matches(self, text: str) -> bool:
        """Whether the text matches from its first to its last sign."""
        return self._pattern.fullmatch(text) is not None

    def __call__(self, value: Any) -> Any:
        """Return the value; ValidationError unless it matches."""
        if not self.matches(value):
            raise ma.ValidationError(self._format_error(value))
        return value
