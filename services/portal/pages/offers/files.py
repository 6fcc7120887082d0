"""Files that are kept for a while until what they say is confirmed."""

from services.portal.documents import HeldFile
from services.portal.held_files import find
from services.portal.pages.frame import account
from shared.web.problems import not_found


def held(file_id: str, kind: str) -> HeldFile:
    """A file of the reader's own that waits to be confirmed; raises the 404 problem."""
    found = find(account().id, file_id, kind)
    if found is None:
        raise not_found("file")
    return found
