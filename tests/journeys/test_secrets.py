"""Free text stays with the service that owns it: a secret in every text field of every record.

Then topics, logs and the databases of the other services are searched for them, and what the wrong
reader is answered.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import bson
import pymongo
import pytest
from marshmallow import Schema, fields

from deploy.cli.client import Client
from deploy.cli.settling import Watch, wait_until_settled
from deploy.cli.target import Target
from deploy.local.programs import service_settings
from deploy.local.running import Stack
from deploy.local.stack import SERVICES
from entraide.client import File, ProblemError
from services.matcher.thread_schemas import MessageBody
from services.offers.schemas import (
    ActivityBody,
    CallBody,
    KnowledgeBody,
    OfferBody,
    OrganisationBody,
)
from services.requests.schemas import EndBody, ObjectBody, RequestBody, ReturnBody, StateBody
from shared.events.reader import read_to_end
from shared.events.topics import Topics
from shared.web.identity import Identity
from shared.web.schemas import Text
from shared.web.tokens import issue_token

pytestmark = [pytest.mark.journey, pytest.mark.long]

SECONDS = 240.0
_NUMBERS = count(1)


class Secrets:
    """Makes words that stand nowhere else, and remembers them."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def __call__(self, form: str = "{}") -> str:
        word = f"qzvexor{next(_NUMBERS):04d}"
        self.made.append(word)
        return form.format(word)


def text_fields(schema: Schema, path: str = "") -> Iterator[str]:
    """The fields of a body in which somebody can write what they like."""
    for name, field in schema.fields.items():
        here, inner = f"{path}{name}", field
        while isinstance(inner, fields.List):
            here, inner = f"{here}[]", inner.inner
        if isinstance(inner, fields.Nested):
            yield from text_fields(inner.schema, f"{here}.")
        elif isinstance(inner, Text | fields.Url | fields.Email):
            yield here


