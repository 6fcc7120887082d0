"""Bringing the activities of a file into the register: each made, changed or left as it is.

Doing it again does nothing more: the file's identifiers decide the records' ids. What is wrong with
one activity is told and leaves the others alone; of a file that breaks nothing is taken at all.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import IO, Any

import marshmallow as ma

from services.offers import domain
from services.offers.documents import (
    Activity,
    AssistanceOffer,
    Organisation,
    ReportedFigure,
    ReportedMatch,
    ReportedMoney,
)
from services.offers.iati.faults import Note, Refusal
from services.offers.iati.reading import Read, check_file, read_activities
from services.offers.iati.reported import Reported
from services.offers.iati.subjects import OUTSIDE
from services.offers.iati.understanding import SOURCE, Record, Understanding
from services.offers.schemas import ActivityBody
from shared.events.outbox import DuplicateId, change, create
from shared.lifecycle import IllegalTransition
from shared.web.field_errors import field_errors
from shared.web.identity import Identity
from shared.web.problems import FieldError, Problem
from shared.web.visibility import OVERSEEING

MOST_TOLD = 1_000
"""Activities and refusals that a report names; all are counted."""

_BODY = ActivityBody()
_ELEMENTS = MappingProxyType(
    {
        "country": "recipient-country",
        "external_id.id": "iati-identifier",
        "window.from": "activity-date",
        "window.to": "activity-date",
        "amount": "budget",
        "currency": "budget/value",
        "status": "activity-status",
        "theme": "sector",
        "kind": "sector",
    }
)
_COUNTRY = re.compile("[A-Z]{3}")


@dataclass(frozen=True)
class Importer:
    """For whom and how a file is brought in; with `preview` nothing is written.

    `public`: whether everybody may see the activities that are new.
    """

    organisation: Organisation | None
    identity: Identity
    now: datetime
    key: bytes
    preview: bool
    public: bool = False

    @property
    def owner(self) -> str | None:
        """The organisation's id; None for activities that are nobody's."""
        return None if self.organisation is None else self.organisation.id


@dataclass
class Report:
    """What became of a file.

    `counts` by outcome: created, changed, unchanged (records), refused, outside (activities).
    """

    read: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    activities: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)

    def add(self, record: Record, outcome: str, activity: Activity) -> None:
        """Tell what became of a record."""
        self.counts[outcome] += 1
        if len(self.activities) < MOST_TOLD:
            told = ("country", "title", "language", "theme", "kind", "status")
            self.activities.append(
                {
                    "number": record.number,
                    "identifier": record.identifier,
                    "outcome": outcome,
                    "id": activity.id,
                    **{name: getattr(activity, name) for name in told},
                    "amount": None if activity.amount is None else activity.amount / 100,
                    "currency": activity.currency,
                    "notes": [note.message for note in record.notes],
                    "noted": [asdict(note) for note in record.notes],
                }
            )

    def refuse(self, refusals: list[Refusal]) -> None:
        """Tell why an activity, or its part for a country, is not taken."""
        outside = any(refusal.code == OUTSIDE for refusal in refusals)
        self.counts["outside" if outside else "refused"] += bool(refusals)
        if not outside:
            told = refusals[: max(0, MOST_TOLD - len(self.refused))]
            self.refused += [asdict(refusal) for refusal in told]


def import_file(file: IO[bytes], most: int, importer: Importer) -> Report:
    """Bring in a file of at most `most` bytes of XML.

    Raises FileError, before anything is written, where it cannot be read to its end: it is read
    twice. Raises pymongo's errors; sending the file again goes on.
    """
    check_file(file, most=most)
    report = Report()
    understanding = Understanding()
    for read in read_activities(file, most=most):
        report.read += 1
        _bring(read, understanding, importer, report)
    return report


def _bring(read: Read, understanding: Understanding, importer: Importer, report: Report) -> None:
    understood = understanding.of(read)
    refusals = list(understood.refusals)
    if any(_is_own(record.reported) for record in understood.records):
        report.refuse([_own(read)])
        return
    for record in understood.records:
        try:
            outcome, activity = _write(record, importer)
        except (ma.ValidationError, Problem, IllegalTransition) as error:
            refusals += _told(error, record)
        else:
            report.add(record, outcome, activity)
    if understood.records and not understood.refusals:
        _drop_others(understood.records, importer, report)
    report.refuse(refusals)


def _is_own(reported: Reported | None) -> bool:
    """Whether this installation has the match itself, by its offer: it would count twice."""
    if reported is None:
        return False
    offer = reported.match.partition(".")[2]
    return AssistanceOffer.objects(id=offer).only("id").first() is not None


def _own(read: Read) -> Refusal:
    message = "It is a match of this installation itself, and would count twice."
    return Refusal(read.number, read.identifier, "other-identifier", "repeated", message)


def _keep_reported(activity: Activity, record: Record, importer: Importer) -> None:
    """Keep what the report counts, where who brings it in oversees both sides: a donor's own file
    tells nothing of what States said."""
    if record.reported is None or importer.identity.role not in OVERSEEING:
        return
    told = record.reported
    activity.reported = ReportedMatch(
        match=told.match,
        themes=list(told.themes),
        modality=told.modality,
        language=told.language,
        year=told.year,
        money=[ReportedMoney(amount=cents, currency=code) for cents, code in told.money],
        figures=[
            ReportedFigure(name=one.name, part=one.part, whole=one.whole) for one in told.figures
        ],
    )


def _write(record: Record, importer: Importer) -> tuple[str, Activity]:
    payload = _BODY.load({**record.body, "organisation": importer.owner})
    who, now, key = importer.identity, importer.now, importer.key
    identifier = domain.imported_id(importer.owner, SOURCE, payload["external_id"]["id"])
    if Activity.objects(id=identifier).only("id").first() is None:
        new = {**payload, "public": importer.public}
        fresh = domain.imported_activity(new, who, now, key, importer.organisation)
        _keep_reported(fresh, record, importer)
        if importer.preview:
            return "created", fresh
        try:
            create(fresh, now)
        except DuplicateId:
            pass  # the same file, sent at the same time
        else:
            return "created", fresh

    def mutate(activity: Activity) -> None:
        domain.change_imported(activity, payload, who, now, key, importer.organisation)
        _keep_reported(activity, record, importer)

    return _changed(identifier, mutate, importer)


def _changed(identifier: str, mutate: Any, importer: Importer) -> tuple[str, Activity]:
    if importer.preview:
        activity = Activity.objects(id=identifier).first()
        before = activity.to_mongo()
        mutate(activity)
        return ("unchanged" if activity.to_mongo() == before else "changed"), activity
    seen = []

    def watched(activity: Activity) -> None:
        seen.append(activity.version)
        mutate(activity)

    activity = change(Activity, identifier, None, watched, importer.now)
    return ("unchanged" if activity.version == seen[-1] else "changed"), activity


def _drop_others(records: tuple[Record, ...], importer: Importer, report: Report) -> None:
    """Cancel what was brought in for countries that the file names no more for this activity."""
    named = {record.body["country"] for record in records}
    first = records[0]
    for found in _of_identifier(first.identifier, importer.owner):
        if found.external_id.id.rpartition("/")[2] in named:
            continue

        def mutate(activity: Activity) -> None:
            domain.drop_imported(activity, importer.identity, importer.now)

        outcome, activity = _changed(found.id, mutate, importer)
        if outcome == "changed":
            message = "The file no longer names this country for it; it is cancelled."
            note = Note("country-dropped", message)
            report.add(replace(first, notes=(note,)), outcome, activity)


def _of_identifier(identifier: str, owner: str | None) -> Iterator[Activity]:
    within = {"$gte": f"{identifier}/", "$lt": f"{identifier}0"}  # "0" comes after "/"
    # The embedded database goes by the first of these that an index begins with, and by no other.
    query = {"external_id.id": within, "external_id.source": SOURCE, "organisation": owner}
    for activity in Activity.objects(__raw__=query).only("id", "external_id"):
        # Another activity's identifier may begin like this one's, and have a stroke too.
        if _COUNTRY.fullmatch(activity.external_id.id.removeprefix(f"{identifier}/")):
            yield activity


def _told(error: ma.ValidationError | IllegalTransition | Problem, record: Record) -> list[Refusal]:
    if isinstance(error, ma.ValidationError):
        errors = field_errors(error.messages)
    elif isinstance(error, IllegalTransition):
        errors = [FieldError("status", f"{error}.", "illegal-transition")]
    else:
        errors = list(error.errors) or [FieldError("activity", error.detail, error.code)]
    return [
        Refusal(
            record.number,
            record.identifier,
            _ELEMENTS.get(one.field, one.field),
            one.code,
            one.message,
            record.body["country"],
        )
        for one in errors
    ]
