"""Files that are sent to a page: taken up to a size, kept for a while until they are confirmed."""

from dataclasses import dataclass
from io import BytesIO

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf.file import FileField
from werkzeug.exceptions import RequestEntityTooLarge

from services.portal.documents import HeldFile
from services.portal.held_files import MOST_BYTES, find
from services.portal.pages.forms import PageForm
from services.portal.pages.frame import account
from shared.web.bodies import drain
from shared.web.problems import not_found

_ROUND_ABOUT = 64 * 1024
"""What a form has beside the file: the visit's token, boundaries, names."""


class UploadForm(PageForm):
    """A file."""

    file = FileField(lazy_gettext("File"))


@dataclass(frozen=True)
class Uploaded:
    """A file that was sent."""

    name: str
    content: bytes


def uploaded() -> tuple[UploadForm, Uploaded | None]:
    """The form, and the file that was sent with it; the form tells why it will not do."""
    request.max_content_length = MOST_BYTES + _ROUND_ABOUT
    try:
        form = UploadForm()
        good = form.validate_on_submit()
    except RequestEntityTooLarge:
        drain()
        # The page has forms of its own, which would read what was refused once more.
        request.environ.update({"wsgi.input": BytesIO(), "CONTENT_LENGTH": "0"})
        form = UploadForm(formdata=None)
        _too_large(form)
        return form, None
    if not good:
        return form, None
    sent = form.file.data
    content = sent.read(MOST_BYTES + 1) if sent else b""
    if not content:
        form.fail_field(form.file, _("Choose a file that is not empty."))
    elif len(content) > MOST_BYTES:
        _too_large(form)
    if form.problems():
        return form, None
    return form, Uploaded((sent.filename or "")[:200], content)


def held(file_id: str, kind: str) -> HeldFile:
    """A file of the reader's own that waits to be confirmed; raises the 404 problem."""
    found = find(account().id, file_id, kind)
    if found is None:
        raise not_found("file")
    return found


def _too_large(form: UploadForm) -> None:
    message = _("The file is too large: it may have %(count)s MB.", count=MOST_BYTES // 1024**2)
    form.fail_field(form.file, message)
