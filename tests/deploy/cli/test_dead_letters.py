"""`entraide dead-letters` on a broker that has some."""

import base64
import os
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from click.testing import CliRunner, Result

from deploy.cli.main import main
from shared.events import clients
from shared.events.letters import DeadLetters
from shared.events.reader import read_to_end
from shared.events.topics import Topics, ensure_topics
from shared.settings import Settings
from shared.web.database import connect_database


@pytest.fixture
def letters(make_settings: Callable[[str], Settings]) -> Iterator[tuple[Settings, list[str]]]:
    """A broker's settings, and the ids of three dead letters there."""
    settings = make_settings("requests")
    ensure_topics(settings)
    connect_database(settings)
    topic = Topics(settings.topic_prefix).requests
    with closing(clients.producer(settings)) as producer:
        for key in (b"one", b"two", b"three"):
            producer.send(topic, key=key, value=b"no JSON").get(30)
    with closing(DeadLetters(settings)) as dead:
        records = list(read_to_end(settings, [topic]))
        yield settings, [dead.put(record, "schema", "why", "matcher") for record in records]


def test_letters_are_listed_and_sent_back_one_by_one_or_all(
    letters: tuple[Settings, list[str]],
) -> None:
    settings, ids = letters
    own = {name: None for name in os.environ if name.startswith("ENTRAIDE_")}
    environ = own | {
        "ENTRAIDE_MONGODB": settings.mongodb,
        "ENTRAIDE_KAFKA": settings.kafka,
        "ENTRAIDE_TOPIC_PREFIX": settings.topic_prefix,
        "ENTRAIDE_TERM_KEY": base64.b64encode(settings.term_key).decode(),
    }

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["dead-letters", *arguments], env=environ)

    listed = run("list").output
    assert all(one in listed for one in ids)
    assert run("retry", ids[0]).output == "sent back: 1\n"
    listed = run("list").output
    assert [one in listed for one in ids] == [False, True, True]
    assert run("retry", "--all").output == "sent back: 2\n"
    assert run("list").output == "no dead letters\n"
    assert all(one in run("list", "--all").output for one in ids)
    assert run("retry", "0" * 32).exit_code == 2
    assert "name the dead letters' ids, or give --all" in run("retry").output
