"""The language of the page on which a form was filled in. It goes with every form, beside the
visit's token: by the time that a form is sent, another tab may have changed the reader's language.
"""

from typing import Final, Protocol

from markupsafe import Markup

from services.portal.pages.wording import here
from shared.vocabulary import LANGUAGES

TYPED_IN: Final = "typed_in"
"""The name that it is sent by."""

_CARRIED: Final = Markup('<input name="%s" type="hidden" value="%s">')


class Sent(Protocol):
    """What was sent of a form, or is held of one: several values by name."""

    def getlist(self, key: str) -> list[str]:
        """All values of a name."""


def language_of(sent: Sent | None) -> str:
    """The language in which a form was filled in; the reader's for one that does not say, or says
    what is none of ours."""
    said = [] if sent is None else sent.getlist(TYPED_IN)
    return said[0] if said and said[0] in LANGUAGES else here()


def carried() -> Markup:
    """What takes the language of this page along with a form."""
    return _CARRIED % (TYPED_IN, here())
