import json
import random
import sys
from collections import Counter
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.language.facts import MOST, find_facts
from shared.vocabulary import LANGUAGES
from tests.shared.language.sample_facts import SENTENCES, Sentence

SORTS = ("quantities", "amounts", "places", "dates")
LIKELY = 0.5

HOSTILE = {
    "ones": "1 ",
    "words": "one ",
    "hundreds": "hundred ",
    "digits": "9",
    "marks": "1.1,",
    "joins": "twenty-and-",
    "chinese": "一万",
    "measures": "6台打标机",
    "years": "2026-",
    "ranges": "from March 2026 to ",
    "duals": "سيارتين ",
    "money": "USD 5 $",
    "names": "République démocratique du ",
    "adjectives": "12 marking ",
    "brackets": "(",
    "controls": "\x00\u200f\ud800",
    "labels": "article 3, ",
}


def found_in(sentence: Sentence) -> dict[str, list[Any]]:
    facts = find_facts({"text": sentence.text}, sentence.language).as_data()
    likely = {sort: [row for row in facts[sort] if row[-1] >= LIKELY] for sort in SORTS}
    return {
        "quantities": [(row[0], row[1]) for row in likely["quantities"] if row[1] is not None],
        "amounts": [(row[0], row[1]) for row in likely["amounts"]],
        "places": [row[0] for row in likely["places"]],
        "dates": [(row[0], row[1]) for row in likely["dates"]],
    }


def test_the_sample_has_ten_sentences_in_each_language() -> None:
    assert Counter(s.language for s in SENTENCES) == dict.fromkeys(LANGUAGES, 10)


@pytest.mark.parametrize("sort", SORTS)
def test_facts_of_the_sample(sort: str, record_property: Any) -> None:
    right = found = wanted = 0
    for sentence in SENTENCES:
        have, want = Counter(found_in(sentence)[sort]), Counter(getattr(sentence, sort))
        right += (have & want).total()
        found += have.total()
        wanted += want.total()
    record_property("precision", right / found)
    record_property("recall", right / wanted)
    assert right / found >= 0.95
    assert right / wanted >= 0.95


def test_facts_are_codes_and_numbers_with_their_fields() -> None:
    text = "Six machines for Mali by 15 March 2027, for 90,000 US dollars."
    data = find_facts({"title": "Two servers", "need": text}, "en").as_data()
    assert json.loads(json.dumps(data)) == {
        "quantities": [
            [2, "servers", "title", 0, 11, 0.85],
            [6, "machines", "need", 0, 12, 0.85],
        ],
        "amounts": [[9_000_000, "USD", "need", 44, 61, 0.95]],
        "places": [["MLI", "need", 17, 21, 0.93]],
        "dates": [["2027-03-15", "2027-03-15", "need", 25, 38, 0.97]],
    }


def test_money_is_no_place_and_no_count_and_a_count_no_year() -> None:
    data = find_facts({"a": "3 dollars des États-Unis"}, "fr").as_data()
    assert (data["places"], data["quantities"]) == ([], [])
    data = find_facts({"a": "2000 rounds"}, "en").as_data()
    assert (data["dates"], data["quantities"][0][:2]) == ([], [2000, "rounds"])


def test_of_too_many_facts_the_most_probable_stay_in_their_order() -> None:
    text = "500 gizmos, " * 80 + "6 machines, " * 40
    rows = find_facts({"a": text}, "en").as_data()["quantities"]
    assert len(rows) == MOST
    assert sum(row[1] == "machines" for row in rows) == 40
    assert [row[3] for row in rows] == sorted(row[3] for row in rows)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", ["", " ", "word", "🙂", "\x00\x07\u200f\u202e", "\ud800", "½ ٪ ²"])
def test_texts_without_facts_have_none(language: str, text: str) -> None:
    assert not any(find_facts({"a": text}, language).as_data().values())


def test_no_fields_are_no_facts() -> None:
    assert not any(find_facts({}, "en").as_data().values())


@given(st.text(max_size=200), st.sampled_from(LANGUAGES))
def test_any_text_is_taken(text: str, language: str) -> None:
    for rows in find_facts({"a": text}, language).as_data().values():
        for *_, start, end, probability in rows:
            assert 0 <= start < end <= len(text)
            assert 0 < probability < 1


def test_a_hundred_kilobytes_of_anything_are_read() -> None:
    chance = random.Random(3)
    text = "".join(chance.choice("0129 .,-/oneдва二万年月日$€%مئة\n\u200f") for _ in range(100_000))
    data = find_facts({"a": text}, "en").as_data()
    assert all(len(rows) <= MOST for rows in data.values())


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE.keys())
def test_work_grows_with_the_text_and_no_faster(unit: str) -> None:
    def calls(length: int) -> int:
        counted = 0

        def count(_frame: FrameType, _event: str, _arg: object) -> None:
            nonlocal counted
            counted += 1

        text = (unit * length)[:length]
        before = sys.getprofile()
        sys.setprofile(count)
        try:
            find_facts({"a": text}, "en")
        finally:
            sys.setprofile(before)
        return counted

    calls(400)  # tables are read once
    assert calls(8_000) <= 2.2 * calls(4_000) + 1_000
