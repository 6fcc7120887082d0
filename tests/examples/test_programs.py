"""The example programs use nothing of the house; the receiver of webhooks takes what is signed."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from standardwebhooks import Webhook

PROGRAMS = Path(__file__).resolve().parents[2] / "examples" / "programs"
SECRET = "whsec_" + "c2VjcmV0IG9mIHRoZSB0ZXN0cyBhbG9uZSwgMzIgYg=="
BODY = '{"type":"entraide.proposal","timestamp":"2026-11-23T08:00:00+00:00","data":{"a":1}}'


@pytest.mark.parametrize("path", sorted(PROGRAMS.glob("*.py")), ids=lambda path: path.name)
def test_it_uses_nothing_of_the_house_and_says_what_it_is(path: Path) -> None:
    tree = ast.parse(path.read_text())
    imported: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add(str(node.module).partition(".")[0])
    assert imported <= sys.stdlib_module_names | {"requests", "kafka"}
    assert "Illustrative: an example" in str(ast.get_docstring(tree))


@pytest.fixture(scope="module")
def receiver() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The receiver as a program of its own, and its address."""
    command = [sys.executable, str(PROGRAMS / "receive_webhooks.py"), "--port", "0"]
    environ = {**os.environ, "WEBHOOK_SECRET": SECRET}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as process:
        assert process.stdout is not None
        port = process.stdout.readline().split()[-1]
        yield process, f"http://127.0.0.1:{port}/"
        process.terminate()


def call(address: str, identity: str, secret: str = SECRET, *, age: int = 0, body: str = BODY) -> int:
    at = datetime.now(UTC) - timedelta(seconds=age)
    headers = {
        "webhook-id": identity,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(identity, at, BODY),
    }
    with requests.Session() as session:
        session.trust_env = False
        return session.post(address, body.encode(), headers=headers, timeout=10).status_code


def test_the_receiver_prints_what_is_signed_once(
    receiver: tuple[subprocess.Popen[str], str],
) -> None:
    process, address = receiver
    other = "whsec_" + "YW5vdGhlciBzZWNyZXQgb2YgMzIgYnl0ZXMgb3Igc28="
    assert call(address, "msg-1", other) == 401
    assert call(address, "msg-1", age=600) == 401
    assert call(address, "msg-1", body=BODY.replace("1}", "2}")) == 401
    assert [call(address, one) for one in ("msg-1", "msg-1", "msg-2")] == [204, 204, 204]
    process.terminate()
    assert process.stdout is not None
    assert process.stdout.read().splitlines() == ['entraide.proposal {"a": 1}'] * 2
