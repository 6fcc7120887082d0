"""A whole stack of this version starts over an earlier one's data directory, and goes on there."""

from collections.abc import Iterator
from contextlib import closing

import pymongo
import pytest
from bson import json_util

from deploy.cli.client import Client
from deploy.cli.settling import Watch, wait_until_settled
from deploy.cli.target import stack_target
from deploy.local.beside import stack_beside
from deploy.local.programs import service_settings
from deploy.local.running import Stack
from deploy.local.servers import database_command, database_uri, free_port, wait_until
from deploy.local.stack import SERVICES, DataDirectory, Ports
from tests.earlier.test_earlier import NAMES, OWNERS, STORED
from tests.journeys.conftest import AS_OF
from tests.serving import serve, stop

pytestmark = [pytest.mark.journey, pytest.mark.long]
REQUEST, OFFER = NAMES["request"], NAMES["offer"]
PAIR = f"{REQUEST}.{OFFER}"
SECONDS = 120


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A ready stack on a data directory whose database has what was stored then."""
    directory = DataDirectory(tmp_path_factory.mktemp("earlier") / "data")
    directory.database.mkdir(parents=True)
    port = free_port()
    server = serve(database_command(port, directory.database), port, directory.path / "server.log")
    with closing(pymongo.MongoClient[dict[str, object]](database_uri(port))) as client:
        for service in OWNERS:
            stored = json_util.loads((STORED / f"{service}.json").read_text())
            for name, documents in stored.items():
                if documents:
                    client[f"entraide_{service}"][name].insert_many(documents)
    stop(server)
    with stack_beside(directory, Ports.free(), print, {"ENTRAIDE_AS_OF": AS_OF}) as running:
        yield running


def settled(stack: Stack) -> None:
    settings = {name: service_settings(stack.plan, name) for name in SERVICES}
    wait_until_settled(Watch(settings, [REQUEST]), 0.6, SECONDS)


def test_it_goes_on_where_the_earlier_one_stopped(stack: Stack) -> None:
    settled(stack)
    client = Client(stack_target(stack.plan.ports, stack.plan.keys, "earlier"), "operator")
    request = client.get("requests", f"/v1/requests/{REQUEST}")
    assert request.body["status"] == "partly-covered"
    (commitment,) = client.items("matcher", "/v1/commitments", proposal=PAIR)
    assert commitment["status"] == "held"
    proposed = [one["offer"] for one in client.items("matcher", "/v1/proposals", request=REQUEST)]
    assert OFFER in proposed

    body = request.body
    written = ("title", "description", "language", "country", "window", "external_id")
    ours = {name: body[name] for name in written} | {
        "title": "Finding out which propellant is safe (illustrative)",
        "needs": [
            {name: need[name] for name in ("line", "theme", "kind", "quantity", "unit")}
            for need in body["needs"]
        ],
    }
    changed = client.put("requests", f"/v1/requests/{REQUEST}", ours, if_match=request.etag)
    assert changed.etag != request.etag
    settled(stack)  # it is ranked in its new version
    assert [one["status"] for one in client.items("matcher", "/v1/commitments", proposal=PAIR)] == [
        "held"
    ]
    lines = {one["id"]: one["held"] for one in client.items("matcher", "/v1/ledger", record=OFFER)}
    assert sum(map(float, lines.values())) == 1
    followed = service_settings(stack.plan, "portal")
    with closing(pymongo.MongoClient[dict[str, object]](followed.mongodb)) as database:
        known = database[followed.database]["followed"]
        wait_until(
            lambda: _version(known.find_one({"_id": f"request:{REQUEST}"})) == changed.etag,
            SECONDS,
            "the portal knowing of the change",
        )


def _version(followed: dict[str, object] | None) -> str:
    return f'"{followed["epoch"]}.{followed["number"]}"' if followed else ""
