from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matcher.engine.lacking import MOST_LINES, Lack, lack_text, lacking
from services.matcher.engine.serving import Serving
from services.matcher.engine.stated import Span, Stated, StatedLine, Window
from shared.vocabulary import LANGUAGES
from tests.services.matcher.engine.samples import serving
from tests.services.matcher.engine.sentences import check_sentence, plain

TODAY = date(2026, 1, 1)
NEEDED = Window(date(2026, 7, 1), date(2027, 12, 31))
GIVEN = Window(date(2026, 9, 1), date(2027, 10, 2))
MARKING = StatedLine("marking", "equipment")
TRAINING = StatedLine("marking", "training")
MACHINES = serving(1, 1, "marking", "equipment", 4.0, 6.0, "machines", 1.0)
MONEY = serving(2, 1, "marking", "funding", None, None, None, 1.0, 4_000_000, 16_000_000)


def told(
    serves: Sequence[Serving] = (),
    unserved: Sequence[int] = (),
    request: Stated | None = None,
    offer: Stated | None = None,
    today: date = TODAY,
) -> list[str]:
    """What is lacking, in English."""
    asked = request or Stated(lines={1: MARKING, 2: TRAINING, 3: TRAINING})
    given_ = offer or Stated(lines={1: MARKING})
    return [lack_text(lack, "en") for lack in lacking(asked, given_, serves, unserved, today)]


def test_quantities_and_money_that_fall_short() -> None:
    funding = Stated(lines={1: StatedLine("marking", "funding")})
    assert told([MACHINES]) == ["It serves 4 of the 6 machines of need line 1."]
    assert told([MONEY], offer=funding) == [
        "Only 40,000 of 160,000 US dollars are on offer for need line 2."
    ]


def test_what_suffices_is_not_lacking() -> None:
    enough = {**MACHINES, "quantity": 6.0, "amount": 1, "amount_of": 2}
    assert told([enough]) == []  # counted in machines: the price that others state does not count
    assert told([{**MONEY, "amount": 16_000_000}], offer=Stated(lines={})) == []
    assert told([{**MACHINES, "quantity": None, "of": None, "unit": None}]) == []


def test_needs_that_nothing_serves_or_something_else_does() -> None:
    assert told(unserved=[3]) == ["Need line 3 (Marking: Training) is not served by any provision."]
    other = serving(2, 1, "marking", "training", None, None, None, 0.6)
    assert told([other]) == [
        "Need line 2 (Marking: Training) is met only in part: line 1 of the offer "
        "(Marking: Equipment) fits it to 60%."
    ]


def test_an_offer_without_lines_is_told_once() -> None:
    assert told(unserved=[1, 2, 3], offer=Stated()) == [
        "The offer states no lines: what it can give is read from its text alone."
    ]


def test_of_an_offer_of_which_nothing_is_known_nothing_is_told() -> None:
    assert told(unserved=[1, 2, 3], offer=Stated(known=False)) == []


def test_a_line_that_is_not_stated_any_more_is_not_told() -> None:
    assert told(unserved=[9]) == []


def test_time_that_is_not_covered() -> None:
    assert told([], [1], Stated(NEEDED), Stated(GIVEN, {1: MARKING})) == [
        "Delivery can begin on 1 September 2026 at the earliest, 2 months after the need's "
        "window opens.",
        "The offer ends on 2 October 2027, 90 days before the need does.",
    ]


def test_a_delay_that_is_over_is_not_told() -> None:
    late = date(2026, 9, 1)
    assert told([], [], Stated(NEEDED), Stated(replace_first(GIVEN)), late) == [
        "The offer ends on 2 October 2027, 90 days before the need does."
    ]


def replace_first(window: Window) -> Window:
    """The window, open since before the need's."""
    return window._replace(first=date(2025, 1, 1))


