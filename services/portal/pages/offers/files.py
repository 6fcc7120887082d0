"""Files that are kept for a while until what they say is confirmed."""

from flask import Response, flash
from flask_babel import gettext as _

from services.portal.pages.frame import go
from services.portal.pages.wording import number


def no_longer_kept(choose: str) -> Response:
    """To the page where a file is chosen: that of this address is not kept, or is another's."""
    flash(_("This file is no longer kept. Choose it again."))
    return go(choose)


def tell_brought_in(made: int, changed: int) -> None:
    """Say of how many records of a file what became of them."""
    flash(_("Brought in: %(count)s. What was known already was left as it is.", count=number(made)))
    if changed:
        flash(_("Changed: %(count)s.", count=number(changed)))
