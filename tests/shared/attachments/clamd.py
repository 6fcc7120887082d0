"""A server that speaks clamd's INSTREAM over TCP, and finds one word."""

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

VIRUS = b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE"


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        assert self.rfile.read(10) == b"zINSTREAM\0"
        content = b""
        while size := struct.unpack("!I", self.rfile.read(4))[0]:
            content += self.rfile.read(size)
        answer = "Eicar-Signature FOUND" if VIRUS in content else "OK"
        if len(content) > 1_000_000:
            self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
        else:
            self.wfile.write(f"stream: {answer}\0".encode())


@contextmanager
def scanner() -> Iterator[str]:
    """The address of a running one."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Session) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
