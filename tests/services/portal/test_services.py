"""The other services behind the portal: one that is slow or broken takes its own part alone."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest
import requests

from entraide.client import Answer, Sender
from services.portal import bounded, services
from services.portal.addresses import Address
from services.portal.lateness import REMEMBERED_SECONDS, Lateness
from services.portal.services import AwayError, Reader, Services, ask, ask_with

Serving = Callable[[Callable[[socket.socket, threading.Event], None]], str]
GOOD = (
    b'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 12\r\nETag: "1.1"\r\n\r\n{"items":[]}'
)
BEING_FOUND = (
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 43\r\n\r\n"
    b'{"type":"urn:entraide:problem:being-found"}'
)


class Clock:
    """Seconds that tests set forward."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Sleeper:
    """A service that takes every call and answers none while it sleeps, all once it is awake."""

    def __init__(self) -> None:
        self.awake = threading.Event()

    def __call__(self, connection: socket.socket, over: threading.Event) -> None:
        while not self.awake.wait(0.01):
            if over.is_set():
                return
        with suppress(OSError):
            connection.sendall(GOOD)


def reader(*, patient: bool = False) -> Reader:
    """Who asks for one page."""
    return Reader("", "en", "r-1", patient=patient)


@pytest.fixture
def serving() -> Iterator[Serving]:
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


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What each call that is made is given of time, as it is made: "whole" or "hurried"."""
    made: list[str] = []
    send = Sender.send

    def watched(own: Sender, *call: Any, **options: Any) -> requests.Response:
        made.append("hurried" if services.HURRIED_SECONDS in call else "whole")
        return send(own, *call, **options)

    monkeypatch.setattr(Sender, "send", watched)
    return made


def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls that will not be answered are over soon."""
    monkeypatch.setattr(services, "TIMEOUT_SECONDS", (20.0, 0.5))
    monkeypatch.setattr(services, "HURRIED_SECONDS", (20.0, 0.1))
    monkeypatch.setattr(bounded, "TOTAL_SECONDS", 0.6)


