"""What tests of the embedded database's additions share."""

from typing import Any

import pytest


@pytest.fixture
def storage_class(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The class of the database's storage; what a test does to it is undone at the end."""
    storage = pytest.importorskip("secantus.storage").Storage
    for name, value in list(vars(storage).items()):
        if not name.startswith("__"):
            monkeypatch.setattr(storage, name, value)  # so that each stands again later
    return storage
