"""Letters about one's own account: invited, a link for a new password, something changed."""

from datetime import datetime

from services.portal.catalogues import N_, say
from services.portal.letters import Letter, moment_in

_OPEN = N_("The link works once, until %(time)s.")

_SUBJECTS = {
    "invitation": N_("You are invited to Entraide"),
    "reset": N_("A new password for Entraide"),
    "password-changed": N_("Your password was changed"),
    "second-factor-changed": N_("Your second factor was changed"),
}
_PARAGRAPHS = {
    "invitation": (
        N_(
            "You are invited to open an account on Entraide, where States' requests for assistance "
            "with small arms meet the offers of donors."
        ),
        _OPEN,
        N_("If you did not expect this, do nothing: no account is made by itself."),
    ),
    "reset": (
        N_("Somebody, probably you, asked for a new password for your account on Entraide."),
        _OPEN,
        N_("If it was not you, do nothing: your password stays as it is."),
    ),
    "password-changed": (
        N_("The password of your account on Entraide was changed at %(time)s."),
        N_("If it was not you, choose a new password at once and tell your coordinator."),
    ),
    "second-factor-changed": (
        N_(
            "The second factor of your account on Entraide was set up or removed at %(time)s, "
            "by you or by an operator."
        ),
        N_("If it was not you, choose a new password at once and tell your coordinator."),
    ),
}
_LABELS = {
    "invitation": N_("Open your account"),
    "reset": N_("Choose a new password"),
    "password-changed": N_("Choose a new password"),
    "second-factor-changed": N_("Choose a new password"),
}


def account_letter(kind: str, language: str, link: str, time: datetime) -> Letter:
    """The letter of that kind; `time` is until when its link works, or when it happened.

    Raises KeyError for a kind that is not of accounts.
    """
    said = moment_in(language, time)
    return Letter(
        subject=say(language, _SUBJECTS[kind]),
        paragraphs=[say(language, text, time=said) for text in _PARAGRAPHS[kind]],
        link=(say(language, _LABELS[kind]), link),
    )
