"""The lists of both registers: requests, offers, activities; calls, experts, lessons, donors."""

from collections.abc import Sequence

from services.portal.catalogues import N_
from services.portal.lists.fields import (
    CHANGED,
    CURRENCY,
    DONOR,
    FIRST,
    ID,
    KIND,
    LANGUAGE,
    LAST,
    MADE,
    STATE,
    STATUS,
    TEXT,
    THEME,
    TITLE,
    UNIT,
    Field,
    Listing,
    Record,
    Row,
    as_it_is,
    by_lines,
    coded,
    flat,
)
from services.portal.sheets.columns import country_labels, labels_of, language_labels
from shared.vocabulary.countries import AREAS
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.lists import (
    ACTIVITY_STATUSES,
    CHANNELS,
    DONOR_TYPES,
    GENDER_MARKERS,
    GROUPS,
    PARTNERS,
    PRIORITIES,
)
from shared.vocabulary.themes import THEMES

_LINE = Field("line", N_("Line"), "#meta+line+num")
_PARTNERS = coded("partners", N_("Partners"), "#org+partner", PARTNERS)
_AMOUNT = "#value"
_DONOR_NAME = Field("donor", N_("Donor"), "#org+funder+name")
_DONOR_COUNTRY = Field("donor_country", N_("Donor's State"), "#country+funder", country_labels)
_WORDS = (TITLE, TEXT, LANGUAGE)
_WINDOW = (FIRST, LAST)
_GENDER = coded("gender_marker", N_("Gender marker"), "#indicator+gender", GENDER_MARKERS)
_NEED = (
    *(_LINE, THEME, KIND),
    Field("quantity", N_("How many"), "#indicator+needed+num"),
    UNIT,
    Field("amount", N_("Cost, if known"), f"{_AMOUNT}+needed"),
    CURRENCY,
    *(
        Field(f"{name}_{measure}", title, tag)
        for name, told in (
            ("pledged", (N_("Pledged, how many"), N_("Pledged, amount"))),
            ("committed", (N_("Committed, how many"), N_("Committed, amount"))),
            ("delivered", (N_("Delivered, how many"), N_("Delivered, amount"))),
        )
        for measure, title, tag in (
            ("quantity", told[0], f"#indicator+{name}+num"),
            ("amount", told[1], f"{_AMOUNT}+{name}"),
        )
    ),
)
_PUBLIC_REQUEST = (
    *(ID, STATE, *_WORDS, STATUS),
    coded("priority", N_("Priority"), "#severity+priority", PRIORITIES),
    *(*_WINDOW, _PARTNERS, _GENDER),
    Field("report_title", N_("Report that it is taken from"), "#meta+source"),
    Field("report_year", N_("Year of the report"), "#date+year"),
    *_NEED,
)
_REQUEST = (
    *_PUBLIC_REQUEST,
    coded("line_priority", N_("Priority of the line"), "#severity+line", PRIORITIES),
    coded("channel", N_("Channel"), "#channel", CHANNELS),
    Field("confidentiality", N_("Who sees it once circulated"), "#access+code"),
    *(MADE, CHANGED),
)
_SERVED = (
    Field("countries", N_("States"), "#country+eligible", country_labels),
    coded("regions", N_("Regions"), "#region+eligible", AREAS),
    coded("groups", N_("Groups of States"), "#group+eligible", GROUPS),
)
_PUBLIC_OFFER = (
    *(ID, *_WORDS, STATUS),
    coded("donor_type", N_("Kind of donor"), "#org+funder+type", DONOR_TYPES),
    *(_DONOR_COUNTRY, *_WINDOW, *_SERVED, _PARTNERS, _GENDER),
    *(_LINE, THEME, KIND),
    Field("capacity", N_("How much"), "#capacity+num"),
    UNIT,
    Field("amount", N_("Worth"), f"{_AMOUNT}+offered"),
    CURRENCY,
    Field("left_capacity", N_("Left, how much"), "#capacity+left+num"),
    Field("left_amount", N_("Left, amount"), f"{_AMOUNT}+left"),
)
_PUBLIC_ACTIVITY = (
    *(ID, STATE, *_WORDS),
    Field("status", N_("Where it stands"), "#status", labels_of(ACTIVITY_STATUSES)),
    *(_DONOR_COUNTRY, *_WINDOW, _PARTNERS, THEME, KIND),
    Field("quantity", N_("How much"), "#output+num"),
    UNIT,
    Field("amount", N_("Worth"), _AMOUNT),
    CURRENCY,
)
_ENTRY = (
    *(ID, *_WORDS, DONOR, STATE),
    coded("themes", N_("Theme"), "#sector", THEMES),
    coded("kinds", N_("Kind of help"), "#service", KINDS),
)
_KNOWLEDGE = (
    *_ENTRY,
    Field("used_in", N_("Where it was used"), "#country+used", country_labels),
    Field("languages", N_("Languages spoken"), "#meta+languages", language_labels),
    *(MADE, CHANGED),
)
_ENDS = {"from": ("window", "from"), "to": ("window", "to")}


