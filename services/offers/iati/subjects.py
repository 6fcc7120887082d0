"""What an activity is about: the standard's sectors are wide, so its text decides.

15240 is one code for all of small-arms control, its neighbours are wider still; the theme is the
one that the text tells (shared.language), and the sector says how surely it must.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from xml.etree.ElementTree import Element

from services.offers.iati.facts import code_of
from services.offers.iati.faults import Fault, Note
from services.offers.iati.narratives import Narrative
from services.offers.iati.reported import Reported
from shared.language import read
from shared.vocabulary.sectors import SALW_SECTOR, SECTORS

OUTSIDE = "outside-field"
"""The code of the Fault of an activity that is about something else: no mistake of the file."""

TOLD_IN_SECTOR = 0.25
"""How probable a theme must be where the sector says that it is about small arms."""

TOLD_ELSEWHERE = 0.5
"""How probable it must be under any other sector, or none."""

_FIVE_DIGITS, _THREE_DIGITS = ("", "1"), "2"
_TOLD_KIND = 0.25
_AID_TYPES = MappingProxyType({"A": "funding", "B": "funding", "D": "expertise", "E": "training"})
"""Groups of the standard's AidType (the code's letter) that are one kind of help."""


@dataclass(frozen=True)
class Subject:
    """Theme and kind of an activity; `notes` say what was not told."""

    theme: str
    kind: str
    notes: tuple[Note, ...] = ()


def subject_of(
    activity: Element, narrative: Narrative, reported: Reported | None = None
) -> Subject:
    """The theme and kind that the activity's text tells; raises Fault, with OUTSIDE too.

    Of another installation's match the ones that it was served with there.
    """
    codes = _sectors(activity)
    if reported is not None and reported.kinds:
        return Subject(reported.themes[0], reported.kinds[0])
    fields = {"title": narrative.title, "description": narrative.description}
    told = read(fields, narrative.language or "en", b"").signature
    theme, probability = (told["themes"] or [["", 0.0]])[0]
    if SALW_SECTOR not in codes and probability < TOLD_ELSEWHERE:
        message = "Neither its sectors nor its text say that it is about small arms."
        raise Fault("sector", OUTSIDE, message)
    if probability < TOLD_IN_SECTOR:
        message = "Its text does not tell which theme of small-arms control it is about."
        raise Fault("sector", "no-theme", message)
    kind, notes = _kind(activity, theme, told["lines"], told["kinds"])
    return Subject(theme, kind, notes)


def _kind(
    activity: Element, theme: str, lines: Sequence[Any], kinds: Sequence[Any]
) -> tuple[str, tuple[Note, ...]]:
    of_theme = [line[1] for line in lines if line[0] == theme]
    if of_theme:
        return of_theme[0], ()
    if kinds and kinds[0][1] >= _TOLD_KIND:
        return kinds[0][0], ()
    said = {_AID_TYPES.get(code_of(one)[:1]) for one in activity.findall("default-aid-type")}
    known = sorted(kind for kind in said if kind)
    if len(known) == 1:
        return known[0], ()
    message = "The kind of help is not told; it is taken as funding."
    return "funding", (Note("kind-untold", message),)


def _sectors(activity: Element) -> set[str]:
    """The five-digit sectors of the OECD DAC; raises Fault for a code that cannot be one."""
    found = set()
    for element in activity.findall("sector"):
        vocabulary, code = element.get("vocabulary", "").strip(), code_of(element)
        length = 5 if vocabulary in _FIVE_DIGITS else 3 if vocabulary == _THREE_DIGITS else None
        if length is None:
            continue
        if not (len(code) == length and code.isascii() and code.isdigit()):
            message = f"'{code[:20]}' is no sector of {length} digits."
            raise Fault("sector", "unknown-code", message)
        if code in SECTORS:
            found.add(code)
    return found
