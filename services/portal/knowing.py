"""Who may know that a record changed: nobody hears of one that its owner would not show them.

The rules are those of the services that own the records, in doubt narrower. They hold for the
record as it is by now, so that who lost sight of it hears nothing more of it.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from mongoengine import Q

from services.portal.accounts import identity_of
from services.portal.audience import World, may_read
from services.portal.documents import Account
from services.portal.followed_state import DECISION
from services.portal.note_documents import Followed
from shared.lifecycle import OFFER as OFFER_LIFE
from shared.lifecycle import PARTY
from shared.lifecycle import REQUEST as REQUEST_LIFE
from shared.web.identity import covers
from shared.web.visibility import OVERSEEING, sight

_OVERSEEN: Final = (
    *("request", "offer", "match", "shortlist"),
    *("duplicate", "coverage", "alliance"),
)
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "coordinator": (*_OVERSEEN, DECISION),
    "auditor": _OVERSEEN,
    "operator": _OVERSEEN,
    "requester": ("request", "offer", "match", "alliance"),
    "donor": ("request", "offer", "match"),
}
"""The types of records whose changes a role's pages show."""
_UNASKED = frozenset({"proposed", "rejected"})


def asked_for(account: Account) -> Any:
    """The condition of records among which the account may know of some, all of its own side.

    Of what another donor or State does nothing is read for it, so that neither the number of
    records nor the time of the newest can tell of that.
    """
    shown = Q(
        record_type="request",
        status__in=sorted(REQUEST_LIFE.shown),
        visibility__in=sight(identity_of(account), None).levels(),
    )
    if account.role == "donor":
        own = Q(record_type__in=("offer", "match"), organisation=account.organisation)
        return shown | own
    if account.role == "requester":
        own = Q(record_type__in=("request", "match"), country=account.state)
        offered = Q(record_type="offer", status__in=sorted(OFFER_LIFE.shown))
        return shown | own | offered | Q(record_type="alliance", states=account.state)
    return Q(record_type__in=KINDS.get(account.role, ()))


def may_know(account: Account, record: Followed, world: World) -> bool:
    """Whether the account may know of the record, as both are now."""
    rule = _RULES.get(record.record_type)
    return (
        rule is not None
        and record.status != "gone"
        and record.record_type in KINDS.get(account.role, ())
        and rule(account, record, world)
    )


def _request(account: Account, record: Followed, _world: World) -> bool:
    if _is_of_state(account, record):
        return True
    if _oversees(account, record.country):
        return record.status != REQUEST_LIFE.initial and _was(record, "submitted")
    shown = record.status in REQUEST_LIFE.shown
    return shown and may_read(account, record, party=False)


def _offer(account: Account, record: Followed, _world: World) -> bool:
    if account.role == "donor":  # of another's it hears nothing at all
        return bool(account.organisation == record.organisation)
    if record.status in OFFER_LIFE.shown:
        return True
    return _oversees(account, None) and _was(record, "submitted")


def _match(account: Account, record: Followed, world: World) -> bool:
    if _oversees(account, record.country):
        return True
    if record.status in _UNASKED:
        return False
    if account.role == "requester":
        return _is_of_state(account, record)
    request = world.request_of(record)
    party = any(step["target"] in PARTY for step in record.history)
    own = account.role == "donor" and account.organisation == record.organisation
    return own and party and request is not None and may_read(account, request, party=True)


def _shortlist(account: Account, record: Followed, _world: World) -> bool:
    return _oversees(account, record.country)


def _decision(account: Account, record: Followed, _world: World) -> bool:
    return _oversees(account, record.country)


def _duplicate(account: Account, record: Followed, _world: World) -> bool:
    return _oversees(account, *(record.states or [None]))


def _coverage(account: Account, record: Followed, _world: World) -> bool:
    return _oversees(account, record.country)


def _alliance(account: Account, record: Followed, _world: World) -> bool:
    if account.role == "requester":
        return account.state in record.states and _was(record, "endorsed")
    return any(_oversees(account, state) for state in record.states)


_RULES: Final[Mapping[str, Callable[[Account, Followed, World], bool]]] = {
    "request": _request,
    "offer": _offer,
    "match": _match,
    "shortlist": _shortlist,
    DECISION: _decision,
    "duplicate": _duplicate,
    "coverage": _coverage,
    "alliance": _alliance,
}


def _is_of_state(account: Account, record: Followed) -> bool:
    return bool(account.role == "requester" and account.state == record.country)


def _oversees(account: Account, *countries: str | None) -> bool:
    return account.role in OVERSEEING and covers(identity_of(account), *countries)


def _was(record: Followed, status: str) -> bool:
    return any(step["target"] == status for step in record.history)
