"""Codes, numbers and times as pages show them, in the reader's language: templates' filters."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache, partial
from typing import Any

from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_currency, format_percent
from babel.units import format_unit
from flask import Flask
from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup, escape

from services.portal.catalogues import SOURCE_LANGUAGE
from services.portal.promised import concerned
from services.portal.state_names import status_labels
from shared.registers.counting import UNNAMED_UNIT, WHOLE_UNIT
from shared.vocabulary.countries import AREAS, country_name
from shared.vocabulary.counts import count_text, number_text, quantity_text
from shared.vocabulary.currencies import minor_units
from shared.vocabulary.errors import UnknownCode
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.languages import language_name, locale
from shared.vocabulary.lists import (
    ACTIVITY_STATUSES,
    CHANNELS,
    CONDITION_KINDS,
    DONOR_TYPES,
    GENDER_MARKERS,
    GROUPS,
    PARTNERS,
    PRIORITIES,
    STEP_REASONS,
    SUSTAINABILITY_MEASURES,
)
from shared.vocabulary.organisations import REGIONAL_ORGANISATIONS
from shared.vocabulary.terms import Vocabulary
from shared.vocabulary.themes import THEMES
from shared.vocabulary.units import UNITS, plain_unit

_ISOLATE_END = "\u2069"
_SCARCE = 0.005
"""What is likely by no more than this, or unlikely, would be rounded to nothing."""
_ISOLATES = re.compile("[\u2066-\u2069]")

_VOCABULARIES: Mapping[str, Vocabulary[Any]] = {
    "theme": THEMES,
    "kind": KINDS,
    "priority": PRIORITIES,
    "channel": CHANNELS,
    "condition_kind": CONDITION_KINDS,
    "gender_marker": GENDER_MARKERS,
    "step_reason": STEP_REASONS,
    "activity_status": ACTIVITY_STATUSES,
    "sustainability_measure": SUSTAINABILITY_MEASURES,
    "area": AREAS,
    "group": GROUPS,
    "partner": PARTNERS,
    "donor_type": DONOR_TYPES,
    "regional_organisation": REGIONAL_ORGANISATIONS,
}

LEVELS: Mapping[str, object] = {
    "public": _("Public"),
    "restricted": _("All donors"),
    "parties": _("Donors whose offers were endorsed for it"),
    "coordinators": _("Coordinators only"),
}
"""Who sees a record beside its owner; see shared/web/visibility.py."""


def install(app: Flask) -> None:
    """Add the filters: one of each vocabulary's name, and those of numbers, times and places."""
    app.jinja_env.filters.update(
        {name: partial(label, vocabulary) for name, vocabulary in _VOCABULARIES.items()}
    )
    app.jinja_env.globals.update(level_name=level_name)
    app.jinja_env.finalize = balanced
    app.jinja_env.filters.update(
        country=country,
        quantity=quantity,
        counted_in=counted_in,
        number=number,
        money=money,
        amount=amount,
        share=share,
        probability=probability,
        day=day,
        status=status,
        file_size=file_size,
        listed=listed,
        language_name=named_language,
        direction=direction,
        isolated=isolated,
        served=served,
        concerned=concerned,
    )


def here() -> str:
    """The reader's language."""
    found = get_locale()
    return SOURCE_LANGUAGE if found is None else str(found.language)  # each is one without more


def served(serves: Iterable[Mapping[str, Any]]) -> list[str]:
    """What lines that an offer may serve are for, each once."""
    names = (f"{label(THEMES, one['theme'])} · {label(KINDS, one['kind'])}" for one in serves)
    return list(dict.fromkeys(names))


def country(alpha3: str) -> str:
    """A country's name; the code itself where it is none."""
    try:
        return country_name(alpha3, here())
    except UnknownCode:
        return alpha3


def quantity(count: float, unit: str | None, *, of: bool = False) -> str:
    """A quantity with its unit, if it has one: "6 machines"; `of` in the case as after "of".

    The unit is in the reader's language where it is a known one, else as it was written.
    """
    if not unit:
        return number(count)
    text = quantity_text if of else count_text
    try:
        return text(count, plain_unit(unit) or unit, here())
    except UnknownCode:
        return f"{number(count)} {unit}"


def number(value: float) -> str:
    """A number."""
    return number_text(value, here())


def money(cents: int, currency: str = "USD") -> str:
    """An amount in the currency's minor units, as it is written; whole where it is whole.

    Where lines run from right to left, the amount keeps its run to itself, as its symbol does:
    else the next number joins the digits, and the "$" parts from its "US".
    """
    return _money(cents, currency, here())


@lru_cache(maxsize=4096)
def _money(cents: int, currency: str, spoken: str) -> str:
    amount = Decimal(cents).scaleb(-minor_units(currency))
    pattern = locale(spoken).currency_formats["standard"].pattern
    if amount == amount.to_integral_value():
        pattern = pattern.replace(".00", "")
    turned = direction(spoken) == "rtl"
    if turned:
        pattern = pattern.replace("¤", isolated("¤"))
    digits = "." in pattern
    written = str(format_currency(amount, currency, pattern, spoken, currency_digits=digits))
    return isolated(written) if turned else written


