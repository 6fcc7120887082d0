from datetime import date

import pytest

from shared.language.dates import find_dates
from shared.vocabulary import LANGUAGES


@pytest.mark.parametrize(
    ("language", "text", "first", "last"),
    [
        ("en", "15 March 2027", "2027-03-15", "2027-03-15"),
        ("en", "March 15, 2027", "2027-03-15", "2027-03-15"),
        ("en", "3rd of May 2026", "2026-05-03", "2026-05-03"),
        ("en", "2027-03-15", "2027-03-15", "2027-03-15"),
        ("en", "by the end of 2027", "2027-10-01", "2027-12-31"),
        ("en", "mid-2026", "2026-05-01", "2026-08-31"),
        ("en", "Q3 2026", "2026-07-01", "2026-09-30"),
        ("en", "the first quarter of 2026", "2026-01-01", "2026-03-31"),
        ("en", "from March 2026 to June 2028", "2026-03-01", "2028-06-30"),
        ("en", "March to June 2027", "2027-03-01", "2027-06-30"),
        ("en", "3–14 March 2027", "2027-03-03", "2027-03-14"),
        ("en", "between 28 February and 3 March 2027", "2027-02-28", "2027-03-03"),
        ("en", "2026-2028", "2026-01-01", "2028-12-31"),
        ("en", "February 2028", "2028-02-01", "2028-02-29"),
        ("fr", "le 1er juin 2025", "2025-06-01", "2025-06-01"),
        ("fr", "d'ici fin 2027", "2027-10-01", "2027-12-31"),
        ("fr", "du 3 au 14 mars 2027", "2027-03-03", "2027-03-14"),
        ("fr", "de mars 2026 jusqu'à juin 2028", "2026-03-01", "2028-06-30"),
        ("fr", "2e trimestre 2027", "2027-04-01", "2027-06-30"),
        ("es", "finales de 2026", "2026-10-01", "2026-12-31"),
        ("es", "15/03/2027", "2027-03-15", "2027-03-15"),
        ("es", "del 2 al 20 de mayo de 2026", "2026-05-02", "2026-05-20"),
        ("ru", "15 марта 2027 г.", "2027-03-15", "2027-03-15"),
        ("ru", "в марте 2026 года", "2026-03-01", "2026-03-31"),
        ("ru", "с 28 февраля по 3 марта 2027", "2027-02-28", "2027-03-03"),
        ("ru", "II квартал 2027", "2027-04-01", "2027-06-30"),
        ("ar", "نهاية عام 2027", "2027-10-01", "2027-12-31"),
        ("ar", "من ٣ إلى ١٤ آذار/مارس ٢٠٢٧", "2027-03-03", "2027-03-14"),
        ("ar", "كانون الثاني ٢٠٢٦", "2026-01-01", "2026-01-31"),
        ("ar", "جويلية 2026", "2026-07-01", "2026-07-31"),
        ("ar", "الربع الأول من عام 2026", "2026-01-01", "2026-03-31"),
        ("zh", "2027年3月", "2027-03-01", "2027-03-31"),
        ("zh", "２０２７年３月１５日", "2027-03-15", "2027-03-15"),
        ("zh", "二〇二七年三月", "2027-03-01", "2027-03-31"),
        ("zh", "2027年底前", "2027-10-01", "2027-12-31"),
        ("zh", "2026年第一季度", "2026-01-01", "2026-03-31"),
        ("zh", "2027年3月3日至14日", "2027-03-03", "2027-03-14"),
        ("zh", "从2026年3月到2028年6月", "2026-03-01", "2028-06-30"),
    ],
)
def test_dates_in_six_languages(language: str, text: str, first: str, last: str) -> None:
    (found,) = find_dates(text, language)
    assert (found.first, found.last) == (date.fromisoformat(first), date.fromisoformat(last))
    assert found.probability > 0.5


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "text",
    [
        "",
        "March",
        "31 February",
        "3 March",
        "S/2026/12",
        "Resolution 2027",
        "№ 2027",
        "2,027",
        "1540",
    ],
)
def test_what_is_no_date(language: str, text: str) -> None:
    assert find_dates(text, language) == ()


def test_days_that_the_calendar_has_not_leave_the_month() -> None:
    (found,) = find_dates("31 February 2027", "en")
    assert (found.first, found.last) == (date(2027, 2, 1), date(2027, 2, 28))


def test_a_bare_year_may_be_a_count() -> None:
    (bare,) = find_dates("2000 rounds", "en")
    (told,) = find_dates("in 2000", "en")
    assert bare.probability < 0.5 < told.probability


def test_english_days_and_months_that_may_be_swapped_are_less_sure() -> None:
    (either,) = find_dates("05/06/2027", "en")
    (plain,) = find_dates("25/06/2027", "en")
    assert either.probability < plain.probability


def test_two_dates_side_by_side_are_two() -> None:
    assert len(find_dates("March 2026 and May 2027", "en")) == 2
