"""What a reader is shown of the questions and answers on a proposal."""

from typing import Any

from services.matcher.actors import Actor, actor_of
from services.matcher.proposals import Proposal
from services.matcher.rights import oversees
from services.matcher.thread_documents import Message
from services.matcher.thread_filing import file_waiting
from services.matcher.threads import count, may_strike, may_write, read_up_to, unread
from shared.web.identity import Identity
from shared.web.logging import record_confidential_read
from shared.web.paging import read_cursor, write_cursor
from shared.web.problems import invalid_field

_COPIED = ("number", "at", "role", "party", "signed", "language", "text", "about")
_PLACE = ("number",)


def thread_view(proposal: Proposal, args: dict[str, Any], identity: Identity) -> dict[str, Any]:
    """A page of the thread, `args` as ThreadQuery loads them; that it was read is on record."""
    actor, match = actor_of(identity), proposal.match
    read = read_up_to(proposal, actor)
    after = read if args["unread"] else 0
    if args["cursor"] is not None:
        after = _number(args["cursor"])
    found = [] if match is None else _after(match.id, after, args["limit"] + 1)
    shown = found[: args["limit"]]
    if shown:
        note_read(proposal, identity)
    return {
        "items": [message_view(one, identity, actor) for one in shown],
        "next": write_cursor([shown[-1].number], _PLACE) if len(found) > len(shown) else None,
        "count": count(match),
        "read_up_to": read,
        "unread": 0 if match is None else unread(match, read, actor),
        "open": may_write(proposal, identity),
    }


def message_view(message: Message, identity: Identity, actor: Actor) -> dict[str, Any]:
    """One message."""
    struck = message.struck
    return {
        **{name: getattr(message, name) for name in _COPIED},
        "subject": message.subject if oversees(identity) else None,
        "struck_at": None if struck is None else struck.at,
        "struck_by": None if struck is None else struck.role,
        "may_strike": may_strike(message, identity, actor),
    }


def note_read(proposal: Proposal, identity: Identity) -> None:
    """Put on record that the thread was read: what its parties write is for them."""
    hidden = len(proposal.hidden)
    record_confidential_read(identity.subject, identity.role, proposal.id, hidden)


def _after(match: str, number: int, limit: int) -> list[Message]:
    file_waiting(match)
    found = Message.objects(match=match, number__gt=number).order_by("number").limit(limit)
    return list(found)


def _number(cursor: str) -> int:
    (number,) = read_cursor(cursor, _PLACE)
    if not isinstance(number, int):
        raise invalid_field("cursor", "This is not a cursor of this list.", "cursor")
    return number
