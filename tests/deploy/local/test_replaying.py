"""Filling an empty broker: in which order, and what must not stay lost."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import mongoengine
import pytest
from click.testing import CliRunner

from deploy.cli import replay as replay_command
from deploy.cli.main import main as entraide
from deploy.local import replaying
from deploy.local.replaying import LISTENER, ORDER, replay_service
from deploy.local.stack import SERVICES
from shared.events.dead_letters import list_dead_letters
from shared.events.letters import DeadLetters, letter_id
from shared.events.reader import read_to_end
from shared.events.topics import Topics, ensure_topics
from shared.settings import Settings
from shared.web.database import connect_database


@pytest.fixture
def offers(make_settings: Callable[[str], Settings]) -> Iterator[tuple[Settings, Any]]:
    """The settings and the database of offers, and its topics."""
    settings = make_settings("offers")
    ensure_topics(settings)
    database = connect_database(settings)
    yield settings, database
    database.client.drop_database(database.name)
    mongoengine.disconnect()


def test_a_request_is_said_once_all_that_it_is_ranked_by_is() -> None:
    assert sorted(ORDER) == sorted(SERVICES)
    assert ORDER[-1] == "requests"


class Poison:
    key, value, headers, partition, offset = b"k", b"{", (), 0, 0

    def __init__(self, topic: str) -> None:
        self.topic = topic


def test_dead_letters_that_went_with_the_broker_are_written_again(
    offers: tuple[Settings, Any],
) -> None:
    settings, database = offers
    topics = Topics(settings.topic_prefix)
    writer = DeadLetters(settings, database)
    record = Poison(topics.matches)
    for _ in range(2):
        writer.put(record, "handler-failed", str(datetime.now(UTC)), "offers")
    writer.settle([letter_id(record, "offers")])
    assert len(list(read_to_end(settings, topics.dead_letters))) == 1

    assert replay_service("offers", settings) == 0
    writer.put(record, "handler-failed", "again", "offers")
    writer.close()
    assert len(list(read_to_end(settings, topics.dead_letters))) == 2
    assert len(list_dead_letters(settings)) == 1  # where the log was not lost, it is still one
    assert writer.is_settled(letter_id(record, "offers"))


@pytest.fixture
def settings_of(
    make_settings: Callable[[str], Settings], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], Settings]]:
    """The settings by which supervisor and command find the services of the test's own."""

    def of(service: str) -> Settings:
        return make_settings(service)

    monkeypatch.setattr(replaying.Settings, "from_environment", lambda service, _: of(service))
    monkeypatch.setattr(replay_command, "find_settings", lambda _dir, _env, service: of(service))
    ensure_topics(of(LISTENER))
    yield of
    for service in (LISTENER, *ORDER):
        database = connect_database(of(service))
        database.client.drop_database(database.name)
    mongoengine.disconnect()


def by_command(*arguments: str) -> None:
    result = CliRunner().invoke(entraide, ["replay", *arguments])
    assert result.exit_code == 0, result.output
    assert "portal: it puts aside again" in result.output


@pytest.mark.parametrize(
    "fill",
    [replaying.main, by_command, lambda: by_command("--service", LISTENER)],
    ids=["supervisor", "command", "one"],
)
def test_so_are_those_of_the_portal_which_publishes_nothing(
    settings_of: Callable[[str], Settings], fill: Callable[[], None]
) -> None:
    settings = settings_of(LISTENER)
    topics = Topics(settings.topic_prefix)
    record = Poison(topics.requests)

    def give_up() -> int:
        writer = DeadLetters(settings, connect_database(settings))
        writer.put(record, "handler-failed", "", LISTENER)
        writer.close()
        return len(list(read_to_end(settings, topics.dead_letters)))

    assert [give_up(), give_up()] == [1, 1]
    fill()
    assert give_up() == 2
