"""Files that are kept for a while until what they say is confirmed."""

from flask import Response, flash
from flask_babel import gettext as _

from services.portal.pages.frame import go


def no_longer_kept(choose: str) -> Response:
    """To the page where a file is chosen: that of this address is not kept, or is another's."""
    flash(_("This file is no longer kept. Choose it again."))
    return go(choose)
