"""A broker that cannot be reached until a test has seen that somebody waits for it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from deploy.local.servers import LOOPBACK, wait_until
from shared.events import clients
from shared.settings import Settings
from tests.faults.proxy import Proxy


class Barred:
    """Settings whose broker nobody reaches yet."""

    def __init__(self, settings: Settings, proxy: Proxy, logs: Sequence[Mapping[str, Any]]) -> None:
        self.settings = replace(settings, kafka=f"{LOOPBACK}:{proxy.port}")
        self._proxy = proxy
        self._logs = logs
        self._opened = False

    def wait_until_tried(self, times: int = 1) -> None:
        """Wait until so many have been there in vain."""

        def tried() -> bool:
            return [one["event"] for one in self._logs].count("waiting for the broker") >= times

        wait_until(tried, 30, "somebody waiting for the broker")

    def open(self) -> None:
        """Let everybody through from now on."""
        self._proxy.start()
        self._opened = True

    def close(self) -> None:
        """End what still goes through."""
        if self._opened:
            self._proxy.stop()


@contextmanager
def barred_broker(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Barred]:
    """The settings' broker behind a bar; who tries gives up soon, and tries again."""
    monkeypatch.setattr(clients, "BOOTSTRAP_MS", 300)
    proxy = Proxy(int(settings.kafka.rpartition(":")[2]))
    with capture_logs() as logs:
        barred = Barred(settings, proxy, logs)
        try:
            yield barred
        finally:
            barred.close()
