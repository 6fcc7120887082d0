"""An entry of the register of embargoes as it is typed, and what is sent of it."""

import re
from collections.abc import Collection
from typing import Any, Final

from flask_babel import lazy_gettext
from wtforms import (
    Field,
    FieldList,
    FormField,
    HiddenField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired

from services.portal.pages.choices import countries, labels
from services.portal.pages.days import read_day
from services.portal.pages.forms import PageForm, Repeated, row_number, ticked, told_of
from services.portal.pages.lengths import MOST_SAID, AtMost
from services.portal.pages.pasted import record_in
from services.portal.pages.refusals import fault
from services.portal.pages.selects import SelectField
from services.portal.services import RefusedError
from shared.vocabulary.kinds import KINDS

_MAX_LINE: Final = 200
MOST_EXEMPTIONS: Final = 200
_NEEDED = InputRequired(lazy_gettext("Fill this in."))
_SHORT = AtMost(_MAX_LINE)
_LONG = AtMost(MOST_SAID)
_EXEMPTION = re.compile(r"exemptions\[(\d+)\]\.?(.*)")
_DAYS = {"from": "start", "to": "end"}


class ExemptionForm(Repeated):
    """An exemption as it is typed; one without anything is left out."""

    called = lazy_gettext("Exemption %(number)s")
    number = HiddenField()
    reference = StringField(lazy_gettext("Its reference"))
    kinds = ticked(lazy_gettext("Kinds of help that it lets through"), validate_choice=False)
    request = StringField(lazy_gettext("Only for one request: the address of its page, or its id"))
    start = StringField(lazy_gettext("First day"))
    end = StringField(lazy_gettext("Last day"))

    def __init__(self, *args: Any, prefix: str, **values: Any) -> None:
        super().__init__(*args, prefix=prefix, **values)
        self.head(row_number(prefix))
        self.kinds.choices = labels(KINDS)

    @property
    def filled(self) -> bool:
        """Whether anything but its number is typed."""
        return any(field.data for field in self if field.short_name != "number")


class EmbargoForm(PageForm):
    """An entry of the register; every kind of help that is not allowed is barred.

    `states` are those that a new entry may be of: all where none are told.
    """

    country = SelectField(lazy_gettext("State"), [_NEEDED], validate_choice=False)
    resolution = StringField(lazy_gettext("Resolution or decision"), [_NEEDED, _SHORT])
    allowed = ticked(
        lazy_gettext("Kinds of help that it allows; all others are barred"), validate_choice=False
    )
    start = StringField(lazy_gettext("First day"), [_NEEDED])
    end = StringField(lazy_gettext("Last day, if one is set"))
    source = TextAreaField(lazy_gettext("Source of these facts"), [_NEEDED, _LONG])
    stated_on = StringField(lazy_gettext("As of which day the source says so"), [_NEEDED])
    review_by = StringField(lazy_gettext("Look at it again by"))
    exemptions = FieldList(FormField(ExemptionForm), max_entries=MOST_EXEMPTIONS)
    reason = TextAreaField(lazy_gettext("Why it is entered or changed"), [_NEEDED, _LONG])
    version = HiddenField()
    key = HiddenField()

    def __init__(self, states: Collection[str] | None = None, **values: Any) -> None:
        super().__init__(**values)
        offered = [one for one in countries() if states is None or one[0] in states]
        self.country.choices = [("", "—"), *offered]
        self.allowed.choices = labels(KINDS)
        self.told: list[tuple[str, str]] = []

    @property
    def errors(self) -> dict[Any, Any]:
        """As of every form; not empty if a row has an error."""
        found: dict[Any, Any] = {
            name: messages for name, messages in super().errors.items() if name != "exemptions"
        }
        return {None: [], **found} if self.told else found

    def problems(self) -> list[tuple[str, str]]:
        """The errors of the form, then those of its exemptions."""
        return super().problems() + self.told

    def fail_row(self, field: Field, message: object) -> None:
        """Add an error of a field of an exemption."""
        self.fail_field(field, message)
        self.told.append((field.id, told_of(field, message)))

    def body(self) -> dict[str, Any]:
        """The entry as the register takes it; days that are none are told at their fields."""
        return {
            "country": self.country.data,
            "resolution": (self.resolution.data or "").strip(),
            "allowed": self.allowed.data or [],
            "from": self._day(self.start),
            "to": self._day(self.end),
            "source": _text(self.source),
            "stated_on": self._day(self.stated_on),
            "review_by": self._day(self.review_by),
            "exemptions": [
                {
                    "number": row.number.data or None,
                    "reference": (row.reference.data or "").strip(),
                    "kinds": row.kinds.data or [],
                    "request": _request_in(row.request.data or ""),
                    "from": self._day(row.start, row=True),
                    "to": self._day(row.end, row=True),
                }
                for row in self.rows()
            ],
            "reason": _text(self.reason),
        }

    def rows(self) -> list[Any]:
        """The exemptions in which something is typed."""
        return [entry.form for entry in self.exemptions if entry.form.filled]

    def take_rows(self, error: RefusedError) -> RefusedError:
        """Put what the register refused of exemptions at their fields; the error without that."""
        left = []
        for one in error.problem.get("errors") or []:
            found = _EXEMPTION.fullmatch(str(one.get("field", "")))
            rows, name = self.rows(), found.group(2).partition("[")[0] if found else ""
            if found is None or int(found.group(1)) >= len(rows):
                own = str(one.get("field", ""))
                left.append({**one, "field": _DAYS.get(own, own.partition("[")[0])})
                continue
            row = rows[int(found.group(1))]
            field = getattr(row, _DAYS.get(name, name) or "reference", row.reference)
            self.fail_row(field, fault(one))
        return RefusedError(error.service, error.status, {**error.problem, "errors": left})

    def _day(self, field: Field, *, row: bool = False) -> str | None:
        text = (field.data or "").strip()
        if not text:
            if row:
                self.fail_row(field, lazy_gettext("Fill this in."))
            return None
        try:
            return read_day(text)
        except ValueError as error:
            (self.fail_row if row else self.fail_field)(field, str(error))
            return None


def _request_in(text: str) -> str | None:
    """The id of the request that is named; what is typed where it is the address of another kind of
    record, which is told at its field."""
    kind, id_ = record_in(text)
    return (id_ if kind in ("", "requests") else text.strip()) or None


def _text(field: Field) -> str:
    return (field.data or "").replace("\r\n", "\n").strip()
