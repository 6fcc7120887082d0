"""How a container tells that it is healthy."""

import http.server
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.docker import healthy


class _Answers(http.server.BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        assert self.path == "/readyz"
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Answers]]:
    """An API on a free port, answering /readyz with the `status` of the class."""
    handler = type("Handler", (_Answers,), {})
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as server:
        monkeypatch.setattr(healthy, "API_PORT", server.server_port)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield handler
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_an_api_is_as_healthy_as_it_says(api: type[_Answers], status: int, code: int) -> None:
    api.status = status
    assert healthy.main(["api"]) == code


def test_an_api_that_does_not_listen_is_not_healthy(
    api: type[_Answers], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(healthy, "API_PORT", 1)
    assert healthy.main(["api"]) == 1


def test_a_worker_is_healthy_while_it_touches_its_ready_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = tmp_path / "ready"
    monkeypatch.setenv("ENTRAIDE_READY_FILE", str(ready))
    assert healthy.main(["worker"]) == 1
    ready.touch()
    assert healthy.main(["worker"]) == 0
    stale = ready.stat().st_mtime - healthy.LIVELY_SECONDS - 1
    os.utime(ready, (stale, stale))
    assert healthy.main(["worker"]) == 1


@pytest.mark.parametrize("arguments", [[], ["portal"], ["api", "worker"]])
def test_what_is_not_known_is_refused(arguments: list[str]) -> None:
    assert healthy.main(arguments) == 2
