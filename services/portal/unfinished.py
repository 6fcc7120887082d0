"""Parts of forms that are not whole yet: as they were typed, for that account alone, anywhere."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pymongo.errors import DuplicateKeyError

from services.portal.documents import UnfinishedPart
from services.portal.house import House
from services.portal.sealing import DamagedError
from shared.ids import new_id

Typed = Sequence[tuple[str, str]]
"""Names of fields and what stands in them, with the language that it is typed in."""

KEPT = timedelta(days=90)
_PURPOSE = "unfinished part"


@dataclass(frozen=True)
class Place:
    """Where something unfinished belongs: a part of a record's form, as an account has it."""

    account: str
    record: str
    part: str

    @property
    def id(self) -> str:
        """It as the store's key."""
        return f"{self.account} {self.record} {self.part}"


@dataclass(frozen=True)
class Held:
    """What is held of a part; `base` tells what the register had when it was typed."""

    typed: Typed
    base: str
    version: str
    changed_at: datetime


def find(house: House, place: Place) -> Held | None:
    """What is held, if anything; what was sealed by another key is gone."""
    found = UnfinishedPart.objects(id=place.id).first()
    if found is None:
        return None
    try:
        pairs = json.loads(house.vault.open(found.typed, _PURPOSE))
    except DamagedError:
        UnfinishedPart.objects(id=place.id, version=found.version).delete()
        return None
    typed = [(str(name), str(value)) for name, value in pairs]
    return Held(typed, found.base, found.version, found.changed_at)


def hold(house: House, place: Place, typed: Typed, base: str, seen: str) -> str | None:
    """Hold this in the place of the version that was seen, "" for none; the new version.

    None where another version is held: nothing is replaced that was not seen.
    """
    now, version = house.clock(), new_id()
    values = {
        "account": place.account,
        "record": place.record,
        "part": place.part,
        "typed": house.vault.seal(json.dumps(typed), _PURPOSE),
        "base": base,
        "version": version,
        "changed_at": now,
        "expires_at": now + KEPT,
    }
    try:
        UnfinishedPart._get_collection().update_one(
            {"_id": place.id, "version": seen}, {"$set": values}, upsert=True
        )
    except DuplicateKeyError:
        return None
    return version


def forget(place: Place, seen: str) -> None:
    """Hold the version that was seen no longer; another one stays."""
    UnfinishedPart.objects(id=place.id, version=seen).delete()
