"""Files as bodies: spooled to a bounded temporary file, and read from there by the handler."""

import errno
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import IO, Any, TypeVar

from flask import current_app, request
from werkzeug.exceptions import RequestEntityTooLarge

from shared.web.bodies import drain
from shared.web.marks import document, mark
from shared.web.problems import Problem, unavailable

MAX_BYTES = "ENTRAIDE_IMPORT_MAX_BYTES"
"""In the app's configuration: how many bytes a file may have."""

_IN_MEMORY = 1024 * 1024
_PIECE = 64 * 1024

F = TypeVar("F", bound=Callable[..., Any])


def takes_file(*media_types: str) -> Callable[[F], F]:
    """Let the handler read its body with `uploaded_file`, and document what it may be."""

    def decorate(function: F) -> F:
        binary = {"schema": {"type": "string", "format": "binary"}}
        content = dict.fromkeys(media_types, binary)
        document(function, requestBody={"required": True, "content": content})
        return mark(function, takes_file=True)

    return decorate


@contextmanager
def uploaded_file(media_types: Collection[str], limit: str = MAX_BYTES) -> Iterator[IO[bytes]]:
    """The current request's body as a file, at its begin; it is gone with the context.

    `limit` names the app's configuration that says how many bytes it may have. Raises the 415
    problem for another media type, the 413 problem for more, the 503 problem where there is no room
    for it.
    """
    if request.mimetype not in media_types:
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            "Files of this type are not understood here",
            f"Send the file as it is, with Content-Type: {' or '.join(sorted(media_types))}.",
            headers={"Accept": ", ".join(sorted(media_types))},
        )
    most = int(current_app.config[limit])
    # One more than it may have tells a file that fits from one that was cut: see READ_LIMIT.
    request.max_content_length = most + 1
    with SpooledTemporaryFile(_IN_MEMORY) as file:
        try:
            _copy(file, most)
        except RequestEntityTooLarge:
            drain()
            raise Problem(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                "body-too-large",
                "The file is too large",
                f"A file may have {most} bytes at most.",
            ) from None
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise unavailable("room for files") from None
        file.seek(0)
        yield file


def _copy(file: IO[bytes], most: int) -> None:
    length = 0
    while piece := request.stream.read(_PIECE):
        length += len(piece)
        if length > most:
            raise RequestEntityTooLarge
        file.write(piece)
