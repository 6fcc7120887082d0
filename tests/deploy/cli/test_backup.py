"""Backups made while writing goes on, and brought back into installations that went on since."""

import base64
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import mongoengine
import pytest
from click.testing import CliRunner, Result
from pymongo import MongoClient

from deploy.backup import manifest
from deploy.backup.bringing_back import bring_back
from deploy.backup.manifest import BackupError
from deploy.backup.saving import save
from deploy.cli.backup import SERVICES
from deploy.cli.main import main
from services.requests.app import create_app
from services.requests.documents import AssistanceRequest
from shared.events.anti_entropy import AntiEntropy
from shared.events.envelope import REQUEST, Event, decode
from shared.events.reader import read_to_end
from shared.events.relay import Relay
from shared.events.restoring import (
    MARK,
    MARK_SEEN_SECONDS,
    is_being_restored,
    marked_restoring,
)
from shared.events.topics import Topics, ensure_topics
from shared.events.versions import Version
from shared.registers.context import system_clock
from shared.settings import Settings
from shared.web.being_restored import LOOK_SECONDS, PATIENCE_SECONDS
from tests.services.matcher.records import NOW
from tests.services.matcher.running import eventually, running
from tests.services.requests.conftest import BODY

Client = MongoClient[dict[str, Any]]
PAIRS = 40


@pytest.fixture
def client(mongodb: str) -> Iterator[Client]:
    with MongoClient(mongodb) as connected:
        yield connected


@pytest.fixture
def databases(client: Client) -> Iterator[dict[str, str]]:
    """Names of databases of the test's own, by service."""
    own = {service: f"test_{service}_{uuid.uuid4().hex[:8]}" for service in SERVICES}
    yield own
    for name in own.values():
        client.drop_database(name)


def entraide(mongodb: str, *words: str, **environ: str) -> Result:
    """The command with these variables and none of the caller's."""
    own = {name: None for name in os.environ if name.startswith("ENTRAIDE_")}
    key = base64.b64encode(b"a key that only the tests use...").decode()
    given = {"ENTRAIDE_MONGODB": mongodb, "ENTRAIDE_TERM_KEY": key, **environ}
    return CliRunner().invoke(main, list(words), env=own | given)


def named_in(settings: Settings) -> dict[str, str]:
    """The variables that name a service's own topics and database."""
    return {
        "ENTRAIDE_KAFKA": settings.kafka,
        "ENTRAIDE_TOPIC_PREFIX": settings.topic_prefix,
        "ENTRAIDE_DATABASE": settings.database,
    }


def pair(number: int, value: int) -> dict[str, Any]:
    return {"_id": number, "value": value, "text": "العربية " * 20}


def test_a_backup_is_of_one_moment_while_writers_go_on(
    client: Client, databases: dict[str, str], tmp_path: Path
) -> None:
    first, second = client[databases["offers"]]["a"], client[databases["matcher"]]["b"]
    first.insert_many([pair(number, 0) for number in range(PAIRS)])
    second.insert_many([pair(number, 0) for number in range(PAIRS)])
    stop, turned = threading.Event(), threading.Event()

    def write() -> None:
        """Each value rises in the one and then in the other."""
        value = 0
        while not stop.is_set():
            value += 1
            for number in range(PAIRS):
                first.update_one({"_id": number}, {"$set": {"value": value}})
                second.update_one({"_id": number}, {"$set": {"value": value}})
            turned.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert turned.wait(60)
        for round_ in range(4):
            made = save(client, databases, tmp_path / str(round_), NOW)
            assert {name: list(parts) for name, parts in made.services.items()} == {
                **{service: [] for service in SERVICES},
                "offers": ["a"],
                "matcher": ["b"],
            }
    finally:
        stop.set()
        writer.join()
    for round_ in range(4):
        directory = tmp_path / str(round_)
        bring_back(client, databases, directory, manifest.read(directory))
        left = [one["value"] for one in first.find(sort=[("_id", 1)])]
        right = [one["value"] for one in second.find(sort=[("_id", 1)])]
        behind = [a - b for a, b in zip(left, right, strict=True)]
        assert set(behind) <= {0, 1}
        assert sum(behind) <= 1  # the one that was being written
        assert max(left) - min(left) <= 1


def test_everything_is_brought_back_and_what_came_since_is_gone(
    client: Client, databases: dict[str, str], tmp_path: Path
) -> None:
    for service, name in databases.items():
        client[name]["records"].insert_one({"_id": service, "bytes": b"\0" * 70_000})
        client[name]["records"].create_index("other", name="kept")
    made = save(client, databases, tmp_path / "backup", NOW)
    for name in databases.values():
        client[name]["records"].update_one({}, {"$set": {"bytes": b""}})
        client[name]["since"].insert_one({})
    directory = tmp_path / "backup"
    found = manifest.read(directory)
    assert found == made
    manifest.verify(directory, found)
    assert bring_back(client, databases, directory, found) == dict.fromkeys(SERVICES, 1)
    for service, name in databases.items():
        assert list(client[name]["records"].find()) == [{"_id": service, "bytes": b"\0" * 70_000}]
        assert client[name]["since"].count_documents({}) == 0
        assert "kept" in client[name]["records"].index_information()


