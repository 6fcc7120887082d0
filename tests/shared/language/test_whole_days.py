from datetime import date

import pytest
from babel.dates import format_date
from hypothesis import given
from hypothesis import strategies as st

from shared.language.whole_days import whole_day
from shared.vocabulary import LANGUAGES

DAY = date(2027, 3, 3)
ARABIC = {
    "Common": "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
    "Levant": "كانون_الثاني شباط آذار نيسان أيار حزيران تموز آب أيلول تشرين_الأول تشرين_الثاني "
    "كانون_الأول",
    "Algeria": "جانفي فيفري مارس أفريل ماي جوان جويلية أوت سبتمبر أكتوبر نوفمبر ديسمبر",
    "Morocco": "يناير فبراير مارس أبريل ماي يونيو يوليوز غشت شتنبر أكتوبر نونبر دجنبر",
}


@pytest.mark.parametrize("region", ARABIC)
def test_months_are_read_by_every_set_of_arabic_names(region: str) -> None:
    names = ARABIC[region].replace(" ", "|").replace("_", " ").split("|")
    assert len(names) == 12
    for month, name in enumerate(names, start=1):
        for text in (f"3 {name} 2027", f"٣ {name} ٢٠٢٧", f"٣ من {name} ٢٠٢٧م"):
            assert whole_day(text) == date(2027, month, 3), text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", ["long", "full"])
@pytest.mark.parametrize("month", range(1, 13))
def test_a_day_is_read_as_each_language_tells_it(language: str, form: str, month: int) -> None:
    day = date(2027, month, 28)
    assert whole_day(format_date(day, form, locale=language)) == day


@pytest.mark.parametrize(
    "text",
    [
        *("3 mars 2027", "le 3 mars 2027", "mercredi 3 mars 2027", "3 MARS 2027"),
        *("٣ مارس ٢٠٢٧", "3 آذار/مارس 2027", "3 آذار (مارس) 2027", "۳ مارس ۲۰۲۷"),
        *(
            "2027年3月3日",
            "2027 年 3 月 3 日",
            "2027年03月03号",
            "二〇二七年三月三日",
            "2027年3月3日(周三)",
        ),
        *("3 марта 2027 г.", "3 марта 2027 года", "3-го марта 2027", "среда, 3 Марта 2027"),
        *("3 de marzo de 2027", "3 de marzo del año 2027", "3º de marzo de 2027"),
        *("3-Mar-2027", "Wed 3 March 2027", "March 3rd, 2027", "2027 March 3"),
    ],
)
def test_a_day_is_read_however_it_is_written(text: str) -> None:
    assert whole_day(text) == DAY


def test_accents_and_hamza_may_be_missing() -> None:
    assert whole_day("3 aout 2027") == whole_day("3 اغسطس 2027") == date(2027, 8, 3)


@pytest.mark.parametrize(
    "text",
    [
        *("", "2027", "March 2027", "2027年3月", "2027年", "3 March", "3 mars 27", "mars"),
        *("before 3 March 2027", "3 March 2027 or later", "до 3 марта 2027", "3–5 March 2027"),
        *("2027年3月3日至5日", "30 février 2027", "3 March 0000", "3 March 2027, 4 pm", "3/3/2027"),
    ],
)
def test_what_is_no_day_or_more_than_a_day_is_none(text: str) -> None:
    assert whole_day(text) is None


@given(st.text(max_size=60))
def test_any_text_is_a_day_or_none(text: str) -> None:
    assert whole_day(text) is None or whole_day(text)
