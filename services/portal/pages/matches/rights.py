"""What the reader of a match can do now: no more is shown than that."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shared.web.identity import Identity, covers

SIDES = {"requester": "state", "donor": "donor"}
DECLINABLE = frozenset({"endorsed", "donor-agreed", "state-agreed", "agreed", "released"})
COMMITTABLE = frozenset({"agreed", "committed", "delivering", "released"})
REPORTABLE = frozenset({"delivering", "delivered", "follow-up"})
GIVEN = frozenset({"delivered", "follow-up", "closed"})


def possible(
    life: Mapping[str, Any],
    country: str,
    commitments: Sequence[Mapping[str, Any]],
    identity: Identity,
) -> frozenset[str]:
    """The names of what the reader can do; the services decide again when it is done."""
    if not covers(identity, country):
        return frozenset()
    side = SIDES.get(identity.role)
    return frozenset(
        [
            *_consent(life, side),
            *(() if identity.role != "coordinator" else _committing(life)),
            *life["possible"],
            *_figures(life, side),
            *_releases(life, commitments, identity),
        ]
    )


def open_conditions(life: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The offer's conditions that the State has not accepted."""
    return [one for one in life["conditions"] if one["current"] and one["accepted_at"] is None]


def _consent(life: Mapping[str, Any], side: str | None) -> Iterator[str]:
    if side is None:
        return
    if side in life["waiting_for"]:
        yield "agree"
    elif side == "state" and life["status"] in COMMITTABLE and open_conditions(life):
        yield "accept"
    if life["status"] in DECLINABLE:
        yield "decline"


def _committing(life: Mapping[str, Any]) -> Iterator[str]:
    if life["status"] in COMMITTABLE and not open_conditions(life):
        yield "commit"


def _figures(life: Mapping[str, Any], side: str | None) -> Iterator[str]:
    if side is not None and life["status"] in REPORTABLE:
        yield "figures"
    for one in life["follow_ups"]:
        if side == "state" and life["status"] == "follow-up":
            asked = one["asked_at"] is not None and one["answered_at"] is None
            yield from (f"assess-{one['months']}",) if asked else ()
        if side == "donor" and life["status"] in ("follow-up", "closed"):
            said = one["answered_at"] is not None and one["replied_at"] is None
            yield from (f"reply-{one['months']}",) if said else ()


def _releases(
    life: Mapping[str, Any], commitments: Sequence[Mapping[str, Any]], identity: Identity
) -> Iterator[str]:
    if identity.role not in ("requester", "donor", "coordinator") or life["status"] in GIVEN:
        return
    yield from (f"release-{one['id']}" for one in commitments if one["status"] == "held")
