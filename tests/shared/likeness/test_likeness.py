"""How alike two records are: its properties, its evidence, its sentences, and how good it is."""

import json
import math
from copy import deepcopy
from datetime import date
from importlib.resources import files
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events import validation
from shared.language import signature
from shared.language.particulars import Author
from shared.likeness.build_likeness import f1, held_back, read_pairs
from shared.likeness.classifier import Classifier, shipped
from shared.likeness.described import STEPS, Described, described
from shared.likeness.evidence import Evidence, likeness
from shared.likeness.features import FEATURES, SILENT, features, numbers_in_common
from shared.likeness.wording import drafted_text, evidence_text, similar_text
from shared.vocabulary import LANGUAGES
from tests.conftest import GOLD

DAY = date(2026, 3, 5)
REQUEST = validation.example("entraide.request.v1")
OFFER = validation.example("entraide.offer.v1")


def changed(**members: Any) -> Described:
    """The example request with other members."""
    return described({**deepcopy(REQUEST), **members}, DAY)


def lines(*given: tuple[str, str, float | None, str | None]) -> list[dict[str, Any]]:
    """Need lines of theme, kind, quantity and unit."""
    example = {**REQUEST["needs"][0], "amount_cents": None, "currency": None}
    return [
        {**example, "line": n, "theme": theme, "kind": kind, "quantity": quantity, "unit": unit}
        for n, (theme, kind, quantity, unit) in enumerate(given, start=1)
    ]


one_line = st.tuples(
    st.sampled_from(["marking", "tracing", "ddr"]),
    st.sampled_from(["equipment", "training"]),
    st.none() | st.integers(1, 99),
    st.sampled_from(["machines", "persons"]),
).map(lambda line: line if line[2] is not None else (*line[:3], None))
records = st.builds(
    lambda needs, country, window: changed(
        needs=lines(*needs), country=country, window=window, signature=REQUEST["signature"]
    ),
    st.lists(one_line, max_size=4),
    st.sampled_from(["SEN", "MLI"]),
    st.sampled_from([None, {"from": "2026-01-01", "to": "2026-12-31"}, REQUEST["window"]]),
)


@given(records, records)
def test_it_is_the_same_from_either_end_and_within_bounds(one: Described, other: Described) -> None:
    of_pair = features(one, other)
    assert of_pair == features(other, one)
    assert all(0.0 <= value <= 1.0 + 1e-9 for value in of_pair)
    assert likeness(one, other).score == likeness(other, one).score


@given(st.lists(st.floats(0, 1), min_size=len(FEATURES), max_size=len(FEATURES)), st.data())
def test_more_in_common_is_never_less_alike(values: list[float], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(FEATURES) - 1))
    more = [*values]
    more[place] = data.draw(st.floats(values[place], 1.0))
    assert shipped().probability(more) >= shipped().probability(values)


def test_a_record_is_as_alike_to_itself_as_can_be() -> None:
    assert likeness(changed(), changed()).score > 0.95


def test_nothing_known_speaks_neither_way() -> None:
    bare = {"needs": [], "window": None, "signature": None, "channel": None}
    found = likeness(changed(**bare), changed(**bare))
    assert {one.kind for one in found.evidence} <= {"owner", "concepts"}
    assert found.score < shipped().least


def test_evidence_is_side_by_side() -> None:
    one = changed(needs=lines(("marking", "equipment", 4, "machines")))
    other = changed(needs=lines(("marking", "equipment", 9, "machines")), window=None)
    found = {evidence.kind: evidence for evidence in likeness(one, other).evidence}
    assert found["quantities"].left == [["marking", "equipment", 4.0, "machines"]]
    assert found["quantities"].right == [["marking", "equipment", 9.0, "machines"]]
    assert found["quantities"].weight < 0 < found["meaning"].weight
    assert "window" not in found
    assert found["concepts"].left == ["marking-machine"]


def test_offers_are_described_by_their_capacities() -> None:
    found = described(OFFER, DAY)
    assert found.owner == OFFER["organisation"]
    assert found.lines[0].quantity == 1000 * OFFER["provisions"][0]["capacity"]


REPAIR = (
    "In {site} two stores of the police have no alarm. We ask for alarms, for a course for twelve "
    "storekeepers, and for 40,000 dollars for the works."
)


