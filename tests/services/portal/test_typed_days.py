"""Days are read alike wherever they are typed; what can be two is asked about, and comes back."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, request

from services.portal.pages.administration.embargo_writing import EmbargoForm
from services.portal.pages.days import read_day, shows_day
from services.portal.pages.matches.forms import CommitForm, FiguresForm
from services.portal.pages.offers import bodies as offer_bodies
from services.portal.pages.offers.forms import ActivityForm, WhereForm
from services.portal.pages.requests.bodies import aim_member, plan_members
from services.portal.pages.requests.forms import AimForm, PlanForm
from services.portal.pages.spreadsheets.kinds import KINDS
from services.portal.sheets.columns import CellError
from shared.vocabulary import LANGUAGES

WRITTEN = (
    *("3 mars 2027", "٣ مارس ٢٠٢٧", "٣ آذار ٢٠٢٧", "2027年3月3日", "3 марта 2027 г."),
    *("3 de marzo de 2027", "3.3.2027", "2027-03-03"),
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_day_is_asked_about_where_it_can_be_two(
    speaking: Callable[[str], None], language: str
) -> None:
    speaking(language)
    assert {read_day(text) for text in WRITTEN} == {"2027-03-03"}
    assert read_day(" ") is None
    with pytest.raises(ValueError, match=r"2027-04-03.*2027-03-04"):
        read_day("٠٣/٠٤/٢٠٢٧")
    with pytest.raises(ValueError, match="2026-10-01"):
        read_day("soon")


def test_a_browsers_field_for_days_is_left_where_it_would_show_nothing() -> None:
    assert shows_day(None)
    assert shows_day("")
    assert shows_day("2027-03-03")
    assert not shows_day("3 mars 2027")
    assert not shows_day("٢٠٢٧-٠٣-٠٣")


def test_what_was_typed_and_is_no_day_stays_on_the_page(app: Flask) -> None:
    for text, type_ in (("03/04/2027", "text"), ("2027-04-03", "date"), ("", "date")):
        with app.test_request_context("/?language=en", method="POST", data={"up_to": text}):
            form = FiguresForm(meta={"csrf": False})
            form.validate()
            parts: Any = app.jinja_env.get_template("parts.html").module
            shown = parts.field(form.up_to, type="date")
            assert f'type="{type_}"' in shown
            assert f'value="{text}"' in shown


def window(form: Any) -> object:
    return offer_bodies.window_body(form, form.start, form.end)


FORMS: list[tuple[Callable[..., Any], str, Callable[[Any], object]]] = [
    (PlanForm, "window_from", plan_members),
    (PlanForm, "window_to", plan_members),
    (AimForm, "date", aim_member),
    (WhereForm, "start", window),
    (ActivityForm, "end", window),
    (EmbargoForm, "stated_on", EmbargoForm.body),
    (FiguresForm, "up_to", lambda form: form.up_to.data),
    (CommitForm, "expires", lambda form: form.expires.data),
]


OTHERS = (
    *("window_from", "window_to", "priority", "resolution", "source", "reason", "version", "key"),
    *(f"row-0-{name}" for name in ("text", "indicator", "baseline", "target")),
)


@pytest.mark.parametrize(("made", "field", "body"), FORMS)
@pytest.mark.parametrize("text", [*WRITTEN, "03/04/2027"])
def test_every_form_reads_the_styles_and_asks(
    app: Flask, made: Any, field: str, body: Callable[[Any], object], text: str
) -> None:
    sent = {**dict.fromkeys(OTHERS, ""), field: text, f"row-0-{field}": text}
    with app.test_request_context("/?language=en", method="POST", data=sent):
        form = made("row-0-", request.form) if made is AimForm else made(meta={"csrf": False})
        form.validate()
        if not form[field].errors:
            body(form.data if made in (PlanForm, AimForm) else form)
        told = [str(one) for _id, one in form.problems()]
        asked = [one for one in told if "2027-04-03 or 2027-03-04" in one]
        assert bool(asked) == (text not in WRITTEN), told
        assert not any("is not a day" in one for one in told)


@pytest.mark.parametrize("name", KINDS)
def test_every_file_reads_the_styles_and_asks(name: str) -> None:
    columns = [one for one in KINDS[name].columns if one.key in ("from", "to", "reached_by")]
    assert columns
    for column in columns:
        for text in WRITTEN:
            assert column.read(text, text, "en") == "2027-03-03"
        with pytest.raises(CellError) as asked:
            column.read("03/04/2027", "03/04/2027", "en")
        assert asked.value.code == "two-days"
