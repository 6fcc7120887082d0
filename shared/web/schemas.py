"""Schemas and fields of what crosses the wire; every one of them refuses rather than guesses."""

import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Protocol

import marshmallow as ma
from marshmallow import fields

from shared.vocabulary.countries import country
from shared.vocabulary.currencies import currency
from shared.vocabulary.errors import CodeError
from shared.vocabulary.terms import Term
from shared.web.field_errors import coded_error

MAX_AMOUNT = Decimal(10) ** 13
MAX_QUANTITY = Decimal(10) ** 9
FIRST_YEAR, LAST_YEAR = 2000, 2100

_CONTROLS = re.compile(r"[\x01-\x08\x0b-\x1f\x7f-\x9f]")
_FILLERS = frozenset("\u034f\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs of Unicode that nothing is seen of."""

NO_CHARACTERS = re.compile("[\x00\ud800-\udfff]")
"""What stands where a character does and is none: NUL, half a surrogate pair."""


class StrictSchema(ma.Schema):
    """A schema that refuses fields it does not know, and keeps the order of those it does."""

    class Meta:
        """Options of marshmallow."""

        unknown = ma.RAISE


class OptionalBody(StrictSchema):
    """A body that may be left out: nothing at all is read as an empty object."""


class Codes(Protocol):
    """What `Code` needs of a vocabulary: a name, and a check that raises CodeError."""

    name: str

    def check(self, code: str, on: date) -> Any:
        """Raise CodeError unless the code may be used on that day."""

    def codes(self, on: date | None = None) -> tuple[str, ...]:
        """The codes usable on that day."""

    def __iter__(self) -> Iterator[Term]:
        """All terms, retired ones included."""


def today() -> date:
    """The day in UTC."""
    return datetime.now(UTC).date()


def _checked(code: str, check: Callable[[], object]) -> str:
    try:
        check()
    except CodeError as error:
        raise ma.ValidationError([error]) from None  # field_errors has its words
    return code


class Code(fields.String):
    """A code of a vocabulary, usable today; unknown and retired ones are told apart.

    `retired` True lets retired codes pass: for filters, and for what was written earlier. The
    API's description has as its enum what may cross the wire, retired codes then included.
    """

    def __init__(
        self,
        vocabulary: Codes,
        *,
        retired: bool = False,
        on: Callable[[], date] = today,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        codes = [term.code for term in vocabulary] if retired else vocabulary.codes(on())
        # Known only now: a default of None allows null. An enum without null would forbid it.
        self.metadata = {"enum": [*codes, *([None] if self.allow_none else [])], **self.metadata}
        self.vocabulary = vocabulary
        self.retired = retired
        self.on = on

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        code = super()._deserialize(value, attr, data, **kwargs)
        day = date.min if self.retired else self.on()
        return _checked(code, lambda: self.vocabulary.check(code, day))


class CountryCode(fields.String):
    """An ISO 3166-1 alpha-3 code in capitals."""

    def __init__(self, **kwargs: Any) -> None:
        metadata = {
            "pattern": "^[A-Z]{3}$",
            "example": "SEN",
            "description": "ISO 3166-1 alpha-3 code.",
            **kwargs.pop("metadata", {}),
        }
        super().__init__(metadata=metadata, **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        code = super()._deserialize(value, attr, data, **kwargs)
        return _checked(code, lambda: country(code))


class CurrencyCode(fields.String):
    """An ISO 4217 code in capitals."""

    def __init__(self, **kwargs: Any) -> None:
        metadata = {
            "pattern": "^[A-Z]{3}$",
            "example": "USD",
            "description": "ISO 4217 code.",
            **kwargs.pop("metadata", {}),
        }
        super().__init__(metadata=metadata, **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        code = super()._deserialize(value, attr, data, **kwargs)
        return _checked(code, lambda: currency(code))


class Text(fields.String):
    """Text of up to `max_length` characters: in NFC, trimmed, without control characters.

    Line breaks and tabs stay unless `single_line`. Text of which nothing is seen then counts as
    missing: an error where the field is required or may not be null, else None.
    """

    def __init__(self, max_length: int, *, single_line: bool = False, **kwargs: Any) -> None:
        metadata = {"maxLength": max_length, **kwargs.pop("metadata", {})}
        super().__init__(metadata=metadata, **kwargs)
        self.max_length = max_length
        self.single_line = single_line

    def _deserialize(  # type: ignore[override] # None: blank text where null is allowed
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str | None:
        text = super()._deserialize(value, attr, data, **kwargs)
        if NO_CHARACTERS.search(text):
            raise coded_error("text", "This text has characters that are none (NUL, half a pair).")
        text = as_kept(text, single_line=self.single_line)
        if len(text) > self.max_length:
            raise coded_error("too_long", f"At most {self.max_length} characters.")
        if text:
            return text
        if self.required or not self.allow_none:
            raise coded_error("blank", "This text is blank.")
        return None


def as_kept(text: str, *, single_line: bool = False) -> str:
    """A text as `Text` keeps it, of which its length counts; empty where it shows nothing."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if single_line:
        text = " ".join(text.split())
    kept = unicodedata.normalize("NFC", _CONTROLS.sub("", text)).strip()
    return kept if any(_is_seen(sign) for sign in kept) else ""


def _is_seen(sign: str) -> bool:
    """Whether a character is more than space, the direction of what follows, or a filler."""
    return not sign.isspace() and sign not in _FILLERS and unicodedata.category(sign) != "Cf"


class _Number(fields.Field[Decimal]):
    """A finite JSON number with few decimals, read as the decimal that was written."""

    places: int
    largest: Decimal
    zero: bool

    def _deserialize(
        self,
        value: Any,
        attr: str | None,  # noqa: ARG002
        data: Mapping[str, Any] | None,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise coded_error("number", "This is not a number.")
        if isinstance(value, float) and not math.isfinite(value):
            raise coded_error("number", "This is not a number.")
        number = Decimal(repr(value))
        if number > self.largest:
            raise coded_error("too_large", f"At most {self.largest:f}.")
        if number < 0 or (number == 0 and not self.zero):
            raise coded_error("too_small", "At least 0." if self.zero else "More than 0.")
        rounded = round(number, self.places)
        if rounded != number:
            raise coded_error("decimals", f"At most {self.places} decimals.")
        return rounded

    def _serialize(
        self,
        value: Decimal | float | None,
        attr: str | None,  # noqa: ARG002
        obj: Any,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> int | float | None:
        if value is None:
            return None
        return int(value) if value == int(value) else float(value)


class Amount(_Number):
    """An amount of money in major units, 0 to MAX_AMOUNT with at most 2 decimals."""

    places, largest, zero = 2, MAX_AMOUNT, True

    def __init__(self, **kwargs: Any) -> None:
        described = {"type": "number", "minimum": 0, "maximum": float(MAX_AMOUNT)}
        super().__init__(metadata={**described, **kwargs.pop("metadata", {})}, **kwargs)


class Quantity(_Number):
    """A quantity in its unit, more than 0 and up to MAX_QUANTITY with at most 3 decimals.

    `zero` True lets 0 pass: for what is counted rather than asked for or offered.
    """

    places, largest = 3, MAX_QUANTITY

    def __init__(self, *, zero: bool = False, **kwargs: Any) -> None:
        least = "minimum" if zero else "exclusiveMinimum"
        described = {"type": "number", least: 0, "maximum": float(MAX_QUANTITY)}
        super().__init__(metadata={**described, **kwargs.pop("metadata", {})}, **kwargs)
        self.zero = zero


class MoneyMixin:
    """Adds `amount` and `currency` to a schema: both or neither."""

    amount = Amount(load_default=None, allow_none=True)
    currency = CurrencyCode(load_default=None, allow_none=True)

    @ma.validates_schema(skip_on_field_errors=True)
    def _check_money(self, data: Mapping[str, Any], **_: Any) -> None:
        amount, code = data.get("amount"), data.get("currency")
        if amount is not None and code is None:
            raise coded_error("required", "An amount needs its currency.", "currency")
        if code is not None and amount is None:
            raise coded_error("required", "A currency needs an amount.", "amount")


class MoneySchema(MoneyMixin, StrictSchema):
    """An amount of money with its currency, for fields such as an offer's ceiling."""


class Day(fields.Date):
    """A date as YYYY-MM-DD, in the years FIRST_YEAR to LAST_YEAR."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> date:
        if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
            raise self.make_error("invalid", input=value, obj_type="date")
        day = super()._deserialize(value, attr, data, **kwargs)
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise coded_error("year", f"The year must be {FIRST_YEAR} to {LAST_YEAR}.")
        return day


class WindowSchema(StrictSchema):
    """A period of whole days, both ends inside; loads to `{"from": date, "to": date}`."""

    start = Day(data_key="from", attribute="from", required=True)
    end = Day(data_key="to", attribute="to", required=True)

    @ma.validates_schema(skip_on_field_errors=True)
    def _check_order(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["to"] < data["from"]:
            raise coded_error("order", "The window ends before it starts.", "to")


def Window(**kwargs: Any) -> fields.Nested:  # noqa: N802 (used as a field)
    """A field that holds a WindowSchema; null unless given, where `required` is not set."""
    if not kwargs.get("required"):
        kwargs = {"load_default": None, "allow_none": True, **kwargs}
    return fields.Nested(WindowSchema, **kwargs)
