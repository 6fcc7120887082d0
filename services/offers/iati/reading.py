"""Taking a file apart, activity by activity, whatever the file is.

On expat itself, the parser of the standard library, which is fed piece by piece and asked for
little: a document type is refused where it begins, so that no entity is ever declared, expanded or
fetched; depth, the size of a tag and that of an activity are bounded, so that memory is. Namespaces
are not resolved: the standard's own elements have none.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from services.offers.iati.faults import FileError
from services.offers.iati.unpacking import pieces

VERSIONS = ("2.01", "2.02", "2.03")
ROOT, ACTIVITY = "iati-activities", "iati-activity"
KEPT = frozenset(
    {
        "iati-identifier",
        "reporting-org",
        "title",
        "description",
        "participating-org",
        "activity-status",
        "activity-date",
        "recipient-country",
        "recipient-region",
        "other-identifier",
        "sector",
        "tag",
        "default-aid-type",
        "budget",
        "transaction",
        "result",
    }
)
"""The parts of an activity that are read; the others are passed over as they come."""

OTHER_RESULT = "9"
MAX_DEPTH = 32
MAX_TAG_BYTES = 1024 * 1024
MAX_ELEMENTS = 50_000
MAX_CHARACTERS = 2_000_000
MAX_IDENTIFIER = 300


@dataclass(frozen=True)
class Read:
    """An activity of the file, the parts in KEPT only; `number` is its place, from 1.

    `element` is None for one that is too large to be held.
    """

    number: int
    identifier: str | None
    element: Element | None


def read_activities(
    stream: IO[bytes],
    *,
    most: int | None = None,
    advance: Callable[[int], object] = lambda _: None,
) -> Iterator[Read]:
    """The activities of an IATI file, plain or gzip, in the file's order.

    `most` bounds the bytes of the XML, `advance` is told how many bytes of the stream were read.
    Raises FileError where the file is none of IATI activities 2.01 to 2.03, and where it can be
    read no further: what was yielded before was whole, and is to be used all the same only by who
    need not have all of it; see check_file.
    """
    handler = _Handler()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = handler.start
    parser.EndElementHandler = handler.end
    parser.CharacterDataHandler = handler.text
    parser.StartDoctypeDeclHandler = handler.doctype
    fed = 0
    try:
        for piece in pieces(stream, most, advance):
            fed += len(piece)
            # What stood whole before a break in the same piece counts: the break comes after it.
            broken = _feed(parser, piece, last=False)
            yield from handler.taken()
            if broken is not None:
                raise broken
            if fed - parser.CurrentByteIndex > MAX_TAG_BYTES:
                raise FileError(
                    "too-large", f"A tag or comment has more than {MAX_TAG_BYTES} bytes."
                )
        broken = _feed(parser, b"", last=True)
        yield from handler.taken()
        if broken is not None:
            raise broken
    except FileError as error:
        line = error.line or parser.CurrentLineNumber
        raise FileError(error.code, error.message, line, handler.within) from None


def check_file(
    stream: IO[bytes],
    *,
    most: int | None = None,
    advance: Callable[[int], object] = lambda _: None,
) -> None:
    """Read a file to its end, and go back to its begin: so nothing is taken of one that breaks.

    Raises FileError where read_activities would, however late that is. Nothing of it is kept; the
    stream must be one that can be read twice.
    """
    for _read in read_activities(stream, most=most, advance=advance):
        pass
    stream.seek(0)


def _feed(parser: expat.XMLParserType, piece: bytes, *, last: bool) -> FileError | None:
    try:
        parser.Parse(piece, last)
    except FileError as error:
        return error
    except expat.ExpatError as error:
        return _told(error, last)
    except (LookupError, ValueError):
        message = "The encoding that the file declares is not understood; send it as UTF-8."
        return FileError("encoding", message, 1)
    return None


_ENCODING = {
    expat.errors.codes[expat.errors.XML_ERROR_UNKNOWN_ENCODING],
    expat.errors.codes[expat.errors.XML_ERROR_INCORRECT_ENCODING],
}
_INVALID = expat.errors.codes[expat.errors.XML_ERROR_INVALID_TOKEN]
_EMPTY = expat.errors.codes[expat.errors.XML_ERROR_NO_ELEMENTS]


def _told(error: expat.ExpatError, last: bool) -> FileError:
    reason = expat.ErrorString(error.code)
    if error.code in _ENCODING:
        message = f"The file is not in the encoding that it declares ({reason})."
        return FileError("encoding", message, error.lineno)
    if last and error.code == _EMPTY and error.lineno == 1 and error.offset == 0:
        return FileError("empty", "The file is empty.")
    if last:
        message = f"The file ends in the middle ({reason})."
        return FileError("truncated", message, error.lineno)
    hint = ", or bytes of another encoding than the file declares" if error.code == _INVALID else ""
    message = f"This is no well-formed XML ({reason}{hint})."
    return FileError("malformed", message, error.lineno)


class _Handler:
    """Makes an element of each activity, and lets go of it once it is taken."""

    def __init__(self) -> None:
        self._depth = 0
        self._number = 0
        self._ready: list[Read] = []
        self._builder: TreeBuilder | None = None
        self._identifier: str | None = None
        self._passed_over: int | None = None  # the depth of a part that is not kept
        self._elements = self._characters = 0

    def taken(self) -> list[Read]:
        """The activities that are whole by now, each once."""
        ready, self._ready = self._ready, []
        return ready

    @property
    def within(self) -> int | None:
        """The number of the activity that is not whole yet."""
        return None if self._builder is None else self._number

    def doctype(self, *_: object) -> None:
        raise FileError(
            "doctype", "The file declares a document type, which IATI does not; take it out."
        )

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise FileError("too-deep", f"Elements are nested deeper than {MAX_DEPTH} levels.")
        if self._depth == 1:
            _check_root(tag, attributes)
        elif self._depth == 2 and tag == ACTIVITY:
            self._number += 1
            self._builder = TreeBuilder()
            self._elements = self._characters = 0
        if self._builder is None or self._passed_over is not None:
            return
        if self._depth == 3 and not _is_kept(tag, attributes):
            self._passed_over = self._depth
            return
        self._elements += 1
        self._characters += sum(map(len, attributes.values()))
        if self._fits():
            self._builder.start(tag, attributes)

    def end(self, tag: str) -> None:
        if self._builder is not None and self._passed_over is None and self._fits():
            closed = self._builder.end(tag)
            if self._depth == 3 and tag == "iati-identifier" and self._identifier is None:
                self._identifier = " ".join((closed.text or "").split())[:MAX_IDENTIFIER] or None
        if self._passed_over == self._depth:
            self._passed_over = None
        self._depth -= 1
        if self._depth == 1 and self._builder is not None:
            element = self._builder.close() if self._fits() else None
            self._ready.append(Read(self._number, self._identifier, element))
            self._builder = self._identifier = None

    def text(self, data: str) -> None:
        # What stands between the parts of an activity says nothing.
        if self._builder is None or self._passed_over is not None or self._depth < 3:
            return
        self._characters += len(data)
        if self._fits():
            self._builder.data(data)

    def _fits(self) -> bool:
        return self._elements <= MAX_ELEMENTS and self._characters <= MAX_CHARACTERS


def _is_kept(tag: str, attributes: dict[str, str]) -> bool:
    """Of results those of type other: there another installation tells what its report counts."""
    return tag in KEPT and (tag != "result" or attributes.get("type") == OTHER_RESULT)


def _check_root(tag: str, attributes: dict[str, str]) -> None:
    if tag != ROOT:
        message = f"This is no file of IATI activities: it begins with <{tag[:60]}>, not <{ROOT}>."
        raise FileError("not-iati", message)
    version = attributes.get("version", "").strip()
    if version not in VERSIONS:
        told = f"says version {version[:20]}" if version else "does not say its version"
        message = f"The file {told}; versions {', '.join(VERSIONS)} are read here."
        raise FileError("version", message)
