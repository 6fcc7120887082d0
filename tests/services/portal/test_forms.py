"""What forms tell of their errors, apart from any page."""

import pytest
from flask import Flask

from services.portal.pages.cases.alliances import _answer as answer
from services.portal.pages.cases.deciding import CaseForm
from services.portal.pages.forms import InvitationForm, PageForm
from services.portal.pages.offers import bodies
from services.portal.pages.offers.activities import ActivityForm
from services.portal.pages.offers.forms import LinesForm, WordsForm
from services.portal.pages.requests.forms import NeedForm, PapersForm


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
            ("rows-0-capacity", "How much: This is not a number."),
        ]
        assert form.errors


def test_a_period_that_ends_before_it_begins_is_told_once(app: Flask) -> None:
    typed = {"start": "2027-03-01", "end": "2027-02-01"}
    with app.test_request_context("/?language=en", method="POST", data=typed):
        form = ActivityForm(meta={"csrf": False})
        bodies.window_body(form, form.start, form.end)
        assert form.problems() == [("end", "Last day: It ends before it begins.")]
