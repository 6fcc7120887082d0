"""What is told of an alliance, as sentences in the reader's language."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Literal

from services.matcher.engine.bonds import common_organisations
from services.matcher.engine.geography import Geography
from services.matcher.engine.joint import AskedLine, CommonLine, JointOffer, Saving
from services.matcher.engine.wording import (
    DOLLARS,
    all_text,
    filled,
    list_text,
    part_texts,
    percent_text,
    theme_and_kind_text,
)
from shared.vocabulary.countries import AREAS, country_name
from shared.vocabulary.errors import UnknownCode
from shared.vocabulary.organisations import REGIONAL_ORGANISATIONS

Tie = Literal["region", "organisation", "neighbours"]

_THOUSANDTHS = 1000
_CENTS = 100


def tie(states: Sequence[str], geography: Geography) -> tuple[Tie, str | None]:
    """What binds all the States, and its code: their region, else an organisation, else borders."""
    areas = {geography.area(state) for state in states}
    if len(areas) == 1 and None not in areas:
        return "region", next(iter(areas))
    clubs = common_organisations(states, geography.on)
    return ("organisation", clubs[0]) if clubs else ("neighbours", None)


def tie_text(states: Sequence[str], geography: Geography, language: str) -> str:
    """What binds the States."""
    kind, code = tie(states, geography)
    facts = {"states": _states_text(states, language), "name": _name(kind, code, language)}
    return filled(_sentences()["bound"][kind], language, facts)


def common_text(line: CommonLine, language: str) -> str:
    """What is asked for in common, and how much of it where that can be summed up."""
    facts = {
        "what": theme_and_kind_text(line.theme, line.kind, language),
        "states": _states_text(line.states, language),
    }
    if len(line.quantities) != 1:
        return filled(_sentences()["common"]["plain"], language, facts)
    ((unit, thousandths),) = line.quantities.items()
    facts["amount"] = _amount_text(thousandths / _THOUSANDTHS, unit, language)
    return filled(_sentences()["common"]["counted"], language, facts)


def added_text(state: str, lines: Sequence[AskedLine], language: str) -> str:
    """What one State brings beside what is common."""
    facts = {"state": _state_text(state, language)}
    if not lines:
        return filled(_sentences()["adds"]["nothing"], language, facts)
    named = dict.fromkeys(theme_and_kind_text(*line.code, language) for line in lines)
    return filled(
        _sentences()["adds"]["something"], language, facts | {"what": list_text(named, language)}
    )


def offer_text(offer: JointOffer, language: str) -> str:
    """How far an offer would do for all members together."""
    if not offer.whole and offer.part == 1.0:
        facts = {"states": _states_text(offer.states, language)}
        return filled(_sentences()["offer"]["some"], language, facts)
    if offer.part is None:
        return filled(_sentences()["offer"]["unknown"], language, {})
    if offer.part == 1.0:
        return filled(_sentences()["offer"]["whole"], language, {})
    facts = {"percent": percent_text(offer.part, language)}
    return filled(_sentences()["offer"]["part"], language, facts)


def saving_text(saving: Saving, language: str) -> str:
    """What providing together would save."""
    if not saving.saved:
        return filled(_sentences()["saving"]["none"], language, {})
    facts = {
        name: _amount_text(round(cents / _CENTS), DOLLARS, language)
        for name, cents in (
            ("together", saving.together),
            ("apart", saving.apart),
            ("saved", saving.saved),
        )
    }
    return filled(_sentences()["saving"]["some"], language, facts)


def cause_text(cause: str, language: str) -> str:
    """Why an alliance was dissolved, or a request left one."""
    return filled(_sentences()["cause"][cause], language, {})


@cache
def _sentences() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    source = files("services.matcher.engine") / "data" / "joint_sentences.json"
    found: dict[str, dict[str, dict[str, str]]] = json.loads(source.read_text(encoding="utf-8"))
    return found


def _amount_text(number: float, unit: str, language: str) -> str:
    return part_texts(number, number, unit, language)[1]


def _states_text(states: Sequence[str], language: str) -> str:
    return all_text([_state_text(state, language) for state in states], language)


def _state_text(state: str, language: str) -> str:
    try:
        return country_name(state, language)
    except UnknownCode:
        return state


def _name(kind: Tie, code: str | None, language: str) -> str:
    if code is None:
        return ""
    terms = AREAS if kind == "region" else REGIONAL_ORGANISATIONS
    try:
        return terms.get(code).labels[language]
    except UnknownCode:
        return code
