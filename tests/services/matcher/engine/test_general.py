"""Offers of money for the field, whatever the theme."""

from dataclasses import replace

import pytest

from services.matcher.engine import search, shortcut, whereabouts
from services.matcher.engine.codes import KIND_CODES, THEME_CODES
from services.matcher.engine.entries import GENERAL, offer_entry, said
from services.matcher.engine.features import FEATURES
from services.matcher.engine.inference import is_general
from services.matcher.engine.profiles import OfferProfile
from shared.language import encoder_available, signature
from tests.services.matcher.engine.samples import (
    TODAY,
    engine,
    need,
    offer,
    provision,
    request,
    signed,
)

CALLS = {
    "en": "Yearly call for projects. Any activity that carries out the Programme of Action on "
    "small arms is eligible: training, legal drafting, equipment, studies. Grants of up to 100,000 "
    "dollars.",
    "fr": "Appel à propositions annuel. Toute action de mise en œuvre du Programme d'action sur "
    "les armes légères peut être financée, quel que soit son thème, jusqu'à 80 000 euros.",
    "es": "Convocatoria abierta: se financian proyectos sobre cualquier medida contra el tráfico "
    "ilícito de armas pequeñas, hasta 60.000 dólares por proyecto.",
    "ru": "Открытый конкурс: фонд выделяет до 70 000 долларов на любые проекты по борьбе с "
    "незаконной торговлей стрелковым оружием.",
    "ar": "دعوة سنوية لتقديم المقترحات: يمول الصندوق أي مشروع لمكافحة الاتجار غير المشروع بالأسلحة "
    "الصغيرة بمبلغ لا يتجاوز خمسين ألف دولار.",
    "zh": "年度项目征集：基金资助各国打击小武器非法贸易的任何措施，每个项目最多十万美元。",
}
"""Illustrative."""

OTHERS = (
    "Grants of up to 50,000 euros for marking machines and their operators in police forces",
    "A course for those who draft laws on firearms",
    "Grants for school gardens and clean water in villages",
    "",
)
_FUNDING = KIND_CODES.index("funding")


def call(language: str = "en", id_: str = "general") -> OfferProfile:
    """An offer that is made by such a text."""
    read = signature({"title": "", "description": CALLS[language]}, language, b"k", "offer")
    lines = [provision(theme="national-coordination", kind="funding")]
    return offer(id_, signature=read, provisions=lines)


def _is_general(profile: OfferProfile) -> bool:
    told = said(profile.text)
    return is_general(told.themes, told.kinds, profile.text.field)


@pytest.mark.skipif(not encoder_available(), reason="the encoder is not installed")
@pytest.mark.parametrize("language", CALLS)
def test_a_call_for_whatever_project_is_for_any_theme_in_each_language(language: str) -> None:
    assert _is_general(call(language))


@pytest.mark.parametrize("text", OTHERS)
def test_what_names_a_theme_or_gives_no_money_or_is_of_another_field_is_not(text: str) -> None:
    assert not _is_general(offer(signature=signed(text)))


def _made(**fields: object) -> OfferProfile:
    """An offer that is for any theme, whatever reads its text."""
    plain = offer("general", signature=signed("Nothing of the kind at all"))
    themes, kinds = ((THEME_CODES[3], 10), (THEME_CODES[9], 12)), (("funding", 90),)
    text = replace(plain.text, themes=themes, kinds=kinds, field=95)
    return replace(plain, text=replace(text, **fields))


def test_it_is_alike_to_every_theme_that_a_text_may_speak_of() -> None:
    least = []
    for theme in THEME_CODES:
        asked = request(needs=[need(theme=theme)])
        asked = replace(asked, text=replace(asked.text, themes=((theme, 90),)))
        (found,) = engine(asked, _made()).shortlist("R1").entries
        least.append(found.features[FEATURES.index("text_theme")])
    assert min(least) == pytest.approx(GENERAL)
    assert max(least) <= 1.0
    assert sorted(least)[len(least) // 2] > 1.3 * GENERAL


@pytest.mark.parametrize("field", [60, 69])
def test_what_is_less_surely_of_the_field_is_not(field: int) -> None:
    assert not _is_general(_made(field=field))
    assert _is_general(_made(field=70))


def test_a_request_is_never_for_any_theme() -> None:
    general = _made()
    entry = offer_entry(general, {}, TODAY)
    assert set(entry.text_themes) == {100}
    asked = replace(request(), text=general.text)
    made = engine(asked)
    row = made._records.requests.view([made._records.requests.row("R1")])
    assert row["text_themes"].max() == 12


def test_in_a_large_register_it_is_found_and_scored_as_in_a_small_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    themes = [THEME_CODES[number % 6] for number in range(120)]
    others = [
        offer(f"O{number:03}", provisions=[provision(theme=theme)], signature=signed(OTHERS[0]))
        for number, theme in enumerate(themes)
    ]
    asked = [
        replace(one, text=replace(one.text, themes=((theme, 90),)))
        for theme in THEME_CODES[12:18]
        for one in [request(theme, needs=[need(theme=theme)])]
    ]
    made = engine(*others, _made(), *asked)
    exact = {one.id: made.shortlist(one.id, 200, exact=True).entries for one in asked}
    monkeypatch.setattr(search, "LARGE", 50)
    monkeypatch.setattr(whereabouts, "FEW", 50)
    monkeypatch.setattr(shortcut, "LOOKED_AT", 10)
    monkeypatch.setattr(shortcut, "SCORED", 5)
    for one in asked:
        found, wanted = (
            [entry._replace(rank=0) for entry in entries if entry.offer == "general"]
            for entries in (made.shortlist(one.id, 200).entries, exact[one.id])
        )
        assert found == wanted != []
    assert set(made.affected("general")) >= {one.id for one in asked}
