"""A stack beside the caller's own work: supervised by a thread, ready, and stopped at the end."""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager

from deploy.local.running import Stack, Tell, local_stack
from deploy.local.servers import EMBEDDED, Broker
from deploy.local.stack import DataDirectory, Ports

START_SECONDS = 180.0


@contextmanager
def stack_beside(
    directory: DataDirectory,
    ports: Ports,
    tell: Tell,
    extra: Mapping[str, str] | None = None,
    broker: Broker = EMBEDDED,
    seconds: float = START_SECONDS,
) -> Iterator[Stack]:
    """A ready stack for the block, with the arguments of `local_stack`.

    Raises what `local_stack` and its supervisor raise, and TimeoutError when the stack is not
    ready after `seconds`. However the block is left, nothing of the stack lives on.
    """
    over = threading.Event()
    ready: Future[Stack] = Future()

    def supervise() -> None:
        try:
            with local_stack(directory, ports, tell, extra, broker) as stack:
                stack.step_while(lambda: not (over.is_set() or stack.supervisor.ready()))
                if over.is_set():
                    raise TimeoutError(f"waiting for {stack.supervisor.progress().waiting_for}")
                ready.set_result(stack)
                stack.step_while(lambda: not over.is_set())
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)

    # Children are bound to the thread that starts them: all are started and stopped in this one.
    thread = threading.Thread(target=supervise, name="supervisor")
    thread.start()
    try:
        yield _within(ready, over, seconds)
    finally:
        over.set()
        thread.join()


def _within(ready: Future[Stack], over: threading.Event, seconds: float) -> Stack:
    try:
        return ready.result(seconds)
    except TimeoutError:
        over.set()
        return ready.result()
