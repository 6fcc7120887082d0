"""A small world for the API's tests: records that were ranked, without the worker's loops."""

from collections.abc import Callable, Sequence
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.matcher.documents import Commitment, Match
from services.matcher.engine.geography import Geography
from services.matcher.engine.matching import Engine
from services.matcher.engine.ranking import prior_model
from services.matcher.index_feed import IndexFeed
from services.matcher.ranking_worker import rank
from services.matcher.reactions import keep_records
from services.matcher.shortlists import store, take_partition
from shared.events.envelope import Event
from shared.events.reader import Received
from tests.services.matcher.records import NOW


def received(event: Event) -> Received:
    """The event as a reader hands it out."""
    return Received(
        event=None if event.tombstone else event,
        type=event.type,
        subject=event.subject,
        version=event.version,
        topic="a topic",
        partition=len(event.subject) % 3,
        offset=0,
    )


def new_feed() -> IndexFeed:
    """A feed of an empty engine, as of the records' day."""
    day = NOW.date()
    return IndexFeed(Engine(prior_model(), Geography.of_vocabulary(day), day))


class World:
    """Takes events in as the worker would, all at once."""

    def __init__(self) -> None:
        self.feed = new_feed()

    def hears(self, events: Sequence[Event]) -> None:
        """Keep, index, rank and store."""
        keep_records(lambda: NOW)(events)
        for event in events:
            self.feed.apply(received(event))
        self.ranks()

    def hears_itself(self) -> None:
        """Take in what proposals and commitments have become, as the worker does, and rank."""
        kinds: tuple[Any, ...] = (Match, Commitment)
        events = [one.event() for kind in kinds for one in kind.objects]
        keep_records(lambda: NOW)(events)
        for event in events:
            self.feed.apply(received(event))
        self.ranks()

    def ranks(self) -> None:
        """Rank every request and store the lists."""
        self.feed.settle()
        fence = take_partition("requests.v1", 0)
        rankings = [rank(self.feed, request) for request in self.feed.requests]
        store({0: [one for one in rankings if one is not None]}, {0: fence}, NOW)


class Caller:
    """Calls the API with one token; `others` makes callers with other tokens."""

    def __init__(
        self, client: FlaskClient, headers: dict[str, str], others: Callable[..., "Caller"]
    ) -> None:
        self._client = client
        self._headers = headers
        self._others = others

    def get(self, path: str, **query: Any) -> TestResponse:
        """GET with a query."""
        return self._client.get(path, headers=self._headers, query_string=query)

    def post(
        self, path: str, json: Any = None, etag: str | None = None, key: str | None = None
    ) -> TestResponse:
        """POST, with If-Match and Idempotency-Key where given."""
        headers = dict(self._headers)
        if etag is not None:
            headers["If-Match"] = etag
        if key is not None:
            headers["Idempotency-Key"] = key
        options = {} if json is None else {"json": json}
        return self._client.post(path, headers=headers, **options)

    def put(self, path: str, json: Any) -> TestResponse:
        """PUT."""
        return self._client.put(path, headers=self._headers, json=json)

    def items(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """The items of a list's first page."""
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json["items"]
        return found

    def decide(self, proposal: str, decision: str, **more: Any) -> TestResponse:
        """Decide on a proposal as it is now."""
        path = f"/v1/proposals/{proposal}"
        etag = self.get(path).headers["ETag"]
        return self.post(f"{path}/decision", {"decision": decision, **more}, etag=etag)

    def life(self, proposal: str) -> dict[str, Any]:
        """The life of a proposal as it is now."""
        found: dict[str, Any] = self.get(f"/v1/proposals/{proposal}/life").json
        return found

    def step(self, proposal: str, path: str, body: dict[str, Any]) -> TestResponse:
        """Take a step of a proposal's life as it is now."""
        place = f"/v1/proposals/{proposal}"
        etag = self.get(f"{place}/life").headers["ETag"]
        return self.post(f"{place}/{path}", body, etag=etag)

    def answer(self, proposal: str, says: str = "agree", **more: Any) -> TestResponse:
        """Answer for a side of an endorsed proposal."""
        return self.step(proposal, "answer", {"answer": says, **more})

    def parties(self, proposal: str) -> tuple["Caller", "Caller"]:
        """The donor and the State of a proposal."""
        shown = self.get(f"/v1/proposals/{proposal}").json
        donor = self._others("donor", organisation=shown["organisation"])
        return donor, self._others("requester", state=shown["country"])

    def consented(self, *proposals: str) -> None:
        """Let both sides agree to endorsed proposals, the State to each condition."""
        for proposal in proposals:
            donor, state = self.parties(proposal)
            conditions = state.life(proposal)["conditions"]
            accepts = [one["hash"] for one in conditions if one["current"]]
            for done in (donor.answer(proposal), state.answer(proposal, accepts=accepts)):
                assert done.status_code == 200, done.text

    def agreed(self, *proposals: str) -> None:
        """Endorse the proposals, and let both sides agree."""
        for proposal in proposals:
            done = self.decide(proposal, "endorse")
            assert done.status_code == 200, done.text
            self.consented(proposal)
