"""The other services behind the portal: one that is slow or broken takes its own part alone."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import pytest

from entraide.client import Answer
from services.portal import bounded, services
from services.portal.addresses import Address
from services.portal.services import AwayError, Reader, Services, ask

READER = Reader("", "en", "r-1")
GOOD = (
    b'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 12\r\nETag: "1.1"\r\n\r\n{"items":[]}'
)


@pytest.fixture
def serving() -> Iterator[Callable[[Callable[[socket.socket, threading.Event], None]], str]]:
    """Servers of a test's own that answer as they are told to, until the test is over."""
    over = threading.Event()
    with ExitStack() as open_ones:
        open_ones.callback(over.set)

        def serve(answer: Callable[[socket.socket, threading.Event], None]) -> str:
            server = open_ones.enter_context(socket.create_server(("127.0.0.1", 0)))

            def accept() -> None:
                while not over.is_set():
                    try:
                        connection, _ = server.accept()
                    except OSError:
                        return
                    with connection:
                        connection.recv(65_536)
                        answer(connection, over)

            threading.Thread(target=accept, daemon=True).start()
            return f"http://127.0.0.1:{server.getsockname()[1]}"

        yield serve


def never(_connection: socket.socket, over: threading.Event) -> None:
    over.wait(60)


def well(connection: socket.socket, _over: threading.Event) -> None:
    connection.sendall(GOOD)


def half(connection: socket.socket, _over: threading.Event) -> None:
    connection.sendall(GOOD[:-6])


def nonsense(connection: socket.socket, _over: threading.Event) -> None:
    connection.sendall(GOOD.replace(b'{"items":[]}', b"<html></htm>"))


def dribbles(connection: socket.socket, over: threading.Event) -> None:
    _byte_by_byte(connection, over, GOOD[:-12])


def dribbles_its_body(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(GOOD[:-12])
    _byte_by_byte(connection, over, b'{"items":[]}')


def _byte_by_byte(connection: socket.socket, over: threading.Event, content: bytes) -> None:
    """A byte long before a read would time out, and the last one long after the call is over."""
    with suppress(OSError):
        for place in range(len(content)):
            connection.sendall(content[place : place + 1])
            if over.wait(0.4):
                return


def test_a_read_is_asked_again_where_a_kept_connection_had_ended(
    serving: Callable[[Callable[[socket.socket, threading.Event], None]], str],
) -> None:
    met: list[bool] = []

    def ends_first(connection: socket.socket, over: threading.Event) -> None:
        met.append(True)
        if len(met) % 2 == 0:
            well(connection, over)

    url = serving(ends_first)
    behind = Services([Address("requests", url, url)])
    assert behind.get(READER, "requests", "/v1/requests") == Answer({"items": []}, '"1.1"')
    assert len(met) == 2
    with pytest.raises(AwayError):  # a write may have been heard
        behind.send(READER, "POST", "requests", "/v1/requests", {})
    assert len(met) == 3


@pytest.mark.parametrize("broken", [never, half, nonsense, dribbles, dribbles_its_body])
def test_what_a_slow_or_broken_service_has_is_missing_and_the_rest_is_there(
    monkeypatch: pytest.MonkeyPatch,
    serving: Callable[[Callable[[socket.socket, threading.Event], None]], str],
    broken: Callable[[socket.socket, threading.Event], None],
) -> None:
    monkeypatch.setattr(services, "TIMEOUT_SECONDS", (5.0, 2.0))
    monkeypatch.setattr(bounded, "TOTAL_SECONDS", 2.0)
    urls = {"requests": serving(well), "offers": serving(broken)}
    behind = Services([Address(name, url, url) for name, url in urls.items()])
    asked = {"one": ask("requests", "/v1/requests"), "other": ask("offers", "/v1/offers")}
    found = behind.gather(READER, **asked)
    assert found["one"] == Answer({"items": []}, '"1.1"')
    other = found["other"]
    assert isinstance(other, AwayError)
    assert other.service == "offers"
    assert set(behind.look_up(READER, asked)) == {"one"}
    with pytest.raises(AwayError):
        behind.send(READER, "POST", "offers", "/v1/offers", {})
