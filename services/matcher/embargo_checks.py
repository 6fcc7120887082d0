"""What the register of embargoes says of a request, a pair and a commitment, as of a day.

Asked of the register itself, not of shortlists: what was proposed before an embargo came into force
is barred all the same.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date

from services.matcher.documents import CommitmentLine
from services.matcher.embargo_documents import Embargo
from services.matcher.engine.embargoes import NO_RULING, Embargoes, Ruling, ruling
from services.matcher.engine.stated import StatedLine, unpacked
from services.matcher.record_views import View, stored_view
from shared.web.problems import conflict

SIDES = ("request", "offer")
"""The sides whose lines state a kind of help."""

Rulings = Callable[[str | None, str], Ruling]
"""What embargoes say, as of a day, of a State's request."""


def embargoes_on(countries: Iterable[str | None]) -> dict[str, list[Embargo]]:
    """The register's entries on States, by State; one look at the register."""
    found: dict[str, list[Embargo]] = {}
    named = sorted({one for one in countries if one})
    for one in Embargo.objects(country__in=named) if named else ():
        found.setdefault(one.country, []).append(one)
    return found


def ruling_by(known: Iterable[Embargo], request: str, on: date) -> Ruling:
    """What the embargoes on a State, which are all known, say of its request on a day."""
    facts = [one.facts() for one in known]
    return ruling(facts, request, on.toordinal()) if facts else NO_RULING


def ruling_of(country: str | None, request: str, on: date) -> Ruling:
    """What the embargoes on a State say of its request on a day."""
    return ruling_by(embargoes_on([country]).get(country or "", ()), request, on)


def rulings(on: date) -> Rulings:
    """What `ruling_of` tells, for who asks of many requests: one look at the register."""
    known = Embargoes()
    for one in Embargo.objects:
        known.put(one.id, one.facts())
    day = on.toordinal()
    return lambda country, request: known.ruling(country or "", request, day)


def pair_bar(request: View, offer: View, on: date) -> str | None:
    """Why embargoes bar an offer for a request as a whole, with the reference; None if they do not.

    As the engine has it: all that is needed, or all that is offered, is of barred kinds. What
    states no lines states no kind that could be allowed.
    """
    found = ruling_of(request.owner, request.record, on)
    kinds = barred_kinds(found, (request, offer))
    return None if kinds is None else _told(found, kinds)


def barred_kinds(found: Ruling, views: Iterable[View]) -> set[str | None] | None:
    """The kinds of the first record of a pair that is barred as a whole; None if neither is."""
    if not found.barred:
        return None
    for view in views:
        kinds: set[str | None] = {line.kind for line in stated_lines(view).values()} or {None}
        if all(found.bars(kind) for kind in kinds):
            return kinds
    return None


def lines_bar(
    country: str | None, request: str, lines: Iterable[CommitmentLine], on: date
) -> str | None:
    """Why embargoes bar a commitment of these lines, with the reference; None if they do not."""
    found = ruling_of(country, request, on)
    barred = barred_lines(found, lines)
    return _told(found, barred) if barred else None


def barred_lines(
    found: Ruling,
    lines: Iterable[CommitmentLine],
    view_of: Callable[[str, str], View | None] = stored_view,
) -> set[str | None]:
    """The barred kinds among a commitment's lines; None stands for one that is not stated.

    `view_of` gives a record's view by side and id, for who has read those of many.
    """
    if not found.barred:
        return set()
    stated: dict[tuple[str, str], Mapping[int, StatedLine]] = {}
    kinds: set[str | None] = set()
    for taken in lines:
        if taken.side not in SIDES:
            continue
        key = taken.side, taken.record
        if key not in stated:
            view = view_of(*key)
            stated[key] = {} if view is None else stated_lines(view)
        line = stated[key].get(taken.line)
        kinds.add(None if line is None else line.kind)
    return {kind for kind in kinds if found.bars(kind)}


def require_unbarred(reason: str | None) -> None:
    """Raise the 409 problem `embargo` where there is a reason why embargoes bar something."""
    if reason is not None:
        raise conflict("embargo", f"{reason[0].upper()}{reason[1:]}.")


def stated_lines(view: View) -> Mapping[int, StatedLine]:
    """A record's lines by number, as it states them; none of a record that is gone."""
    return unpacked(view.stated).lines


def _told(found: Ruling, kinds: set[str | None]) -> str:
    ids = sorted({embargo for kind in kinds for embargo in found.bars(kind)})
    references = [one.resolution for one in Embargo.objects(id__in=ids).order_by("id")]
    named = sorted(kind for kind in kinds if kind is not None)
    what = f"help of this kind ({', '.join(named)})" if named else "help whose kind is not stated"
    return f"the arms embargo under {', '.join(references)} bars {what}"
