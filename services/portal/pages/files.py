"""Files of records as they pass through pages: taken by their names' endings, given to be kept."""

from typing import Final

from flask import Response

from services.portal.pages.asking import stream
from shared.attachments.kinds import EXTENSIONS

_PIECE: Final = 64 * 1024
_PASSED_ON: Final = (
    *("Content-Type", "Content-Length", "Content-Disposition"),
    *("Content-Security-Policy", "Repr-Digest"),
)
_KINDS = {ending: kind for kind, endings in EXTENSIONS.items() for ending in endings}


def kind_of(name: str) -> str:
    """The media type that a file's ending says; the service looks at its content."""
    return _KINDS.get(name.rpartition(".")[2].lower(), "application/octet-stream")


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