def test_a_backup_is_readable_by_its_owner_alone(
    client: Client, databases: dict[str, str], tmp_path: Path
) -> None:
    client[databases["portal"]]["accounts"].insert_one({"_id": "a"})
    before = os.umask(0)
    try:
        save(client, databases, tmp_path / "backup", NOW)
    finally:
        os.umask(before)
    made = tmp_path / "backup"
    for folder in (made, *(one for one in made.iterdir() if one.is_dir())):
        assert folder.stat().st_mode & 0o077 == 0


def test_a_backup_that_is_not_whole_is_refused_before_anything_is_written(
    client: Client, databases: dict[str, str], mongodb: str, tmp_path: Path
) -> None:
    client[databases["portal"]]["accounts"].insert_one({"_id": "a"})
    directory = tmp_path / "backup"
    save(client, databases, directory, NOW)
    with pytest.raises(manifest.BackupError, match="is there already"):
        save(client, databases, directory, NOW)
    file = manifest.file_of(directory, "portal", "accounts")
    file.write_bytes(file.read_bytes()[:-1])
    refused = entraide(mongodb, "restore", str(directory), ENTRAIDE_KAFKA="127.0.0.1:9")
    assert refused.exit_code == 1
    assert "accounts.bson.gz is not what was written" in refused.output
    file.unlink()
    refused = entraide(mongodb, "restore", str(directory), ENTRAIDE_KAFKA="127.0.0.1:9")
    assert "accounts.bson.gz cannot be read" in refused.output
    (directory / manifest.NAME).unlink()
    refused = entraide(mongodb, "restore", str(directory), ENTRAIDE_KAFKA="127.0.0.1:9")
    assert "is no whole backup" in refused.output


def test_topics_agree_with_a_restored_database_the_second_time_too(
    make_settings: Callable[[str], Settings],
    token: Callable[..., dict[str, str]],
    client: Client,
    tmp_path: Path,
) -> None:
    settings = make_settings("requests")
    ensure_topics(settings)
    api = create_app(settings).test_client()
    state = token("requester", state="SEN")

    def register() -> str:
        made = api.post("/v1/requests", json=BODY, headers=state)
        address = str(made.headers["Location"])
        sent = api.post(f"{address}/submit", headers={**state, "If-Match": made.headers["ETag"]})
        assert sent.status_code == 200
        return address

    def last() -> dict[str, Event]:
        """The last event of each request in the topic, by its address."""
        records = read_to_end(settings, [Topics(settings.topic_prefix).requests])
        return {f"/v1/requests/{event.subject}": event for event in map(decode, records)}

    def says(version: Version) -> bool:
        return last()[before].version == version

    topic = Topics(settings.topic_prefix).requests
    aggregates = {REQUEST: AssistanceRequest}
    worker = {
        "relay": Relay(settings, [AssistanceRequest], "test", system_clock).run,
        "tail": AntiEntropy(settings, topic, aggregates, system_clock, grace_seconds=0.3).run,
    }

    before, directory = register(), tmp_path / "backup"
    found = save(client, {"requests": settings.database}, directory, NOW)
    since = register()
    with running(worker):
        eventually(lambda: last().keys() == {before, since}, "both are published")
    environ = named_in(settings)
    for epoch in (2, 3):  # the second time the topics tell of the first
        done = entraide(settings.mongodb, "restore", str(directory), "requests", **environ)
        assert done.exit_code == 0, done.output
        assert done.output.endswith(f"as of {found.made_at}, of epoch {epoch} now\n"), done.output
        assert api.get(since, headers=state).status_code == 404
        assert api.get(before, headers=state).headers["ETag"] == f'"{epoch}.2"'
        with running(worker):
            eventually(lambda: last()[since].tombstone, "what vanished gets a tombstone")
            eventually(partial(says, Version(epoch, 2)), "what was restored is said")
    mongoengine.disconnect()


def test_of_a_restored_portal_what_may_have_ended_since_has_ended(
    make_settings: Callable[[str], Settings], client: Client, tmp_path: Path
) -> None:
    settings = make_settings("portal")
    ensure_topics(settings)
    database, directory = client[settings.database], tmp_path / "backup"
    for name in ("accounts", "sessions", "signing_keys"):
        database[name].insert_one({"_id": "a", "generation": 1, "reset": "a link"})
    save(client, {"portal": settings.database}, directory, NOW)
    environ = named_in(settings)
    done = entraide(settings.mongodb, "restore", str(directory), "portal", **environ)
    mongoengine.disconnect()
    assert done.exit_code == 0, done.output
    assert done.output.endswith(", 1 account(s) have to sign in again\n")
    assert [list(database[name].find()) for name in ("accounts", "sessions", "signing_keys")] == [
        [{"_id": "a", "generation": 2}],
        [],
        [],
    ]


