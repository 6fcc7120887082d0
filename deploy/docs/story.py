"""What happens to the example data before the guides' pictures are made, over the services' APIs.

In three chapters: the examples are loaded and ranked; a coordinator endorses a pair; both sides
agree, it is committed, and delivery has begun. Whoever acts is bound as its account would be.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import mongoengine

from deploy.cli.accounts import house_of
from deploy.cli.client import Client
from deploy.cli.example_accounts import make_account, session_cookie
from deploy.cli.goldset import GoldSet, Row, read_set
from deploy.cli.loading import load
from deploy.cli.target import stack_target
from deploy.local.running import Stack
from deploy.local.servers import wait_until
from services.portal import webhooks
from services.portal.domain.people import Office

CHAPTERS = ("loaded", "endorsed", "delivering")
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
AS_OF = "2026-11-23"
"""The day that the story plays on: the windows of the examples are open."""

REQUEST, OFFER = "E-R03", "E-O01"
SECONDS = 300.0
_QUIET_SECONDS = 6.0
DRAFT = {
    "title": "Safe storage of police weapons (illustrative)",
    "description": "We need 40 steel racks for the armouries of the police, and training for 20 "
    "storekeepers.",
    "language": "en",
}


@dataclass(frozen=True)
class Story:
    """A running stack, the rows that the story is about, and the ids that pages' paths name."""

    stack: Stack
    request: Row
    offer: Row
    ids: dict[str, str]
    cookies: Mapping[str, str]

    def client(self, role: str) -> Client:
        """The services' APIs for somebody in that role, of the story's State or donor."""
        plan, office = self.stack.plan, self.offices()[role]
        held = {"state": office.state, "organisation": office.organisation}
        bound = {role: {name: value for name, value in held.items() if value is not None}}
        return Client(stack_target(plan.ports, plan.keys, f"story-{role}", bound), role)

    def offices(self) -> dict[str, Office]:
        """Who looks at pages, by role."""
        return {
            "requester": Office("requester", state=str(self.request.body["country"])),
            "donor": Office("donor", organisation=str(self.offer.body["organisation"])),
            "coordinator": Office("coordinator"),
            "operator": Office("operator"),
        }


def begin(stack: Stack, target: str) -> Story:
    """The first chapter: the examples, public but for the State's own, with all that is found.

    `target` is the address of the donor's webhook.
    """
    gold = read_set(EXAMPLES)
    (request,) = (row for row in gold.requests if row.external == REQUEST)
    (offer,) = (row for row in gold.offers if row.external == OFFER)
    story = Story(stack, request, offer, {}, {})
    operator = Client(stack_target(stack.plan.ports, stack.plan.keys, "story"), "operator")
    summary = load(_made_public(gold), operator)
    if summary.errors:
        raise SystemExit("\n".join(str(error) for error in summary.errors))
    house = house_of(stack.plan)
    try:
        offices = story.offices()
        accounts = {role: make_account(house, role, office) for role, office in offices.items()}
        hook, _ = webhooks.make(house, accounts["donor"].id, target, [], house.clock())
        webhooks.ping(hook, house.clock())
        cookies = {
            role: session_cookie(house, account, "pictures") for role, account in accounts.items()
        }
    finally:
        mongoengine.disconnect()
    state = story.client("requester")
    draft = state.post("requests", "/v1/requests", {**DRAFT, "country": request.body["country"]})
    story.ids.update(
        request=request.id,
        offer=offer.id,
        match=f"{request.id}.{offer.id}",
        draft=str(draft.body["id"]),
        webhook=hook.id,
    )
    _wait_for_findings(story, operator)
    _wait_for_quiet(story)
    return replace(story, cookies=cookies)


def tell(story: Story, chapter: str) -> None:
    """Let one of CHAPTERS after the first happen."""
    {"loaded": lambda _: None, "endorsed": _endorse, "delivering": _deliver}[chapter](story)


def _endorse(story: Story) -> None:
    _match_step(story, "coordinator", "decision", {"decision": "endorse"}, life=False)


def _deliver(story: Story) -> None:
    needs = story.request.body["needs"]
    whole = [{"line": number, "quantity": need["quantity"]} for number, need in enumerate(needs, 1)]
    _match_step(story, "donor", "answer", {"answer": "agree", "pledges": whole})
    _match_step(story, "requester", "answer", {"answer": "agree", "accepts": []})
    lines = [{"side": side, **line} for line in whole for side in ("request", "offer")]
    match = story.ids["match"]
    story.client("coordinator").post(
        "matcher", "/v1/commitments", {"proposal": match, "lines": lines}
    )
    place = f"/v1/proposals/{match}/messages"
    question = "Which of the depots has a room with a fume hood?"
    story.client("donor").post("matcher", place, {"text": question})
    answer = {"text": "Only the one in the east. The kits should go there.", "about": 1}
    story.client("requester").post("matcher", place, answer)
    _match_step(story, "donor", "delivery", {"step": "start"})
    _match_step(story, "donor", "figures", {"lines": [{"line": 2, "quantity": 2}]})
    _match_step(story, "requester", "figures", {"lines": [{"line": 2, "quantity": 1}]})
    state = story.client("requester")

    def heard() -> bool:
        needs = state.get("requests", f"/v1/requests/{story.request.id}").body["needs"]
        return bool(needs[1].get("delivered"))

    wait_until(heard, SECONDS, "the figures in the register of requests")


def _match_step(
    story: Story, role: str, step: str, body: dict[str, Any], *, life: bool = True
) -> None:
    client, place = story.client(role), f"/v1/proposals/{story.ids['match']}"
    seen = client.get("matcher", f"{place}/life" if life else place)
    client.post("matcher", f"{place}/{step}", body, if_match=seen.etag)


def _made_public(gold: GoldSet) -> GoldSet:
    """The examples as if whoever posts them had made them public, but for the State's own."""
    own = next(row.body["country"] for row in gold.requests if row.external == REQUEST)

    def public(row: Row, **more: Any) -> Row:
        return replace(row, body={**row.body, **more})

    return replace(
        gold,
        offers=tuple(public(row, public=True) for row in gold.offers),
        activities=tuple(public(row, public=True) for row in gold.activities),
        requests=tuple(
            row if row.body["country"] == own else public(row, confidentiality="public")
            for row in gold.requests
        ),
    )


def _wait_for_findings(story: Story, operator: Client) -> None:
    """Wait for the pair, and for a duplicate of requests and an alliance to show."""

    def found() -> bool:
        pairs = operator.items("matcher", "/v1/proposals", request=story.request.id)
        twice = [
            one["id"]
            for one in operator.items("matcher", "/v1/duplicates")
            if one["side"] == "request"
        ]
        allied = [
            one["id"]
            for one in operator.items("matcher", "/v1/alliances")
            if story.request.body["country"] in one["states"]
        ]
        if twice and allied:
            story.ids.update(duplicate=str(twice[0]), alliance=str(allied[0]))
        ready = any(one["offer"] == story.offer.id for one in pairs)
        return bool(ready and twice and allied)

    wait_until(found, SECONDS, "a proposal, a duplicate and a joint project of the examples")


def _wait_for_quiet(story: Story) -> None:
    """Wait until nothing more is proposed, so that no page tells of what came meanwhile."""
    coordinator = story.client("coordinator")
    before = None
    while (now := coordinator.get("matcher", "/v1/waiting", best=5).body) != before:
        before = now
        time.sleep(_QUIET_SECONDS)
