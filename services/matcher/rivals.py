"""Offers for one need: what an endorsed or committed proposal takes up, its rivals serve no more.

A commitment takes its lines in the ledger, and so from the index; so does assistance under way that
was confirmed to cover a need. An endorsement takes nothing from
anybody, but what it would serve is spoken for: while it stands and nothing of it is committed yet,
proposals for the same need lines are superseded, or shrink to what it leaves. Of two endorsed ones
the earlier goes first. Once an endorsement is withdrawn, or a hold is released, there is nothing
that would keep the rivals back, and they stand as before (docs/decisions/0021).
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.matcher.engine.pairing import Pairing
from services.matcher.engine.serving import Serving

_NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class Rival:
    """What takes up need lines: an `offer`, by an endorsement or by a commitment, or else
    assistance under way, by a case of `coverage`."""

    offer: str | None
    by: str
    needs: tuple[int, ...]
    coverage: str | None = None

    def data(self) -> dict[str, Any]:
        """As a shortlist keeps it."""
        who = {"offer": self.offer} if self.coverage is None else {"coverage": self.coverage}
        return {**who, "by": self.by, "needs": list(self.needs)}


@dataclass(frozen=True, slots=True)
class Displaced:
    """What rivals leave of a proposal: it is `superseded`, or it has `shrunk`.

    `needs` are the need lines that it would have served and that are taken up wholly, `lessened`
    those of which it could serve more if the rivals did not; `rivals` are sorted, offers first.
    """

    code: str
    needs: tuple[int, ...]
    lessened: tuple[int, ...]
    rivals: tuple[Rival, ...]

    def data(self) -> dict[str, Any]:
        """As a shortlist keeps it."""
        return {
            "code": self.code,
            "needs": list(self.needs),
            "lessened": list(self.lessened),
            "by": [rival.data() for rival in self.rivals],
        }


@dataclass(frozen=True, slots=True)
class Standing:
    """A request's proposals beside one another: its need lines of which something is left; the
    ranked ones, then those superseded by what is committed; which are displaced; of each, the same
    donor's other offers and for which needs."""

    needs: Collection[int]
    entries: tuple[Pairing, ...]
    displaced: Mapping[str, Displaced]
    same_donor: Mapping[str, Mapping[str, Sequence[int]]]


def standing(
    ranked: Sequence[Pairing],
    untaken: Sequence[Pairing],
    open_needs: Collection[int],
    committed: Mapping[str, Collection[int]],
    covered: Mapping[str, Collection[int]],
    endorsed: Sequence[str],
    organisations: Mapping[str, str],
    most: int,
) -> Standing:
    """How a request's proposals stand.

    `ranked` is the list as it is; `untaken` as it would be if nothing were committed to the
    request (empty where nothing is); `open_needs` the need lines of which something is left;
    `committed` the need lines that each offer has commitments to, and is displaced by nobody;
    `covered` those that each case of coverage holds; `endorsed` the offers endorsed and not
    committed, the earliest first. At most `most` entries are kept.
    """
    listed = {pairing.offer: pairing for pairing in ranked}
    displaced: dict[str, Displaced] = {}
    gone: list[Pairing] = []
    for pairing in untaken:
        now = listed.get(pairing.offer)
        found = _by_commitments(pairing, now, open_needs, committed, covered)
        if found is None:
            continue
        displaced[pairing.offer] = found
        if found.code == "superseded":
            gone.append(pairing)
            listed.pop(pairing.offer, None)
    entries = []
    for pairing, taken in _by_endorsements(tuple(listed.values()), endorsed):
        if taken is None or pairing.offer in committed:
            entries.append(listed[pairing.offer])
        else:
            entries.append(pairing)
            displaced[pairing.offer] = _both(displaced.get(pairing.offer), taken)
    kept = (*entries, *gone)[:most]
    return Standing(open_needs, kept, displaced, _same_donor(kept, organisations))


def _by_commitments(
    untaken: Pairing,
    now: Pairing | None,
    open_needs: Collection[int],
    committed: Mapping[str, Collection[int]],
    covered: Mapping[str, Collection[int]],
) -> Displaced | None:
    """What the commitments of others leave of a proposal; None if all, or if it has left the list
    for another reason or is committed itself."""
    if untaken.offer in committed:
        return None
    left = {} if now is None else {serving["need"]: serving for serving in now.serves}
    taken = {need for of in (*committed.values(), *covered.values()) for need in of}
    lost, less = [], []
    for serving in untaken.serves:
        if serving["need"] not in taken:
            continue
        if serving["need"] not in open_needs:
            lost.append(serving["need"])
        elif serving["need"] in left and _is_less(left[serving["need"]], serving):
            less.append(serving["need"])
    superseded = bool(lost) and len(lost) == len(untaken.serves)
    if not (lost or less) or (now is None and not superseded):
        return None
    touched = {*lost, *less}
    rivals = [
        *(
            Rival(offer, "commitment", tuple(sorted(touched & set(needs))))
            for offer, needs in sorted(committed.items())
        ),
        *(
            Rival(None, "coverage", tuple(sorted(touched & set(needs))), case)
            for case, needs in sorted(covered.items())
        ),
    ]
    code = "superseded" if superseded else "shrunk"
    return Displaced(code, tuple(lost), tuple(less), tuple(one for one in rivals if one.needs))