def long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls that will be answered have time for it, however busy the machine is."""
    monkeypatch.setattr(services, "TIMEOUT_SECONDS", (20.0, 40.0))
    monkeypatch.setattr(services, "HURRIED_SECONDS", (20.0, 30.0))
    monkeypatch.setattr(bounded, "TOTAL_SECONDS", 60.0)


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
    serving: Serving,
) -> None:
    met: list[bool] = []

    def ends_first(connection: socket.socket, over: threading.Event) -> None:
        met.append(True)
        if len(met) % 2 == 0:
            well(connection, over)

    url = serving(ends_first)
    behind = Services([Address("requests", url, url)])
    assert behind.get(reader(), "requests", "/v1/requests") == Answer({"items": []}, '"1.1"')
    assert len(met) == 2
    with pytest.raises(AwayError):  # a write may have been heard
        behind.send(reader(), "POST", "requests", "/v1/requests", {})
    assert len(met) == 3


@pytest.mark.parametrize("broken", [never, half, nonsense, dribbles, dribbles_its_body])
def test_what_a_slow_or_broken_service_has_is_missing_and_the_rest_is_there(
    monkeypatch: pytest.MonkeyPatch,
    serving: Serving,
    broken: Callable[[socket.socket, threading.Event], None],
) -> None:
    monkeypatch.setattr(services, "TIMEOUT_SECONDS", (5.0, 2.0))
    monkeypatch.setattr(bounded, "TOTAL_SECONDS", 2.0)
    urls = {"requests": serving(well), "offers": serving(broken)}
    behind = Services([Address(name, url, url) for name, url in urls.items()])
    asked = {"one": ask("requests", "/v1/requests"), "other": ask("offers", "/v1/offers")}
    found = behind.gather(reader(), **asked)
    assert found["one"] == Answer({"items": []}, '"1.1"')
    other = found["other"]
    assert isinstance(other, AwayError)
    assert other.service == "offers"
    assert set(behind.look_up(reader(), asked)) == {"one"}
    with pytest.raises(AwayError):
        behind.send(reader(), "POST", "offers", "/v1/offers", {})


@pytest.mark.parametrize("broken", [never, dribbles, dribbles_its_body])
def test_a_page_asks_no_more_of_a_service_that_was_late_for_it(
    monkeypatch: pytest.MonkeyPatch,
    serving: Serving,
    given: list[str],
    broken: Callable[[socket.socket, threading.Event], None],
) -> None:
    short(monkeypatch)
    urls = {"requests": serving(well), "offers": serving(broken)}
    behind = Services([Address(name, url, url) for name, url in urls.items()])
    own = reader()
    with pytest.raises(AwayError):
        behind.get(own, "offers", "/v1/offers")
    assert len(given) == 1
    long(monkeypatch)
    more = {"offer": ask("offers", "/v1/offers/1"), "request": ask("requests", "/v1/requests/1")}
    assert isinstance(behind.gather(own, **more)["offer"], AwayError)
    assert set(behind.look_up(own, more)) == {"request"}
    assert len(given) == 3  # the requests service's two


@pytest.mark.parametrize("broken", [half, nonsense])
def test_a_service_that_fails_at_once_is_not_late(
    serving: Serving,
    given: list[str],
    broken: Callable[[socket.socket, threading.Event], None],
) -> None:
    urls = {"offers": serving(broken), "matcher": "http://127.0.0.1:9"}
    behind = Services([Address(name, url, url) for name, url in urls.items()])
    own = reader()
    for name in ("offers", "matcher", "offers", "matcher"):
        with pytest.raises(AwayError):
            behind.get(own, name, "/v1/operations")
    assert given == ["whole"] * 4


def test_a_service_that_was_late_is_waited_for_less_until_it_answers(
    monkeypatch: pytest.MonkeyPatch, serving: Serving, given: list[str]
) -> None:
    short(monkeypatch)
    service, clock = Sleeper(), Clock()
    url = serving(service)
    behind = Services([Address("offers", url, url)], Lateness(clock))

    def pages(count: int) -> list[str]:
        """What so many pages give the service, which does not answer."""
        given.clear()
        for _ in range(count):
            with pytest.raises(AwayError):
                behind.get(reader(), "offers", "/v1/offers")
        return list(given)

    assert pages(3) == ["whole", "hurried", "hurried"]
    clock.now += REMEMBERED_SECONDS - 1
    assert pages(1) == ["hurried"]
    clock.now += 1  # whoever was hurried could not tell
    assert pages(3) == ["whole", "hurried", "hurried"]
    long(monkeypatch)
    service.awake.set()
    given.clear()
    for _ in range(2):
        assert behind.get(reader(), "offers", "/v1/offers").body == {"items": []}
    assert given == ["hurried", "whole"]


def test_one_call_at_a_time_finds_out_whether_a_late_service_is_slow() -> None:
    clock = Clock()
    lateness = Lateness(clock)
    lateness.timed_out("offers")
    clock.now += REMEMBERED_SECONDS
    assert [lateness.hurries("offers") for _ in range(3)] == [False, True, True]
    assert not lateness.hurries("requests")


def test_writes_files_and_who_is_patient_have_the_whole_time(
    monkeypatch: pytest.MonkeyPatch, serving: Serving, given: list[str]
) -> None:
    short(monkeypatch)
    url = serving(never)
    behind = Services([Address("offers", url, url)])
    own, patient = reader(), reader(patient=True)
    calls: list[Callable[[], object]] = [
        lambda: behind.get(own, "offers", "/v1/offers"),
        lambda: behind.send(own, "POST", "offers", "/v1/offers", {}),
        lambda: behind.stream(own, "offers", "/v1/offers/1/attachments/1"),
        lambda: behind.get(patient, "offers", "/v1/offers"),
        lambda: behind.get(patient, "offers", "/v1/offers"),
    ]
    for call in calls:
        with pytest.raises(AwayError):
            call()
    assert given == ["whole"] * len(calls)


def test_a_write_that_is_not_answered_makes_no_service_late(
    monkeypatch: pytest.MonkeyPatch, serving: Serving, given: list[str]
) -> None:
    short(monkeypatch)
    url = serving(never)
    behind, own = Services([Address("offers", url, url)]), reader()
    with pytest.raises(AwayError):
        behind.send(own, "POST", "offers", "/v1/offers", {})
    with pytest.raises(AwayError):
        behind.get(own, "offers", "/v1/offers")
    assert given == ["whole", "whole"]


def test_a_post_that_only_reads_is_waited_for_as_a_read(
    monkeypatch: pytest.MonkeyPatch, serving: Serving, given: list[str]
) -> None:
    short(monkeypatch)
    service = Sleeper()
    url = serving(service)
    behind, own = Services([Address("requests", url, url)]), reader()
    asked = ask_with({"title": "Marking"}, "requests", "/v1/requests/inferred", language="en")
    with pytest.raises(AwayError):
        behind.fetch(own, asked)
    assert given == ["whole"]
    assert behind.look_up(own, {"inferred": asked}) == {}
    assert (given, own.missed) == (["whole"], {"requests"})  # this page has found out
    with pytest.raises(AwayError):
        behind.fetch(reader(), asked)
    assert given == ["whole", "hurried"]
    long(monkeypatch)
    service.awake.set()
    assert behind.fetch(reader(), asked).body == {"items": []}
    assert behind.fetch(reader(), asked).body == {"items": []}
    assert given == ["whole", "hurried", "hurried", "whole"]


def test_a_post_that_only_reads_sends_its_body_and_query(
    monkeypatch: pytest.MonkeyPatch, serving: Serving
) -> None:
    sent: list[tuple[Any, ...]] = []
    send = Sender.send

    def watched(own: Sender, method: str, url: str, *call: Any, **options: Any) -> Any:
        sent.append((method, url, options.get("query"), options.get("body")))
        return send(own, method, url, *call, **options)

    monkeypatch.setattr(Sender, "send", watched)
    url = serving(well)
    behind, body = Services([Address("requests", url, url)]), {"title": "Marking"}
    behind.fetch(reader(), ask_with(body, "requests", "/v1/requests/advice", language="fr"))
    behind.fetch(reader(), ask_with({}, "requests", "/v1/requests/advice"))
    behind.get(reader(), "requests", "/v1/requests")
    assert [one for _, *one in sent] == [
        [f"{url}/v1/requests/advice", {"language": "fr"}, body],
        [f"{url}/v1/requests/advice", {}, {}],
        [f"{url}/v1/requests", {}, None],
    ]
    assert [method for method, *_ in sent] == ["POST", "POST", "GET"]


def test_what_is_being_found_is_an_answer(
    monkeypatch: pytest.MonkeyPatch, serving: Serving, given: list[str]
) -> None:
    long(monkeypatch)
    url, lateness = serving(lambda one, _over: one.sendall(BEING_FOUND)), Lateness()
    behind, own = Services([Address("matcher", url, url)], lateness), reader()
    lateness.timed_out("matcher")
    for _ in range(2):
        with pytest.raises(AwayError) as told:
            behind.get(own, "matcher", "/v1/report")
        assert told.value.being_found
    assert given == ["hurried", "whole"]
