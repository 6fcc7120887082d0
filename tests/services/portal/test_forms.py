"""What forms tell of their errors, apart from any page."""

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from services.portal.pages.administration.embargo_writing import EmbargoForm
from services.portal.pages.allocation.what_if_forms import Supposition
from services.portal.pages.cases.alliances import _answer as answer
from services.portal.pages.cases.deciding import CaseForm
from services.portal.pages.contacts.pages import OfficeForm
from services.portal.pages.contacts.pages import _blame as blame
from services.portal.pages.forms import InvitationForm, PageForm
from services.portal.pages.matches import forms as of_matches
from services.portal.pages.matches.rows import Line
from services.portal.pages.offers import bodies
from services.portal.pages.offers.activities import ActivityForm
from services.portal.pages.offers.forms import LinesForm, TermsForm, WordsForm
from services.portal.pages.requests.forms import NeedForm, PapersForm
from services.portal.pages.requests.parts import PARTS, typed_sheet
from services.portal.services import RefusedError
from shared.registers.schemas import MOST_LEFT_OUT


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("en", "Title: Fill this in."),
        ("fr", "Titre : Remplissez ce champ."),
        ("zh", "标题：请填写此项。"),
    ],
)
def test_an_error_is_told_once_and_names_its_field(app: Flask, language: str, title: str) -> None:
    with app.test_request_context(f"/?language={language}"):
        form = WordsForm(meta={"csrf": False})
        bodies.words_body(form)
        assert [id_ for id_, _ in form.problems()] == ["title", "description"]
        assert form.problems()[0] == ("title", title)


def test_no_decision_on_a_case_is_chosen_beforehand(app: Flask) -> None:
    choices = [("keep-left", "The first"), ("link", "Related")]
    with app.test_request_context("/?language=en", method="POST", data={"reason": "Why"}):
        form = CaseForm(meta={"csrf": False}).offering(choices)
        assert "checked" not in form.decision()
        assert not form.complete(frozenset())
        assert form.problems() == [("decision", "Your decision: Choose one.")]


def test_regions_stand_by_name_as_elsewhere(app: Flask) -> None:
    with app.test_request_context("/?language=fr"):
        form = InvitationForm([], [], meta={"csrf": False})
        names = [name for _code, name in form.regions.choices]
        assert names.index("Îles Anglo-Normandes") < names.index("Micronésie")


def test_a_state_that_was_not_asked_has_no_answer(app: Flask) -> None:
    with app.test_request_context("/?language=en"):
        said = [answer(*one) for one in (("proposed", "proposed"), ("endorsed", "proposed"))]
        assert said == ["not asked yet", "no answer so far"]
        assert str(answer("endorsed", "declined")) == "Declined"


@pytest.mark.parametrize("form", [NeedForm, PapersForm])
def test_no_two_fields_of_a_part_have_one_label(app: Flask, form: type[PageForm]) -> None:
    with app.test_request_context("/?language=ru"):
        names = [str(field.label.text) for field in form(meta={"csrf": False})]
        assert len(names) == len(set(names))


def test_errors_of_rows_stand_after_those_of_the_form(app: Flask) -> None:
    typed = {"rows-0-capacity": "many", "rows-0-theme": "marking", "rows-0-kind": "training"}
    with app.test_request_context("/?language=en", method="POST", data=typed):
        form = LinesForm(meta={"csrf": False})
        bodies.lines_body(form)
        form.fail("It was changed.")
        assert form.problems() == [
            ("", "It was changed."),
            ("rows-0-capacity", "Line 1, How much: This is not a number."),
        ]
        assert form.errors


def test_a_period_that_ends_before_it_begins_is_told_once(app: Flask) -> None:
    typed = {"start": "2027-03-01", "end": "2027-02-01"}
    with app.test_request_context("/?language=en", method="POST", data=typed):
        form = ActivityForm(meta={"csrf": False})
        bodies.window_body(form, form.start, form.end)
        assert form.problems() == [("end", "Last day: It ends before it begins.")]


def refused(*fields: str) -> RefusedError:
    """What a service says of these fields."""
    told = [{"field": field, "code": "blank"} for field in fields]
    return RefusedError("offers", 422, {"errors": told})


def three_lines() -> MultiDict[str, str]:
    """Need lines of which the last has a number that is none."""
    rows = {
        f"row-{n}-{name}": value
        for n in range(3)
        for name, value in (("theme", "marking"), ("kind", "training"), ("quantity", str(n)))
    }
    return MultiDict({**rows, "row-2-quantity": "many", "rows": "3"})


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "Need line 3, How many: Write a number, such as 12."),
        ("fr", "Ligne de besoin 3, Combien : Écrivez un nombre, comme 12."),
        ("ar", "بند الاحتياجات 3، العدد: اكتبوا رقمًا مثل 12."),
        ("zh", "需求第 3 项，数量：请填写数字，如 12。"),
    ],
)
def test_an_error_of_a_need_line_names_the_line_as_the_page_does(
    app: Flask, language: str, told: str
) -> None:
    with app.test_request_context(f"/?language={language}"):
        sheet = typed_sheet(PARTS["lines"], three_lines())
        assert not sheet.validate()
        assert ("row-2-quantity", told) in sheet.problems()
        assert told.startswith(sheet.rows[2].heading)


