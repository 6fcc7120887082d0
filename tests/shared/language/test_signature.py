import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.events.envelope import REQUEST
from shared.events.validation import example as example_of
from shared.events.validation import problem
from shared.language import signature, vectors
from shared.language.concepts import thesaurus
from shared.language.signature import MOST_MENTIONS, MOST_TERMS, lies_in

KEY = b"a deployment's key"
FIELDS = {
    "title": "Machines de marquage",
    "description": "La police demande quatre machines de marquage et la formation de 24 agents.",
}


def test_a_signature_tells_language_concepts_and_terms() -> None:
    found = signature(FIELDS, "en", KEY)
    assert found["language"] == "fr"
    assert ["marking-machine", "title", 0, 20] in found["concepts"]
    assert {name for name, *_ in found["concepts"]} >= {"marking-machine", "training", "police"}
    assert len(found["terms"]) == len({term for term, _ in found["terms"]})


def test_it_fits_the_schema_of_events() -> None:
    data = {**example_of(REQUEST), "signature": signature(FIELDS, "fr", KEY)}
    assert problem(REQUEST, data) is None


def test_no_word_of_the_text_can_be_read_from_it() -> None:
    written = json.dumps(signature({"title": "Ziguinchor quarantine"}, "en", KEY)).casefold()
    assert "ziguinchor" not in written
    assert "quarantin" not in written


def test_another_key_gives_other_hashes_and_the_same_weights() -> None:
    one, other = signature(FIELDS, "fr", KEY), signature(FIELDS, "fr", b"another key")
    assert not {term for term, _ in one["terms"]} & {term for term, _ in other["terms"]}
    assert sorted(w for _, w in one["terms"]) == sorted(w for _, w in other["terms"])
    hashed = dict.fromkeys(("terms", "names", "sites", "owner"))
    assert {**one, **hashed} == {**other, **hashed}


def test_which_terms_are_kept_does_not_depend_on_the_key() -> None:
    def kept(key: bytes) -> set[int]:
        hashes = {signature({"t": word}, "en", key)["terms"][0][0]: n for n, word in WORDS.items()}
        terms = signature({"t": " ".join(WORDS.values())}, "en", key)["terms"]
        return {hashes[term] for term, _ in terms}

    assert kept(b"one") == kept(b"two") == set(range(MOST_TERMS))


WORDS = {n: f"b{chr(97 + n // 26)}k{chr(97 + n % 26)}x" for n in range(MOST_TERMS + 30)}


def test_another_process_gives_the_same_signature() -> None:
    code = (
        "import json, sys; from shared.language import signature; "
        "print(json.dumps(signature(json.loads(sys.argv[1]), 'en', sys.argv[2].encode())))"
    )
    there = subprocess.run(
        [sys.executable, "-c", code, json.dumps(FIELDS), KEY.decode()],
        check=True,
        capture_output=True,
        text=True,
    )
    assert json.loads(there.stdout) == signature(FIELDS, "en", KEY)


def test_a_concept_named_again_and_again_is_told_three_times() -> None:
    found = signature({"description": "marking machines. " * 100}, "en", KEY)
    assert [name for name, *_ in found["concepts"]] == ["marking-machine"] * 3


def test_a_concept_does_not_reach_over_what_is_ruled_out() -> None:
    text = "The police works on marking and does not lend cars while machines are for customs."
    found = signature({"description": text + " It runs for two years in three regions."}, "en", KEY)
    named = {name for name, *_ in found["concepts"]}
    assert "marking" in named
    assert "marking-machine" not in named


def test_texts_of_100_kb_make_signatures_of_bounded_size() -> None:
    every_form = " . ".join(form for concept in thesaurus() for form in concept.forms["en"])
    for text in ("枪支标识" * 25_000, (every_form + " ") * 10, "x" * 100_000):
        found = signature({"title": "long", "description": text}, "en", KEY)
        assert len(found["terms"]) <= MOST_TERMS
        assert len(found["concepts"]) <= MOST_MENTIONS


def test_without_the_encoder_concepts_and_terms_remain(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signature(FIELDS, "fr", KEY)
    monkeypatch.setattr(vectors, "_encoder", lambda: None)
    found = signature(FIELDS, "fr", KEY)
    assert found["vector"] is None
    for name in ("language", "concepts", "excluded", "terms"):
        assert found[name] == before[name]
    # Themes are inferred from the concepts alone then, less surely.
    assert found["themes"][0][0] == before["themes"][0][0]


def test_texts_that_are_read_again_are_the_same_and_nobody_elses() -> None:
    text = {"title": "Marking machines", "description": "Six machines, no ammunition."}
    first = signature(text, "en", b"key")
    kept = json.dumps(first)
    for name in ("concepts", "excluded"):
        first[name].append(["x"])
        first[name][0][0] = "x"
    assert json.dumps(signature(text, "en", b"key")) == kept
    assert signature(text, "en", b"other")["vector"] == first["vector"]


def test_no_texts_give_the_declared_language_and_nothing_else() -> None:
    found = signature({}, "ar", KEY)
    assert found == signature({"title": "", "description": " "}, "ar", KEY)
    assert (found["language"], found["language_probability"]) == ("ar", 0.0)
    assert (found["concepts"], found["terms"], found["vector"]) == ([], [], None)


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.characters(codec=None), max_size=200),
    st.text(st.sampled_from("markingشمله标识маркѝé\u200f\u202e\ud800\x00🔫.1٣ '-"), max_size=80),
)
@example("\ud800\udfff\x00\u202e", "Mixed: машины marking 打标机 آلات")
@example("e\u0301" * 500, "\u0301\u200f")
def test_no_text_whatever_makes_it_fail(title: str, description: str) -> None:
    fields = {"title": title, "description": description}
    found = signature(fields, "zz", KEY)
    json.dumps(found).encode("utf-8")
    assert found == signature(fields, "zz", KEY)
    for name, field, start, end in found["concepts"]:
        assert name in thesaurus()
        assert 0 <= start < end <= len(fields[field])


def test_whether_a_word_is_ruled_out_is_found_without_looking_at_every_stretch() -> None:
    looked_at = []

    class Counted(list[tuple[int, int]]):
        def __getitem__(self, place: Any) -> Any:
            looked_at.append(place)
            return super().__getitem__(place)

    spans = Counted((start, start + 5) for start in range(0, 60_000, 10))
    for start in range(0, 60_000, 7):
        assert lies_in(start, spans) == (start % 10 < 5)
    assert len(looked_at) <= 20 * (60_000 // 7 + 1)
    assert not lies_in(3, [])
