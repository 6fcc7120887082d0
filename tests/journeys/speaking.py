"""Clients that speak for one State or one organisation, beside those in a role for all."""

from datetime import UTC, datetime, timedelta

from deploy.cli.client import Client
from deploy.cli.target import Target
from deploy.local.running import Stack
from deploy.local.stack import SERVICES
from shared.web.identity import Identity
from shared.web.tokens import issue_token

_LIFETIME = timedelta(hours=2)


def token_for(
    stack: Stack, role: str, *, state: str | None = None, organisation: str | None = None
) -> str:
    """A token that is bound to a State or to an organisation."""
    identity = Identity(f"journey-{role}", role, state, organisation)
    return issue_token(stack.plan.keys.pair, identity, _LIFETIME, datetime.now(UTC))


def speaking_for(
    stack: Stack, role: str, *, state: str | None = None, organisation: str | None = None
) -> Client:
    """A client whose token is bound to a State or to an organisation."""
    text = token_for(stack, role, state=state, organisation=organisation)
    urls = {name: stack.plan.ports.url(name) for name in SERVICES}
    return Client(Target(urls, lambda _: text), role)


def both_agree(stack: Stack, proposal: str, country: str, organisation: str) -> None:
    """Let donor and State agree to an endorsed proposal, the State to each condition."""
    parties = (
        speaking_for(stack, "donor", organisation=organisation),
        speaking_for(stack, "requester", state=country),
    )
    path = f"/v1/proposals/{proposal}"
    for client, is_state in zip(parties, (False, True), strict=True):
        seen = client.get("matcher", f"{path}/life")
        hashes = [one["hash"] for one in seen.body["conditions"] if one["current"]]
        body = {"answer": "agree", "accepts": hashes if is_state else []}
        client.post("matcher", f"{path}/answer", body, if_match=seen.etag)
