"""A committed match as an element of the activity standard, in the order that its schema asks."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from xml.etree.ElementTree import Element

from services.portal.iati.elements import LANGUAGE, add, narrative, shares, told
from services.portal.iati.results import add_figures, add_objectives, add_outputs
from services.portal.iati.transactions import add_transactions, identifier
from shared.iati import KIND, MATCH, MODALITY, OWN, REQUEST_LANGUAGE, THEME, YEAR
from shared.vocabulary.countries import country, country_name
from shared.vocabulary.sectors import SALW_SECTOR, theme_sectors
from shared.vocabulary.themes import THEMES

Stored = Mapping[str, Any]

STATUSES: Final[Mapping[str, str]] = {
    "committed": "1",
    "delivering": "2",
    "delivered": "3",
    "follow-up": "3",
    "closed": "4",
}
"""ActivityStatus: planned, in implementation, finalisation (what became of it is asked), closed."""

_GOVERNMENT: Final = "10"
_ORGANISATION_TYPES: Final[Mapping[str, str]] = {
    "state": "10",
    "un-entity": "40",
    "regional-organisation": "40",
    "igo": "40",
    "ngo": "21",
    "trust-fund": "40",
    "other": "90",
}
"""OrganisationType by the register's types of donors."""

_FUNDING, _ACCOUNTABLE, _EXTENDING, _IMPLEMENTING = "1", "2", "3", "4"
_PLANNED, _STARTED, _PLANNED_END, _ENDED = "1", "2", "3", "4"
_AID_TYPES: Final[Mapping[str, str]] = {"funding": "C01", "training": "E01", "expertise": "D02"}
_SIBLING: Final = "3"


@dataclass(frozen=True)
class Records:
    """The records that matches name, by id: those that the reader may see."""

    requests: Mapping[str, Stored]
    offers: Mapping[str, Stored]
    organisations: Mapping[str, Stored]


def activity_of(match: Stored, records: Records, *, at_second_hand: bool) -> Element:
    """The `iati-activity` of an item of /v1/matches/activities.

    `at_second_hand`: whether another than the donor reports it.
    """
    request, donor = records.requests.get(match["request"]), match["organisation"]
    source = request or records.offers.get(match["offer"]) or {}
    names = _names(match, records)
    activity = Element("iati-activity", {"hierarchy": "1"})
    if source.get("language"):
        activity.set(LANGUAGE, source["language"])
    money = _currencies(match)
    if len(money) == 1:
        activity.set("default-currency", money[0])
    add(activity, "iati-identifier", identifier(donor, match["id"]))
    second = "1" if at_second_hand else None
    type_ = _type(donor, records)
    reporter = add(activity, "reporting-org", ref=donor, type=type_, secondary_reporter=second)
    narrative(reporter, names[donor])
    told(activity, "title", source.get("title") or match["id"], None)
    told(activity, "description", source.get("description") or match["id"], None, type="1")
    _add_parties(activity, match, records, names)
    add(activity, "other-identifier", ref=match["id"], type=MATCH)
    add(activity, "activity-status", code=STATUSES[match["status"]])
    days = _days(match, request)
    for kind in sorted(days):
        add(activity, "activity-date", type=kind, iso_date=days[kind])
    code = country(match["country"]).alpha2
    add(activity, "recipient-country", code=code, percentage="100")
    _add_subjects(activity, match)
    add_transactions(activity, match, names)
    for ref in _related(match):
        add(activity, "related-activity", ref=ref, type=_SIBLING)
    first, last = min(days.values()), max(days.values())
    needs = [serving["need"] for serving in match["serves"]]
    add_objectives(activity, request, needs, (first, last))
    add_outputs(activity, match, (first, last))
    add_figures(activity, match["figures"], (first, last))
    return activity


def organisations_of(match: Stored) -> Iterator[str]:
    """The organisations that the activity names."""
    yield match["organisation"]
    yield from (one["organisation"] for one in (*match["partners"], *match["funders"]))


def _names(match: Stored, records: Records) -> dict[str, str]:
    found = {
        one: str(records.organisations.get(one, {}).get("name", one))
        for one in organisations_of(match)
    }
    return {**found, match["country"]: country_name(match["country"], "en")}