def test_lines_with_windows_of_their_own() -> None:
    own = replace(MARKING, window=Window(date(2026, 8, 1), date(2027, 1, 31)))
    request = Stated(NEEDED, {1: own, 2: TRAINING})
    offer = Stated(Window(date(2026, 9, 2), date(2028, 1, 1)), {1: MARKING})
    enough = {**MACHINES, "quantity": 6.0}
    assert told([enough], [], request, offer) == [
        "For need line 1, delivery can begin on 2 September 2026 at the earliest, 32 days after "
        "the line's window opens."
    ]
    codes = [lack.code for lack in lacking(request, offer, [enough], [2], TODAY)]
    assert codes == ["unserved", "late", "late-line"]


def span(concept: str) -> Span:
    return Span(concept, "description", 3, 9)


def test_what_a_text_rules_out() -> None:
    request = Stated(lines={1: MARKING}, named=(span("marking-machine"),))
    offer = Stated(lines={1: MARKING}, excluded=(span("marking-machine"), span("armoury")))
    assert told([], [1], request, offer)[1:] == ["The offer's text rules out: marking machine."]
    # A wider one rules out the narrower, one that it names all the same rules out nothing.
    wider = replace(offer, excluded=(span("marking"),))
    assert told([], [1], request, wider)[1:] == ["The offer's text rules out: marking."]
    assert told([], [1], request, replace(wider, named=(span("marking"),)))[1:] == []
    swapped = Stated(lines={1: MARKING}, excluded=(span("marking-machine"),))
    both = Stated(lines={1: MARKING}, named=(span("marking-machine"),))
    assert told([], [1], swapped, both)[1:] == ["The request's text rules out: marking machine."]


def test_a_kind_that_a_line_needs_and_the_offer_rules_out() -> None:
    offer = Stated(lines={1: MARKING}, excluded=(span("equipment"), span("training")))
    assert told([], [1], offer=offer)[1:] == ["The offer's text rules out: equipment."]


def test_many_lines_are_counted() -> None:
    request = Stated(lines=dict.fromkeys(range(1, 21), TRAINING))
    found = told(unserved=range(1, 21), request=request)
    assert len(found) == MOST_LINES + 1
    assert found[-1] == "Further need lines that are not fully served: 12."


EXPECTED = {
    "ar": [
        "يغطي العرض 4 من أصل 6 آلات في البند 1 من الطلب.",
        "لا يُعرض للبند 2 من الطلب سوى 40,000 من أصل 160,000 من دولارات الولايات المتحدة.",
        "لا يلبي أي بند من بنود العرض الحاجة الواردة في البند 3 (الوسم: التدريب).",
        "لا يمكن أن تبدأ المساعدة قبل 1 سبتمبر 2026، أي بعد شهرين من بداية المدة المطلوبة.",
        "ينتهي العرض في 2 أكتوبر 2027، قبل 90 يومًا من نهاية المدة المطلوبة.",
    ],
    "es": [
        "De 6 máquinas que pide la línea 1, la oferta cubre 4.",
        "Para la línea 2 solo se ofrecen 40.000 de 160.000 dólares de los Estados Unidos.",
        "Ninguna línea de la oferta atiende la necesidad de la línea 3 (Marcado: Capacitación).",
        "La ayuda puede comenzar como muy pronto el 1 de septiembre de 2026, 2 meses después del "
        "inicio del período solicitado.",
        "La oferta termina el 2 de octubre de 2027, 90 días antes que el período solicitado.",
    ],
    "fr": [
        "L'offre couvre 4 sur 6 machines pour le besoin de la ligne 1.",
        "Pour le besoin de la ligne 2, l'offre n'est que de 40 000 sur 160 000 dollars des "
        "États-Unis.",
        "Le besoin de la ligne 3 (Marquage : Formation) n'est couvert par aucune ligne de l'offre.",
        "L'aide peut commencer au plus tôt le 1er septembre 2026, 2 mois après le début de la "
        "période demandée.",
        "L'offre prend fin le 2 octobre 2027, 90 jours avant la fin de la période demandée.",
    ],
    "ru": [
        "Из 6 станков по строке 1 запроса предложение покрывает 4.",
        "По строке 2 запроса предлагается лишь 40 000 из 160 000 долл. США.",
        "Потребность по строке 3 (Маркировка: Обучение) не покрывает ни одна строка предложения.",
        "Помощь может начаться не ранее 1 сентября 2026 г., через 2 месяца после начала "
        "запрошенного срока.",
        "Предложение заканчивается 2 октября 2027 г., за 90 дней до конца запрошенного срока.",
    ],
    "zh": [
        "第1项需求为6台，该援助提议可提供其中的4台。",
        "第2项需求为160,000美元，仅可提供其中的40,000美元。",
        "该援助提议中没有任何一项能满足第3项需求（标识：培训）。",
        "最早于2026年9月1日才能开始提供，比所需时段的起始晚2个月。",
        "该援助提议于2027年10月2日结束，比所需时段早90天。",
    ],
}