def written(value: Any, path: str = "") -> Iterator[str]:
    """The paths of a body that hold a secret."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from written(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for inner in value:
            yield from written(inner, f"{path}[]")
    elif "qzvexor" in str(value):
        yield path


def planted(schema: type[Schema], body: dict[str, Any]) -> dict[str, Any]:
    """The body, of which every text field holds a secret."""
    assert set(text_fields(schema())) <= set(written(body)), schema.__name__
    return body


def texts(secret: Secrets) -> dict[str, Any]:
    return {
        "title": secret("Marking machines {}"),
        "description": secret("Four machines to mark rifles for {}, with training."),
        "language": "en",
        "external_id": {"source": secret(), "id": secret()},
    }


def objective(secret: Secrets) -> dict[str, Any]:
    named = {name: secret() for name in ("text", "indicator", "baseline", "target")}
    return {**named, "date": "2030-01-01"}


def link(secret: Secrets) -> dict[str, Any]:
    return {"title": secret("Plan {}"), "url": secret("https://example.org/{}")}


def request_body(secret: Secrets, level: str) -> dict[str, Any]:
    def need(**members: Any) -> dict[str, Any]:
        return {
            "theme": "marking",
            "kind": "equipment",
            "quantity": 4,
            "unit": secret(),
            "objectives": [objective(secret)],
            "sites": [secret("Depot {}")],
            **members,
        }

    body = {
        **texts(secret),
        "country": "SEN",
        "priority": "high",
        "needs": [need(), need(kind="training", visibility="parties"), need(confidential=True)],
        "objectives": [objective(secret)],
        "source_report": {**link(secret), "year": 2025},
        "action_plan": link(secret),
        "evidence": [{"text": secret(), "url": secret("https://example.org/{}")}],
        "confidentiality": level,
    }
    return planted(RequestBody, body)


def contacts(secret: Secrets) -> list[dict[str, Any]]:
    return [{"office": secret("Office {}"), "email": secret("{}@example.org")}]


def offer_body(secret: Secrets) -> dict[str, Any]:
    provision = {"theme": "marking", "kind": "equipment", "capacity": 9, "unit": secret()}
    body = {
        **texts(secret),
        "organisation": "secret-agency",
        "provisions": [provision],
        "conditions": [{"kind": "other", "text": secret("Only if {}")}],
        "window": {"from": "2026-01-01", "to": "2035-12-31"},
    }
    return planted(OfferBody, body)


def activity_body(secret: Secrets) -> dict[str, Any]:
    body = {
        **texts(secret),
        "country": "SEN",
        "organisation": "secret-agency",
        "theme": "marking",
        "kind": "equipment",
        "quantity": 2,
        "unit": secret(),
        "window": {"from": "2026-01-01", "to": "2035-12-31"},
        "status": "ongoing",
    }
    return planted(ActivityBody, body)


@pytest.fixture
def senegal(stack: Stack) -> Client:
    return bound(stack, "requester", state="SEN")


@pytest.fixture
def donor(stack: Stack) -> Client:
    return bound(stack, "donor", organisation="another-agency")


def bound(stack: Stack, role: str, **claims: str) -> Client:
    """A client whose token is bound to a State or an organisation."""
    identity = Identity(subject="journey", role=role, **claims)
    text = issue_token(stack.plan.keys.pair, identity, timedelta(hours=1), datetime.now(UTC))
    urls = {name: stack.plan.ports.url(name) for name in SERVICES}
    return Client(Target(urls, lambda _: text), role)


def test_no_text_leaves_the_service_that_owns_it(
    stack: Stack, operator: Client, coordinator: Client, senegal: Client, donor: Client
) -> None:
    of_requests, of_offers = Secrets(), Secrets()
    ids = register(operator, coordinator, senegal, of_requests, of_offers)
    settings = {service: service_settings(stack.plan, service) for service in SERVICES}
    wait_until_settled(Watch(settings, ids[:1]), 2.0, SECONDS)
    for path in (f"/v1/requests/{ids[0]}", "/v1/requests"):
        answer = str(donor.get("requests", path).body)
        told = [word for word in hidden_words(operator, ids) if word in answer]
        assert told == [], path
    heard = str([*coordinator.items("matcher", "/v1/proposals", request=ids[0])])
    assert ids[0] in heard
    of_matches = Secrets()
    converse(coordinator, senegal, of_matches, ids[0])
    wait_until_settled(Watch(settings, ids[:1]), 2.0, SECONDS)

    places = {"the logs": logs(stack), "the topics": topics(stack), "the matcher's API": heard}
    for service, found in databases(stack).items():
        places[f"the database of {service}"] = found
    secrets = {
        "requests": of_requests.made,
        "offers": of_offers.made,
        "matcher": of_matches.made,
    }
    for service, words in secrets.items():
        own = f"the database of {service}"
        # What is searched does hold what it should, and every secret did arrive.
        assert [word for word in words if word not in places[own]] == []
        for place, content in places.items():
            if place != own:
                assert [word for word in words if word in content] == [], place
    assert ids[0] in places["the topics"]
    assert ids[0] in places["the database of matcher"]


def register(
    operator: Client,
    coordinator: Client,
    senegal: Client,
    of_requests: Secrets,
    of_offers: Secrets,
) -> list[str]:
    """Bring every kind of record through its life; the ids of the requests, the matched first."""
    organisation = {
        "name": of_offers("Agency {}"),
        "type": "ngo",
        "contacts": contacts(of_offers),
    }
    planted(OrganisationBody, organisation)
    operator.put("offers", "/v1/organisations/secret-agency", organisation)
    state = planted(StateBody, {"contacts": contacts(of_requests)})
    senegal.put("requests", "/v1/states/SEN", state)
    offer = operator.post("offers", "/v1/offers", offer_body(of_offers))
    for step in ("submit", "publish"):
        path = f"/v1/offers/{offer.body['id']}/{step}"
        offer = operator.post("offers", path, if_match=offer.etag)
    operator.post("offers", "/v1/activities", activity_body(of_offers))
    links = [{**link(of_offers), "year": 2025}]
    entry = {"organisation": "secret-agency", "links": links}
    for kind, schema in (
        ("calls", CallBody),
        ("experts", KnowledgeBody),
        ("lessons", KnowledgeBody),
    ):
        operator.post("offers", f"/v1/{kind}", planted(schema, {**texts(of_offers), **entry}))

    def step(request: Any, who: Client, action: str, body: Any = None) -> Any:
        path = f"/v1/requests/{request.body['id']}/{action}"
        return who.post("requests", path, body, if_match=request.etag)

    attach(operator, "offers", f"/v1/offers/{offer.body['id']}", of_offers)
    ids = []
    for level in ("restricted", "coordinators"):
        request = senegal.post("requests", "/v1/requests", request_body(of_requests, level))
        attach(senegal, "requests", f"/v1/requests/{request.body['id']}", of_requests)
        request = step(request, senegal, "submit")
        returned = planted(ReturnBody, {"reason": "other", "text": of_requests()})
        step(request, coordinator, "return", returned)
        request = senegal.get("requests", f"/v1/requests/{request.body['id']}")
        request = step(request, senegal, "submit")
        request = step(request, coordinator, "authenticate")
        request = senegal.get("requests", f"/v1/requests/{request.body['id']}")
        objection = planted(ObjectBody, {"reason": "other", "text": of_requests()})
        request = step(request, senegal, "object", objection)
        request = step(request, senegal, "submit", {"consent": "express"})
        request = step(request, coordinator, "authenticate")
        attach(senegal, "requests", f"/v1/requests/{request.body['id']}", of_requests)  # it is told
        ids.append(str(request.body["id"]))
    ended = request_body(of_requests, "public")
    request = senegal.post("requests", "/v1/requests", ended)
    request = step(request, senegal, "submit", {"consent": "express"})
    request = step(request, coordinator, "authenticate")
    farewell = planted(EndBody, {"reason": "other", "text": of_requests()})
    step(senegal.get("requests", f"/v1/requests/{request.body['id']}"), senegal, "close", farewell)
    refused(senegal, operator)
    return ids


def converse(coordinator: Client, senegal: Client, secret: Secrets, request: str) -> None:
    """Endorse a proposal for the request, and write in its thread."""
    (proposal, *_) = coordinator.items("matcher", "/v1/proposals", request=request)
    path = f"/v1/proposals/{proposal['id']}"
    seen = coordinator.get("matcher", path).etag
    coordinator.post("matcher", f"{path}/decision", {"decision": "endorse"}, if_match=seen)
    words = {"text": secret("Which depot? {}"), "signed": secret("Name {}")}
    senegal.post("matcher", f"{path}/messages", planted(MessageBody, words))
    attach(senegal, "matcher", path, secret)


def attach(who: Client, service: str, record: str, secret: Secrets) -> None:
    """Attach a file to a record, both name and content of which nobody else may learn."""
    path = f"{record}/attachments"
    who.post_file(service, path, File(secret().encode(), "text/plain", secret("{}.txt")))


def refused(senegal: Client, operator: Client) -> None:
    """What is wrong leaves its words in no log either."""
    lost = Secrets()
    bodies = (
        {**texts(lost), "country": lost(), "needs": [{"theme": lost(), "kind": lost()}]},
        {**texts(lost), "country": "SEN", lost(): lost()},
    )
    for body in bodies:
        with pytest.raises(ProblemError):
            senegal.post("requests", "/v1/requests", body)
        with pytest.raises(ProblemError):
            operator.post("offers", "/v1/offers", body)
    REFUSED.extend(lost.made)


REFUSED: list[str] = []


def hidden_words(operator: Client, ids: list[str]) -> list[str]:
    """What an ordinary donor must not read: all of the second request, two lines of the first."""
    first, second = (operator.get("requests", f"/v1/requests/{id_}").body for id_ in ids)
    hidden = [*(str(need) for need in first["needs"][1:]), str(first["remarks"]), str(second)]
    return [word for text in hidden for word in secrets_in(text)]


def secrets_in(text: str) -> list[str]:
    return ["qzvexor" + part[:4] for part in text.split("qzvexor")[1:]]


def logs(stack: Stack) -> str:
    found = [path.read_text(errors="replace") for path in stack.plan.directory.logs.iterdir()]
    told = "\n".join(found)
    assert "/v1/requests/<string:request_id>/object" in told
    assert [word for word in REFUSED if word in told] == []
    return told


def topics(stack: Stack) -> str:
    settings = service_settings(stack.plan, "matcher")
    every = Topics(settings.topic_prefix)
    records = read_to_end(settings, [*every.states, *every.dead_letters])
    return "\n".join(f"{record.key!r} {record.value!r} {record.headers!r}" for record in records)


def databases(stack: Stack) -> dict[str, str]:
    """All that each service keeps, as text."""
    found = {}
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(stack.plan.ports.mongodb)
    with closing(client):
        for service in (*SERVICES, "portal"):
            database = client[service_settings(stack.plan, service).database]
            parts = [
                bson.encode(document).decode("utf-8", errors="replace")
                for name in database.list_collection_names()
                for document in database[name].find()
            ]
            found[service] = "\n".join(parts)
    return found
