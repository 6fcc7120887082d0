"""What the report calls its figures: each name says what is counted, and of what."""

from collections.abc import Callable, Mapping
from typing import Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from services.portal.pages.wording import here, named_language
from shared.registers.report import NO_GROUP
from shared.vocabulary.countries import AREAS
from shared.vocabulary.lists import GROUPS, INCOME_GROUPS, SUSTAINABILITY_MEASURES
from shared.vocabulary.themes import THEMES

ELSEWHERE: Final = "elsewhere"
"""The section of what other installations' files tell of their matches."""

NAMES: Final[Mapping[str, object]] = {
    "needs": _l("Need lines of circulated requests"),
    "needs-met": _l("Need lines wholly committed, of all"),
    "lines-committed": _l("Part of the need committed, each line counting alike"),
    "lines-delivered": _l("Part of the need delivered, each line counting alike"),
    "amount-committed": _l("Part of the amounts asked for that is committed, in US dollars"),
    "amount-delivered": _l("Part of the amounts asked for that is delivered, in US dollars"),
    "received": _l("Part of what was committed that States say they received"),
    "objectives": _l("Need lines with an indicator and a target, of all"),
    "delivered": _l("Matches delivered, of those committed"),
    "in-time": _l("Delivered within the window of the request, of those delivered that have one"),
    "days-authenticate": _l("Days from submission to authentication"),
    "days-circulate": _l("Days from authentication to circulation"),
    "days-first-commitment": _l("Days from circulation to the first commitment"),
    "days-agree": _l("Days from endorsement until both sides agreed"),
    "days-commit": _l("Days from agreement to commitment"),
    "days-start": _l("Days from commitment to the start of delivery"),
    "days-deliver": _l("Days from the start of delivery to its end"),
    "gender": _l("Requests with gender equality as an objective, of those that say"),
    "offer-gender": _l("Offers with gender equality as an objective, of those that say"),
    "duplicates": _l("Requests merged into another"),
    "duplicates-value": _l("US dollars asked for twice"),
    "offer-duplicates": _l("Offers merged into another"),
    "offer-duplicates-value": _l("US dollars offered twice"),
    "covered": _l("Needs found covered by assistance under way"),
    "covered-value": _l("US dollars of need found covered"),
    "matches": _l("Matches that are committed or further"),
    "matches-value": _l("US dollars committed"),
}
SECTIONS: Final = (
    ("adequacy", _l("Adequacy")),
    ("effectiveness", _l("Effectiveness")),
    ("sustainability", _l("Sustainability")),
    ("timeliness", _l("Timeliness")),
    ("equality", _l("Gender equality")),
    ("duplication", _l("Duplication avoided")),
    ("assistance", _l("Assistance given")),
    (ELSEWHERE, _l("Matches of other installations, out of their files")),
)
DIMENSIONS: Final[Mapping[str, object]] = {
    "theme": _l("Theme"),
    "region": _l("Region"),
    "year": _l("Year"),
    "report_year": _l("Year of the national report"),
    "group": _l("Group of States"),
    "income": _l("Income group"),
    "language": _l("Language of the request"),
    "modality": _l("Form of cooperation"),
}
_SAID: Final[Mapping[str, object]] = {
    "answered": _l("States that answered after %(months)s months, of those asked"),
    "adequate": _l("Adequate after %(months)s months: 4 or 5 of 5, of the answers"),
    "effective": _l("Effective after %(months)s months: 4 or 5 of 5, of the answers"),
    "reached": _l("Objectives reached after %(months)s months, of those of the needs served"),
    "sustainable": _l("Of lasting use after %(months)s months: 4 or 5 of 5, of the answers"),
}
_FORMS: Final[Mapping[str, object]] = {
    "north-south": _l("North–South"),
    "south-south": _l("South–South"),
    "triangular": _l("Triangular"),
    "multilateral": _l("Multilateral"),
    "north-north": _l("North–North"),
}
_IN_SECTION: Final[Mapping[str, str]] = {
    **dict.fromkeys(("objectives", "delivered", "in-time"), "effectiveness"),
    **dict.fromkeys(("answered", "adequate", "effective", "reached"), "effectiveness"),
    **dict.fromkeys(("sustainable", "asks"), "sustainability"),
    **dict.fromkeys(("days",), "timeliness"),
    **dict.fromkeys(("gender", "offer-gender"), "equality"),
    **dict.fromkeys(("duplicates", "offer", "covered"), "duplication"),
    **dict.fromkeys(("matches",), "assistance"),
}


def name_of(figure: str) -> str:
    """What a figure is, in the reader's language."""
    begin, _dash, rest = figure.partition("-")
    if begin in _SAID:
        return str(_SAID[begin]) % {"months": rest}
    if begin == "asks":
        measure = SUSTAINABILITY_MEASURES.label(rest, here())
        return str(_("Need lines that ask for it, of all: %(measure)s", measure=measure))
    return str(NAMES.get(figure, figure))


def section_of(figure: str) -> str:
    """Which section a figure stands in."""
    begin = figure.partition("-")[0]
    return _IN_SECTION.get(figure) or _IN_SECTION.get(begin, "adequacy")


def code_name(by: str, code: str) -> str:
    """What a code of a dimension is called."""
    named: Mapping[str, Callable[[str], str]] = {
        "theme": lambda one: THEMES.label(one, here()),
        "region": lambda one: AREAS.label(one, here()),
        "group": _group,
        "income": lambda one: INCOME_GROUPS.label(one, here()),
        "language": named_language,
        "modality": lambda one: str(_FORMS.get(one, one)),
    }
    return named.get(by, str)(code)


def forms() -> list[tuple[str, str]]:
    """The forms of cooperation with their names."""
    return [(code, str(name)) for code, name in _FORMS.items()]


def _group(code: str) -> str:
    return str(_("Other States")) if code == NO_GROUP else GROUPS.label(code, here())
