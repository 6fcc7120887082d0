"""What is done after a backup was restored."""

import base64
import os
from collections.abc import Callable

from click.testing import CliRunner, Result

from deploy.cli.main import main
from deploy.local.servers import LOOPBACK, free_port
from services.requests.app import create_app
from services.requests.documents import AssistanceRequest
from shared.events.topics import ensure_topics
from shared.settings import Settings

BODY = {
    "title": "Marking machines",
    "description": "Four machines to mark rifles.",
    "language": "en",
    "country": "SEN",
}


def restored(*services: str, **environ: str) -> Result:
    """The command with these variables and none of the caller's."""
    own = {name: None for name in os.environ if name.startswith("ENTRAIDE_")}
    return CliRunner().invoke(main, ["restored", *services], env=own | environ)


def test_the_epoch_is_raised_and_all_is_said_again(
    make_settings: Callable[[str], Settings],
    token: Callable[..., dict[str, str]],
) -> None:
    settings = make_settings("requests")
    ensure_topics(settings)
    client = create_app(settings).test_client()
    headers = token("requester", state="SEN")
    draft = client.post("/v1/requests", json=BODY, headers=headers)
    assert draft.status_code == 201
    address = draft.headers["Location"]
    submitted = client.post(
        f"{address}/submit", headers={**headers, "If-Match": draft.headers["ETag"]}
    )
    assert submitted.headers["ETag"] == '"1.2"'
    AssistanceRequest.objects.update(unset__pending_events=1, unset__pending_since=1)

    environ = {
        "ENTRAIDE_MONGODB": settings.mongodb,
        "ENTRAIDE_DATABASE": settings.database,
        "ENTRAIDE_KAFKA": settings.kafka,
        "ENTRAIDE_TOPIC_PREFIX": settings.topic_prefix,
        "ENTRAIDE_TERM_KEY": base64.b64encode(settings.term_key).decode(),
    }
    result = restored("requests", **environ)
    assert result.exit_code == 0, result.output
    assert result.output.endswith("requests: its records are of epoch 2 now\n")

    assert client.get(address, headers=headers).headers["ETag"] == '"2.2"'
    (request,) = AssistanceRequest.objects
    assert len(request.pending_events) == 1

    environ["ENTRAIDE_KAFKA"] = f"{LOOPBACK}:{free_port()}"
    result = restored("requests", **environ)
    assert result.exit_code == 1
    assert "Error: requests: " in result.output
    assert client.get(address, headers=headers).headers["ETag"] == '"2.2"'


def test_it_wants_to_know_which() -> None:
    assert "Missing argument" in restored().output
    for services in (["portal"], ["requests", "all"]):
        result = restored(*services)
        assert result.exit_code == 2
        assert "is not one of 'requests', 'offers', 'matcher'" in result.output


def test_it_says_what_is_missing() -> None:
    result = restored("offers")
    assert result.exit_code == 1
    assert result.output == (
        "Error: offers: set ENTRAIDE_KAFKA: Kafka bootstrap servers, host:port, comma-separated\n"
    )
