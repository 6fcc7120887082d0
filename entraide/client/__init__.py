"""A client of the services' APIs, for scripts; the command and the portal call by it too.

    from entraide.client import Client, Exchange

    token = Exchange("https://portal.example.org", api_token)
    client = Client({"requests": "https://requests.example.org"}, token)
    made = client.create("requests", "/v1/requests", {"country": "SEN", ...})
    client.post("requests", f"/v1/requests/{made.body['id']}/submit", if_match=made.etag)

What there is to call stands in each service's /openapi.json; docs/using.md has an example to run.
What is answered are JSON objects; `entraide.client.records` has types of them for type checkers:

    from entraide.client.records.requests import RequestView

    request = client.get("requests", f"/v1/requests/{id}").of(RequestView)
    for request in client.items_of(RequestView, "requests", "/v1/requests", country="SEN"):
"""

from entraide.client.answers import Answer, ProblemError, object_of
from entraide.client.calls import PATIENCE_SECONDS, Client, Token, UnreachableError
from entraide.client.exchange import Exchange
from entraide.client.sending import File, Sender

__all__ = [
    "PATIENCE_SECONDS",
    "Answer",
    "Client",
    "Exchange",
    "File",
    "ProblemError",
    "Sender",
    "Token",
    "UnreachableError",
    "object_of",
]
