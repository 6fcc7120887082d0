"""From records to forms and back: what stands in a form's fields, and the body that is sent."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from wtforms import Field

from services.portal.pages.currencies import CurrencyField
from services.portal.pages.numbers import shown_number
from services.portal.pages.offers.forms import (
    CHOOSE,
    MISSING,
    PUBLIC,
    LinesForm,
    StepForm,
    TermsForm,
    WhereForm,
    WordsForm,
    day_of,
    number_of,
    typed,
)
from services.portal.pages.refusals import WORDS, faults, refusal
from services.portal.pages.units import has_part_of_one
from services.portal.services import RefusedError

Body = dict[str, Any]
_PLACE = re.compile(r"(?:provisions|conditions)\[(\d+)\]\.?(\w*)")
_NAMES = {"window.from": "start", "window.to": "end", "window": "start"}
_OWN = (
    *("organisation", "title", "description", "language", "eligibility", "window", "ceiling"),
    *("call", "partners", "gender_marker", "public", "external_id"),
)
_LINE = ("line", "theme", "kind", "capacity", "unit", "amount", "currency")


def offer_body(offer: Mapping[str, Any]) -> Body:
    """What an offer holds, as it is sent to change it."""
    return {
        **{name: offer[name] for name in _OWN},
        "provisions": [{name: line[name] for name in _LINE} for line in offer["provisions"]],
        "conditions": [{"kind": one["kind"], "text": one["text"]} for one in offer["conditions"]],
    }


def given(body: Mapping[str, Any]) -> tuple[str, ...]:
    """What the register gives a value where `body` has none: numbers of lines, the language."""
    return ("line",) if body.get("language") else ("line", "language")


def words_data(record: Mapping[str, Any]) -> Body:
    """The fields of `WordsForm`."""
    return {name: record[name] or "" for name in ("title", "description", "language")}


def lines_data(offer: Mapping[str, Any]) -> Body:
    """The fields of `LinesForm`."""
    return {"rows": [line_data(line) for line in offer["provisions"]]}


def line_data(line: Mapping[str, Any]) -> Body:
    """The fields of `LineForm`."""
    data = {name: line.get(name) or "" for name in ("theme", "kind", "unit", "currency")}
    numbers = {name: shown_number(line.get(name)) for name in ("capacity", "amount")}
    return {**data, **numbers, "line": line.get("line") or ""}


def where_data(offer: Mapping[str, Any]) -> Body:
    """The fields of `WhereForm`."""
    return {**offer["eligibility"], **window_data(offer)}


def window_data(record: Mapping[str, Any]) -> Body:
    """The fields of a period."""
    window = record["window"] or {}
    return {"start": window.get("from", ""), "end": window.get("to", "")}


def terms_data(offer: Mapping[str, Any]) -> Body:
    """The fields of `TermsForm`."""
    ceiling = offer["ceiling"] or {}
    return {
        "rows": [{"kind": one["kind"], "text": one["text"]} for one in offer["conditions"]],
        "amount": shown_number(ceiling.get("amount")),
        "currency": ceiling.get("currency") or "",
        "partners": offer["partners"],
        "gender_marker": offer["gender_marker"] or "",
        "call": offer["call"] or "",
        "public": PUBLIC if offer["public"] else "",
    }


def words_body(form: WordsForm) -> Body:
    """What `WordsForm` says; tells it what is missing."""
    for field in (form.title, form.description):
        if typed(field) is None:
            form.fail_row(field, MISSING)
    return {
        "title": typed(form.title),
        "description": typed(form.description),
        "language": typed(form.language),
    }


def lines_body(form: LinesForm) -> Body:
    """What `LinesForm` says; rows in which nothing was typed are left out."""
    return {"provisions": [_line(form, row.form) for row in form.rows if begun(row.data)]}


def begun(row: Mapping[str, Any]) -> bool:
    """Whether anything was typed into a row of a line."""
    return any(str(value or "").strip() for name, value in row.items() if name != "csrf_token")


def _line(form: LinesForm, row: Any) -> Body:
    for field in (row.theme, row.kind):
        if typed(field) is None:
            form.fail_row(field, CHOOSE)
    return {
        "line": int(row.line.data) if (row.line.data or "").isdecimal() else None,
        "theme": typed(row.theme),
        "kind": typed(row.kind),
        **measures(form, row.capacity, row, "capacity"),
    }


def measures(form: StepForm, counted: Field, fields: Any, name: str) -> Body:
    """A quantity with its unit and an amount with its currency; tells what stands alone."""
    count, amount = number_of(form, counted), number_of(form, fields.amount)
    unit, currency = typed(fields.unit), typed(fields.currency)
    if unit is not None and typed(counted) is None:
        form.fail_row(counted, _("Say how many, or take out of what."))
    if has_part_of_one(count, unit):
        form.fail_row(counted, str(WORDS["part-of-one"]))
    if amount is not None:
        _ask_currency(form, fields.currency)
    if currency is not None and typed(fields.amount) is None:
        currency = None
    return {
        name: count,
        "unit": unit,
        "amount": amount,
        "currency": currency and currency.upper(),
    }


def _ask_currency(form: StepForm, field: CurrencyField) -> None:
    """Ask in which currency an amount is, where that is not said or may be several."""
    if typed(field) is None:
        form.fail_row(field, _("Say in which currency, such as USD."))
    else:
        doubt = field.doubt()
        if doubt is not None:
            form.fail_row(field, doubt)


def where_body(form: WhereForm) -> Body:
    """What `WhereForm` says."""
    chosen = ("countries", "regions", "groups")
    return {
        "eligibility": {name: form[name].data or [] for name in chosen},
        "window": window_body(form, form.start, form.end),
    }


def window_body(form: StepForm, start: Field, end: Field) -> Body | None:
    """A period, None for none; tells where one end is missing or it ends before it begins."""
    first, last = day_of(form, start), day_of(form, end)
    for field, other in ((start, end), (end, start)):
        if typed(field) is None and typed(other) is not None:
            form.fail_row(field, MISSING)
    if first and last and last < first:
        form.fail_row(end, _("It ends before it begins."))
    return {"from": first, "to": last} if first and last else None


def terms_body(form: TermsForm) -> Body:
    """What `TermsForm` says; tells it where a condition has no text.

    An offer that came to have no condition by that would rank as one that asks for none.
    """
    ceiling = number_of(form, form.amount)
    if ceiling is not None:
        _ask_currency(form, form.currency)
    rows = [row.form for row in form.rows]
    for row in rows:
        if typed(row.text) is None:
            form.fail_row(row.text, MISSING)
    return {
        "conditions": [{"kind": row.kind.data or "other", "text": typed(row.text)} for row in rows],
        "ceiling": None
        if ceiling is None
        else {"amount": ceiling, "currency": (typed(form.currency) or "").upper()},
        "partners": form.partners.data or [],
        "gender_marker": typed(form.gender_marker),
        "call": typed(form.call),
        "public": typed(form.public) == PUBLIC,
    }


def tell(form: StepForm, error: RefusedError) -> None:
    """Put what a service refused at the fields that it names."""
    rows: Sequence[Any] = [row.form for row in form["rows"]] if "rows" in form else ()
    told = [row for row in rows if "text" in row or begun(row.data)]
    for path, message in faults(error) or [("", refusal(error))]:
        place = _PLACE.fullmatch(path)
        name = _NAMES.get(path, path.partition("[")[0].rpartition(".")[2])
        if place and int(place[1]) < len(told):
            row = told[int(place[1])]
            if place[2] in row:
                form.fail_row(row[place[2]], message)
            else:
                form.fail_whole_row(row, message)
        elif name in form and name != "rows":
            form.fail_row(form[name], message)
        else:
            form.fail(message)
