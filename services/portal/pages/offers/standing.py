"""What an offer or an activity says now, for who has typed something else meanwhile: the form's own
labels, each with what stands there in words, empty where nothing does."""

from collections.abc import Mapping, Sequence
from typing import Any

from babel.lists import format_list
from wtforms import Field

from services.portal.pages.offers.forms import (
    PUBLIC,
    ActivityForm,
    LinesForm,
    TermsForm,
    WhereForm,
    WordsForm,
)
from services.portal.pages.offers.rows import size_of
from services.portal.pages.wording import amount, day, here, label, named_language, number
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.lists import CONDITION_KINDS
from shared.vocabulary.themes import THEMES

Record = Mapping[str, Any]
Said = list[tuple[str, str]]


def words_said(form: WordsForm | ActivityForm, record: Record) -> Said:
    """Title, description and their language."""
    language = record["language"]
    return [
        (_label(form.title), record["title"]),
        (_label(form.description), record["description"]),
        (_label(form.language), named_language(language) if language else ""),
    ]


def lines_said(_form: LinesForm, offer: Record) -> Said:
    """Each line by its number: theme, kind and how much."""
    return [(number(line["line"]), _line(line)) for line in offer["provisions"]]


def where_said(form: WhereForm, offer: Record) -> Said:
    """For whom, and from when to when."""
    eligible = [
        (_label(form[name]), _named(form[name], offer["eligibility"][name]))
        for name in ("regions", "groups", "countries")
    ]
    return eligible + _days(form, offer)


def terms_said(form: TermsForm, offer: Record) -> Said:
    """Each condition under its kind, and what else holds for the offer as a whole."""
    ceiling = offer["ceiling"]
    most = amount(ceiling["amount"], ceiling["currency"]) if ceiling else ""
    return [
        *((label(CONDITION_KINDS, one["kind"]), one["text"]) for one in offer["conditions"]),
        (_label(form.amount), most),
        _chosen(form.gender_marker, offer["gender_marker"]),
        _chosen(form.call, offer["call"]),
        _sight(form, offer),
        (_label(form.partners), _named(form.partners, offer["partners"])),
    ]


def activity_said(form: ActivityForm, activity: Record) -> Said:
    """All that an activity says."""
    codes = ("country", "theme", "kind", "status")
    return [
        *words_said(form, activity),
        *(_chosen(form[name], activity[name]) for name in codes),
        (_label(form.quantity), size_of(activity, "quantity")),
        *_days(form, activity),
        _sight(form, activity),
        (_label(form.partners), _named(form.partners, activity["partners"])),
    ]


def _days(form: WhereForm | ActivityForm, record: Record) -> Said:
    window = record["window"] or {}
    return [
        (_label(form.start), day(window.get("from"))),
        (_label(form.end), day(window.get("to"))),
    ]


def _sight(form: TermsForm | ActivityForm, record: Record) -> tuple[str, str]:
    return _chosen(form.public, PUBLIC if record["public"] else "")


def _chosen(field: Field, code: str | None) -> tuple[str, str]:
    return _label(field), _named(field, [code or ""])


def _line(line: Mapping[str, Any]) -> str:
    told = [label(THEMES, line["theme"]), label(KINDS, line["kind"]), size_of(line)]
    return " · ".join(text for text in told if text)


def _label(field: Field) -> str:
    return str(field.label.text)


def _named(field: Any, codes: Sequence[str]) -> str:
    """Codes by the names under which the field offers them."""
    names = {code: str(name) for code, name in field.choices}
    return str(format_list([names.get(code, code) for code in codes], locale=here()))
