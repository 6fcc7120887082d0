"""Whose calls the embedded database does first: what people wait for goes before workers' calls.

SecantusDB does the calls of all its connections at once, in one interpreter, so that a page's short
calls each take as many times as long as others are being done. A worker's call waits here until no
other service's is in hand, for a moment at most. Nothing stands idle for it: while one waits,
another is done.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from secantus import server
from secantus.commands import CommandContext

from shared.web.database import WORKERS

MOST_SECONDS: Final = 0.05
"""How long a worker's call waits at most: however much is asked, workers go on."""
_GREETINGS: Final = frozenset({"hello", "isMaster", "ismaster"})
_Answer = Callable[[Mapping[str, Any], CommandContext], Mapping[str, Any]]


class Turns:
    """Counts the calls in hand for which others wait."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._in_hand = 0

    @contextmanager
    def first(self) -> Iterator[None]:
        """Do a call for which others wait."""
        with self._changed:
            self._in_hand += 1
        try:
            yield
        finally:
            with self._changed:
                self._in_hand -= 1
                if not self._in_hand:
                    self._changed.notify_all()

    def give_way(self, most: float) -> None:
        """Wait until no such call is in hand, for so many seconds at most."""
        if self._in_hand:
            with self._changed:
                self._changed.wait_for(lambda: not self._in_hand, most)


def take_turns() -> None:
    """Have workers' calls wait for others'."""
    answer: _Answer = server.dispatch
    turns, at = Turns(), threading.local()  # each connection has a thread of its own

    def dispatch(body: Mapping[str, Any], ctx: CommandContext) -> Mapping[str, Any]:
        if next(iter(body), None) in _GREETINGS:
            at.name = None  # whoever says who it is says it now
            return answer(body, ctx)
        name = getattr(at, "name", None)
        if name is None:
            name = at.name = _name(ctx)
        if name.endswith(WORKERS):
            turns.give_way(MOST_SECONDS)
            return answer(body, ctx)
        with turns.first():
            return answer(body, ctx)

    server.dispatch = dispatch


def _name(ctx: CommandContext) -> str:
    """What the connection's application is called; "" where it has said nothing."""
    connection = ctx.connections.get(ctx.connection_id)
    said = None if connection is None else connection.client_metadata
    application = said.get("application") if isinstance(said, Mapping) else None
    name = application.get("name") if isinstance(application, Mapping) else None
    return name if isinstance(name, str) else ""
