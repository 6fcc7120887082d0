"""Calls while a service's database is brought back from a backup: refused before anything is done.

What is written between two steps of that would be neither of the backup nor kept, and what is read
is neither the old nor the new. So `entraide restore` marks the database, waits until every process
has seen it, and takes the mark off at its end; where it was broken off in the midst the mark stays.
"""

import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import pymongo
from pymongo.errors import PyMongoError

from shared.events.restoring import is_being_restored
from shared.web.database import current_database
from shared.web.problems import Problem

LOOK_SECONDS: Final = 2.0
AGAIN_SECONDS: Final = 0.5
PATIENCE_SECONDS: Final = 1.0
"""Both together are less than MARK_SEEN_SECONDS by what a call takes."""


class BeingRestored:
    """Knows whether the database is being restored, without asking it at every call."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._due = float("-inf")
        self._found = False

    def check(self) -> None:
        """Raise the 503 problem while it is.

        Where the database does not answer it is as it was, and looked for again soon. Who asks
        while another looks waits for what that finds.
        """
        if self._monotonic() >= self._due:
            with self._lock:
                if (began := self._monotonic()) >= self._due:
                    self._look(began)
        if self._found:
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "being-restored",
                "The service is being brought back from a backup",
                "Nothing was done with this. Send it again once the service is ready.",
                headers={"Retry-After": "30"},
            )

    def _look(self, began: float) -> None:
        try:
            with pymongo.timeout(PATIENCE_SECONDS):
                self._found = is_being_restored(current_database())
            self._due = began + LOOK_SECONDS
        except PyMongoError:
            self._due = self._monotonic() + AGAIN_SECONDS