def told(text: str, **members: Any) -> Described:
    """The example request with a text of its own."""
    texts = {"title": "Safe stores", "description": text}
    author = Author(country=str(members.get("country", "SEN")))
    return changed(signature=signature(texts, "en", b"key", "request", author), **members)


def test_other_sites_another_phase_or_time_are_another_thing() -> None:
    kept, other = told(REPAIR.format(site="Diourbel")), told(REPAIR.format(site="Louga"))
    assert likeness(kept, kept).score > 0.95
    found = likeness(kept, other)
    assert found.score < shipped().least
    assert found.evidence[0].kind == "sites"
    assert likeness(kept, told(REPAIR.format(site="Diourbel and Louga"))).score > 0.95
    assert likeness(kept, told(REPAIR.format(site="the capital"))).score > 0.95
    later = told(f"Second phase: {REPAIR}".format(site="Diourbel"))
    found = likeness(kept, later)
    assert found.score < shipped().least
    assert (found.evidence[0].left, found.evidence[0].right) == ([], [2])
    first = told(f"First phase: {REPAIR}".format(site="Diourbel"))
    assert likeness(kept, first).score > shipped().least > likeness(first, later).score
    windows = [{"from": f"{year}-01-01", "to": f"{year}-12-31"} for year in (2026, 2029)]
    found = likeness(*(told(REPAIR.format(site="Diourbel"), window=window) for window in windows))
    assert found.score < shipped().least
    assert "phase" not in {one.kind for one in found.evidence}  # the window tells it


def test_two_channels_and_two_languages_speak_for_the_same() -> None:
    signed = {**REQUEST["signature"], "language": "es"}
    one, other = changed(channel="trust-fund"), changed(channel="direct", signature=signed)
    found = {evidence.kind: evidence for evidence in likeness(one, other).evidence}
    assert (found["channel"].left, found["channel"].right) == ("trust-fund", "direct")
    assert (found["language"].left, found["language"].right) == ("fr", "es")
    assert min(found["channel"].weight, found["language"].weight) > 0
    twice = likeness(one, one)
    assert 0.95 < twice.score < likeness(one, other).score
    assert not {"channel"} & {one.kind for one in likeness(one, changed(channel=None)).evidence}


def test_numbers_near_each_other_are_the_same_in_any_order() -> None:
    steps = [round(STEPS * math.log(number)) for number in (12, 31_000, 40_000)]
    near = [round(STEPS * math.log(number)) for number in (12, 30_500, 41_000)]
    assert numbers_in_common(steps, near) == numbers_in_common(near, steps) == 1.0
    assert numbers_in_common(steps, steps[:1]) < 0.5
    assert numbers_in_common(steps, [round(STEPS * math.log(7))]) == 0.0
    assert numbers_in_common((), steps) == numbers_in_common((), ()) == SILENT


def test_who_names_the_other_organisation_speaks_for_the_same() -> None:
    texts = {"title": "Courses", "description": "Courses for {}storekeepers, ten a year."}
    names = ("Harbour Lights Agency", "Marsh Road Fund")

    def offer(owner: str, text: str) -> Described:
        fields = {**texts, "description": texts["description"].format(text)}
        signed = signature(fields, "en", b"key", "offer", Author(name=owner))
        return described({**deepcopy(OFFER), "organisation": owner, "signature": signed}, DAY)

    alone, naming = offer(names[0], ""), offer(names[1], "the Harbour Lights Agency to train ")
    plain = offer(names[1], "a harbour agency with lights to train ")
    named = FEATURES.index("named")
    assert features(alone, naming)[named] == features(naming, alone)[named] == 1.0
    assert features(alone, plain)[named] == features(naming, naming)[named] == 0.0
    assert "named" in {one.kind for one in likeness(alone, naming).evidence}


