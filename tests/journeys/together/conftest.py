"""One stack for all journeys of this folder: starting one takes longer than most of them."""

from collections.abc import Iterator

import pytest

from deploy.local.running import Stack
from tests.journeys.conftest import running_stack


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that lasts from the folder's first test to its last."""
    with running_stack(tmp_path_factory, {"ENTRAIDE_WEBHOOKS_TO_LOOPBACK": "yes"}) as running:
        yield running
