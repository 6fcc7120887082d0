"""Files of records as they pass through pages: taken up to a size, given to be kept."""

from dataclasses import dataclass
from http import HTTPStatus
from io import BytesIO
from typing import Final

from flask import Response, flash, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf.file import FileField
from werkzeug.exceptions import RequestEntityTooLarge

from services.portal.house import house
from services.portal.pages import wording
from services.portal.pages.asking import send, stream
from services.portal.pages.forms import PageForm
from services.portal.pages.refusals import refusal
from services.portal.services import RefusedError
from shared.attachments.kinds import EXTENSIONS
from shared.web.bodies import drain

_PIECE: Final = 64 * 1024
_PASSED_ON: Final = (
    *("Content-Type", "Content-Length", "Content-Disposition"),
    *("Content-Security-Policy", "Repr-Digest"),
)
_KINDS = {ending: kind for kind, endings in EXTENSIONS.items() for ending in endings}
_ROUND_ABOUT: Final = 64 * 1024
"""What a form has beside the file: the visit's token, boundaries, names."""


class UploadForm(PageForm):
    """A file."""

    file = FileField(lazy_gettext("File"))


@dataclass(frozen=True)
class Uploaded:
    """A file that was sent."""

    name: str
    content: bytes

    @property
    def kind(self) -> str:
        """The media type that the name's ending says; the service looks at the content."""
        return _KINDS.get(self.name.rpartition(".")[2].lower(), "application/octet-stream")


def most_attached() -> int:
    """How many bytes a file may have that is attached to a record, as the services take it."""
    return house().settings.attachment_max_bytes


def uploaded(most: int) -> tuple[UploadForm, Uploaded | None]:
    """The form, and the file of up to `most` bytes sent with it; the form tells why there is none.

    Anything else of the form can be read afterwards, unless the file was too large.
    """
    request.max_content_length = most + _ROUND_ABOUT
    try:
        form = UploadForm()
        good = form.validate_on_submit()
    except RequestEntityTooLarge:
        drain()
        # The page has forms of its own, which would read what was refused once more.
        request.environ.update({"wsgi.input": BytesIO(), "CONTENT_LENGTH": "0"})
        form = UploadForm(formdata=None)
        _too_large(form, most)
        return form, None
    if not good:
        return form, None
    sent = form.file.data
    content = sent.read(most + 1) if sent else b""
    if not content:
        form.fail_field(form.file, _("Choose a file that is not empty."))
    elif len(content) > most:
        _too_large(form, most)
    if form.problems():
        return form, None
    return form, Uploaded((sent.filename or "")[:200], content)


def remove(service: str, path: str, version: str) -> None:
    """Remove a file as it was seen, and say so, or why not; one that is gone already is no fault.

    Raises RefusedError for what else the service refuses, and AwayError.
    """
    if not PageForm().validate():
        return
    try:
        send(service, path, method="DELETE", if_match=f'"{version}"')
    except RefusedError as error:
        if error.stale or error.status == HTTPStatus.CONFLICT:
            flash(refusal(error))
            return
        if error.status != HTTPStatus.NOT_FOUND:
            raise
    flash(_("The file is removed."))


def download(service: str, path: str) -> Response:
    """A file, passed on piece by piece as it comes, to be kept and never shown in place."""
    found = stream(service, path)
    answer = Response(found.iter_content(_PIECE))
    answer.call_on_close(found.close)
    for name in _PASSED_ON:
        if name in found.headers:
            answer.headers[name] = found.headers[name]
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _too_large(form: UploadForm, most: int) -> None:
    size = wording.file_size(most)
    form.fail_field(form.file, _("The file is too large: it may have %(size)s.", size=size))
