"""The forms of the pages. Each has the visit's token, without which nothing is done, and says in
which language its page was."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from markupsafe import Markup
from wtforms import (
    Field,
    Form,
    HiddenField,
    PasswordField,
    SelectMultipleField,
    StringField,
)
from wtforms.csrf.core import CSRFTokenField
from wtforms.validators import InputRequired, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from services.portal.domain.passwords import LEAST_LENGTH, MOST_LENGTH
from services.portal.domain.people import MAX_EMAIL, MAX_NAME, email_of, name_of
from services.portal.domain.scopes import SCOPES
from services.portal.pages.choices import by_name, labels
from services.portal.pages.lengths import AtMost
from services.portal.pages.selects import SelectField
from services.portal.pages.typed_in import carried
from services.portal.webhook_targets import MAX_URL
from shared.vocabulary import LANGUAGES
from shared.vocabulary.countries import AREAS, country_name
from shared.vocabulary.languages import language_name

PASSWORD_FAULTS = {
    "short": _(
        "Use at least %(count)s characters: a sentence of your own is easy to remember.",
        count=LEAST_LENGTH,
    ),
    "long": _("Use at most %(count)s characters.", count=MOST_LENGTH),
    "common": _("This password is one that many people use or that is easily guessed."),
    "personal": _("This password is too much like your name or address."),
}
LIFETIMES = {"30": _("30 days"), "90": _("90 days"), "365": _("a year")}

SCOPE_NAMES = {
    "requests:read": _("Read requests"),
    "requests:write": _("Write requests"),
    "offers:read": _("Read offers, activities and organisations"),
    "offers:write": _("Write offers, activities and organisations"),
    "matcher:read": _("Read matches, allocations and joint projects"),
    "matcher:write": _("Act on matches, allocations and joint projects"),
    "portal:read": _("Read accounts and notifications"),
    "portal:write": _("Change accounts and notifications"),
}

_MISSING = _("Fill this in.")
EXPIRED = _("This page had been open for too long. Nothing was done: send it again.")


def told_of(field: Field, message: object) -> str:
    """What is wrong with a field, for where it stands apart from it."""
    return _said_of(full_name(field), message)


def full_name(field: Field) -> str:
    """A field's name where it stands apart from its heading, which `Repeated` gives it."""
    label, heading = field.label.text, getattr(field, "heading", "")
    if not heading:
        return str(label)
    return str(gettext("%(heading)s, %(label)s", heading=heading, label=label))


def _said_of(name: object, message: object) -> str:
    return str(gettext("%(label)s: %(message)s", label=name, message=message))


def ticked(label: object, **options: Any) -> SelectMultipleField:
    """A field of which any number may be chosen, each by a box of its own."""
    boxes = {"widget": ListWidget(prefix_label=False), "option_widget": CheckboxInput()}
    return SelectMultipleField(label, **boxes, **options)


class Repeated(Form):
    """Fields of which a form has several sets alike, each under a heading of its own.

    `called` is the heading, with the set's `number`. The fields know it, so that their errors say
    which of the sets they stand in.
    """

    called: ClassVar[object]
    heading: str

    def head(self, number: int) -> None:
        """Put all fields under the heading of this number, from 1."""
        self.heading = str(self.called) % {"number": number}
        for field in self:
            field.heading = self.heading

    def told(self, message: object) -> tuple[str, str]:
        """An error of the whole set: the id of its first field, the message with the heading."""
        first = next(field for field in self if not isinstance(field, HiddenField))
        return first.id, _said_of(self.heading, message)


def row_number(prefix: str) -> int:
    """Which of several sets of fields it is, from 1, by what their names begin with: `rows-0-`."""
    return int(prefix.removesuffix("-").rpartition("-")[2]) + 1


class _TokenField(CSRFTokenField):
    """The visit's token, and beside it the language of the page: what every form takes along."""

    def __call__(self, **attributes: object) -> Markup:
        """Both as they stand in a page."""
        token: Markup = super().__call__(**attributes)
        return token + carried()


class _Token(FlaskForm.Meta.csrf_class):
    """Flask-WTF's way with the token, in a field of ours."""

    field_class = _TokenField


class PageForm(FlaskForm):
    """A form that shows its own messages, in the reader's language."""

    class Meta(FlaskForm.Meta):
        """Options of WTForms: no words of its own beside ours."""

        csrf_class = _Token
        locales = ("en",)

        def get_translations(self, form: Any) -> Any:  # noqa: ARG002 (WTForms' signature)
            """No translations: every message here is ours."""
            return None

    def problems(self) -> list[tuple[str, str]]:
        """The errors as pairs of a field's id and a message with the field's name, the form's own
        under no id."""
        found = []
        for name, messages in self.errors.items():
            if name == "csrf_token":
                found.append(("", str(EXPIRED)))
            elif not name:
                found.extend(("", str(message)) for message in messages)
            else:
                found.append((self[name].id, told_of(self[name], messages[0])))
        return found

    def fail(self, message: object) -> None:
        """Add an error of the form as a whole."""
        self.form_errors.append(message)

    def fail_field(self, field: Field, message: object) -> None:
        """Add an error of one field."""
        field.errors = [*field.errors, message]


class RowForm(Repeated, PageForm):
    """One of several sets of fields that a page sends together; it has no token of its own."""

    def __init__(self, prefix: str, formdata: Any = None, **values: Any) -> None:
        super().__init__(formdata, prefix=prefix, meta={"csrf": False}, **values)
        self.head(row_number(prefix))

    def problems(self) -> list[tuple[str, str]]:
        """The errors as of every form; those of the row as a whole at its first field."""
        return [one if one[0] else self.told(one[1]) for one in super().problems()]

    def is_blank(self) -> bool:
        """Whether nothing was typed, a currency apart."""
        return not any(
            value for name, value in self.data.items() if name not in ("line", "currency")
        )


