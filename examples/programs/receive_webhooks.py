"""Receives an account's notifications by webhook, checks who signed them and prints them.

Illustrative: an example for who writes a program of their own. It uses nothing of Entraide's code
and nothing but Python itself. The signatures are those of standardwebhooks.com, whose libraries
for many languages do what `signed` does here.

    export WEBHOOK_SECRET=whsec_...     # shown once by POST /v1/webhooks: see docs/using.md
    python receive_webhooks.py --port 9000

It speaks plain HTTP: put what speaks https in front of it, and give that one's address.
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

OLDEST_SECONDS = 300
LONGEST_BODY = 256 * 1024
REMEMBERED = 10_000


def signed(secret: str, headers, body: bytes, now: float) -> bool:
    """Whether who knows the secret sent this body, within five minutes of now."""
    identity, sent_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    try:
        if abs(now - int(sent_at)) > OLDEST_SECONDS:
            return False
    except ValueError:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{identity}.{sent_at}.".encode() + body
    wanted = b"v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest())
    # There may be several, one for each secret, while a secret is being replaced.
    given = headers.get("webhook-signature", "").encode().split()
    return any(hmac.compare_digest(wanted, one) for one in given)


class Receiver(BaseHTTPRequestHandler):
    """Answers 204 to what is signed; what came before is not printed again."""

    secret = ""
    known: dict[str, None] = {}
    timeout = 10

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or int(length) > LONGEST_BODY:
            self.answer(413)
            return
        body = self.rfile.read(int(length))
        if not signed(self.secret, self.headers, body, time.time()):
            self.answer(401)
            return
        identity = self.headers["webhook-id"]
        if identity not in self.known:
            self.known[identity] = None
            if len(self.known) > REMEMBERED:
                del self.known[next(iter(self.known))]
            message = json.loads(body)
            print(message["type"], json.dumps(message["data"], sort_keys=True), flush=True)
        self.answer(204)

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Print nothing but what is received."""


def main() -> None:
    """Receive until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--port", type=int, default=9000, help="0: any that is free")
    options = parser.parse_args()
    Receiver.secret = os.environ["WEBHOOK_SECRET"]
    with HTTPServer(("127.0.0.1", options.port), Receiver) as server:
        print("listening on", server.server_port, flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
