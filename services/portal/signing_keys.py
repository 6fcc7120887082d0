"""The keys that sign tokens: one a period, published a period before and a period after it signs.

A period's key is made by whichever process first needs it, under the period's number as its id, so
that all processes agree. Services that fetched the set a while ago know the next key already.
"""

import json
from datetime import UTC, datetime
from typing import Any

from pymongo.errors import DuplicateKeyError

from services.portal.documents import SigningKey
from services.portal.domain import lifetimes
from services.portal.house import House
from shared.web.key_sets import PublicKey, pick, read_key_set
from shared.web.stored import one_stored
from shared.web.tokens import KeyPair, generate_key, read_private_key

_PURPOSE = "signing key"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def period_of(now: datetime) -> int:
    """The number of the period that holds this moment."""
    return (now - _EPOCH) // lifetimes.KEY_PERIOD


def signing_key(house: House, now: datetime) -> KeyPair:
    """The key that signs now; DamagedError where another key sealed it."""
    stored = _key(house, period_of(now))
    return read_private_key(house.vault.open(stored.private, _PURPOSE))


def published(house: House, now: datetime) -> dict[str, Any]:
    """The JSON Web Key Set of now: the key before, the one that signs, the one to come.

    The key before stays for as long as a token that it signed may live, which is far less.
    """
    period = period_of(now)
    keys = [_key(house, period), _key(house, period + 1)]
    before = SigningKey.objects(id=period - 1).first()
    if before is not None:
        keys.insert(0, before)
    return {"keys": [json.loads(key.public) for key in keys]}


def replace_keys(house: House, now: datetime) -> None:
    """Make every token that was signed so far worthless, once the services look again.

    That takes them five minutes at most (shared/web/keys.py).
    """
    SigningKey.objects.delete()
    published(house, now)


class OwnKeys:
    """The portal's own keys, for checking its own tokens; see KeySource."""

    def __init__(self, house: House) -> None:
        self._house = house

    def find(self, key_id: str | None) -> PublicKey | None:
        """The published key of that id; without an id, the key that signs now."""
        now = self._house.clock()
        if key_id is None:
            return pick(read_key_set(_set_of(_key(self._house, period_of(now)))), None)
        stored = SigningKey.objects(key_id=key_id).first()
        if stored is None or abs(stored.id - period_of(now)) > 1:
            return None
        return pick(read_key_set(_set_of(stored)), key_id)


def _set_of(stored: SigningKey) -> str:
    return json.dumps({"keys": [json.loads(stored.public)]})


def _key(house: House, period: int) -> SigningKey:
    found = one_stored(SigningKey, period)
    if found is None:
        pair = generate_key()
        found = SigningKey(
            id=period,
            key_id=pair.public["kid"],
            public=json.dumps(dict(pair.public)),
            private=house.vault.seal(pair.private_json(), _PURPOSE),
        )
        try:
            SigningKey._get_collection().insert_one(found.to_mongo())
        except DuplicateKeyError:
            found = SigningKey.objects(id=period).first()
    key: SigningKey = found
    return key