EVIDENCE = [
    Evidence("owner", "SEN", "SEN", 1.0),
    Evidence("owner", "SEN", "MLI", -1.0),
    Evidence("lines", [["marking", "equipment"]], [["marking", "equipment"]], 1.0),
    Evidence("lines", [["marking", "equipment"]], [["no-such-theme", "training"]], -1.0),
    Evidence(
        "quantities",
        [["marking", "equipment", 4.0, "machines"]],
        [["marking", "equipment", 9.5, None]],
        -1.0,
    ),
    Evidence("money", 168000.0, 170000.0, 1.0),
    Evidence("window", ["2026-07-01", "2027-12-31"], ["2026-07-01", "2027-12-31"], 1.0),
    Evidence("meaning", None, None, 1.0),
    Evidence("numbers", None, None, 1.0),
    Evidence("numbers", None, None, -1.0),
    Evidence("named", None, None, 1.0),
    Evidence("phase", [1], [2, 3], -9.0),
    Evidence("phase", [], [2], -9.0),
    Evidence("sites", None, None, -9.0),
    Evidence("channel", "trust-fund", "national-report", 1.0),
    Evidence("channel", "direct", "direct", -1.0),
    Evidence("language", "ar", "fr", 1.0),
    Evidence("language", "zh", "zh", -1.0),
    Evidence("words", None, None, -1.0),
    Evidence("concepts", ["marking-machine"], ["marking-machine"], 1.0),
    Evidence("concepts", [], [], 0.5),
]


@pytest.mark.parametrize("side", ["request", "offer"])
@pytest.mark.parametrize("evidence", EVIDENCE, ids=lambda one: f"{one.kind}{one.weight}")
def test_every_evidence_has_a_sentence_in_each_language(evidence: Evidence, side: Any) -> None:
    told = [evidence_text(evidence, side, language) for language in LANGUAGES]
    assert len(set(told)) == len(LANGUAGES)
    for text in told:
        assert text[-1] in ".。"
        assert ".." not in text
        assert "{" not in text


@pytest.mark.parametrize(
    ("language", "counted", "money"),
    [
        ("en", "4 machines; Equipment: 9.5.", "168,000 US dollars and 1,250.50 US dollars."),
        ("ru", "4 станка; Оборудование: 9,5.", "168 000 долларов США и 1 250,50 доллара США."),
    ],
)
def test_quantities_and_sums_are_written_out(language: str, counted: str, money: str) -> None:
    quantities = next(one for one in EVIDENCE if one.kind == "quantities")
    sums = Evidence("money", 168000, 1250.5, 1.0)
    for one, end in ((quantities, counted), (sums, money)):
        assert evidence_text(one, "request", language).replace("\u00a0", " ").endswith(end)


def test_a_similar_record_is_named_by_date_channel_and_title() -> None:
    text = similar_text(date(2026, 3, 3), "national-report", "Marking", "en")
    assert text == (
        "This looks like what you sent on 3 March 2026 through your national report: “Marking”."
    )
    told = {drafted_text(DAY, "T", language) for language in LANGUAGES}
    assert len(told) == len(LANGUAGES)
    for channel in ("trust-fund", None, "a channel of a newer vocabulary"):
        told = {similar_text(DAY, channel, "T", language) for language in LANGUAGES}
        assert len(told) == len(LANGUAGES)


def test_every_sentence_is_there_in_six_languages() -> None:
    source = files("shared.likeness") / "data" / "sentences.json"

    def check(part: Any) -> None:
        if all(isinstance(value, str) for value in part.values()):
            assert set(part) == set(LANGUAGES)
        else:
            for inner in part.values():
                check(inner)

    check(json.loads(source.read_text(encoding="utf-8")))


def test_a_classifier_for_other_features_is_refused() -> None:
    stored = {"features": ["other"], "weights": [1], "intercept": 0, "least": 0.5, "ordinary": [0]}
    with pytest.raises(ValueError, match="other features"):
        Classifier.of_text(json.dumps(stored))
    with pytest.raises(ValueError, match="not below 0"):
        Classifier((-1.0,) * len(FEATURES), 0.0, 0.5, (0.0,) * len(FEATURES))


@pytest.mark.long
@pytest.mark.skipif(not GOLD.exists(), reason="needs the labelled development set")
@pytest.mark.parametrize(("text_only", "least"), [(False, 0.9), (True, 0.9)])
def test_what_it_reaches_on_records_held_back(text_only: bool, least: float) -> None:
    pairs = read_pairs(GOLD / "dev", text_only=text_only)
    assert f1(held_back(pairs), pairs.same, shipped().least) >= least
    assert np.isfinite(pairs.rows).all()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_title_does_not_turn_the_sentence_that_names_it(language: str) -> None:
    title = "\u2069\u202eLockers"
    for said in (drafted_text(DAY, title, language), similar_text(DAY, None, title, language)):
        assert "\u2068\u202eLockers\u2069" in said
        assert said.count("\u2069") == 1
    assert "\u2068" not in drafted_text(DAY, "Lockers", "en")
