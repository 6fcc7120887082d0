"""Texts that are made to keep patterns busy: long runs of what almost fits."""

from collections.abc import Iterator

import pytest

from shared.language.exclusions import excluded_spans
from shared.language.facts import find_facts
from shared.registers.schemas import MAX_DESCRIPTION
from shared.vocabulary import LANGUAGES
from tests.fuzz.hanging import at_most

LENGTH = MAX_DESCRIPTION // 2
HANGS = 90
"""Seconds after which a language's texts are no longer read but kept: they take ten at most."""
RUNS = (
    *("a", " ", "1,", "1 ", "1.", "1-1", "not ", "no ", "ne pas ", "не ", "لا ", "不", "一", "١"),
    *(
        "1/1/",
        "$1 ",
        "(",
        "-",
        "\u00a0",
        "\u0301",
        "two hundred and ",
        "двадцать ",
        "25 March ",
        "x1",
    ),
)


@pytest.fixture(autouse=True)
def _no_text_hangs() -> Iterator[None]:
    with at_most(HANGS):
        yield


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_takes_more_than_its_length(language: str) -> None:
    for run in RUNS:
        text = (run * LENGTH)[:LENGTH] + "!"
        find_facts({"description": text}, language)
        excluded_spans(text, language, "request")
        excluded_spans(text, language, "offer")
