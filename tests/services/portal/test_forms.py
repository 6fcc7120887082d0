"""What forms tell of their errors, apart from any page."""

import pytest
from flask import Flask

from services.portal.pages.cases.deciding import CaseForm
from services.portal.pages.offers import bodies
from services.portal.pages.offers.activities import ActivityForm
from services.portal.pages.offers.forms import LinesForm, WordsForm


@pytest.mark.parametrize(
    ("language", "title"),
    [("en", "Title: Fill this in."), ("fr", "Titre: Remplissez ce champ.")],
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
