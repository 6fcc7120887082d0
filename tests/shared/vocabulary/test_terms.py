from datetime import date

import pytest

from shared.vocabulary import CodeError, RetiredCode, Term, UnknownCode, Vocabulary
from shared.vocabulary.languages import language_name

LABELS = dict.fromkeys(("ar", "en", "es", "fr", "ru", "zh"), "label")
COLOURS = Vocabulary(
    "colours",
    [
        Term("red", LABELS),
        Term("blue", LABELS),
        Term("azure", LABELS, retired=date(2025, 1, 1), replaced_by="blue"),
        Term("puce", LABELS, retired=date(2025, 1, 1)),
    ],
)


def test_codes_without_a_day_are_those_never_retired() -> None:
    assert COLOURS.codes() == ("red", "blue")


def test_codes_on_a_day_are_those_not_yet_retired() -> None:
    assert COLOURS.codes(date(2024, 12, 31)) == ("red", "blue", "azure", "puce")
    assert COLOURS.codes(date(2025, 1, 1)) == ("red", "blue")


def test_a_retired_term_can_still_be_shown() -> None:
    assert COLOURS.get("azure").replaced_by == "blue"
    assert COLOURS.label("azure", "fr") == "label"
    assert "azure" in COLOURS


def test_check_gives_the_term_of_a_valid_code() -> None:
    assert COLOURS.check("azure", date(2024, 12, 31)) is COLOURS.get("azure")


def test_check_names_the_replacement_of_a_retired_code() -> None:
    with pytest.raises(RetiredCode, match=r"retired on 2025-01-01\..*'blue'") as caught:
        COLOURS.check("azure", date(2025, 1, 1))
    assert caught.value.replaced_by == "blue"
    with pytest.raises(RetiredCode, match=r"'puce' of colours was retired on 2025-01-01\.$"):
        COLOURS.check("puce", date(2025, 1, 1))


@pytest.mark.parametrize("code", ["reed", "RED"])
def test_an_unknown_code_is_named_with_the_closest_ones(code: str) -> None:
    with pytest.raises(UnknownCode, match=f"'{code}' is not a code of colours.*red") as caught:
        COLOURS.check(code, date(2026, 1, 1))
    assert (caught.value.vocabulary, caught.value.code) == ("colours", code)
    assert caught.value.closest == ("red",)
    assert isinstance(caught.value, CodeError)
    assert isinstance(caught.value, ValueError)


def test_an_unknown_code_like_none_has_no_suggestion() -> None:
    with pytest.raises(UnknownCode, match=r"is not a code of colours\.$"):
        COLOURS.get("xyzzy")


def test_a_retired_code_is_never_suggested() -> None:
    with pytest.raises(UnknownCode) as caught:
        COLOURS.get("azura")
    assert "azure" not in caught.value.closest


def test_the_message_shows_only_the_beginning_of_a_long_code() -> None:
    with pytest.raises(UnknownCode) as caught:
        COLOURS.get("x" * 100_000)
    assert len(str(caught.value)) < 200


def test_an_unknown_language_is_an_unknown_code() -> None:
    with pytest.raises(UnknownCode, match="languages"):
        COLOURS.label("red", "de")


def test_a_code_stands_once_in_a_vocabulary() -> None:
    with pytest.raises(ValueError, match="'red' twice"):
        Vocabulary("colours", [Term("red", LABELS), Term("red", LABELS)])


def test_a_replacement_must_exist() -> None:
    term = Term("red", LABELS, retired=date(2025, 1, 1), replaced_by="green")
    with pytest.raises(ValueError, match="unknown code"):
        Vocabulary("colours", [term])


def test_names_of_the_six_languages_in_one_another() -> None:
    assert language_name("fr", "en") == "French"
    assert language_name("ar", "zh") == "阿拉伯语"
    with pytest.raises(UnknownCode):
        language_name("de", "en")
