"""A small TCP proxy that stands between the parts and does to their talk what networks do."""

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal, TypeVar

from deploy.local.servers import LOOPBACK, free_port

Mode = Literal["pass", "delay", "cut", "hold", "halve", "reset"]
"""`delay`: every chunk waits. `cut`: connections end, and new ones too. `hold`: nothing passes, and
nobody is told; afterwards it comes late. `halve`: half of a message passes, then the connection
ends. `reset`: as `cut`, with an RST."""

T = TypeVar("T")
_CHUNK = 64 * 1024
_AGAIN_SECONDS = 0.05
_HALVED = 16
"""Bytes that a message has at least to be halved, so that handshakes pass."""
_RESET = struct.pack("ii", 1, 0)


class Proxy:
    """Listens on a free port of loopback, in a thread of its own, and passes on to `target`.

    Once nothing has listened there it does not listen either, until something does: clients pause
    after a connection that was refused, and not after one that was made and then ended.
    """

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self._target = target
        self._mode: Mode = "pass"
        self._seconds = 0.0
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._opening: asyncio.Task[None] | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def start(self) -> None:
        """Listen."""
        self._thread.start()
        self._run(self._listen())

    def stop(self) -> None:
        """End all connections, and the thread."""
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def set(self, mode: Mode, seconds: float = 0.0) -> None:
        """What to do from now on; `seconds` of `delay`. `cut` and `reset` end what is open."""
        self._run(self._set(mode, seconds))

    @contextmanager
    def doing(self, mode: Mode, seconds: float = 0.0) -> Iterator[None]:
        """Do it for the block; then pass on again."""
        self.set(mode, seconds)
        try:
            yield
        finally:
            self.set("pass")

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _close(self) -> None:
        if self._opening is not None:
            self._opening.cancel()
        if self._server is not None:
            self._server.close()
        await self._end()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, LOOPBACK, self.port)

    def _bar(self) -> None:
        """Listen no more until something listens at the target."""
        if self._server is not None:
            self._server.close()
            self._server = None
            self._opening = self._loop.create_task(self._open())

    async def _open(self) -> None:
        while self._server is None:
            try:
                _, writer = await asyncio.open_connection(LOOPBACK, self._target)
            except OSError:
                await asyncio.sleep(_AGAIN_SECONDS)
            else:
                writer.close()
                await self._listen()

    async def _set(self, mode: Mode, seconds: float) -> None:
        self._mode, self._seconds = mode, seconds
        if mode in {"cut", "reset"}:
            await self._end()

    async def _end(self) -> None:
        for writer in list(self._writers):
            if self._mode == "reset":
                self._to_be_reset(writer)
            with suppress(OSError):
                writer.close()

    @staticmethod
    def _to_be_reset(writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            found = writer.get_extra_info("socket")
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._mode in {"cut", "reset"}:
            if self._mode == "reset":
                self._to_be_reset(writer)
            writer.close()
            return
        try:
            there, beyond = await asyncio.open_connection(LOOPBACK, self._target)
        except OSError:
            writer.close()
            self._bar()
            return
        both = {writer, beyond}
        self._writers |= both
        try:
            await asyncio.gather(self._pass(reader, beyond), self._pass(there, writer))
        finally:
            self._writers -= both
            for one in both:
                with suppress(OSError, RuntimeError):
                    one.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(_CHUNK):
                while self._mode == "hold":
                    await asyncio.sleep(0.05)
                if self._mode == "delay":
                    await asyncio.sleep(self._seconds)
                halved = self._mode == "halve" and len(chunk) >= _HALVED
                writer.write(chunk[: len(chunk) // 2] if halved else chunk)
                await writer.drain()
                if halved:
                    break
        with suppress(OSError, RuntimeError):
            writer.close()
