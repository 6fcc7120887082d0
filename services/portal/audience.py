"""Which accounts a rule names, and which of them may know of what is told."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.portal.accounts import identity_of
from services.portal.documents import Account
from services.portal.domain.telling import JOINABLE, Who, level_of_file
from services.portal.note_documents import Followed
from shared.lifecycle import OFFER as OFFER_LIFE
from shared.lifecycle import PARTY
from shared.lifecycle import REQUEST as REQUEST_LIFE
from shared.web.identity import covers
from shared.web.visibility import Sight, sees, sight


@dataclass(frozen=True)
class World:
    """What is known around some records: requests, offers, proposals, and accounts by their role.

    Accounts are read once, when a role is first asked for: there are few, and of a batch of events
    each may concern some.
    """

    requests: Mapping[str, Followed]
    offers: Mapping[str, Followed]
    matches: Mapping[str, Followed]
    accounts: dict[str, list[Account]]

    @classmethod
    def around(cls, records: Iterable[Followed]) -> "World":
        """What is known of the requests, offers and proposals that these records are of."""
        ids = {f"request:{one.request}" for one in records if one.request}
        ids |= {f"offer:{one.offer}" for one in records if one.offer}
        ids |= {f"match:{one.match}" for one in records if one.match}
        found = Followed.objects(id__in=ids) if ids else ()
        by_type: dict[str, dict[str, Followed]] = {"request": {}, "offer": {}, "match": {}}
        for one in found:
            by_type[one.record_type][one.record] = one
        return cls(by_type["request"], by_type["offer"], by_type["match"], {})

    def request_of(self, record: Followed) -> Followed | None:
        """The request of a proposal or of an offer to join one, if it is known."""
        return None if record.request is None else self.requests.get(record.request)

    def match_of(self, record: Followed) -> Followed | None:
        """The proposal, or that which somebody offers to join, if it is known."""
        return record if record.record_type == "match" else self.matches.get(record.match or "")

    def knows_of(self, record: Followed) -> bool:
        """Whether all is known without which nobody can say who may be told of the record."""
        if record.record_type == "joining" and not self.is_joinable(record):
            return False
        return record.request is None or self.request_of(record) is not None

    def is_joinable(self, record: Followed) -> bool:
        """Whether the proposal that somebody offers to join is one that its sides answer for."""
        match = self.match_of(record)
        return match is not None and match.status in JOINABLE

    def of_role(self, role: str) -> list[Account]:
        """The accounts of a role."""
        if role not in self.accounts:
            self.accounts[role] = list(Account.objects(role=role, erased_at=None))
        return self.accounts[role]


def told_of(
    record: Followed, step: Mapping[str, Any], who: Iterable[Who], world: World
) -> Iterator[Account]:
    """The accounts that are told of a step: all of those named but who took it.

    Of an offer to join nobody but its organisation is told before the proposal is endorsed.
    """
    hidden = record.record_type == "joining" and not world.is_joinable(record)
    level = level_of_file(step)
    for one in who:
        if hidden and one != "joiner":
            continue
        matched = _MATCHED.get(one)
        found = matched(record, step, world) if matched else _FINDERS[one](record, world)
        for account in found:
            if account.id != step.get("subject") and _sees(account, record, level):
                yield account


def party_since(match: Followed) -> str | None:
    """When the proposal made its donor a party; None for one that is none, or none any more."""
    if match.status not in PARTY:
        return None
    return next((str(one["at"]) for one in match.history if one["target"] in PARTY), None)


def _sees(account: Account, record: Followed, level: str | None) -> bool:
    """Whether the account, which reads the record, sees what has this level of its own."""
    return level is None or sees(sight(identity_of(account), record.country, party=True), level)


def _of_state(record: Followed, world: World) -> Iterator[Account]:
    if record.country is not None:
        yield from (one for one in world.of_role("requester") if one.state == record.country)


def _of_states(record: Followed, world: World) -> Iterator[Account]:
    yield from (one for one in world.of_role("requester") if one.state in record.states)


def _asked(record: Followed, world: World) -> Iterator[Account]:
    yield from (one for one in world.of_role("requester") if one.state in record.asked)


def _joiner(record: Followed, world: World) -> Iterator[Account]:
    yield from (one for one in world.of_role("donor") if one.organisation == record.joins)


def _of_donor(record: Followed, world: World) -> Iterator[Account]:
    request = world.request_of(record)
    if record.organisation is None or (record.request is not None and request is None):
        return
    match = world.match_of(record)
    # Who was asked once hears how it ended, too, as the matcher goes on showing it the proposal.
    party = match is not None and any(one["target"] in PARTY for one in match.history)
    for account in world.of_role("donor"):
        own = account.organisation == record.organisation
        if own and (request is None or may_read(account, request, party=party)):
            yield account


def _coordinating(record: Followed, world: World) -> Iterator[Account]:
    """Those who coordinate the State, or one of several; what concerns none, those of all regions.

    A case of two requests is for who coordinates both States.
    """
    for account in world.of_role("coordinator"):
        identity = identity_of(account)
        each = [covers(identity, state) for state in record.states or [record.country]]
        if all(each) if record.record_type == "duplicate" else any(each):
            yield account


def _donors(record: Followed, world: World) -> Iterator[Account]:
    if record.status not in REQUEST_LIFE.shown:
        return  # by now no donor reads it
    for account in world.of_role("donor"):
        if may_read(account, record, party=False):
            yield account


def _matched_donors(record: Followed, step: Mapping[str, Any], world: World) -> Iterator[Account]:
    """Those whose offers were endorsed for the request by then, and who read it."""
    if record.status not in REQUEST_LIFE.shown:
        return
    owners = {one.organisation for one in _parties(record, step)}
    for account in world.of_role("donor") if owners else ():
        if account.organisation in owners and may_read(account, record, party=True):
            yield account


def _matched_states(record: Followed, step: Mapping[str, Any], world: World) -> Iterator[Account]:
    """Those for whose requests the offer, a published one, was endorsed by then."""
    if record.status not in OFFER_LIFE.shown:
        return
    states = {one.country for one in _parties(record, step)}
    for account in world.of_role("requester") if states else ():
        if account.state in states:
            yield account


def _parties(record: Followed, step: Mapping[str, Any]) -> Iterator[Followed]:
    """The proposals of a request or an offer that had made parties as the step was taken."""
    at = datetime.fromisoformat(step["at"])
    for match in Followed.objects(**{record.record_type: record.record}, record_type="match"):
        since = party_since(match)
        if since is not None and datetime.fromisoformat(since) <= at:
            yield match


_MATCHED: Mapping[Who, Callable[[Followed, Mapping[str, Any], World], Iterable[Account]]] = {
    "matched-states": _matched_states,
    "matched-donors": _matched_donors,
}
_FINDERS: Mapping[Who, Callable[[Followed, World], Iterable[Account]]] = {
    "state": _of_state,
    "states": _of_states,
    "asked": _asked,
    "donor": _of_donor,
    "joiner": _joiner,
    "coordinators": _coordinating,
    "donors": _donors,
}


def sees_all(account: Account, request: Followed) -> bool:
    """Whether the account reads the request and every one of its lines."""
    reader = sight(identity_of(account), request.country)
    levels = (request.visibility or Sight.COORDINATORS.level, *request.line_levels)
    return all(sees(reader, level) for level in levels)


def themes_for(account: Account, request: Followed) -> Sequence[str]:
    """The themes of the lines that the account reads; none where nobody knows which those are."""
    if sees_all(account, request):
        return list(request.themes)
    reader = sight(identity_of(account), request.country)
    lines = zip(request.line_levels, request.line_themes, strict=False)
    return [theme for level, theme in lines if sees(reader, level)]


def may_read(account: Account, request: Followed, *, party: bool) -> bool:
    """Whether the account reads the request, and any of its lines."""
    reader = sight(identity_of(account), request.country, party=party)
    lines = request.line_levels
    level = request.visibility or Sight.COORDINATORS.level
    return sees(reader, level) and (not lines or any(sees(reader, line) for line in lines))
