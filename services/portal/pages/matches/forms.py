"""The forms of a match's page: one for each thing that its reader can do."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import (
    Field,
    FileField,
    HiddenField,
    RadioField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Optional, ValidationError

from services.portal.pages.days import check_day
from services.portal.pages.forms import PageForm
from services.portal.pages.lengths import MOST_SAID, AtMost
from services.portal.pages.matches.rows import Line
from services.portal.pages.matches.words import JOINING_ROLES
from services.portal.pages.numbers import NumberField
from services.portal.pages.selects import SelectField
from services.portal.pages.wording import here
from services.portal.sheets.values import read_number
from shared.ids import new_id
from shared.vocabulary import LANGUAGES
from shared.vocabulary.languages import language_name

MOST_MESSAGE, MOST_SIGNED = 4_000, 100
_MISSING = _("Fill this in.")
_SCORES = {
    "1": _("1, not at all"),
    "2": _("2, a little"),
    "3": _("3, in part"),
    "4": _("4, mostly"),
    "5": _("5, wholly"),
}


class StepForm(PageForm):
    """A form that says which version its reader saw, and is done once however often it is sent.

    `known` is how long the history was that the reader saw.
    """

    version = HiddenField()
    known = HiddenField()
    key = HiddenField()

    def begin(self, version: str, known: int) -> None:
        """Make it a form for what the reader sees now, whatever was typed."""
        self.version.data, self.known.data, self.key.data = version, str(known), new_id()


def _said(label: object, id_: str, *, required: bool = False, most: int = MOST_SAID) -> Field:
    first = InputRequired(_MISSING) if required else Optional()
    return TextAreaField(label, [first, AtMost(most)], id=id_)


class AgreeForm(StepForm):
    """A yes, with what one wants to say to it."""

    reason = _said(_("What you want to say with it (may be left empty)"), "agree-reason")


class DeclineForm(StepForm):
    """A no, with its reason."""

    reason = _said(_("Why you decline"), "decline-reason", required=True)


def delivery_form(step: str) -> type[StepForm]:
    """A step of delivery, with what one wants to say to it."""
    label = _("What you want to say with it (may be left empty)")
    return type("DeliveryForm", (StepForm,), {"reason": _said(label, f"{step}-reason")})


def release_form(commitment: str) -> type[StepForm]:
    """Giving back what a commitment holds, with its reason."""
    reason = _said(_("Why it is given back"), f"release-{commitment}", required=True)
    return type("ReleaseForm", (StepForm,), {"reason": reason})


def assess_form(months: str) -> type[StepForm]:
    """What the State says of assistance so many months after it was delivered."""
    labels = {
        "adequate": _("Adequate: was it what was needed, and enough of it?"),
        "effective": _("Effective: did it change what it was meant to change?"),
        "sustainable": _("Sustainable: will it last without further help?"),
    }
    made: dict[str, Field] = {
        name: RadioField(
            label,
            [InputRequired(_("Choose one."))],
            choices=list(_SCORES.items()),
            id=f"{name}-{months}",
        )
        for name, label in labels.items()
    }
    made["text"] = _said(_("In your words (may be left empty)"), f"assess-text-{months}")
    return type("AssessForm", (StepForm,), made)


def reply_form(months: str) -> type[StepForm]:
    """The donor's answer to what the State said."""
    text = _said(_("Your reply"), f"reply-text-{months}", required=True)
    return type("ReplyForm", (StepForm,), {"text": text})


def number_of(text: str | None) -> Decimal | None:
    """A number as people of the reader's language write it, in any digits; None for none.

    Raises ValueError for what is no number, or less than 0.
    """
    if not (text or "").strip():
        return None
    found = read_number(text or "", here())
    if found < 0:
        raise ValueError("this is less than nothing")
    return found


def _is_number(_form: Any, field: Any) -> None:
    try:
        number_of(field.data)
    except ValueError:
        raise ValidationError(gettext("This is no number.")) from None


class _AmountField(NumberField):
    """An amount of a line, which stands under a heading; see `full_name`."""

    def __init__(self, *args: Any, heading: object, **values: Any) -> None:
        super().__init__(*args, **values)
        self.heading = heading


def amounts(
    base: type[StepForm], prefix: str, lines: Sequence[Line], heading: object = ""
) -> type[StepForm]:
    """A form with one amount for each line, under `prefix` and its number.

    `heading` is what the lines stand under, where a form has those of both sides.
    """
    made: dict[str, Any] = {}
    for line in lines:
        name = f"{prefix}{line.number}"
        made[name] = _AmountField(
            gettext("Line %(number)s", number=line.number),
            [AtMost(30), _is_number],
            heading=heading,
            id=f"{name}-amount",
        )
    return type(base.__name__, (base,), made)


class FiguresForm(StepForm):
    """What was given in all up to a day."""

    up_to = StringField(_("Up to which day (today if left empty)"), [check_day], id="figures-up-to")
    text = _said(_("What is to be known about it (may be left empty)"), "figures-text")


class CommitForm(StepForm):
    """What is committed of the lines of both sides."""

    expires = StringField(
        _("Given back by itself after (may be left empty)"), [check_day], id="commit-expires"
    )


class MessageForm(StepForm):
    """A message of the thread."""

    text = _said(_("Your question or answer"), "message-text", required=True, most=MOST_MESSAGE)
    about = SelectField(_("It answers"), id="message-about", default="")
    language = SelectField(_("Language of the text"), id="message-language", default="")
    signed = StringField(
        _("Name under it (may be left empty)"),
        [AtMost(MOST_SIGNED)],
        id="message-signed",
    )

    def __init__(self, numbers: Sequence[int], **values: Any) -> None:
        super().__init__(**values)
        messages = [(str(n), gettext("Message %(number)s", number=n)) for n in numbers]
        self.about.choices = [("", gettext("No message in particular")), *messages]
        found = [(code, language_name(code, code)) for code in LANGUAGES]
        self.language.choices = [("", gettext("As the text shows")), *found]


class FileForm(StepForm):
    """A file to be attached."""

    file = FileField(_("File"), id="file")


class JoiningForm(StepForm):
    """The answer to an organisation that offers to join."""

    reason = StringField(_("Reason, where you decline"))


class JoinForm(StepForm):
    """An organisation's offer to join."""

    role = RadioField(
        _("As what"), [InputRequired(_("Choose one."))], choices=list(JOINING_ROLES.items())
    )
    text = _said(_("What you bring, and why"), "join-text", required=True)
