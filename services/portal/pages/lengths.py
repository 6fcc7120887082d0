"""How long what is typed may be."""

from typing import Any, Final

from flask_babel import gettext
from wtforms.validators import ValidationError

from services.portal.pages.wording import number

MOST_SAID: Final = 2_000
"""Characters of a reason, and of a remark on a step."""


class AtMost:
    """Takes so many characters; of more it says how many there are, and loses none.

    To a browser the limit is no `maxlength`: by that it would cut off what is pasted, without a
    word. While somebody types, the portal's script says how much is left, or too much.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.field_flags = {"most": most}

    def __call__(self, _form: Any, field: Any) -> None:
        """Raise ValidationError for what is longer. Lines end as the services count them."""
        count = len((field.data or "").replace("\r\n", "\n"))
        if count > self.most:
            raise ValidationError(
                gettext(
                    "This is too long. Characters: %(count)s, at most: %(most)s.",
                    count=number(count),
                    most=number(self.most),
                )
            )
