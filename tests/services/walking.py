"""Records that live in memory, for walks of many thousand steps through the rules themselves.

`store` stands where the rules change a document: it does what `shared.events.outbox.change` does
with versions and with a change that fails, and writes nothing.
"""

from collections.abc import Callable
from copy import copy
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from shared.events.outbox import StaleVersion
from shared.events.versions import Version


class Memory(SimpleNamespace):
    """A document with lists of its own in each version."""

    @property
    def version(self) -> Version:
        """The version, as of a stored one."""
        return Version(1, self.number)

    def next(self) -> "Memory":
        """A copy that may be changed."""
        lists = {name: list(v) for name, v in vars(self).items() if isinstance(v, list)}
        lists["follow_ups"] = [copy(one) for one in lists.get("follow_ups", ())]
        return Memory(**{**vars(self), **lists})


class Store:
    """Holds one document, by way of `change`."""

    def __init__(self, document: Memory) -> None:
        self.document = document

    def change(
        self,
        _kind: type,
        _id: str,
        expected: Version | None,
        mutate: Callable[[Any], object],
        _now: datetime,
    ) -> Memory:
        """As outbox.change: one version more, or none where nothing differs or it fails."""
        if expected is not None and expected != self.document.version:
            raise StaleVersion(self.document.version)
        changed = self.document.next()
        mutate(changed)
        if vars(changed) != vars(self.document):
            changed.number += 1
            self.document = changed
        return self.document
