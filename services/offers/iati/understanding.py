"""What the register can hold of an activity: a body for each country, and what is refused."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar
from xml.etree.ElementTree import Element

from services.offers.iati import facts
from services.offers.iati.faults import Fault, Note, Refusal
from services.offers.iati.identifiers import Identifiers, refusal_of
from services.offers.iati.money import Money, money_of, share
from services.offers.iati.narratives import narrative_of, plain_text
from services.offers.iati.reading import Read
from services.offers.iati.reported import Reported, reported_of
from services.offers.iati.subjects import OUTSIDE, subject_of
from shared.vocabulary import LANGUAGES
from shared.vocabulary.currencies import has_rate
from shared.vocabulary.lists import PARTNERS

SOURCE = "iati"
"""The source under which the register keeps the identifiers of files."""

T = TypeVar("T")


@dataclass(frozen=True)
class Record:
    """A body of POST /v1/activities, without its organisation, and what was left open or out.

    `reported` is there for a match of another installation, what its report counts of it.
    """

    number: int
    identifier: str
    body: dict[str, Any]
    notes: tuple[Note, ...]
    reported: Reported | None = None


@dataclass(frozen=True)
class Understood:
    """What became of one activity of a file."""

    records: tuple[Record, ...] = ()
    refusals: tuple[Refusal, ...] = ()


class Understanding:
    """Understands the activities of one file, one after another; an identifier counts once."""

    def __init__(self) -> None:
        self._identifiers = Identifiers()

    def of(self, read: Read) -> Understood:
        """The activity's records, one for each country, and all that is wrong with it."""
        faults = _Faults(read)
        try:
            self._identifiers.check(read)
        except Fault as fault:
            faults.add(fault)
        if faults.refusals or read.element is None or read.identifier is None:
            return faults.only()
        return _understood(read, read.identifier, read.element, faults)


class _Faults:
    """Collects what is wrong with an activity, so that all of it is told at once."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self.refusals: list[Refusal] = []

    def add(self, fault: Fault) -> None:
        self.refusals.append(refusal_of(self._read, fault))

    def tried(self, look: Callable[[Element], T], activity: Element) -> T | None:
        try:
            return look(activity)
        except Fault as fault:
            self.add(fault)
            return None

    def only(self) -> Understood:
        return Understood(refusals=tuple(self.refusals))


def _understood(read: Read, identifier: str, activity: Element, faults: _Faults) -> Understood:
    narrative = faults.tried(narrative_of, activity)
    if narrative is None:
        return faults.only()
    reported = faults.tried(reported_of, activity)
    subject = faults.tried(lambda element: subject_of(element, narrative, reported), activity)
    if any(refusal.code == OUTSIDE for refusal in faults.refusals):
        return faults.only()  # whatever else is wrong with it matters to nobody here
    status = faults.tried(facts.status_of, activity)
    window = faults.tried(facts.window_of, activity)
    money = faults.tried(money_of, activity)
    found = faults.tried(facts.places_of, activity)
    if faults.refusals or subject is None or status is None or found is None:
        return faults.only()
    places, of_others = found
    for fault in of_others:
        faults.add(fault)
    common = {
        "title": narrative.title,
        "description": narrative.description,
        "language": narrative.language if narrative.language in LANGUAGES else None,
        "status": status,
        "theme": subject.theme,
        "kind": subject.kind,
        "window": _window(window),
        "partners": list(dict.fromkeys(_partners(activity))),
    }
    notes = [*narrative.notes, *subject.notes, *_notes(activity, window, money)]
    records = []
    for place in places:
        part = share(money, place.percentage)
        told = [*notes]
        if money is not None and part is None:
            message = "The country's part of the money is not told; it is kept without."
            told.append(Note("share-untold", message))
        body = {
            **common,
            "country": place.country,
            "amount": None if part is None else _number(part.amount),
            "currency": None if part is None else part.currency,
            "external_id": {"source": SOURCE, "id": f"{identifier}/{place.country}"},
        }
        records.append(Record(read.number, identifier, body, tuple(told), reported))
    return Understood(tuple(records), tuple(faults.refusals))


def _window(window: tuple[date, date] | None) -> dict[str, str] | None:
    if window is None:
        return None
    return {"from": window[0].isoformat(), "to": window[1].isoformat()}


def _notes(
    activity: Element, window: tuple[date, date] | None, money: Money | None
) -> Iterator[Note]:
    if facts.code_of(activity.find("activity-status")) == facts.SUSPENDED:
        yield Note("suspended", "It is suspended; it is kept as ongoing.")
    if window is None:
        message = "Its first or its last day is not told; it is kept without a window."
        yield Note("window-untold", message)
    if money is None:
        message = "No budget, commitment or spending is told; it is kept without an amount."
        yield Note("amount-untold", message)
    elif not has_rate(money.currency):
        code = money.currency
        message = f"There is no exchange rate of {code} here: it counts in no sum of US dollars."
        yield Note("rate-unknown", message, code)
    reporter = activity.find("reporting-org")
    if reporter is not None and reporter.get("secondary-reporter", "").strip() in {"1", "true"}:
        name = (plain_text(reporter) or reporter.get("ref", ""))[:100]
        message = f"It is reported at second hand ({name}): its own publisher may report it too."
        yield Note("second-hand", message, name)


def _partners(activity: Element) -> Iterator[str]:
    """The codes of the partners that the activity names, whatever their part in it."""
    for element in activity.findall("participating-org"):
        names = {"".join(one.itertext()).strip().casefold() for one in element.findall("narrative")}
        for partner in PARTNERS:
            labels = {partner.code, *partner.labels.values()}
            if names & {label.casefold() for label in labels}:
                yield partner.code


def _number(amount: Decimal) -> int | float:
    return int(amount) if amount == int(amount) else float(amount)