@pytest.mark.parametrize("language", sorted(EXPECTED))
def test_every_language_counts_in_its_own_way(language: str) -> None:
    request = Stated(NEEDED, {1: MARKING, 2: StatedLine("marking", "funding"), 3: TRAINING})
    offer = Stated(GIVEN, {1: MARKING})
    serves = [MACHINES, {**MONEY, "provision": 9}]
    found = lacking(request, offer, serves, [3], TODAY)
    assert [plain(lack_text(lack, language)) for lack in found] == EXPECTED[language]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("days", [1, 2, 3, 5, 11, 21, 22, 100, 101, 365, 1096])
def test_every_lack_is_a_whole_sentence_in_every_language(language: str, days: int) -> None:
    late = Window(NEEDED.first + timedelta(days), NEEDED.last - timedelta(days % 300))
    request = Stated(
        NEEDED,
        {
            **dict.fromkeys(range(1, 12), TRAINING),
            12: replace(MARKING, window=NEEDED),
            13: StatedLine("theme-of-tomorrow", "kind-of-tomorrow"),
        },
        named=(span("marking-machine"), span("interpol")),
        excluded=(span("training"),),
    )
    offer = Stated(late, {1: MARKING}, (span("training"),), (span("marking-machine"),))
    number = float(days)
    serves = [
        {**MACHINES, "need": 12, "quantity": number, "of": number + 1},
        {**MACHINES, "need": 1, "kind": "training", "fit": 0.15, "quantity": 0.5, "of": 1.0},
        {**MONEY, "need": 2, "amount": 100 * days, "amount_of": 100 * days + 100},
    ]
    for unserved in ((), (13,), range(3, 12)):
        found = lacking(request, offer, serves, unserved, TODAY)
        sentences = [lack_text(lack, language) for lack in found]
        assert len(set(sentences)) == len(sentences)
        for sentence in sentences:
            if 13 not in unserved:
                check_sentence(sentence, language)
    alone = lacking(request, Stated(), [], [1], TODAY)
    check_sentence(lack_text(alone[0], language), language)


days = st.integers(0, 900).map(lambda number: date(2026, 1, 1) + timedelta(number))
windows = st.tuples(days, days).map(lambda pair: Window(*sorted(pair)))


@given(needed=windows, stands=windows, today=days, language=st.sampled_from(LANGUAGES))
def test_no_time_is_told_lacking_that_is_covered(
    needed: Window, stands: Window, today: date, language: str
) -> None:
    found = lacking(Stated(needed), Stated(stands), [], [], today)
    by_code: dict[str, Lack] = {lack.code: lack for lack in found}
    assert ("early" in by_code) == (stands.last < needed.last)
    assert ("late" in by_code) == (stands.first > needed.first and stands.first > today)
    for lack in found:
        check_sentence(lack_text(lack, language), language)
        assert lack.days is not None
        assert lack.days > 0
    if "late" in by_code:
        assert needed.first + timedelta(by_code["late"].days or 0) == stands.first


@given(given_=st.integers(0, 9), of=st.integers(1, 9))
def test_only_what_is_short_is_told(given_: int, of: int) -> None:
    short: Serving = {**MACHINES, "quantity": float(min(given_, of)), "of": float(of)}
    found = lacking(Stated(lines={1: MARKING}), Stated(lines={1: MARKING}), [short], [], TODAY)
    assert [(lack.given, lack.needed) for lack in found] == (
        [(float(given_), float(of))] if given_ < of else []
    )
