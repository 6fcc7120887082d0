"""The forms of offers and activities, a step each; what is typed is never lost by an error."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import (
    Field,
    FieldList,
    FormField,
    HiddenField,
    StringField,
    TextAreaField,
)

from services.portal.pages.choices import countries, labels, languages
from services.portal.pages.currencies import CurrencyField
from services.portal.pages.days import read_day
from services.portal.pages.forms import Repeated, row_number, ticked, told_of
from services.portal.pages.numbers import NumberField, read_number
from services.portal.pages.offers.showing import SeenForm
from services.portal.pages.selects import SelectField
from services.portal.pages.units import UnitField
from services.portal.pages.wording import here
from shared.vocabulary.countries import AREAS
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.lists import (
    ACTIVITY_STATUSES,
    CONDITION_KINDS,
    GENDER_MARKERS,
    GROUPS,
    PARTNERS,
)
from shared.vocabulary.themes import THEMES

MISSING = _("Fill this in.")
NO_NUMBER = _("This is not a number.")
CHOOSE = _("Choose one.")
_NO_CHOICE = ("", "—")
_ROWS_AT_MOST = 100
PUBLIC = "public"
"""What the field says who may see it with, where everybody may."""


class StepForm(SeenForm):
    """A form on a version of a record, with rows of fields in it whose errors are told too."""

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self._in_rows: list[tuple[str, str]] = []

    @property
    def errors(self) -> dict[Any, Any]:
        """As of every form; not empty if a row has an error."""
        told: dict[Any, Any] = dict(super().errors)
        return {None: [], **told} if self._in_rows else told

    def problems(self) -> list[tuple[str, str]]:
        """The errors of the form, then those of its rows."""
        return super().problems() + self._in_rows

    def fail_row(self, field: Field, message: object) -> None:
        """Add an error of a field, which may stand in a row."""
        self.fail_field(field, message)
        if field not in self._fields.values():
            self._in_rows.append((field.id, told_of(field, message)))

    def fail_whole_row(self, row: Repeated, message: object) -> None:
        """Add an error of a row that none of its fields has."""
        self._in_rows.append(row.told(message))


class _RowForm(Repeated):
    """Fields of a list of them."""

    def __init__(self, *args: Any, prefix: str, **values: Any) -> None:
        super().__init__(*args, prefix=prefix, **values)
        self.head(row_number(prefix))


class LineForm(_RowForm):
    """A provision line as it is typed."""

    called = _("Line %(number)s")
    line = HiddenField()
    theme = SelectField(_("Theme"), validate_choice=False)
    kind = SelectField(_("Kind of help"), validate_choice=False)
    capacity = NumberField(_("How much"))
    unit = UnitField(_("Of what"))
    amount = NumberField(_("Worth"))
    currency = CurrencyField(_("Currency"))

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.theme.choices = [_NO_CHOICE, *labels(THEMES)]
        self.kind.choices = [_NO_CHOICE, *labels(KINDS)]


class ConditionForm(_RowForm):
    """A condition as it is typed."""

    called = _("Condition %(number)s")
    kind = SelectField(_("Kind of condition"), validate_choice=False)
    text = TextAreaField(_("What you ask for"))

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.kind.choices = labels(CONDITION_KINDS)


class WordsForm(StepForm):
    """A title and a description in one's own words."""

    title = StringField(_("Title"))
    description = TextAreaField(_("What you can give, in your own words"))
    language = SelectField(_("Language of this text"), validate_choice=False)

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.language.choices = [("", _("Let the text tell")), *languages()]


class LinesForm(StepForm):
    """The provision lines."""

    rows = FieldList(FormField(LineForm), max_entries=_ROWS_AT_MOST)


class WhereForm(StepForm):
    """For whom it is, and when."""

    regions = ticked(_("Regions"), validate_choice=False)
    groups = ticked(_("Groups of States"), validate_choice=False)
    countries = ticked(_("States"), validate_choice=False)
    start = StringField(_("First day"))
    end = StringField(_("Last day"))

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.regions.choices = labels(AREAS)
        self.groups.choices = labels(GROUPS)
        self.countries.choices = countries()


def sight() -> SelectField:
    """A field for who may see a record; its choices are `sights`."""
    return SelectField(_("Who may see it"), validate_choice=False)


def sights() -> list[tuple[str, str]]:
    """Who may see a record."""
    return [
        ("", str(_("Only those who have an account here"))),
        (PUBLIC, str(_("Everybody, also without an account"))),
    ]


class TermsForm(StepForm):
    """Conditions, partners and what else holds for the offer as a whole."""

    rows = FieldList(FormField(ConditionForm), max_entries=50)
    amount = NumberField(_("Most for one project"))
    currency = CurrencyField(_("Currency"))
    partners = ticked(_("Partners"), validate_choice=False)
    gender_marker = SelectField(_("Gender equality"), validate_choice=False)
    call = SelectField(_("Part of your call"), validate_choice=False)
    public = sight()

    def __init__(self, calls: Sequence[tuple[str, str]] = (), **values: Any) -> None:
        super().__init__(**values)
        self.partners.choices = labels(PARTNERS)
        self.gender_marker.choices = [_NO_CHOICE, *labels(GENDER_MARKERS)]
        self.call.choices = [_NO_CHOICE, *calls]
        self.public.choices = sights()


class ActivityForm(StepForm):
    """An activity: assistance that is planned, under way or done."""

    title = StringField(_("Title"))
    description = TextAreaField(_("What is done, in your own words"))
    language = SelectField(_("Language of this text"), validate_choice=False)
    country = SelectField(_("State that is helped"), validate_choice=False)
    theme = SelectField(_("Theme"), validate_choice=False)
    kind = SelectField(_("Kind of help"), validate_choice=False)
    quantity = NumberField(_("How much"))
    unit = UnitField(_("Of what"))
    amount = NumberField(_("Worth"))
    currency = CurrencyField(_("Currency"))
    start = StringField(_("First day"))
    end = StringField(_("Last day"))
    status = SelectField(_("Where it stands"), validate_choice=False)
    partners = ticked(_("Partners"), validate_choice=False)
    public = sight()

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.language.choices = [("", _("Let the text tell")), *languages()]
        self.country.choices = [_NO_CHOICE, *countries()]
        self.theme.choices = [_NO_CHOICE, *labels(THEMES)]
        self.kind.choices = [_NO_CHOICE, *labels(KINDS)]
        statuses = ACTIVITY_STATUSES
        self.public.choices = sights()
        self.status.choices = [(code, statuses.label(code, here())) for code in statuses.codes()]
        self.partners.choices = labels(PARTNERS)


def typed(field: Field) -> str | None:
    """What was typed into a field; None for nothing."""
    return (field.data or "").replace("\r\n", "\n").strip() or None


def number_of(form: StepForm, field: Field) -> float | int | None:
    """The number that was typed, None for none; tells the form where it is no number."""
    try:
        return read_number(field.data or "")
    except ValueError:
        form.fail_row(field, NO_NUMBER)
        return None


def day_of(form: StepForm, field: Field) -> str | None:
    """The day that was typed, as ISO 8601 has it; tells the form where it is none."""
    try:
        return read_day(field.data or "")
    except ValueError as error:
        form.fail_row(field, str(error))
        return None
