"""Asking a virus scanner: clamd, over TCP, by its command INSTREAM."""

import socket
import struct
from contextlib import closing

CONNECT_SECONDS = 2.0
SCAN_SECONDS = 30.0
_PIECE = 64 * 1024
_LONGEST_ANSWER = 4096


class ScannerAway(Exception):  # noqa: N818 (named for what happened)
    """The scanner cannot be reached, or did not say what it found."""


class NotScanned(ScannerAway):
    """It was reached, and did not say what it found in this file."""


def infected(address: str, content: bytes) -> bool:
    """Whether the scanner at `host:port` finds something in the content.

    Blocks for up to CONNECT_SECONDS and then SCAN_SECONDS between two answers. Raises ScannerAway,
    and NotScanned where it was reached.
    """
    host, _, port = address.rpartition(":")
    try:
        connection = socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS)
    except OSError as error:
        raise ScannerAway(type(error).__name__) from error
    try:
        with closing(connection):
            connection.settimeout(SCAN_SECONDS)
            answer = _ask(connection, content)
    except OSError as error:
        raise NotScanned(type(error).__name__) from error
    # "stream: OK", "stream: <what> FOUND", "<why> ERROR"
    if answer.endswith("FOUND"):
        return True
    if answer == "stream: OK":
        return False
    raise NotScanned("it did not scan")


def _ask(connection: socket.socket, content: bytes) -> str:
    connection.sendall(b"zINSTREAM\0")
    for start in range(0, len(content), _PIECE):
        piece = content[start : start + _PIECE]
        connection.sendall(struct.pack("!I", len(piece)) + piece)
    connection.sendall(struct.pack("!I", 0))
    answer = b""
    while b"\0" not in answer and len(answer) < _LONGEST_ANSWER:
        piece = connection.recv(_LONGEST_ANSWER)
        if not piece:
            break
        answer += piece
    return answer.partition(b"\0")[0].decode("utf-8", "replace").strip()