def _is_less(now: Serving, before: Serving) -> bool:
    pairs = ((now["quantity"], before["quantity"]), (now["amount"], before["amount"]))
    return any(one is not None and other is not None and one < other for one, other in pairs)


def _by_endorsements(
    ranked: Sequence[Pairing], endorsed: Sequence[str]
) -> list[tuple[Pairing, Displaced | None]]:
    """Each proposal with what the endorsed ones before it leave of it."""
    listed = {pairing.offer: pairing for pairing in ranked}
    done: dict[str, tuple[Pairing, Displaced | None]] = {}
    takers: defaultdict[int, list[tuple[str, float]]] = defaultdict(list)
    for offer in endorsed:
        if offer in listed:
            done[offer] = _less_taken(listed[offer], takers)
            for serving in done[offer][0].serves if _stands(done[offer][1]) else ():
                takers[serving["need"]].append((offer, _part(serving)))
    if not takers:
        return [(pairing, None) for pairing in ranked]
    return [done.get(pairing.offer) or _less_taken(pairing, takers) for pairing in ranked]


def _stands(displaced: Displaced | None) -> bool:
    return displaced is None or displaced.code != "superseded"


def _less_taken(
    pairing: Pairing, takers: Mapping[int, Sequence[tuple[str, float]]]
) -> tuple[Pairing, Displaced | None]:
    kept, lost, less = [], [], []
    for serving in pairing.serves:
        left = 1.0 - sum(part for _, part in takers.get(serving["need"], ()))
        remaining = _limited(serving, max(0.0, left))
        if left <= _NOTHING:
            lost.append(serving["need"])
            continue
        kept.append(remaining)
        if remaining != serving:
            less.append(serving["need"])
    if not (lost or less):
        return pairing, None
    touched: defaultdict[str, list[int]] = defaultdict(list)
    for need in sorted({*lost, *less}):
        for offer, _ in takers[need]:
            touched[offer].append(need)
    rivals = [Rival(offer, "endorsement", tuple(of)) for offer, of in sorted(touched.items())]
    code = "shrunk" if kept else "superseded"
    shown = pairing._replace(serves=tuple(kept)) if kept else pairing
    return shown, Displaced(code, tuple(lost), tuple(less), tuple(rivals))


def _part(serving: Serving) -> float:
    """The part that a proposal takes of what is left of a need; all of it where that is unknown."""
    if serving["quantity"] is not None and serving["of"]:
        return serving["quantity"] / serving["of"]
    if serving["amount"] is not None and serving["amount_of"]:
        return serving["amount"] / serving["amount_of"]
    return 1.0


def _limited(serving: Serving, left: float) -> Serving:
    """What a proposal can serve of the part of a need that is left."""
    quantity, amount = serving["quantity"], serving["amount"]
    if quantity is not None and serving["of"] is not None:
        quantity = min(quantity, round(serving["of"] * left, 3))
    if amount is not None and serving["amount_of"] is not None:
        amount = min(amount, round(serving["amount_of"] * left))
    return {**serving, "quantity": quantity, "amount": amount}


def _both(committed: Displaced | None, endorsed: Displaced) -> Displaced:
    if committed is None:
        return endorsed
    return Displaced(
        endorsed.code,
        tuple(sorted({*committed.needs, *endorsed.needs})),
        tuple(sorted({*committed.lessened, *endorsed.lessened} - {*endorsed.needs})),
        tuple(sorted((*committed.rivals, *endorsed.rivals), key=_place)),
    )


def _place(one: Rival) -> tuple[bool, str, str]:
    return one.offer is None, one.offer or one.coverage or "", one.by


def _same_donor(
    entries: Sequence[Pairing], organisations: Mapping[str, str]
) -> dict[str, dict[str, list[int]]]:
    """Of each offer the same organisation's others that serve needs which it serves, with those."""
    serving: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
    for pairing in entries:
        offer = pairing.offer
        donor = organisations[offer]
        for served in pairing.serves:
            serving[donor, served["need"]].append(offer)
    found: defaultdict[str, defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    several = (one for one in serving.items() if len(one[1]) > 1)
    for (_, need), offers in sorted(several):
        for offer in offers:
            for other in offers:
                if other != offer:
                    found[offer][other].append(need)
    return {offer: dict(sorted(others.items())) for offer, others in found.items()}
