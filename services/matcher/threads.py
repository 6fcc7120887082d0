"""Questions and answers on a proposal: who writes and reads them, strikes one out, erases a name.

Donor, State and the coordinators of the State's region write from the endorsement on, all in one
thread that all of them read, and auditors with them. No message is ever edited.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import Any

from services.matcher.actors import Actor
from services.matcher.documents import Match
from services.matcher.domain import STAYING
from services.matcher.life import tell
from services.matcher.proposals import Proposal
from services.matcher.rights import oversees
from services.matcher.thread_documents import Message, ReadMark, Struck, mark_id, message_id
from services.matcher.thread_filing import Entry, add, file_waiting
from services.matcher.thread_schemas import MAX_MESSAGES
from shared.events.outbox import Transition, change
from shared.registers.pace import require_pace
from shared.web.idempotency import resuming
from shared.web.identity import Identity, require_covered
from shared.web.problems import conflict, forbidden, invalid_field, not_found

READERS = ("requester", "donor", "coordinator", "auditor")
WRITERS = ("requester", "donor", "coordinator")
PER_DAY = 30
"""How many messages a side may write on one proposal within any 24 hours."""


def require_reader(proposal: Proposal, identity: Identity) -> None:
    """Raise the 403 problem for an overseer of other regions, 404 where the request is hidden.

    A donor that was asked once still sees what became of the proposal; what was written on it goes
    with the request.
    """
    if oversees(identity):
        require_covered(identity, proposal.request.owner)
    if not proposal.shows_request(identity):
        raise not_found("proposal")


def may_write(proposal: Proposal, identity: Identity) -> bool:
    """Whether the thread is open, and to the caller."""
    match = proposal.match
    return match is not None and match.status in STAYING["message"] and identity.role in WRITERS


def count(match: Match | None) -> int:
    """How many messages a proposal has, those that were struck out among them."""
    return 0 if match is None else len(_written(match))


def post(
    proposal: Proposal,
    text: str,
    language: str,
    signed: str | None,
    about: int | None,
    actor: Actor,
    now: datetime,
    attempt: str | None = None,
) -> Message:
    """Write a message; `language` is a code of the six. Returns what is filed.

    Raises IllegalTransition where the proposal's state does not let anybody write, and problems:
    409 where nobody endorsed it or its thread is full, 422 for an `about` that is not there, 429
    after too many within a day.
    """

    def step(match: Match) -> None:
        if _done_before(match, attempt):
            return
        number = count(match) + 1
        if about is not None and about >= number:
            raise invalid_field("about", "There is no such message yet.", "unknown")
        _require_room(match, actor, now)
        tell(match, "message", actor, now, _code(number))
        message = Message(
            match=match.id,
            number=number,
            at=now,
            role=actor.role,
            party=actor.party,
            subject=actor.subject,
            signed=signed,
            language=language,
            text=text,
            about=about,
            attempt=attempt,
        )
        content = message.to_mongo().to_dict()
        add(match, {"id": message_id(match.id, number), "insert": content})
        _remember(match, attempt)

    stored = _change(_acted_on(proposal), step, now)
    if attempt is not None:  # others may have written since an earlier request did
        written = Message.objects(match=stored.id, attempt=attempt)
        found: Message = written.order_by("-number").first()
        return found
    return find_message(stored.id, count(stored))


def strike(
    proposal: Proposal,
    number: int,
    identity: Identity,
    actor: Actor,
    now: datetime,
    attempt: str | None,
) -> Message:
    """Take a message's text out: that there was one, by whom and when, stays.

    For the account that wrote it and for coordinators. Raises the 404, the 403 and, where it was
    done before, the 409 problem.
    """
    match_id = _acted_on(proposal)
    message = find_message(match_id, number)
    if not _has_a_say(message, identity, actor):
        raise forbidden("Only the author or a coordinator may strike out a message.")

    def step(match: Match) -> None:
        if _done_before(match, attempt):
            return
        if any(one.action == "strike" and one.reason == _code(number) for one in match.history):
            raise conflict("struck", "This message was struck out before.")
        tell(match, "strike", actor, now, _code(number))
        who = Struck(at=now, role=actor.role, party=actor.party, subject=actor.subject)
        add(match, {"id": message.id, "strike": who.to_mongo().to_dict()})
        _remember(match, attempt)

    _change(match_id, step, now)
    return find_message(match_id, number)


def may_strike(message: Message, identity: Identity, actor: Actor) -> bool:
    """Whether the caller, who reads the message, may strike it out: once, author or coordinator."""
    return message.struck is None and _has_a_say(message, identity, actor)


def _has_a_say(message: Message, identity: Identity, actor: Actor) -> bool:
    author = Actor(message.role, message.party, message.subject)
    return author == actor or identity.role == "coordinator"


def erase_name(role: str, party: str | None, name: str, actor: Actor, now: datetime) -> int:
    """Erase a name from all messages of a role and party that are signed by it; how many.

    What was written when by which account, and the audit trail, stay. Done again it goes on where
    an earlier call ended.
    """
    return _erase_names({"role": role, "party": party, "signed": name}, actor, now)


def erase_names_of(account: str, actor: Actor, now: datetime) -> int:
    """Erase whatever names are under the messages of an account, as `erase_name` does.

    `account` is as histories name it.
    """
    return _erase_names({"subject": account, "signed__ne": None}, actor, now)


def _erase_names(written: Mapping[str, Any], actor: Actor, now: datetime) -> int:
    file_waiting()
    found = Message.objects(**written).order_by("match", "number")
    of_matches = [
        (match, [(one.id, one.number) for one in messages])
        for match, messages in groupby(found, key=lambda one: str(one.match))
    ]
    for match_id, messages in of_matches:
        _change(match_id, partial(_tell_erased, messages, actor, now), now)
    return sum(len(messages) for _, messages in of_matches)


def _tell_erased(
    messages: Sequence[tuple[str, int]], actor: Actor, now: datetime, match: Match
) -> None:
    for id_, number in messages:
        tell(match, "erase-name", actor, now, _code(number))
        entry: Entry = {"id": id_, "erase": "signed"}
        add(match, entry)


def find_message(match: str, number: int) -> Message:
    """A message of a proposal; the 404 problem where it has none of that number."""
    file_waiting(match)
    found: Message | None = Message.objects(id=message_id(match, number)).first()
    if found is None:
        raise not_found("message")
    return found


def mark_read(proposal: Proposal, up_to: int, actor: Actor) -> None:
    """Remember that the caller has read so far; never less than before.

    Raises the 422 problem for a message that is still to come.
    """
    if up_to > count(proposal.match):
        raise invalid_field("up_to", "There is no such message yet.", "unknown")
    ReadMark._get_collection().update_one(
        {"_id": _mark(proposal.id, actor)},
        {"$max": {"number": up_to}, "$setOnInsert": {"match": proposal.id}},
        upsert=True,
    )


def read_up_to(proposal: Proposal, actor: Actor) -> int:
    """The last message that the caller has read, 0 before the first."""
    found = ReadMark.objects(id=_mark(proposal.id, actor)).first()
    return 0 if found is None else int(found.number)


def unread(match: Match, read: int, actor: Actor) -> int:
    """How many messages others have written since."""
    written = _written(match)[read:]
    return sum(Actor(one.role, one.party, one.subject) != actor for one in written)


def _mark(match: str, actor: Actor) -> str:
    return mark_id(match, actor.role, actor.party, actor.subject or "")


def _written(match: Match) -> list[Transition]:
    return [step for step in match.history if step.action == "message"]


def _require_room(match: Match, actor: Actor, now: datetime) -> None:
    written = _written(match)
    if len(written) >= MAX_MESSAGES:
        raise conflict("full", f"A proposal has {MAX_MESSAGES} messages at most.")
    side = (actor.role, actor.party)
    require_pace(
        [one.at for one in written if (one.role, one.party) == side],
        PER_DAY,
        now,
        "too-many-messages",
        "So many messages were written today",
        f"A side may write {PER_DAY} messages on a proposal within 24 hours.",
    )


def _change(match: str, step: Callable[[Match], object], now: datetime) -> Match:
    stored = change(Match, match, None, step, now)
    file_waiting(match)
    return stored


def _done_before(match: Match, attempt: str | None) -> bool:
    """Whether this very attempt did it already; a key that is used again after a day did not."""
    return resuming() and attempt in match.attempts


def _remember(match: Match, attempt: str | None) -> None:
    if attempt is not None:
        match.attempts = [*match.attempts, attempt]


def _acted_on(proposal: Proposal) -> str:
    if proposal.match is None:
        raise conflict("not-endorsed", "A coordinator has to endorse the proposal first.")
    return proposal.id


def _code(number: int) -> str:
    return f"message-{number}"
