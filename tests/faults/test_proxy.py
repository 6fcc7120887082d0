"""The proxy does to a connection what it is told to."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from deploy.local.servers import LOOPBACK, free_port, wait_until
from tests.faults.proxy import Proxy

MESSAGE = b"0123456789" * 10


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that says again what it is told."""
    port = free_port()
    server = socket.create_server((LOOPBACK, port))

    def answer(connection: socket.socket) -> None:
        with connection, suppress(ConnectionError):
            while told := connection.recv(1000):
                connection.sendall(told)

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield port
    server.close()


@pytest.fixture
def proxy(echo: int) -> Iterator[Proxy]:
    """A proxy before it."""
    made = Proxy(echo)
    made.start()
    yield made
    made.stop()


def said(proxy: Proxy, seconds: float = 5) -> bytes:
    """What comes back of a message until as much has come, or the connection ends."""
    with socket.create_connection((LOOPBACK, proxy.port), timeout=seconds) as connection:
        connection.sendall(MESSAGE)
        got = b""
        while len(got) < len(MESSAGE) and (chunk := connection.recv(1000)):
            got += chunk
        return got


def refused(port: int) -> bool:
    """Whether nobody listens."""
    with suppress(ConnectionRefusedError), socket.create_connection((LOOPBACK, port), timeout=5):
        return False
    return True


def test_who_is_not_there_is_not_reached_by_it_either() -> None:
    proxy = Proxy(free_port())
    proxy.start()
    try:
        wait_until(lambda: refused(proxy.port), 10, "a refusal")
        with socket.create_server((LOOPBACK, proxy._target)):
            wait_until(lambda: not refused(proxy.port), 10, "a connection")
    finally:
        proxy.stop()


def test_it_passes_on(proxy: Proxy) -> None:
    assert said(proxy) == MESSAGE
    with proxy.doing("delay", 0.01):
        assert said(proxy) == MESSAGE


def test_half_a_message_passes(proxy: Proxy) -> None:
    with proxy.doing("halve"):
        assert len(said(proxy)) < len(MESSAGE) / 2 + 1
    assert said(proxy) == MESSAGE


def test_a_cut_ends_what_is_open_and_what_is_opened(proxy: Proxy) -> None:
    with socket.create_connection((LOOPBACK, proxy.port), timeout=5) as connection:
        connection.sendall(MESSAGE)
        assert connection.recv(1000)
        with proxy.doing("cut"):
            assert connection.recv(1000) == b""
            with suppress(ConnectionError):  # its end may come while the message is sent
                assert said(proxy) == b""
    assert said(proxy) == MESSAGE


def test_a_reset_is_one(proxy: Proxy) -> None:
    with socket.create_connection((LOOPBACK, proxy.port), timeout=5) as connection:
        connection.sendall(MESSAGE)
        got = b""
        while len(got) < len(MESSAGE):
            got += connection.recv(1000)
        with proxy.doing("reset"), pytest.raises(ConnectionResetError):
            connection.recv(1000)


def test_what_is_held_comes_late(proxy: Proxy) -> None:
    with socket.create_connection((LOOPBACK, proxy.port), timeout=0.3) as connection:
        with proxy.doing("hold"):
            connection.sendall(MESSAGE)
            with pytest.raises(TimeoutError):
                connection.recv(1000)
        connection.settimeout(5)
        assert connection.recv(1000)
