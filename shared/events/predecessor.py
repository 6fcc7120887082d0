"""What a killed worker leaves behind, for whoever is started in its place.

It is a member of consumer groups until its session is over, and the groups wait for it; and it has
leases on documents, whose events nobody else publishes until they run out. Its successor need not
wait: a note beside the ready file, which is one worker's own, tells it what to end. Without a ready
file nothing is noted, and all runs out by itself.
"""

from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import structlog
from kafka import KafkaConsumer
from kafka.admin import MemberToRemove
from kafka.errors import KafkaError
from kafka.structs import MemberState

from shared.events import clients
from shared.settings import Settings

_ASK_MS: Final = 3_000

log = structlog.get_logger(__name__)


class Note:
    """A line that a worker leaves for its successor, as long as it has not ended well."""

    def __init__(self, settings: Settings, what: str) -> None:
        """`what` tells a worker's notes apart; it becomes a part of a file's name."""
        ready = settings.ready_file
        self._path: Path | None = None if ready is None else Path(f"{ready}.{what}")
        self._said = ""

    def found(self) -> str:
        """What the predecessor left; empty if it left nothing."""
        if self._path is None:
            return ""
        try:
            return self._path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return ""

    def leave(self, text: str) -> None:
        """Say this from now on. A disk that is full keeps nobody from working."""
        if self._path is None or text == self._said:
            return
        with suppress(OSError):
            self._path.write_text(text, encoding="utf-8")
            self._said = text

    def take_back(self) -> None:
        """Leave nothing: the worker ended well."""
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
        self._said = ""


class Seat:
    """A worker's place in a consumer group, taken over from its predecessor."""

    def __init__(self, settings: Settings, group: str) -> None:
        """`group`: its name without the deployment's prefix."""
        self._settings = settings
        self._group = f"{settings.topic_prefix}{group}"
        self._note = Note(settings, group)

    def was_held(self) -> bool:
        """Whether the predecessor was killed as a settled member: it left its note."""
        return bool(self._note.found())

    def take_over(self) -> None:
        """End the predecessor's membership; blocks for some seconds while the broker is away."""
        member = self._note.found()
        if not member:
            return
        try:
            with closing(clients.admin(self._settings, _ASK_MS)) as admin:
                admin.remove_group_members(self._group, [MemberToRemove(member_id=member)])
            self._note.take_back()
        except KafkaError as error:  # then its session runs out
            log.info("a former member is waited for", group=self._group, error=str(error))

    def hold(self, consumer: KafkaConsumer) -> None:
        """Note which member this is, as long as it is a settled one; to be called often.

        Of one that joins, the session is left to run out: the embedded broker would wait for ever
        for a leader that is removed before it has shared out (docs/decisions/0148).
        """
        known = consumer.group_metadata()
        if known.state == MemberState.STABLE and known.member_id:
            self._note.leave(known.member_id)
        else:
            self._note.take_back()

    def give_up(self) -> None:
        """The member has left by itself, as far as the broker was there to hear of it."""
        self._note.take_back()
