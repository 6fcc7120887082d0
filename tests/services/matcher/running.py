"""Running a worker's loops in threads, and publishing events as their owners would."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing

from shared.events import clients
from shared.events.envelope import Event, encode
from shared.events.running import Loop
from shared.events.topics import Topics
from shared.settings import Settings

PATIENCE = 40.0


@contextlib.contextmanager
def running(loops: Mapping[str, Loop]) -> Iterator[threading.Event]:
    """The loops in threads until the end of the block, or until the event given is set."""
    stop = threading.Event()
    failures: list[BaseException] = []

    def guarded(loop: Loop) -> None:
        try:
            loop(stop)
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=guarded, args=(loop,)) for loop in loops.values()]
    for thread in threads:
        thread.start()
    try:
        yield stop
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)
    assert not failures
    assert not [thread for thread in threads if thread.is_alive()]


def publish(settings: Settings, events: Iterable[Event]) -> None:
    """Put the events into their topics, in order."""
    topics = Topics(settings.topic_prefix)
    with closing(clients.producer(settings)) as producer:
        for event in events:
            key, value, headers = encode(event)
            producer.send(topics.of_type(event.type), key=key, value=value, headers=headers)
        producer.flush(timeout=10)


def eventually(condition: Callable[[], object], what: str) -> None:
    """Wait until the condition holds; AssertionError naming `what` after PATIENCE seconds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)