def _request_rows(record: Record) -> list[Row]:
    reported = {
        "report_title": ("source_report", "title"),
        "report_year": ("source_report", "year"),
    }
    counted = {
        f"{name}_{measure}": (name, measure)
        for name in ("pledged", "committed", "delivered")
        for measure in ("quantity", "amount")
    }
    return [flat(row, **_ENDS, **reported, **counted) for row in _needs(record)]


def _offer_rows(record: Record) -> list[Row]:
    served = {name: ("eligibility", name) for name in ("countries", "regions", "groups")}
    left = {f"left_{name}": ("left", name) for name in ("capacity", "amount")}
    return [flat(row, **_ENDS, **served, **left) for row in _provisions(record)]


def _activity_rows(record: Record) -> list[Row]:
    return [flat(record, **_ENDS)]


def _call_rows(record: Record) -> list[Row]:
    money = {
        f"{name}_{member}": (name, member)
        for name in ("ceiling", "fund")
        for member in ("amount", "currency")
    }
    return [flat(record, **_ENDS, **money)]


_needs = by_lines("needs", "line_")
_provisions = by_lines("provisions", "line_")


def _public(fields: Sequence[Field]) -> tuple[Field, ...]:
    return (fields[0], _DONOR_NAME, *fields[1:])


REGISTERS = {
    "requests": Listing(
        N_("Requests for assistance"), "requests", "/v1/requests", _REQUEST, _request_rows
    ),
    "offers": Listing(
        N_("Offers"),
        "offers",
        "/v1/offers",
        (_PUBLIC_OFFER[0], DONOR, *_PUBLIC_OFFER[1:], MADE, CHANGED),
        _offer_rows,
    ),
    "activities": Listing(
        N_("Activities"),
        "offers",
        "/v1/activities",
        (_PUBLIC_ACTIVITY[0], DONOR, *_PUBLIC_ACTIVITY[1:], MADE, CHANGED),
        _activity_rows,
    ),
    "calls": Listing(
        N_("Calls for projects"),
        "offers",
        "/v1/calls",
        (
            *(*_ENTRY, *_WINDOW),
            Field("ceiling_amount", N_("Most for a project"), "#value+ceiling"),
            Field("ceiling_currency", N_("Most for a project, currency"), "#currency+ceiling+code"),
            Field("fund_amount", N_("All that there is to give"), "#value+fund"),
            Field(
                "fund_currency", N_("All that there is to give, currency"), "#currency+fund+code"
            ),
            *(MADE, CHANGED),
        ),
        _call_rows,
    ),
    "experts": Listing(N_("Experts"), "offers", "/v1/experts", _KNOWLEDGE, as_it_is),
    "lessons": Listing(N_("Lessons learned"), "offers", "/v1/lessons", _KNOWLEDGE, as_it_is),
    "organisations": Listing(
        N_("Donors and organisations"),
        "offers",
        "/v1/organisations",
        (
            ID,
            Field("name", N_("Name"), "#org+name"),
            coded("type", N_("Kind of donor"), "#org+type", DONOR_TYPES),
            *(STATE, MADE, CHANGED),
        ),
        as_it_is,
    ),
}
"""The lists that somebody with an account reads. No points of contact are in them."""

PUBLIC = {
    "requests": Listing(
        N_("What States ask for"),
        "requests",
        "/v1/public/requests",
        _PUBLIC_REQUEST,
        _request_rows,
    ),
    "offers": Listing(
        N_("What donors offer"),
        "offers",
        "/v1/public/offers",
        _public(_PUBLIC_OFFER),
        _offer_rows,
    ),
    "activities": Listing(
        N_("Assistance under way"),
        "offers",
        "/v1/public/activities",
        _public(_PUBLIC_ACTIVITY),
        _activity_rows,
    ),
}
"""The lists that anybody reads."""