def test_what_a_service_says_of_a_need_line_as_a_whole_names_it(app: Flask) -> None:
    with app.test_request_context("/?language=en"):
        sheet = typed_sheet(PARTS["lines"], three_lines())
        sheet.blame([("needs[1].quantity", "No."), ("needs[2].window", "Nor this."), ("x", "All.")])
        assert ("row-1-quantity", "Need line 2, How many: No.") in sheet.problems()
        assert ("row-2-theme", "Need line 3: Nor this.") in sheet.problems()
        assert ("", "All.") in sheet.problems()


def test_what_a_service_says_of_a_line_or_a_condition_of_an_offer_names_it(app: Flask) -> None:
    lines = {"rows-0-theme": "marking", "rows-1-theme": "marking"}
    with app.test_request_context("/?language=en", method="POST", data=lines):
        form = LinesForm(meta={"csrf": False})
        bodies.tell(form, refused("provisions[1]", "provisions[0].unit"))
        assert form.problems() == [
            ("rows-1-theme", "Line 2: Fill this in."),
            ("rows-0-unit", "Line 1, Of what: Fill this in."),
        ]
    conditions = {"rows-0-text": "One", "rows-1-text": "Two"}
    with app.test_request_context("/?language=en", method="POST", data=conditions):
        terms = TermsForm(meta={"csrf": False})
        bodies.tell(terms, refused("conditions[1].text"))
        assert terms.problems() == [
            ("rows-1-text", "Condition 2, What you ask for: Fill this in."),
        ]


def test_an_error_of_an_exemption_names_it(app: Flask) -> None:
    typed = {"exemptions-0-reference": "One", "exemptions-1-reference": "Two"}
    with app.test_request_context("/?language=en", method="POST", data=typed):
        form = EmbargoForm(meta={"csrf": False})
        form.take_rows(refused("exemptions[1].from"))
        assert form.problems() == [
            ("exemptions-1-start", "Exemption 2, First day: Fill this in."),
        ]


def test_an_error_of_an_office_names_it(app: Flask) -> None:
    with app.test_request_context("/?language=en"):
        offices = [OfficeForm(n, MultiDict({f"office-{n}-office": "One"})) for n in range(2)]
        left = blame(offices, refused("contacts[1].email", "contacts[0]", "contacts"))
        assert left == "Fill this in."
        assert [one for office in offices for one in office.problems()] == [
            ("office-0-office", "Office 1: Fill this in."),
            ("office-1-email", "Office 2, E-mail address: This is not an e-mail address."),
        ]


def test_an_error_of_what_is_only_supposed_names_it(app: Flask) -> None:
    typed = MultiDict({"r1-theme": "marking", "r2-theme": "marking"})
    with app.test_request_context("/?language=en"):
        supposed = Supposition(typed)
        supposed.take(refused("with.requests[1]", "with.requests[1].country"))
        assert supposed.problems() == [
            ("r2-theme", "Supposed request 2: Fill this in."),
            ("r2-country", "Supposed request 2, State: Fill this in."),
        ]


@pytest.mark.parametrize("name", ["without", "also"])
def test_no_more_are_left_out_than_the_matcher_takes(app: Flask, name: str) -> None:
    ids = [f"{n:024x}" for n in range(MOST_LEFT_OUT + 1)]
    with app.test_request_context("/?language=en"):
        assert not Supposition(MultiDict([(name, one) for one in ids[:-1]])).problems()
        refused = Supposition(MultiDict([(name, one) for one in ids]))
        ((_id, message),) = refused.problems()
        assert message.endswith("At most 200 can be left out at once.")


def test_amounts_of_both_sides_are_told_apart(app: Flask) -> None:
    lines = [Line(1, "marking", "training", "quantity", "people", 4)]
    typed = {"need-1": "some", "give-1": "some"}
    with app.test_request_context("/?language=en", method="POST", data=typed):
        both = of_matches.amounts(of_matches.CommitForm, "need-", lines, "Of the request")
        form = of_matches.amounts(both, "give-", lines, "Of the offer")(meta={"csrf": False})
        assert not form.validate()
        assert sorted(form.problems()) == [
            ("give-1-amount", "Of the offer, Line 1: This is no number."),
            ("need-1-amount", "Of the request, Line 1: This is no number."),
        ]
