"""The lines of two records beside one another, and what differs of each."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import gettext as _

from services.portal.pages.offers.rows import size_of
from services.portal.pages.wording import day, here
from shared.vocabulary.lists import PRIORITIES, SUSTAINABILITY_MEASURES

_COUNTS: Final = {"needs": "quantity", "provisions": "capacity"}
Line = Mapping[str, Any]
Told = Mapping[str, tuple[str, str, bool]]
"""By a member: how it is called, what it says in words, and whether somebody wrote these words."""


@dataclass(frozen=True)
class Fact:
    """What a line says of something, in words; `alike`: whether the other line says the same.

    `own`: they are words that somebody wrote, in the record's language.
    """

    name: str
    words: str
    alike: bool
    own: bool = False


@dataclass(frozen=True)
class Pair:
    """Two lines of one theme and kind, `left` and `right`; None where one record has none such."""

    theme: str
    kind: str
    left: Sequence[Fact] | None
    right: Sequence[Fact] | None


def pairs_of(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[Pair]:
    """The lines of two requests, or of two offers: those of one theme and kind together.

    Of several such the ones that say the same go together, then each with the next.
    """
    name = "needs" if "needs" in left else "provisions"
    count = _COUNTS[name]
    ours, theirs = (_by_subject(record.get(name) or (), count) for record in (left, right))
    found = []
    for subject in dict.fromkeys((*ours, *theirs)):
        for one, other in _together(ours.get(subject, []), theirs.get(subject, [])):
            found.append(Pair(*subject, _facts(one, other), _facts(other, one)))
    return found


def _by_subject(lines: Sequence[Line], count: str) -> dict[tuple[str, str], list[Told]]:
    found: dict[tuple[str, str], list[Told]] = defaultdict(list)
    for line in lines:
        found[line["theme"], line["kind"]].append(_told(line, count))
    return found


def _told(line: Line, count: str) -> Told:
    window = line.get("window") or {}
    measures = [
        SUSTAINABILITY_MEASURES.label(one, here()) for one in line.get("sustainability", ())
    ]
    priority = line.get("priority")
    told = {
        "size": (_("How much"), size_of(line, count), False),
        "priority": (_("Priority"), PRIORITIES.label(priority, here()) if priority else "", False),
        "window": (
            _("When"),
            f"{day(window['from'])} – {day(window['to'])}" if window else "",
            False,
        ),
        "sites": (_("Where"), " · ".join(line.get("sites") or ()), True),
        "sustainability": (_("To make it last"), " · ".join(measures), False),
    }
    return {name: one for name, one in told.items() if one[1]}


def _together(
    ours: Sequence[Told], theirs: Sequence[Told]
) -> list[tuple[Told | None, Told | None]]:
    left, right, found = list(ours), list(theirs), list[tuple[Told | None, Told | None]]()
    for one in ours:
        if one in right:
            left.remove(one)
            right.remove(one)
            found.append((one, one))
    most = max(len(left), len(right))
    padded = ([*lines, *[None] * (most - len(lines))] for lines in (left, right))
    return [*found, *zip(*padded, strict=True)]


def _facts(line: Told | None, other: Told | None) -> list[Fact] | None:
    if line is None:
        return None
    return [
        Fact(name, words, alike=other is not None and other.get(member) == line[member], own=own)
        for member, (name, words, own) in line.items()
    ]
