"""A stack's own steps: what a broker that is slow or different does to its start."""

from pathlib import Path

import pytest

from deploy.local import running
from deploy.local.programs import Plan
from deploy.local.stack import DataDirectory, Ports, make_keys
from deploy.local.supervisor import StartError
from shared.events.topics import BrokerUnavailable, TopicsDiffer, TopicsMissing


@pytest.mark.parametrize(
    ("error", "becomes"),
    [
        (TopicsMissing("requests.v1"), OSError),  # the supervisor tries again
        (BrokerUnavailable("away"), OSError),
        (TopicsDiffer("requests.v1 (6)"), StartError),
    ],
)
def test_topics_that_cannot_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, becomes: type[Exception]
) -> None:
    def failing(*_: object) -> list[str]:
        raise error

    directory = DataDirectory(tmp_path)
    directory.keys.mkdir()
    plan = Plan(directory, Ports.free(), make_keys(directory))
    monkeypatch.setattr(running, "ensure_topics", failing)
    with pytest.raises(becomes, match=str(error).split()[0]):
        running._make_topics(plan)