def _type(organisation: str, records: Records) -> str:
    known = records.organisations.get(organisation, {})
    return _ORGANISATION_TYPES.get(str(known.get("type")), "90")


def _add_parties(
    activity: Element, match: Stored, records: Records, names: Mapping[str, str]
) -> None:
    donor, kinds = match["organisation"], _kinds(match)
    pays = bool(_currencies(match)) or "funding" in kinds
    roles = [(donor, _FUNDING)] if pays else []
    roles += [(one["organisation"], _FUNDING) for one in match["funders"]]
    parties = [*roles, (match["country"], _ACCOUNTABLE), (donor, _EXTENDING)]
    if set(kinds) != {"funding"}:
        parties.append((donor, _IMPLEMENTING))
    parties += [(one["organisation"], _role(one["role"])) for one in match["partners"]]
    for code, role in dict.fromkeys(parties):
        is_state = code == match["country"]
        type_ = _GOVERNMENT if is_state else _type(code, records)
        narrative(add(activity, "participating-org", ref=code, type=type_, role=role), names[code])


def _role(joined_as: str) -> str:
    return _FUNDING if joined_as == "funder" else _IMPLEMENTING


def _days(match: Stored, request: Stored | None) -> dict[str, str]:
    """The day by type: planned ones of the request's window, actual ones of the steps."""
    at: dict[str, str] = {}
    for step in match["history"]:
        at.setdefault(step["action"], step["at"][:10])
    window = (request or {}).get("window") or {}
    committed = at.get("commit") or next((one["at"][:10] for one in match["held"]), None)
    days = {
        _PLANNED: window.get("from") or committed,
        _STARTED: at.get("start"),
        _PLANNED_END: window.get("to"),
        _ENDED: at.get("deliver"),
    }
    found = {kind: str(day) for kind, day in days.items() if day}
    return found or {_PLANNED: match["history"][0]["at"][:10]}


def _add_subjects(activity: Element, match: Stored) -> None:
    """Sectors of the standard, then the register's own themes, each adding up to 100; tags tell
    what the report counts it under, what is served best first."""
    themes = Counter(serving["theme"] for serving in match["serves"])
    sectors: Counter[str] = Counter()
    for theme, count in themes.items():
        for sector in theme_sectors(theme):
            sectors[sector] += count
    for code, part in shares(sectors or {SALW_SECTOR: 1}).items():
        add(activity, "sector", vocabulary="1", code=code, percentage=part)
    own = {"vocabulary": OWN, "vocabulary_uri": THEME}
    for code, part in shares(themes).items():
        add(activity, "sector", **own, code=code, percentage=part)
    tags = [(THEME, code) for code in match["themes"]]
    tags += [(KIND, code) for code in _kinds(match)]
    tags += [(MODALITY, match["modality"])] if match["modality"] else []
    tags += [(REQUEST_LANGUAGE, match["language"])] if match.get("language") else []
    tags += [(YEAR, str(match["year"]))] if match["year"] else []
    for vocabulary, code in tags:
        tag = add(activity, "tag", vocabulary=OWN, vocabulary_uri=vocabulary, code=code)
        if vocabulary == THEME:
            narrative(tag, THEMES.label(code, "en"), "en")
    known = [_AID_TYPES[code] for code in _kinds(match) if code in _AID_TYPES]
    if known:
        add(activity, "default-aid-type", code=known[0])


def _kinds(match: Stored) -> list[str]:
    best = sorted(match["serves"], key=lambda one: (-one["fit"], one["need"]))
    return list(dict.fromkeys(serving["kind"] for serving in best))


def _currencies(match: Stored) -> list[str]:
    return sorted(
        {
            line["unit"]
            for one in match["held"]
            for line in one["lines"]
            if line["side"] == "offer" and line["measure"] == "money"
        }
    )


def _related(match: Stored) -> list[str]:
    """The alliance's other matches, and the funders' of a triangle."""
    funders = {one["match"]: one["organisation"] for one in match["funders"]}
    allied = {one["match"]: one["organisation"] for one in match["allied"]}
    return sorted(identifier(org, id_) for id_, org in {**funders, **allied}.items())
