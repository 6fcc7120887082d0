"""When an activity is, how it stands, and where: codes and dates of the standard as ours."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from types import MappingProxyType
from xml.etree.ElementTree import Element

from services.offers.iati.faults import Fault
from shared.vocabulary.countries import all_countries

STATUSES = MappingProxyType(
    {
        "1": "planned",  # pipeline
        "2": "ongoing",  # implementation
        "3": "completed",  # finalisation: done, its accounts still open
        "4": "completed",
        "5": "cancelled",
        "6": "ongoing",  # suspended
    }
)
"""ActivityStatus of the standard; the register knows no suspension, which ends or goes on."""

SUSPENDED = "6"
WHOLE = Decimal(100)

_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:Z|[+-]\d{2}:\d{2})?", re.ASCII)
_STARTS, _ENDS = ("2", "1"), ("4", "3")  # the actual day before the planned one


@dataclass(frozen=True)
class Place:
    """A country and its part of the activity in per cent; None where the file does not tell it."""

    country: str
    percentage: Decimal | None


def status_of(activity: Element) -> str:
    """One of the register's states; raises Fault."""
    code = code_of(activity.find("activity-status"))
    if not code:
        raise Fault("activity-status", "required", "There is no activity-status.")
    if code not in STATUSES:
        message = f"There is no activity status '{code[:20]}': 1 to 6 are known."
        raise Fault("activity-status", "unknown-code", message)
    return STATUSES[code]


def window_of(activity: Element) -> tuple[date, date] | None:
    """The first day and the last, actual ones before planned ones; None where one is missing.

    Raises Fault.
    """
    days: dict[str, date] = {}
    for element in activity.findall("activity-date"):
        days.setdefault(element.get("type", "").strip(), day(element, "activity-date"))
    for first, last in zip(_STARTS, _ENDS, strict=True):
        if first in days and last in days and days[last] < days[first]:
            message = f"It ends on {days[last]} before it starts on {days[first]}."
            raise Fault("activity-date", "order", message)
    start = next((days[kind] for kind in _STARTS if kind in days), None)
    end = next((days[kind] for kind in _ENDS if kind in days), None)
    # What began after it was to end goes on until nobody knows when.
    if start is None or end is None or end < start:
        return None
    return start, end


def day(element: Element, field: str, attribute: str = "iso-date") -> date:
    """The date of an attribute; raises Fault, naming `field`."""
    text = element.get(attribute, "").strip()
    match = _DAY.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        return date.fromisoformat(match[1])
    except ValueError:
        raise Fault(field, "date", f"'{text[:40]}' is no date such as 2026-01-31.") from None


def places_of(activity: Element) -> tuple[list[Place], list[Fault]]:
    """The countries with their parts, and what is wrong with others. Raises Fault for all of it.

    A country that is named twice has the sum of its parts; one that is alone, and names no region
    beside it, has the whole. Where each part is told they must make a hundred, within one.
    """
    elements = activity.findall("recipient-country")
    regions = activity.findall("recipient-region")
    if not elements:
        code = "region-only" if regions else "required"
        message = "It names a region and no country." if regions else "It names no country."
        raise Fault("recipient-country", code, message)
    # The regions of one vocabulary may repeat those of another.
    of_regions: dict[str, Decimal] = {"": Decimal(0)}
    told = True
    for region in regions:
        percentage, vocabulary = (
            _percentage(region, "recipient-region"),
            region.get("vocabulary", "1"),
        )
        told = told and percentage is not None
        of_regions[vocabulary] = of_regions.get(vocabulary, Decimal(0)) + (percentage or 0)
    total = max(of_regions.values())
    parts: dict[str, Decimal | None] = {}
    faults: list[Fault] = []
    for element in elements:
        percentage = _percentage(element, "recipient-country")
        told = told and percentage is not None
        total += percentage or 0
        try:
            alpha3 = country_of(element)
        except Fault as fault:
            faults.append(fault)
            continue
        if percentage is None or parts.get(alpha3, Decimal(0)) is None:
            parts[alpha3] = None
        else:
            parts[alpha3] = (parts.get(alpha3) or Decimal(0)) + percentage
    if total > WHOLE + 1 or (told and total < WHOLE - 1):
        message = f"The parts of countries and regions add up to {total} per cent, not to 100."
        raise Fault("recipient-country", "percentages", message)
    if len(elements) == 1 and not regions:
        parts = {alpha3: part if part is not None else WHOLE for alpha3, part in parts.items()}
    return [Place(alpha3, part) for alpha3, part in parts.items() if part != 0], faults


def country_of(element: Element) -> str:
    """The alpha-3 code of an element with an ISO 3166-1 alpha-2 code; raises Fault."""
    code = code_of(element).upper()
    found = _by_alpha2().get(code)
    if found is None:
        message = f"There is no country '{code[:20]}' in ISO 3166-1 (two letters)."
        raise Fault("recipient-country", "unknown-code", message)
    return found


def code_of(element: Element | None) -> str:
    """The element's `code`, trimmed; empty where there is none."""
    return "" if element is None else element.get("code", "").strip()


def decimal(text: str, field: str) -> Decimal:
    """A decimal number as XML writes it; raises Fault, naming `field`."""
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number.adjusted() > 15:
        raise Fault(field, "number", f"'{text.strip()[:40]}' is no number such as 1200.50.")
    return number


def _percentage(element: Element, field: str) -> Decimal | None:
    text = element.get("percentage")
    if text is None:
        return None
    number = decimal(text, field)
    if not 0 <= number <= WHOLE:
        raise Fault(field, "percentages", f"{text.strip()[:20]} is no percentage from 0 to 100.")
    return number


@cache
def _by_alpha2() -> dict[str, str]:
    return {country.alpha2: country.alpha3 for country in all_countries()}
