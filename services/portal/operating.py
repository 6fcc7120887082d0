"""What operators have to do with events: how far consumers are behind, and dead letters.

The one place of the portal, beside its worker, that talks to the broker: what it is asked takes a
second or two, and is asked by operators alone.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final

from kafka.errors import KafkaError

from services.portal.house import House
from services.portal.services import AwayError
from shared.events.auditing import leave_notes
from shared.events.dead_letters import DeadLetter, Retries, UnknownDeadLetter, list_dead_letters
from shared.events.dead_letters import retry as send_back
from shared.events.lag import lag
from shared.events.topics import BrokerUnavailable, Topics, TopicsMissing, check_broker
from shared.registers.actors import Actor
from shared.web.database import current_database

DEAD_LETTER: Final = "dead-letter"
"""What the audit trail calls it that one was sent back."""
BROKER: Final = "broker"
_SECONDS = 2.0
_AWAY = (KafkaError, TopicsMissing)


def require_broker(house: House) -> None:
    """AwayError unless the broker answers in time: clients wait far longer for one."""
    try:
        check_broker(house.settings, _SECONDS)
    except BrokerUnavailable:
        raise AwayError(BROKER) from None


def lags(house: House) -> Mapping[str, int]:
    """How many records each consumer group has yet to take in; AwayError without a broker."""
    topics = Topics(house.settings.topic_prefix)
    groups: Mapping[str, Sequence[str]] = {
        "requests": [topics.matches],
        "offers": [topics.matches],
        "matcher-ranking": [topics.requests],
        "matcher-ledger": [topics.requests, topics.offers, topics.activities, topics.matches],
        "portal": [topics.requests, topics.offers, topics.matches],
    }
    require_broker(house)
    try:
        with ThreadPoolExecutor(len(groups), "lag") as pool:
            asked = {
                name: pool.submit(lag, house.settings, name, read) for name, read in groups.items()
            }
            return {name: one.result() for name, one in asked.items()}
    except _AWAY:
        raise AwayError(BROKER) from None


def letters(house: House) -> list[DeadLetter]:
    """Those that were not sent back yet, the oldest first; AwayError without a broker."""
    require_broker(house)
    try:
        return list_dead_letters(house.settings)
    except _AWAY:
        raise AwayError(BROKER) from None


def retry(house: House, letter: str, actor: Actor, now: datetime) -> Retries | None:
    """Send a dead letter back to its topic; None where there is no such.

    Who did it is noted first (pymongo's errors are raised); AwayError without a broker.
    """
    note = {
        "record": letter,
        "action": "retry",
        "reason": None,
        "role": actor.role,
        "party": actor.party,
        "subject": actor.subject,
    }
    require_broker(house)
    try:
        if letter not in {one.id for one in list_dead_letters(house.settings, retried=True)}:
            return None  # the trail tells of nothing that there never was
        leave_notes(current_database(), [note], now, DEAD_LETTER)
        return send_back(house.settings, [letter])
    except UnknownDeadLetter:
        return None
    except _AWAY:
        raise AwayError(BROKER) from None
