"""The two spreadsheets that donors fill in: offers, a line of an offer a row; activities."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from services.portal.catalogues import N_, say
from services.portal.sheets.columns import (
    Column,
    coded,
    codes,
    country_labels,
    currencies,
    days,
    language_labels,
    listed,
    numbers,
    reference,
    several,
    texts,
    unit,
)
from services.portal.sheets.limits import Limits
from shared.registers.schemas import MAX_DESCRIPTION, MAX_ID, MAX_LINES, MAX_TITLE, MAX_UNIT
from shared.vocabulary.countries import AREAS
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.lists import ACTIVITY_STATUSES, CONDITION_KINDS, GROUPS, PARTNERS
from shared.vocabulary.themes import THEMES
from shared.web.schemas import MAX_AMOUNT, MAX_QUANTITY

SOURCE = "spreadsheet"
"""The system that references of rows are of, in external ids."""


ID = Column("id", N_("Id here"), texts(MAX_ID, single_line=True))
WORDS = (
    Column("reference", N_("Your reference"), reference, required=True),
    Column("title", N_("Title"), texts(MAX_TITLE, single_line=True), required=True),
    Column("description", N_("Description"), texts(MAX_DESCRIPTION), required=True),
    Column("language", N_("Language"), codes(language_labels), labels=language_labels),
)
_THING = (
    coded("theme", N_("Theme"), THEMES, required=True),
    coded("kind", N_("Kind of help"), KINDS, required=True),
    Column("quantity", N_("How much"), numbers(MAX_QUANTITY, 3, zero=False)),
    unit("unit", N_("Of what"), MAX_UNIT),
    Column("amount", N_("Worth"), numbers(MAX_AMOUNT, 2, zero=True)),
    Column("currency", N_("Currency"), currencies),
)
WINDOW = (Column("from", N_("First day"), days), Column("to", N_("Last day"), days))
PARTNERS_NAMED = listed("partners", N_("Partners"), PARTNERS)
_PUBLIC_LEVELS = {
    "restricted": N_("Only those who have an account here"),
    "public": N_("Everybody, also without an account"),
}


@cache
def _public_labels(language: str) -> Mapping[str, str]:
    return {code: say(language, text) for code, text in _PUBLIC_LEVELS.items()}


_PUBLIC = Column("public", N_("Who sees it"), codes(_public_labels), labels=_public_labels)

OFFERS: Sequence[Column] = (
    *WORDS,
    *_THING,
    *WINDOW,
    Column("countries", N_("States"), several(country_labels), labels=country_labels),
    listed("regions", N_("Regions"), AREAS),
    listed("groups", N_("Groups of States"), GROUPS),
    coded("condition_kind", N_("Kind of condition"), CONDITION_KINDS),
    Column("condition", N_("Condition"), texts(2_000)),
    PARTNERS_NAMED,
    _PUBLIC,
    ID,
)
OFFER_LIMITS: Limits = {"provisions": ("theme", MAX_LINES), "conditions": ("condition", 50)}

ACTIVITIES: Sequence[Column] = (
    *WORDS,
    Column(
        "country", N_("State that is helped"), codes(country_labels), True, labels=country_labels
    ),
    *_THING,
    *WINDOW,
    coded("status", N_("Where it stands"), ACTIVITY_STATUSES),
    PARTNERS_NAMED,
    _PUBLIC,
    ID,
)

_EMPTY: Mapping[str, Any] = {"from": None, "to": None}


def offer_bodies(rows: Sequence[Mapping[str, Any]], organisation: str) -> list[dict[str, Any]]:
    """The offers that rows tell, as they are sent: those of one reference are one offer's lines."""
    bodies: dict[str, dict[str, Any]] = {}
    for row in rows:
        body = bodies.setdefault(row["reference"], _offer(row, organisation))
        line = {name: row.get(name) for name in ("theme", "kind", "unit", "amount", "currency")}
        if row.get("theme"):  # of an offer that came out, conditions may have rows of their own
            body["provisions"].append({**line, "capacity": row.get("quantity")})
        if row.get("condition"):
            told = {"kind": row.get("condition_kind") or "other", "text": row["condition"]}
            if told not in body["conditions"]:
                body["conditions"].append(told)
    return list(bodies.values())


def activity_bodies(rows: Sequence[Mapping[str, Any]], organisation: str) -> list[dict[str, Any]]:
    """The activities that rows tell, as they are sent."""
    copied = ("country", "theme", "kind", "quantity", "unit", "amount", "currency")
    return [
        {
            **_common(row, organisation),
            **{name: row.get(name) for name in copied},
            "status": row.get("status") or "planned",
        }
        for row in rows
    ]


def _offer(row: Mapping[str, Any], organisation: str) -> dict[str, Any]:
    eligible = ("countries", "regions", "groups")
    return {
        **_common(row, organisation),
        "eligibility": {name: row.get(name) or [] for name in eligible},
        "provisions": [],
        "conditions": [],
    }


def _common(row: Mapping[str, Any], organisation: str) -> dict[str, Any]:
    ends = {name: row.get(name) for name in ("from", "to")}
    return {
        "organisation": organisation,
        "external_id": {"source": SOURCE, "id": row["reference"]},
        **{name: row.get(name) for name in ("title", "description", "language")},
        "window": None if ends == _EMPTY else ends,
        "partners": row.get("partners") or [],
        "public": row.get("public") == "public",
    }
