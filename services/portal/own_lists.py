"""What came on shortlists of somebody's own: a donor's offers, all for a State's requests.

What moves on a list beside that is neither told nor counted, so that a donor learns nothing of
another's offers, not even that they moved.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.portal.audience import sees_all
from services.portal.documents import Account
from services.portal.note_documents import Followed
from shared.lifecycle import OFFER as OFFER_LIFE
from shared.lifecycle import REQUEST as REQUEST_LIFE

_SIDES: Final = frozenset({"donor", "requester"})
_DECLINED: Final = ("rejected", "declined")
_READ: Final = {"record": 1, "country": 1, "came": 1}


@dataclass(frozen=True)
class Came:
    """What came on a request's list of the reader's own: when, by the offer's id."""

    request: str
    country: str
    at: Mapping[str, datetime]


def came_since(account: Account, begin: datetime, most: int) -> list[Came]:
    """What came after that time, of so many lists at most. Raises PyMongoError.

    Where nothing was ranked since it is one look at an index.
    """
    stored = Followed._get_collection()
    heard = {"record_type": "shortlist", "heard_at": {"$gt": begin}}
    if account.role not in _SIDES or stored.find_one(heard, {"_id": 1}) is None:
        return []
    offers = _own_offers(account) if account.role == "donor" else None
    entry = {"at": {"$gt": begin}} | ({} if offers is None else {"offer": {"$in": offers}})
    whose = {"country": account.state} if offers is None else {}
    asked = {**heard, **whose, "came": {"$elemMatch": entry}}
    return [_came(one, offers, begin) for one in stored.find(asked, _READ).limit(most)]


def known_of(account: Account, lists: Sequence[Came]) -> list[Came]:
    """Of these what the account may know of: of requests of which it reads every line.

    An event does not say which need lines an offer serves; so of a request with lines that the
    reader does not see nothing is told. Nor is of a pair to which somebody said no.
    """
    ids = [f"request:{one.request}" for one in lists]
    found = Followed.objects(id__in=ids, status__in=sorted(REQUEST_LIFE.shown))
    read = {one.record for one in found if sees_all(account, one)}
    pairs = [f"match:{one.request}.{offer}" for one in lists for offer in one.at]
    declined = set(Followed.objects(id__in=pairs, status__in=_DECLINED).scalar("record"))
    known = []
    for one in lists:
        at = {offer: at for offer, at in one.at.items() if f"{one.request}.{offer}" not in declined}
        if at and one.request in read:
            known.append(Came(one.request, one.country, at))
    return known


def _own_offers(account: Account) -> list[str]:
    published = Followed.objects(
        organisation=account.organisation,
        record_type="offer",
        status__in=sorted(OFFER_LIFE.shown),
    )
    return list(published.scalar("record"))


def _came(stored: Mapping[str, Any], offers: Collection[str] | None, begin: datetime) -> Came:
    at = {
        one["offer"]: one["at"]
        for one in stored["came"]
        if one["at"] > begin and (offers is None or one["offer"] in offers)
    }
    return Came(stored["record"], stored["country"], at)
