"""The conditions of an offer, and what of them the State has accepted.

The text is the offer's register's to show. Here a condition is its kind and the keyed hash of its
text, so that a text that was changed is another condition, and has to be accepted anew.
"""

from collections.abc import Collection
from datetime import datetime

from services.matcher.actors import Actor
from services.matcher.documents import Match
from services.matcher.life_documents import Accepted
from services.matcher.record_views import View
from shared.web.problems import FieldError, conflict, invalid


def unaccepted(match: Match, offer: View | None) -> list[int]:
    """Which of the offer's conditions, by their place, the State has not accepted."""
    accepted = {one.hash for one in match.accepted}
    hashes = [] if offer is None else offer.condition_hashes
    return [place for place, hash_ in enumerate(hashes) if hash_ not in accepted]


def accept(
    match: Match, offer: View, accepts: Collection[str], actor: Actor, now: datetime
) -> None:
    """Remember that the State accepts these conditions; those accepted before stay accepted.

    Raises the 422 problem for a hash that is none of the offer's, or where one of its conditions
    is accepted neither now nor before, and the 409 problem for a condition without a hash.
    """
    if "" in offer.condition_hashes:
        message = "The offer's conditions cannot be accepted yet: its donor has to save it again."
        raise conflict("conditions-unread", message)
    errors = [
        FieldError("accepts", f"'{hash_}' is no condition of this offer (any more).", "unknown")
        for hash_ in sorted(set(accepts) - set(offer.condition_hashes))
    ]
    known = {one.hash for one in match.accepted}
    for kind, hash_ in zip(offer.conditions, offer.condition_hashes, strict=True):
        if hash_ in accepts and hash_ not in known:
            known.add(hash_)
            match.accepted.append(Accepted(kind=kind, hash=hash_, at=now, subject=actor.subject))
    errors += [
        FieldError(
            "accepts",
            f"The offer's condition '{offer.condition_hashes[place]}' ({offer.conditions[place]}) "
            "has to be accepted expressly.",
            "required",
        )
        for place in unaccepted(match, offer)
    ]
    if errors:
        raise invalid(errors)


def require_own(offer: View, refuses: Collection[str]) -> None:
    """Raise the 422 problem for a hash that is no condition of the offer."""
    unknown = sorted(set(refuses) - set(offer.condition_hashes))
    if unknown:
        message = f"'{unknown[0]}' is no condition of this offer (any more)."
        raise invalid([FieldError("refuses", message, "unknown")])
