"""What an offer says now in a step of its form, for who has typed something else meanwhile: the
form's own labels, each with what stands there in words, empty where nothing does."""

from collections.abc import Mapping, Sequence
from typing import Any

from babel.lists import format_list
from wtforms import Field

from services.portal.pages.offers.forms import PUBLIC, LinesForm, TermsForm, WhereForm, WordsForm
from services.portal.pages.offers.rows import size_of
from services.portal.pages.wording import amount, day, here, label, named_language, number
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.lists import CONDITION_KINDS
from shared.vocabulary.themes import THEMES

Offer = Mapping[str, Any]
Said = list[tuple[str, str]]


def words_said(form: WordsForm, offer: Offer) -> Said:
    """Title, description and their language."""
    language = offer["language"]
    return [
        (_label(form.title), offer["title"]),
        (_label(form.description), offer["description"]),
        (_label(form.language), named_language(language) if language else ""),
    ]


def lines_said(_form: LinesForm, offer: Offer) -> Said:
    """Each line by its number: theme, kind and how much."""
    return [(number(line["line"]), _line(line)) for line in offer["provisions"]]


def where_said(form: WhereForm, offer: Offer) -> Said:
    """For whom, and from when to when."""
    window = offer["window"] or {}
    eligible = [
        (_label(form[name]), _named(form[name], offer["eligibility"][name]))
        for name in ("regions", "groups", "countries")
    ]
    days = [
        (_label(form.start), day(window.get("from"))),
        (_label(form.end), day(window.get("to"))),
    ]
    return eligible + days


def terms_said(form: TermsForm, offer: Offer) -> Said:
    """Each condition under its kind, and what else holds for the offer as a whole."""
    ceiling = offer["ceiling"]
    most = amount(ceiling["amount"], ceiling["currency"]) if ceiling else ""
    return [
        *((label(CONDITION_KINDS, one["kind"]), one["text"]) for one in offer["conditions"]),
        (_label(form.amount), most),
        (_label(form.gender_marker), _named(form.gender_marker, [offer["gender_marker"] or ""])),
        (_label(form.call), _named(form.call, [offer["call"] or ""])),
        (_label(form.public), _named(form.public, [PUBLIC if offer["public"] else ""])),
        (_label(form.partners), _named(form.partners, offer["partners"])),
    ]


def _line(line: Mapping[str, Any]) -> str:
    told = [label(THEMES, line["theme"]), label(KINDS, line["kind"]), size_of(line)]
    return " · ".join(text for text in told if text)


def _label(field: Field) -> str:
    return str(field.label.text)


def _named(field: Any, codes: Sequence[str]) -> str:
    """Codes by the names under which the field offers them."""
    names = {code: str(name) for code, name in field.choices}
    return str(format_list([names.get(code, code) for code in codes], locale=here()))
