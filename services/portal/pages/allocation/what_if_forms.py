"""What a coordinator supposes, as it stands in the address: fields in, the matcher's body out."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.datastructures import MultiDict
from wtforms import Field, Form, StringField

from services.portal.domain.people import ORGANISATION_ID
from services.portal.pages.absence import absence
from services.portal.pages.choices import countries, labels
from services.portal.pages.forms import Repeated, told_of
from services.portal.pages.numbers import NumberField, read_number
from services.portal.pages.organisations import NONE_SUCH, named, which_of
from services.portal.pages.pasted import record_in
from services.portal.pages.refusals import faults, refusal
from services.portal.pages.selects import SelectField
from services.portal.pages.typed_in import TYPED_IN
from services.portal.pages.wording import here, isolated, number
from services.portal.services import AwayError, RefusedError
from shared.registers.schemas import MOST_LEFT_OUT
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.lists import PRIORITIES
from shared.vocabulary.themes import THEMES
from shared.vocabulary.units import UNITS

MOST = 3
"""Offers and requests, each, that may be supposed at once."""
MOST_NAME = 200
_SOMEBODY_NEW = "somebody-new"
_SIDES = ("", "requests", "offers")
_NO_CHOICE = ("", "—")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_:-]{0,127}", re.ASCII)
_PLACE = re.compile(r"with\.(offers|requests)\[(\d+)\]\.?(.*)")
_NUMBER = lazy_gettext("This is not a number.")
_BETWEEN = re.compile(r"[\s,;،，、]+")
_CHOOSE = lazy_gettext("Choose one.")


class SupposedForm(Repeated):
    """What an offer and a request that are only supposed have in common: one line."""

    theme = SelectField(lazy_gettext("Theme"), validate_choice=False)
    kind = SelectField(lazy_gettext("Kind of help"), validate_choice=False)
    quantity = NumberField(lazy_gettext("How much"))
    unit = SelectField(lazy_gettext("Of what"), validate_choice=False)
    amount = NumberField(lazy_gettext("Worth, in US dollars"))

    def __init__(self, values: MultiDict[str, str], prefix: str, place: int) -> None:
        super().__init__(values, prefix=f"{prefix}{place}")
        self.head(place)
        self.theme.choices = [_NO_CHOICE, *labels(THEMES)]
        self.kind.choices = [_NO_CHOICE, *labels(KINDS)]
        self.unit.choices = [_NO_CHOICE, *labels(UNITS)]

    @property
    def filled(self) -> bool:
        """Whether anything is supposed here."""
        return any((field.data or "").strip() for field in self)

    def fail(self, field: Field, message: object) -> None:
        """Add an error of a field."""
        field.errors = [*field.errors, message]

    def line(self, count: str) -> dict[str, Any]:
        """The line as the matcher takes it; `count` is what it calls the quantity."""
        for field in (self.theme, self.kind):
            if field.data not in dict(field.choices or ()):
                field.data = ""
            if not field.data:
                self.fail(field, _CHOOSE)
        amount = self._number(self.amount)
        return {
            "theme": self.theme.data,
            "kind": self.kind.data,
            count: self._number(self.quantity),
            "unit": self.unit.data or None,
            "amount": amount,
            "currency": None if amount is None else "USD",
        }

    def _number(self, field: Field) -> float | None:
        try:
            found = read_number(field.data or "")
        except ValueError:
            self.fail(field, _NUMBER)
            return None
        return None if found is None else float(found)


class SupposedOfferForm(SupposedForm):
    """An offer as a donor might make it.

    The donor is named by its name or id, as whoever invites one does; somebody new by nothing.
    """

    called = lazy_gettext("Supposed offer %(number)s")

    organisation = StringField(
        lazy_gettext("Donor"), render_kw={"list": "organisations", "maxlength": MOST_NAME}
    )
    country = SelectField(lazy_gettext("Only for"), validate_choice=False)

    def __init__(self, values: MultiDict[str, str], prefix: str, place: int) -> None:
        super().__init__(values, prefix, place)
        self.country.choices = [("", _("Any State")), *countries()]

    def body(self) -> dict[str, Any]:
        """As the matcher takes it; what is wrong is told at its field."""
        only = [self.country.data] if self.country.data else []
        return {
            "organisation": self._donor(),
            "provisions": [self.line("capacity")],
            "eligibility": {"countries": only},
        }

    def _donor(self) -> str:
        """The id of the donor that is named; tells its field where that is not one.

        While the register is away an id is taken for what it says.
        """
        text = (self.organisation.data or "").strip()[:MOST_NAME]
        if not text:
            return _SOMEBODY_NEW
        try:
            found = named(text)
        except AwayError as error:
            if ORGANISATION_ID.fullmatch(text):
                return text
            self.fail(self.organisation, absence(error.service))
            return _SOMEBODY_NEW
        if len(found) != 1:
            self.fail(self.organisation, which_of(found) if found else NONE_SUCH)
        return found[0] if found else _SOMEBODY_NEW


class SupposedRequestForm(SupposedForm):
    """A request as a State might make it."""

    called = lazy_gettext("Supposed request %(number)s")

    country = SelectField(lazy_gettext("State"), validate_choice=False)
    priority = SelectField(lazy_gettext("Priority"), validate_choice=False)

    def __init__(self, values: MultiDict[str, str], prefix: str, place: int) -> None:
        super().__init__(values, prefix, place)
        self.country.choices = [_NO_CHOICE, *countries()]
        self.priority.choices = [_NO_CHOICE, *labels(PRIORITIES, in_order=True)]

    def body(self) -> dict[str, Any]:
        """As the matcher takes it; what is wrong is told at its field."""
        if not self.country.data:
            self.fail(self.country, _CHOOSE)
        return {
            "country": self.country.data,
            "priority": self.priority.data or None,
            "needs": [self.line("quantity")],
        }


class LeftOutForm(Form):
    """What is left out besides what is chosen: ids or addresses, of both at most MOST_LEFT_OUT."""

    also = StringField(lazy_gettext("Any others, by the addresses of their pages"))


class Supposition:
    """All that is supposed: what is left out, offers and requests added.

    `without` are the ids that are left out, `also` those of them that were typed. Once something
    typed is refused none of it is left out, and all of it stays in its field.
    """

    def __init__(self, values: MultiDict[str, str]) -> None:
        self._typed = " ".join(values.getlist("also")).strip()
        self.left_out = LeftOutForm(MultiDict({"also": self._typed}))
        self.also: list[str] = []
        chosen = [record_in(one)[1] for one in values.getlist("without")]
        self._chosen = list(dict.fromkeys(one for one in chosen if _ID.fullmatch(one)))
        self.without = self._chosen
        self._apart: list[tuple[str, str]] = []
        self._take_typed([one for one in _BETWEEN.split(self._typed) if one])
        self.offers = [SupposedOfferForm(values, "o", place) for place in range(1, MOST + 1)]
        self.requests = [SupposedRequestForm(values, "r", place) for place in range(1, MOST + 1)]

    @property
    def empty(self) -> bool:
        """Whether nothing is supposed."""
        filled = any(form.filled for form in self._every())
        return not self.without and not filled and not self.errors

    def body(self) -> dict[str, Any]:
        """What the matcher is asked; what is wrong is told at its field."""
        return {
            "without": self.without,
            "with": {
                "offers": [form.body() for form in self.offers if form.filled],
                "requests": [form.body() for form in self.requests if form.filled],
            },
        }

    def query(self) -> list[tuple[str, str]]:
        """All that is supposed as an address says it: names of fields with their values, and the
        language that these are in, for whoever opens it."""
        fields = (field for form in self._every() for field in form)
        supposed = [(field.name, field.data) for field in fields if (field.data or "").strip()]
        language = [(TYPED_IN, here())] if supposed else []
        return [*(("without", one) for one in self.without), *supposed, *language]

    @property
    def errors(self) -> list[tuple[str, str]]:
        """As `problems`: whether there are any."""
        return self.problems()

    def problems(self) -> list[tuple[str, str]]:
        """The errors as pairs of a field's id and a message."""
        supposed = (field for form in self._every() for field in form)
        fields = [self.left_out.also, *supposed]
        found = [(one.id, told_of(one, one.errors[0])) for one in fields if one.errors]
        return [*self._apart, *found]

    def fail(self, message: object) -> None:
        """Tell what is wrong with the whole."""
        self._apart.append(("", str(message)))

    def refuse(self, typed: str) -> None:
        """Tell that something typed is no request and no offer."""
        message = _(
            "“%(text)s” is no request and no offer. Write ids, or paste the addresses of pages.",
            text=isolated(typed),
        )
        self._refuse(message)

    def take(self, error: RefusedError) -> None:
        """Put what the matcher refused at the fields that it names."""
        found = faults(error)
        for name, message in found:
            form, field = self._named(name)
            if form is None:
                self.fail(message)
            elif field is None:
                self._apart.append(form.told(message))
            else:
                form.fail(field, message)
        if not found:
            self.fail(refusal(error))

    def _named(self, name: str) -> tuple[SupposedForm | None, Field | None]:
        found = _PLACE.fullmatch(name)
        if found is None:
            return None, None
        forms: list[Any] = self.offers if found.group(1) == "offers" else self.requests
        filled = [form for form in forms if form.filled]
        if int(found.group(2)) >= len(filled):
            return None, None
        form = filled[int(found.group(2))]
        last = found.group(3).rpartition(".")[2]
        names: Mapping[str, str] = {"capacity": "quantity", "currency": "amount"}
        return form, getattr(form, names.get(last, last), None) if last else None

    def _take_typed(self, typed: list[str]) -> None:
        named = {one: record_in(one) for one in typed}
        self.also = list(dict.fromkeys(id_ for _kind, id_ in named.values()))
        both = list(dict.fromkeys([*self._chosen, *self.also]))
        wrong = (
            one
            for one, (kind, id_) in named.items()
            if kind not in _SIDES or not _ID.fullmatch(id_)
        )
        first = next(wrong, None)
        if first is not None:
            self.refuse(first)
        elif len(both) > MOST_LEFT_OUT:
            most = number(MOST_LEFT_OUT)
            message = _("At most %(count)s can be left out at once.", count=most)
            if typed:
                self._refuse(message)
            else:
                self.fail(message)
        else:
            self.without = both
            self.left_out.also.data = ""

    def _refuse(self, message: str) -> None:
        self.without, self.also = self._chosen, []
        self.left_out.also.data = self._typed
        self.left_out.also.errors = [message]

    def _every(self) -> Iterator[SupposedForm]:
        yield from self.offers
        yield from self.requests