def _email(_form: Any, field: Any) -> None:
    if email_of(field.data or "") is None:
        raise ValidationError(gettext("This is not an e-mail address."))


def _name(_form: Any, field: Any) -> None:
    if name_of(field.data or "") is None:
        raise ValidationError(gettext("This is no name."))


def _required(most: int) -> list[Any]:
    return [InputRequired(_MISSING), AtMost(most)]


class SignInForm(PageForm):
    """Address and password."""

    email = StringField(_("E-mail address"), _required(MAX_EMAIL))
    password = PasswordField(_("Password"), _required(2 * MOST_LENGTH))


class CodeForm(PageForm):
    """A code of the second factor, or a recovery code."""

    code = StringField(_("Code"), _required(60))


class SetUpForm(CodeForm):
    """The first code of a second factor, from who did not type the password a moment ago."""

    current = PasswordField(_("Present password"), _required(2 * MOST_LENGTH))


class ForgottenForm(PageForm):
    """The address of who forgot the password."""

    email = StringField(_("E-mail address"), [*_required(MAX_EMAIL), _email])


class ResetForm(PageForm):
    """A new password."""

    password = PasswordField(_("New password"), _required(2 * MOST_LENGTH))


class AcceptForm(PageForm):
    """What a new account still needs."""

    name = StringField(_("Your name"), [*_required(4 * MAX_NAME), _name])
    password = PasswordField(_("New password"), _required(2 * MOST_LENGTH))


class PasswordForm(PageForm):
    """A new password, and the present one."""

    current = PasswordField(_("Present password"), _required(2 * MOST_LENGTH))
    password = PasswordField(_("New password"), _required(2 * MOST_LENGTH))


class ConfirmForm(PageForm):
    """The present password, before something that matters."""

    current = PasswordField(_("Present password"), _required(2 * MOST_LENGTH))


class LanguageForm(PageForm):
    """The language of mail, and of pages where none was chosen."""

    language = SelectField(_("Language"))

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.language.choices = [(code, language_name(code, code)) for code in LANGUAGES]


class TokenForm(PageForm):
    """An API token to be made."""

    name = StringField(_("What it is for"), [*_required(4 * MAX_NAME), _name])
    scopes = ticked(
        _("What it may do"),
        validators=[InputRequired(_("Choose at least one."))],
    )
    lifetime = SelectField(_("How long it works"), choices=list(LIFETIMES.items()))
    current = PasswordField(_("Present password"), _required(2 * MOST_LENGTH))
    key = HiddenField()

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.scopes.choices = [(scope, f"{SCOPE_NAMES[scope]} ({scope})") for scope in SCOPES]


class WebhookForm(PageForm):
    """A webhook to be made; `kinds` are those of which the account is told, with their names."""

    url = StringField(_("Address"), _required(MAX_URL))
    kinds = ticked(_("Which notifications it is called for; none means all"))
    current = PasswordField(_("Present password"), _required(2 * MOST_LENGTH))
    key = HiddenField()

    def __init__(self, kinds: Sequence[tuple[str, str]], **values: Any) -> None:
        super().__init__(**values)
        self.kinds.choices = list(kinds)


class InvitationForm(PageForm):
    """Somebody to be invited; `unregistered` is the organisation's id that was asked about last.

    `states` are those that may be chosen, `regions` too: None for who has all, and may give them.
    """

    email = StringField(_("E-mail address"), [*_required(MAX_EMAIL), _email])
    role = SelectField(_("Role"))
    state = SelectField(_("State, for a requesting State"))
    organisation = StringField(
        _("Organisation, for a donor"),
        [AtMost(200)],
        render_kw={"list": "organisations"},
    )
    unregistered = HiddenField()
    regions = ticked(_("Regions, for a coordinator; none means all"))
    language = SelectField(_("Language of the invitation"), default="en")
    key = HiddenField()

    def __init__(
        self,
        roles: Sequence[tuple[str, object]],
        states: Sequence[str],
        regions: Collection[str] | None = None,
        **values: Any,
    ) -> None:
        super().__init__(**values)
        self._some = regions is not None
        reader = str(get_locale() or "en")
        named = by_name((alpha3, country_name(alpha3, reader)) for alpha3 in states)
        self.role.choices = list(roles)
        self.state.choices = [("", ""), *named]
        self.regions.choices = [
            one for one in labels(AREAS) if regions is None or one[0] in regions
        ]
        if self._some:
            self.regions.label.text = gettext("Regions, for a coordinator")
        self.language.choices = [(code, language_name(code, code)) for code in LANGUAGES]

    def validate_regions(self, field: Field) -> None:
        """None means all, which who has some cannot give."""
        if self._some and self.role.data == "coordinator" and not field.data:
            raise ValidationError(gettext("Choose at least one."))


@dataclass(frozen=True)
class MailChoices:
    """What may be chosen of mail: names by kind, ways with their names, the present choice."""

    names: Mapping[str, str]
    mails: Sequence[tuple[str, object]]
    chosen: Mapping[str, str]


def mail_form(choices: MailChoices) -> PageForm:
    """A form with one choice for each kind of notification, under the kind's own name."""
    fields = {
        kind: SelectField(name, choices=list(choices.mails)) for kind, name in choices.names.items()
    }
    made: PageForm = type("MailForm", (PageForm,), fields)(data=dict(choices.chosen))
    return made
