"""Knowing that a stack has worked through everything."""

from typing import Any

import pytest
from kafka import KafkaAdminClient
from kafka.errors import CoordinatorLoadInProgressError, GroupAuthorizationFailedError

from deploy.cli.settling import Watch, wait_until_settled
from shared.events.topics import ensure_topics
from shared.settings import Settings


@pytest.fixture
def watch(settings: Settings) -> Watch:
    """A stack of a matcher that has nothing to do."""
    ensure_topics(settings)
    return Watch(dict.fromkeys(("requests", "matcher"), settings), ())


def _failing(monkeypatch: pytest.MonkeyPatch, errors: list[type[Exception]]) -> None:
    """Let listing groups fail so, once each; then it answers."""
    listed = KafkaAdminClient.list_groups

    def list_groups(admin: KafkaAdminClient) -> Any:
        if errors:
            raise errors.pop()
        return listed(admin)

    monkeypatch.setattr(KafkaAdminClient, "list_groups", list_groups)


def test_a_broker_that_loads_its_groups_is_asked_again(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors: list[type[Exception]] = [CoordinatorLoadInProgressError] * 2
    _failing(monkeypatch, errors)
    wait_until_settled(watch, 0.1, 30)
    assert not errors


def test_a_broker_that_goes_on_loading_is_named(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    _failing(monkeypatch, [CoordinatorLoadInProgressError] * 100)
    with pytest.raises(TimeoutError, match="what is read: CoordinatorLoadInProgressError"):
        wait_until_settled(watch, 0.1, 0.1)


def test_what_asking_again_does_not_mend_is_raised(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    _failing(monkeypatch, [GroupAuthorizationFailedError])
    with pytest.raises(GroupAuthorizationFailedError):
        wait_until_settled(watch, 0.1, 30)
