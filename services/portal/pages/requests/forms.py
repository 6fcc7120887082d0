"""The fields of a request, part by part: what is typed, and what is wrong with it."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext, lazy_pgettext
from flask_babel import lazy_gettext as _l
from wtforms import (
    HiddenField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import ValidationError

from services.portal.pages.choices import (
    labels,
    languages,
    levels,
    partner_labels,
)
from services.portal.pages.currencies import CurrencyField, named_currency
from services.portal.pages.days import check_day
from services.portal.pages.forms import PageForm, RowForm, ticked
from services.portal.pages.lengths import AtMost
from services.portal.pages.numbers import NumberField, read_number
from services.portal.pages.refusals import WORDS
from services.portal.pages.selects import SelectField
from services.portal.pages.units import UnitField, has_part_of_one
from services.portal.pages.wording import label, list_text
from services.portal.sheets.values import MOST_DAY
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.lists import (
    CHANNELS,
    GENDER_MARKERS,
    PRIORITIES,
    SUSTAINABILITY_MEASURES,
)
from shared.vocabulary.themes import THEMES
from shared.vocabulary.units import UNITS
from shared.web.visibility import LEVELS

_MISSING = _l("Fill this in.")


def _number(_form: Any, field: Any) -> int | float | None:
    try:
        return read_number(field.data or "")
    except ValueError:
        raise ValidationError(
            gettext("Write a number, such as %(example)s.", example="12")
        ) from None


def _count(form: Any, field: Any) -> None:
    if has_part_of_one(_number(form, field), form.unit.data):
        raise ValidationError(gettext(str(WORDS["part-of-one"])))


def _currency(form: Any, field: CurrencyField) -> None:
    doubt = field.doubt() if form.amount.data else None
    if doubt is not None:
        raise ValidationError(doubt)


def _filled(_form: Any, field: Any) -> None:
    if not (field.data or "").strip():
        raise ValidationError(gettext(str(_MISSING)))


def _text(most: int, *more: Any) -> list[Any]:
    return [*more, AtMost(most)]


def _line(label: object, most: int, *more: Any) -> StringField:
    return StringField(label, _text(most, *more))


def _choices(field: Any, offered: Sequence[tuple[str, str]], none: object = None) -> None:
    """Offer these; what a record holds though it is offered no more stays."""
    known = {code for code, _name in offered}
    kept = field.data if isinstance(field.data, list) else [field.data]
    old = [(code, str(code)) for code in kept if code and code not in known]
    first = [("", str(none))] if none is not None else []
    field.choices = [*first, *offered, *old]


class NeedForm(PageForm):
    """What is needed, in the State's own words."""

    title = _line(_l("Title"), 300, _filled)
    description = TextAreaField(_l("What is needed, and why"), _text(20_000, _filled))
    language = SelectField(_l("Language of the text"))

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        _choices(self.language, languages(), _l("As the text tells"))


class LineForm(RowForm):
    """One thing that is needed."""

    called = _l("Need line %(number)s")

    line = HiddenField()
    theme = SelectField(_l("Theme"), [_filled])
    kind = SelectField(_l("Kind of help"), [_filled])
    quantity = NumberField(_l("How many"), _text(40, _count))
    unit = UnitField(_l("Of what"), _text(60))
    amount = NumberField(_l("Cost, if known"), _text(40, _number))
    currency = CurrencyField(_l("Currency"), _text(100, _currency))
    priority = SelectField(_l("Priority"))
    sites = TextAreaField(_l("Where, one place a line"), _text(10_000))
    visibility = SelectField(_l("Who sees this line"))
    sustainability = ticked(_l("To make it last"))

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        choose = _l("Choose")
        _choices(self.theme, labels(THEMES), choose)
        _choices(self.kind, labels(KINDS, in_order=True), choose)
        _choices(self.priority, labels(PRIORITIES, in_order=True), _l("As the request's"))
        _choices(
            self.visibility, levels(("parties", "coordinators")), _l("All who see the request")
        )
        _choices(self.sustainability, labels(SUSTAINABILITY_MEASURES, in_order=True))


class LinesForm(PageForm):
    """The need lines stand in rows; nothing stands beside them."""


class PlanForm(PageForm):
    """When, how urgently, and what is to be reached."""

    window_from = _line(_l("First day"), MOST_DAY, check_day)
    window_to = _line(_l("Last day"), MOST_DAY, check_day)
    priority = SelectField(_l("Priority"))

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        _choices(self.priority, labels(PRIORITIES, in_order=True), _l("Not said"))


class AimForm(RowForm):
    """One thing that is to be reached."""

    called = _l("Objective %(number)s")

    text = TextAreaField(_l("What is to be reached"), _text(2_000, _filled))
    indicator = _line(_l("Measured by"), 500)
    baseline = _line(_l("Today"), 500)
    target = _line(_l("Target"), 500)
    date = _line(lazy_pgettext("deadline", "By"), MOST_DAY, check_day)


class PapersForm(PageForm):
    """What shows the need, where it comes from, and who may see it."""

    action_plan_title = _line(_l("National action plan"), 300)
    action_plan_url = _line(_l("Address of the plan on the web"), 1_000)
    source_report_title = _line(_l("Report that it is taken from"), 300)
    source_report_year = _line(_l("Year of the report"), 4, _number)
    source_report_url = _line(_l("Address of the report on the web"), 1_000)
    channel = SelectField(_l("Came by"))
    gender_marker = SelectField(_l("Gender equality"))
    initiatives = _line(_l("Regional initiatives, their codes"), 1_400)
    partners = ticked(_l("Partners"))
    confidentiality = SelectField(_l("Who sees it once circulated"))

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        unsaid = _l("Not said")
        _choices(self.channel, labels(CHANNELS, in_order=True), unsaid)
        _choices(self.gender_marker, labels(GENDER_MARKERS, in_order=True), unsaid)
        _choices(self.partners, partner_labels())
        _choices(self.confidentiality, levels(LEVELS))


class EvidenceForm(RowForm):
    """One thing that shows the need."""

    called = _l("Evidence %(number)s")

    text = TextAreaField(_l("What shows the need"), _text(2_000, _filled))
    url = _line(_l("Its address on the web"), 1_000)


def shown_choice(field: Any) -> str:
    """What stands in a field, as its reader sees it."""
    if isinstance(field, SelectField | SelectMultipleField):
        chosen = field.data if isinstance(field.data, list) else [field.data or ""]
        names = dict(field.choices)
        return list_text(str(names.get(code, code)) for code in chosen)
    if isinstance(field, UnitField):
        return label(UNITS, field.data) if field.data else "—"
    if isinstance(field, CurrencyField):
        return named_currency(field.data) if field.data else "—"
    return str(field.data or "—")
