"""What is done after a backup was restored."""

import base64
from collections.abc import Callable

import pytest

from deploy.docker.restored import main
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


def test_the_epoch_is_raised_and_all_is_said_again(
    make_settings: Callable[[str], Settings],
    token: Callable[..., dict[str, str]],
    capsys: pytest.CaptureFixture[str],
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
    assert main(["requests"], environ) == 0
    assert capsys.readouterr().out.endswith("requests: its records are of epoch 2 now\n")

    assert client.get(address, headers=headers).headers["ETag"] == '"2.2"'
    (request,) = AssistanceRequest.objects
    assert len(request.pending_events) == 1

    environ["ENTRAIDE_KAFKA"] = f"{LOOPBACK}:{free_port()}"
    assert main(["requests"], environ) == 1
    assert capsys.readouterr().err.startswith("requests: ")
    assert client.get(address, headers=headers).headers["ETag"] == '"2.2"'


@pytest.mark.parametrize("services", [[], ["portal"], ["requests", "all"]])
def test_it_wants_to_know_which(services: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(services, {}) == 2
    assert "requests, offers, matcher" in capsys.readouterr().err


def test_it_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["offers"], {}) == 1
    assert (
        capsys.readouterr().err == "offers: set ENTRAIDE_KAFKA: Kafka bootstrap servers, "
        "host:port, comma-separated\n"
    )
