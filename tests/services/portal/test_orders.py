"""Wherever names are listed, they stand where the reader's language has them."""

from collections.abc import Callable, Sequence
from io import BytesIO
from unittest.mock import patch

import pytest
from flask import Flask
from python_calamine import load_workbook

from entraide.client import Answer
from services.portal.pages import choices, organisations
from services.portal.pages.allocation.rows import Names, donor_rows
from services.portal.pages.forms import InvitationForm
from services.portal.pages.public import charts
from services.portal.pages.report.showing import _chart as chart_of_report
from services.portal.pages.requests.lists import _choices as filters_of_requests
from services.portal.pages.review.rows import duplicate_rows
from services.portal.pages.units import unit_names
from services.portal.pages.wording import country
from services.portal.sheets.tables import OFFERS
from services.portal.sheets.writing import template_workbook
from shared.vocabulary.countries import all_countries, country_name

STATES = ("ZWE", "USA", "ESP", "EGY")
SORTED_STATES = ["Égypte", "Espagne", "États-Unis d’Amérique", "Zimbabwe"]
DONORS = {"o1": "Zoo", "o2": "Éclair", "o3": "Eau"}
SORTED_DONORS = ["Eau", "Éclair", "Zoo"]
COUNTED = {"needs": 1, "open": 1, "asked": 1, "committed": 0, "delivered": 0, "unpriced": 0}


def named(found: Sequence[tuple[str, str]]) -> list[str]:
    """The States of the test among choices, in their order."""
    return [name for code, name in found if code in STATES]


def of_invitation() -> list[str]:
    return named(InvitationForm([], STATES, meta={"csrf": False}).state.choices)


def of_sheet() -> list[str]:
    every = {country_name(one.alpha3, "fr") for one in all_countries()}
    rows = load_workbook(BytesIO(template_workbook(OFFERS, "fr"))).get_sheet_by_index(1).to_python()
    columns = [[str(one) for one in column] for column in zip(*rows, strict=True)]
    states = next(column for column in columns if every & {*column})
    return [name for name in states if name in SORTED_STATES]


def of_units() -> list[str]:
    return [name for name in unit_names() if name.startswith(("bât", "bou"))]


def of_report() -> list[str]:
    told = {("region", code): {"needs": {"value": 1}} for code in ("Polynesia", "Channel Islands")}
    return [line.label for line in chart_of_report("region", told, {}).lines]


def asked_donors() -> list[str]:
    names = Names({}, {}, {id_: {"name": name} for id_, name in DONORS.items()})
    asked = [{"organisation": id_, "commitments": 1, "asked": [], "share": 0.5} for id_ in DONORS]
    return [row.name for row in donor_rows(asked, names)]


def chosen_donors() -> list[str]:
    items = [{"id": id_, "name": name} for id_, name in DONORS.items()]
    with patch.object(organisations, "look_up", lambda _: {"all": Answer({"items": items})}):
        return [name for name, _id in organisations.offered()]


def of_a_pair() -> list[str]:
    ends = {end: {"id": end, "owner": state} for end, state in (("left", "ESP"), ("right", "EGY"))}
    case = {"id": "d", "side": "request", "evidence": [], "score": 0.5, **ends}
    return [country(state) for state in duplicate_rows([case], {}, {})[0].states]


def most_open() -> list[str]:
    rows = [{**COUNTED, "code": code} for code in STATES]
    return [line.label for line in charts.open_by("regions", "", "", rows, country).lines]


def covered() -> list[str]:
    rows = [{**COUNTED, "code": code} for code in STATES]
    return [line.label for line in charts.coverage(rows, country).lines]


def beside_the_map() -> list[str]:
    rows = [{"country": code, "open": 1, "requests": 1} for code in STATES]
    return [line.label for line in charts.by_state(rows).lines]


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        (lambda: named(choices.countries()), SORTED_STATES),
        (lambda: named(filters_of_requests(None)["country"]), SORTED_STATES),
        (of_invitation, SORTED_STATES),
        (of_sheet, SORTED_STATES),
        (most_open, SORTED_STATES),
        (covered, SORTED_STATES),
        (beside_the_map, SORTED_STATES),
        (of_a_pair, ["Égypte", "Espagne"]),
        (of_report, ["Îles Anglo-Normandes", "Polynésie"]),
        (asked_donors, SORTED_DONORS),
        (chosen_donors, SORTED_DONORS),
        (of_units, ["bâtiments et salles", "bourses"]),
    ],
)
def test_names_with_accents_stand_among_the_others(
    app: Flask, listed: Callable[[], list[str]], expected: list[str]
) -> None:
    with app.test_request_context("/?language=fr"):
        assert listed() == expected
