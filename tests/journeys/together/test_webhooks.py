"""A webhook from the portal's page to a program that checks the signature: the example receiver."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from deploy.local.running import Stack
from deploy.local.servers import free_port, wait_until
from tests.pages.visiting import Visitor

pytestmark = pytest.mark.journey

PROGRAM = Path(__file__).parents[3] / "examples" / "programs" / "receive_webhooks.py"
MAIL, PASSWORD = "webhooks@journey.example", "seven herons over wet stone"
SECONDS = 90
REQUEST = {
    "title": "Safe storage (illustrative)",
    "description": "Steel racks for one armoury.",
    "language": "en",
    "country": "COM",
    "needs": [{"theme": "stockpile-management", "kind": "equipment", "quantity": 9}],
}


def signed_in(stack: Stack) -> Visitor:
    """Somebody of the State who was invited by the command line, took the link and signed in."""
    entraide = str(Path(sys.executable).with_name("entraide"))
    command = [entraide, "accounts", "invite", MAIL, "--role", "requester", "--state", "COM"]
    done = subprocess.run(
        [*command, "--data-dir", str(stack.plan.directory.path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    visitor = Visitor(stack.plan.ports.url("portal"))
    visitor.open(urlsplit(done.stdout.strip()).path)
    visitor.send(name="Commission", password=PASSWORD)
    visitor.open("/sign-in")
    visitor.send(email=MAIL, password=PASSWORD)
    assert visitor.path == "/requests"
    return visitor


def test_a_webhook_is_made_confirmed_and_called_with_what_is_signed(
    stack: Stack, published: Callable[[str, dict[str, Any]], str]
) -> None:
    visitor = signed_in(stack)
    visitor.open("/account/webhooks")
    port = free_port()
    page = visitor.send(url=f"http://127.0.0.1:{port}/", kinds=["request-step"], current=PASSWORD)
    (secret,) = (word for word in page.text.split() if word.startswith("whsec_"))
    assert "not confirmed yet" in page.text
    (ping,) = (form.action for form in page.forms if form.action.endswith("/ping"))
    command = [sys.executable, str(PROGRAM), "--port", str(port)]
    environ = {**os.environ, "WEBHOOK_SECRET": secret}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as program:
        try:
            assert program.stdout is not None
            assert program.stdout.readline().startswith("listening")
            visitor.send(ping)
            here = ping.removesuffix("/ping")
            wait_until(
                lambda: "not confirmed" not in visitor.open(here).text,
                SECONDS,
                "the webhook's trial",
            )
            assert "confirmed" in visitor.page.text
            assert program.stdout.readline().startswith("entraide.ping {")
            request = published("requests", REQUEST)
            said = program.stdout.readline()
            assert said.startswith("entraide.request-step {")
            assert request in said
            wait_until(
                lambda: "What becomes of your State's requests" in last_calls(visitor, here),
                SECONDS,
                "the call in the list of the last ones",
            )
        finally:
            program.terminate()
    visitor.send(f"{here}/remove")
    assert "The webhook was removed." in visitor.page.text


def last_calls(visitor: Visitor, here: str) -> str:
    """What the webhook's page says of its last calls."""
    return visitor.open(here).text.partition("Last calls")[2]
