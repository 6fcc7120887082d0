"""How a proposal tells in its history of its files."""

from datetime import datetime

from services.matcher.actors import Actor
from services.matcher.documents import Match
from services.matcher.life import tell
from shared.attachments.telling import Told
from shared.events.outbox import Transition


def _tell(match: Match, action: str, did: Transition, now: datetime, code: str) -> None:
    tell(match, action, Actor(did.role, did.party, did.subject), now, code)


FILES = Told(Match, _tell)
