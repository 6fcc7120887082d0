"""Pages go out compressed: many lines are slow, and not every installation has a proxy for it."""

import gzip
import secrets
from io import BytesIO

from flask import Response, request

_PACKED = frozenset({"text/html", "text/csv", "image/svg+xml"})
_LEAST = 600
_LEVEL = 6
_MOST_RANDOM = 80


def packed(answer: Response) -> Response:
    """The answer as gzip where the browser takes that and it is worth it.

    A name of random length in the file's head hides how well the page was compressed: from that
    somebody who has a browser ask for pages with words of his own could guess what else stands in
    them (BREACH; Django's pages are kept from it so, too).
    """
    if (
        answer.mimetype not in _PACKED
        or answer.is_streamed
        or "Content-Encoding" in answer.headers
        or answer.status_code in (204, 304)
    ):
        return answer
    answer.vary.add("Accept-Encoding")
    content = answer.get_data()
    if len(content) < _LEAST or not request.accept_encodings["gzip"]:
        return answer
    answer.set_data(_gzip(content))
    answer.headers["Content-Encoding"] = "gzip"
    tag, weak = answer.get_etag()
    if tag is not None and not weak:
        answer.set_etag(tag, weak=True)
    return answer


def _gzip(content: bytes) -> bytes:
    room = BytesIO()
    name = "a" * secrets.randbelow(_MOST_RANDOM)
    with gzip.GzipFile(name, "wb", _LEVEL, room, mtime=0) as file:
        file.write(content)
    return room.getvalue()