def amount(value: float, currency: str | None = None) -> str:
    """An amount in the currency's major units, as the services' APIs have it; US dollars unless."""
    code = currency or "USD"
    minor = Decimal(str(value)).scaleb(minor_units(code)).quantize(Decimal(1), ROUND_HALF_UP)
    return money(int(minor), code)


def told(value: float | None, measure: str, unit: str, *, of: bool = False) -> str:
    """So much of a line, as it is read, `of` after "of"; a dash for what nobody has told."""
    if value is None:
        return "–"
    if measure == "money":
        return amount(value, unit)
    return number(value) if unit in (WHOLE_UNIT, UNNAMED_UNIT) else quantity(value, unit, of=of)


def counted_in(unit: str) -> str:
    """What a line's amounts are written in: a currency's code, or a unit by its name where it is a
    known one by any of its names, else as it was written; empty for one that nobody named.
    """
    if unit == WHOLE_UNIT:
        return str(gettext("in parts of 1, which is the whole line"))
    return "" if unit == UNNAMED_UNIT else label(UNITS, plain_unit(unit) or unit)


def share(value: float) -> str:
    """A share of 1 as per cent.

    Where lines run from right to left it keeps its run to itself: else its sign would stand on one
    side of the number after a word, and on the other where it is alone.
    """
    return _share(value, here())


@lru_cache(maxsize=4096)
def _share(value: float, spoken: str) -> str:
    written = str(format_percent(value, locale=locale(spoken)))
    return isolated(written) if direction(spoken) == "rtl" else written


def probability(value: float) -> str:
    """How likely something is, as per cent; never as certain, which nothing is that is weighed."""
    if value >= 1 - _SCARCE:
        return str(gettext("over %(share)s", share=share(0.99)))
    if value <= _SCARCE:
        return str(gettext("under %(share)s", share=share(0.01)))
    return share(value)


def day(value: str | date | datetime | None) -> str:
    """A day as it is read, of an ISO 8601 text too; empty for none."""
    if value is None or value == "":
        return ""
    if isinstance(value, datetime):
        value = value.astimezone(UTC).date()
    return _day(value[:10] if isinstance(value, str) else value.isoformat(), here())


@lru_cache(maxsize=4096)
def _day(iso: str, spoken: str) -> str:
    return str(format_date(date.fromisoformat(iso), "medium", locale(spoken)))


def status(code: str) -> str:
    """The state of a record."""
    return status_labels(here()).get(code, code)


def level_name(code: str) -> str:
    """Who sees a record, a line or a file."""
    return str(LEVELS.get(code, code))


def list_text(parts: Iterable[str]) -> str:
    """Several things in a row, with the commas and the "and" of the reader's language."""
    return str(format_list(list(parts), locale=locale(here())))


def listed(parts: Iterable[object]) -> Markup:
    """The same for a template: parts may be markup, what is none is escaped."""
    return Markup(list_text(escape(part) for part in parts))  # noqa: S704 (each is escaped)


def file_size(count: int) -> str:
    """The size of a file: "12 kB"."""
    unit, size = ("megabyte", count / 1e6) if count >= 1e6 else ("kilobyte", max(count / 1e3, 1))
    return str(format_unit(round(size), f"digital-{unit}", "short", locale=locale(here())))


def named_language(code: str) -> str:
    """A language's name."""
    return language_name(code, here())


def direction(language: str | None) -> str:
    """How a text of that language runs: "rtl", "ltr", or "auto" where the language is not known."""
    if not language:
        return "auto"
    return "rtl" if language == "ar" else "ltr"


def label(vocabulary: Vocabulary[Any], code: str) -> str:
    """The name of a code, retired ones' too; the code itself where it is none."""
    try:
        return vocabulary.label(code, here())
    except UnknownCode:
        return code


def isolated(text: str) -> str:
    """A text that turns nothing beside it, for where no element can keep its direction to itself:
    titles of pages, names of buttons, choices. (Unicode's annex 9: first strong isolate.)"""
    return f"\u2068{balanced(text)}\u2069"


def balanced(value: Any) -> Any:
    """A text whose isolates all begin and end in it; anything else as it is.

    Browsers isolate an element's text by these very characters: one that ends what it did not
    begin would end that, and turn the line after all.
    """
    if not isinstance(value, str) or value.isascii() or not _ISOLATES.search(value):
        return value
    kept: list[str] = []
    deep = 0
    for letter in value:
        ends = letter == _ISOLATE_END
        if not (ends and deep == 0):
            kept.append(letter)
            deep += -1 if ends else bool(_ISOLATES.match(letter))
    return type(value)("".join(kept) + deep * _ISOLATE_END)
