"""The bytes of a file, piece by piece, unpacked where they are gzip."""

import zlib
from collections.abc import Callable, Iterator
from typing import IO

from services.offers.iati.faults import FileError

PIECE = 64 * 1024
_MAGIC = b"\x1f\x8b"
_GZIP = 16 + zlib.MAX_WBITS


def pieces(
    stream: IO[bytes], most: int | None, advance: Callable[[int], object] = lambda _: None
) -> Iterator[bytes]:
    """The stream's bytes in pieces of at most 64 KiB; of gzip, what is packed in it.

    `advance` is told how many bytes of the stream itself were read. Raises FileError for gzip that
    is damaged or cut off, and where more than `most` bytes come out.
    """
    given = 0
    for piece in _unpacked(stream, advance):
        given += len(piece)
        if most is not None and given > most:
            raise FileError("too-large", f"The file holds more than {most} bytes.")
        yield piece


def _unpacked(stream: IO[bytes], advance: Callable[[int], object]) -> Iterator[bytes]:
    first = stream.read(PIECE)
    packed = first.startswith(_MAGIC)
    unpacker = zlib.decompressobj(_GZIP)
    started = False
    while first:
        advance(len(first))
        if not packed:
            yield first
        while packed and first:
            if unpacker.eof:
                unpacker, started = zlib.decompressobj(_GZIP), False
            try:
                piece = unpacker.decompress(first, PIECE)
            except zlib.error:
                raise FileError("gzip", "The gzip file is damaged here.") from None
            started = True
            if piece:
                yield piece
            first = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
        first = stream.read(PIECE)
    if packed and started and not unpacker.eof:
        raise FileError("truncated", "The gzip file ends in the middle.")