def test_an_api_that_runs_on_refuses_all_calls_until_it_is_brought_back(
    make_settings: Callable[[str], Settings],
    token: Callable[..., dict[str, str]],
    client: Client,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = make_settings("requests")
    ensure_topics(settings)
    api = create_app(settings).test_client()
    state = token("requester", state="SEN")
    directory = tmp_path / "backup"
    save(client, {"requests": settings.database}, directory, NOW)

    def register() -> tuple[int, bool]:
        made = api.post("/v1/requests", json=BODY, headers=state)
        return made.status_code, "being-restored" in made.text

    answers: list[tuple[int, bool]] = []

    def register_meanwhile(*words: Any) -> dict[str, int]:
        counts = bring_back(*words)
        answers.append(register())
        assert api.get("/readyz").get_json()["checks"]["database"]["state"] == "failing"
        assert api.get("/healthz").status_code == 200
        if len(answers) == 1:
            raise OSError("the folder is away")
        return counts

    monkeypatch.setattr("deploy.cli.restore.bring_back", register_meanwhile)
    environ = named_in(settings)
    words = ("restore", str(directory), "requests")
    assert register() == (201, False)
    assert entraide(settings.mongodb, *words, **environ).exit_code == 1
    assert register() == (503, True), "a run that was broken off"
    assert entraide(settings.mongodb, *words, **environ).exit_code == 0
    assert answers == [(503, True)] * 2
    assert AssistanceRequest.objects.count() == 0
    assert LOOK_SECONDS + PATIENCE_SECONDS < MARK_SEEN_SECONDS
    eventually(lambda: register() == (201, False), "calls are taken again")
    mongoengine.disconnect()


def test_a_restore_that_is_broken_off_before_it_deletes_leaves_all_as_it_was(
    make_settings: Callable[[str], Settings],
    client: Client,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = make_settings("offers")
    ensure_topics(settings)
    database, directory = client[settings.database], tmp_path / "backup"
    save(client, {"offers": settings.database}, directory, NOW)
    database["things"].insert_one({"_id": "since"})

    def broken_off(_seconds: float) -> None:
        assert is_being_restored(database)
        raise KeyboardInterrupt

    monkeypatch.setattr("deploy.cli.restore.time.sleep", broken_off)
    environ = named_in(settings)
    words = ("restore", str(directory), "offers")
    assert entraide(settings.mongodb, *words, **environ).exit_code == 1
    assert not is_being_restored(database)
    assert database["things"].count_documents({}) == 1
    # What an earlier run left half done stays so, whatever breaks off the next one.
    with suppress(OSError), marked_restoring([database], NOW) as begin:
        begin()
        raise OSError
    assert entraide(settings.mongodb, *words, **environ).exit_code == 1
    assert is_being_restored(database)


def test_of_what_is_half_brought_back_there_is_no_backup(
    client: Client, databases: dict[str, str], tmp_path: Path
) -> None:
    database = client[databases["offers"]]
    with marked_restoring([database], NOW) as begin:
        begin()
        with pytest.raises(BackupError, match="offers is being brought back"):
            save(client, databases, tmp_path / "half", NOW)
        assert not (tmp_path / "half" / manifest.NAME).exists()
    made = save(client, {"offers": databases["offers"]}, tmp_path / "earlier", NOW)
    parts = {**made.services["offers"], MARK: manifest.Part(1, "")}
    earlier = manifest.Manifest(made.made_at, {"offers": parts})
    database["things"].insert_one({})
    with pytest.raises(BackupError, match="made while offers was being brought back"):
        bring_back(client, {"offers": databases["offers"]}, tmp_path / "earlier", earlier)
    assert database["things"].count_documents({}) == 1


def test_a_backup_without_a_service_changes_nothing_of_it(
    mongodb: str, client: Client, databases: dict[str, str], tmp_path: Path
) -> None:
    directory = tmp_path / "backup"
    save(client, {"requests": databases["requests"]}, directory, NOW)
    own = {"ENTRAIDE_KAFKA": "127.0.0.1:9", "ENTRAIDE_DATABASE": databases["offers"]}
    refused = entraide(mongodb, "restore", str(directory), "offers", **own)
    assert (refused.exit_code, "has nothing of offers" in refused.output) == (1, True)
    assert client[databases["offers"]].list_collection_names() == []


def test_the_command_writes_what_all_services_hold(
    mongodb: str, client: Client, tmp_path: Path
) -> None:
    directory = tmp_path / "backup"
    client["entraide_requests"]["assistance_requests"].insert_one({"_id": "a"})
    try:
        made = entraide(mongodb, "backup", str(directory), ENTRAIDE_KAFKA="127.0.0.1:9")
    finally:
        client.drop_database("entraide_requests")
    assert made.exit_code == 0, made.output
    assert made.output.startswith("requests: 1 documents of 1 collections\n")
    assert sorted(manifest.read(directory).services) == sorted(SERVICES)
    again = entraide(mongodb, "backup", str(directory), ENTRAIDE_KAFKA="127.0.0.1:9")
    assert (again.exit_code, "is there already" in again.output) == (1, True)
