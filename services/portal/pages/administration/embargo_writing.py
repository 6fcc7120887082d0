"""/embargoes/new and /embargoes/ID/edit: an entry as a coordinator writes it, exemptions too."""

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from flask import Response, flash, request
from flask_babel import gettext as _
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

from entraide.client import Answer
from entraide.client.records.matcher import EmbargoView
from services.portal.pages import asking
from services.portal.pages.administration.embargoes import (
    may_write,
    refused,
    titles_of,
)
from services.portal.pages.choices import countries, labels
from services.portal.pages.days import read_day
from services.portal.pages.finding import find_for_sure
from services.portal.pages.forms import PageForm, Repeated, row_number, ticked, told_of
from services.portal.pages.frame import for_roles, go, show
from services.portal.pages.keeping import keeping_typed
from services.portal.pages.lengths import MOST_SAID, AtMost
from services.portal.pages.pasted import ID, record_in
from services.portal.pages.refusals import fault
from services.portal.pages.repeating import holds
from services.portal.pages.selects import SelectField
from services.portal.pages.signing import REFUSED
from services.portal.pages.wording import here
from services.portal.services import RefusedError
from shared.ids import new_id
from shared.vocabulary.countries import country_name
from shared.vocabulary.kinds import KINDS
from shared.web.problems import forbidden

_MAX_LINE: Final = 200
_MAX_EXEMPTIONS: Final = 200
_NEEDED = InputRequired(lazy_gettext("Fill this in."))
_SHORT = AtMost(_MAX_LINE)
_LONG = AtMost(MOST_SAID)
_EXEMPTION = re.compile(r"exemptions\[(\d+)\]\.?(.*)")
_DAYS = {"from": "start", "to": "end"}
_GIVEN = ("number", "reason")
"""What an entry says otherwise: new exemptions have got their numbers, reasons are steps."""


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
    """An entry of the register; every kind of help that is not allowed is barred."""

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
    exemptions = FieldList(FormField(ExemptionForm), max_entries=_MAX_EXEMPTIONS)
    reason = TextAreaField(lazy_gettext("Why it is entered or changed"), [_NEEDED, _LONG])
    version = HiddenField()
    key = HiddenField()

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.country.choices = [("", "—"), *countries()]
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


@keeping_typed
@for_roles("coordinator")
def new_embargo() -> Response:
    """Enter an embargo."""
    form = EmbargoForm()
    if request.method != "POST":
        return _shown(form, None)
    status = int(REFUSED)
    form.validate_on_submit()
    body = form.body()
    _check_requests(form, ())
    if not form.problems():
        try:
            made = asking.send("matcher", "/v1/embargoes", body, key=form.key.data).body
        except RefusedError as error:
            status = refused(form, form.take_rows(error))
            form.key.data = new_id()
        else:
            flash(_("The embargo was entered. It bars from its first day on."))
            return go(f"/embargoes/{made['id']}")
    return _shown(form, None, status)


@keeping_typed
@for_roles("coordinator")
def edit_embargo(embargo_id: str) -> Response:
    """Change what an entry says; its State and resolution stay."""
    path = f"/v1/embargoes/{embargo_id}"
    found = asking.get("matcher", path)
    one = found.of(EmbargoView)
    if not may_write(one["country"]):
        raise forbidden("This is for a coordinator of all regions that it concerns.")
    own = {"country": one["country"], "resolution": one["resolution"]}
    if request.method != "POST":
        form = EmbargoForm(data=_data(one))
        form.version.data = found.etag
        return _shown(form, one)
    form = EmbargoForm()
    form.country.data, form.resolution.data = own["country"], own["resolution"]
    status = int(REFUSED)
    form.validate_on_submit()
    body = form.body()
    _check_requests(form, [row["request"] for row in one["exemptions"]])
    if not form.problems():
        try:
            asking.send("matcher", path, body, method="PUT", if_match=form.version.data)
        except RefusedError as error:
            status = refused(form, form.take_rows(error))
            if error.stale:
                stands = asking.get("matcher", path)
                if not holds(stands.body, body, _GIVEN):
                    return _stale(form, stands, status)
                flash(_("The entry stands as you typed it."))
                return go(f"/embargoes/{embargo_id}")
        else:
            flash(_("The entry was changed."))
            return go(f"/embargoes/{embargo_id}")
    return _shown(form, one, status)


def _stale(form: EmbargoForm, stands: Answer, status: int) -> Response:
    """What was typed and what stands now; sending again is a decision on what stands now."""
    form.version.data = stands.etag
    return _shown(form, stands.body, status, stale=True)


def _data(one: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the form from an entry."""
    return {
        **{name: one[name] for name in ("country", "resolution", "allowed", "source", "stated_on")},
        "start": one["from"],
        "end": one["to"] or "",
        "review_by": one["review_by"] or "",
        "exemptions": [
            {
                **{name: row[name] or "" for name in ("number", "reference", "request")},
                "kinds": row["kinds"],
                "start": row["from"],
                "end": row["to"],
            }
            for row in one["exemptions"]
        ],
    }


def _shown(
    form: EmbargoForm,
    one: Mapping[str, Any] | None,
    status: int = 200,
    *,
    stale: bool = False,
) -> Response:
    form.key.data = form.key.data or new_id()
    if len(form.exemptions) < _MAX_EXEMPTIONS and len(form.rows()) == len(form.exemptions):
        form.exemptions.append_entry()
    now = one if stale else None
    return show(
        "administration/embargo_form.html",
        status,
        form=form,
        one=one,
        now=now,
        titles=titles_of(now) if now else {},
    )


def _check_requests(form: EmbargoForm, known: Collection[str | None]) -> None:
    """Tell of requests that an exemption cannot be for; `known` are those that it was for before.

    Raises AwayError where the register of requests is away and nothing else is wrong.
    """
    named = [(row.request, *record_in(row.request.data or "")) for row in form.rows()]
    for field, kind, _id in named:
        if kind not in ("", "requests"):
            form.fail_row(field, _("Paste the address of a request's page."))
    if form.problems():
        return
    asked = [(field, id_) for field, _kind, id_ in named if id_ and id_ not in known]
    found = find_for_sure("requests", (id_ for _field, id_ in asked if ID.fullmatch(id_)))
    for field, id_ in asked:
        if id_ not in found:
            form.fail_row(field, _("No request is known by this id or address."))
        elif found[id_]["country"] != form.country.data:
            state = country_name(found[id_]["country"], here())
            form.fail_row(field, _("This request is of another State: %(state)s.", state=state))


def _request_in(text: str) -> str | None:
    """The id of the request that is named; what is typed where it is the address of another kind of
    record, which is told at its field."""
    kind, id_ = record_in(text)
    return (id_ if kind in ("", "requests") else text.strip()) or None


def _text(field: Field) -> str:
    return (field.data or "").replace("\r\n", "\n").strip()
